import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import Blosc from "numcodecs/blosc";
import Lz4 from "numcodecs/lz4";
import Zstd from "numcodecs/zstd";
import type { PixelArray } from "../../src/volume/pixels";
import { shapeSize, stridesOf } from "../../src/volume/region";
import { seededRandom } from "./networks";

/** Pixels as a Zarr array holds them, row-major. */
export type ZarrPixels = PixelArray | BigInt64Array | BigUint64Array;

/** How an array is written; the defaults are uncompressed, little endian, version 3. */
export interface ArrayForm {
  readonly format?: 2 | 3;
  readonly shape: readonly number[];
  readonly chunks: readonly number[];
  /** `<u2` for version 2, `uint16` for version 3. */
  readonly dtype: string;
  readonly separator?: "." | "/";
  readonly fill?: unknown;
  readonly bigEndian?: boolean;
  /** Version 2: the compressor; version 3: codecs behind `bytes`. */
  readonly codecs?: readonly unknown[];
  readonly encode?: (bytes: Buffer) => Uint8Array | Promise<Uint8Array>;
  /** Chunks that get no file. */
  readonly absent?: (chunk: readonly number[]) => boolean;
  /** Further fields of the metadata; they win. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Encoders by the name of their codec. */
export const PACKERS: Readonly<Record<string, NonNullable<ArrayForm["encode"]>>> = {
  gzip: (bytes) => gzipSync(bytes),
  zlib: (bytes) => deflateSync(bytes),
  blosc: (bytes) => Blosc.fromConfig({ id: "blosc", cname: "zstd", clevel: 3 }).encode(bytes),
  zstd: (bytes) => Zstd.fromConfig({ id: "zstd", level: 1 }).encode(bytes),
  lz4: (bytes) => Lz4.fromConfig({ id: "lz4", acceleration: 1 }).encode(bytes),
};

/** Writes a JSON file and the folders on its way. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}

/** Writes an array; chunks at the far edges are filled up with zeros. */
export async function writeZarrArray(folder: string, pixels: ZarrPixels, form: ArrayForm): Promise<void> {
  const { format = 3, shape, chunks, dtype, separator = "/", fill = 0, bigEndian = false } = form;
  const codecs = form.codecs ?? [];
  if (format === 2) {
    writeJson(join(folder, ".zarray"), {
      zarr_format: 2,
      shape,
      chunks,
      dtype,
      compressor: codecs[0] ?? null,
      filters: null,
      fill_value: fill,
      order: "C",
      dimension_separator: separator,
      ...form.extra,
    });
  } else {
    writeJson(join(folder, "zarr.json"), {
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: dtype,
      chunk_grid: { name: "regular", configuration: { chunk_shape: chunks } },
      chunk_key_encoding: { name: "default", configuration: { separator } },
      codecs: [{ name: "bytes", configuration: { endian: bigEndian ? "big" : "little" } }, ...codecs],
      fill_value: fill,
      attributes: {},
      ...form.extra,
    });
  }
  const counts = shape.map((length, axis) => Math.ceil(length / chunks[axis]));
  for (let i = 0; i < shapeSize(counts); i++) {
    const steps = stridesOf(counts);
    const at = counts.map((count, axis) => Math.floor(i / steps[axis]) % count);
    if (form.absent?.(at) === true) continue;
    const raw = chunkBytes(pixels, shape, at, chunks);
    const size = pixels.BYTES_PER_ELEMENT;
    if (bigEndian && size === 2) raw.swap16();
    if (bigEndian && size === 4) raw.swap32();
    if (bigEndian && size === 8) raw.swap64();
    const name = format === 2 ? at.join(separator) : ["c", ...at].join(separator);
    const path = join(folder, ...name.split("/"));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, (await form.encode?.(raw)) ?? raw);
  }
}

/** Little-endian bytes of one chunk. */
export function chunkBytes(
  pixels: ZarrPixels,
  shape: readonly number[],
  at: readonly number[],
  chunks: readonly number[],
): Buffer {
  const chunk = new (pixels.constructor as new (length: number) => ZarrPixels)(shapeSize(chunks));
  const steps = stridesOf(shape);
  const own = stridesOf(chunks);
  for (let i = 0; i < chunk.length; i++) {
    const place = chunks.map((length, axis) => at[axis] * length + (Math.floor(i / own[axis]) % length));
    if (place.some((index, axis) => index >= shape[axis])) continue;
    chunk[i] = pixels[place.reduce((sum, index, axis) => sum + index * steps[axis], 0)];
  }
  return Buffer.from(chunk.buffer, 0, chunk.byteLength);
}

/** Attributes of an OME-Zarr group. */
export function multiscales(
  axes: string,
  levels: readonly { readonly path: string; readonly scale: readonly number[] }[],
  unit = "micrometer",
): Record<string, unknown> {
  const types: Record<string, string> = { t: "time", c: "channel" };
  return {
    axes: [...axes.toLowerCase()].map((name) => {
      const type = types[name] ?? "space";
      return type === "space" ? { name, type, unit } : { name, type };
    }),
    datasets: levels.map(({ path, scale }) => ({
      path,
      coordinateTransformations: [{ type: "scale", scale }],
    })),
  };
}

/** Writes the metadata of an OME-Zarr group. */
export function writeGroup(
  folder: string,
  format: 2 | 3,
  attributes: Readonly<Record<string, unknown>>,
): void {
  if (format === 3) {
    const ome = { version: "0.5", ...attributes };
    writeJson(join(folder, "zarr.json"), { zarr_format: 3, node_type: "group", attributes: { ome } });
    return;
  }
  writeJson(join(folder, ".zgroup"), { zarr_format: 2 });
  writeJson(join(folder, ".zattrs"), attributes);
}

/** Pixels between 0 and 199, the same every time. */
export function zarrNoise<A extends ZarrPixels>(make: (length: number) => A, shape: readonly number[]): A {
  const random = seededRandom(5);
  const pixels = make(shapeSize(shape));
  const wide = pixels instanceof BigInt64Array || pixels instanceof BigUint64Array;
  for (let i = 0; i < pixels.length; i++) {
    const value = Math.floor(random() * 200);
    pixels[i] = wide ? BigInt(value) : value;
  }
  return pixels;
}
