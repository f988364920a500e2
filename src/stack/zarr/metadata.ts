/**
 * Metadata of Zarr arrays and groups, versions 2 and 3, checked before anything is made of it.
 * @module
 */
import { open, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { ArrayMetadata, CodecMetadata, DataType } from "zarrita";
import { TilewrightError } from "../../errors";
import { shapeSize } from "../../volume/region";
import { storedType } from "./types";
import type { ZarrDtype } from "./types";

/** Plain data of a JSON file. */
export type Json = Readonly<Record<string, unknown>>;

/** A group or an array of a Zarr folder. */
export interface ZarrNode {
  readonly format: 2 | 3;
  /** Where it stands on disk. */
  readonly folder: string;
  readonly attributes: Json;
  /** Metadata of the array; null for a group. */
  readonly array: Json | null;
}

/** What is known about an array before its chunks are read. */
export interface ZarrArrayFacts {
  readonly folder: string;
  readonly shape: readonly number[];
  /** Shape of what is decoded at once: for shards, of the chunks inside. */
  readonly chunkShape: readonly number[];
  readonly dtype: ZarrDtype;
  readonly byteOrder: "little" | "big";
  /** `none`, `blosc`, `zstd`… */
  readonly compression: string;
  readonly dimensionNames: readonly (string | null)[];
  /** The array as version 3 describes it, with pixel types that zarrita knows on every runtime. */
  readonly metadata: ArrayMetadata;
  readonly indexAtStart: boolean;
}

const MOST_METADATA_BYTES = 8 * 2 ** 20;
const MOST_AXES = 8;
const MOST_CHUNK_BYTES = 2 ** 29;
const MOST_CHUNKS_PER_SHARD = 2 ** 20;
const MOST_CODECS = 16;

/** Codecs that change no bytes but their order or their packing; the others would need to know half precision. */
const NEUTRAL_CODECS = ["bytes", "transpose", "sharding_indexed"];

/**
 * Reads the metadata of a node.
 *
 * @param path inside `root`, as metadata name it: `0`, `A/1/0`; "" is the root itself
 * @returns null when there is no node
 * @throws {TilewrightError} `stack.outside`, `stack.damaged`
 */
export async function readNode(root: string, path: string): Promise<ZarrNode | null> {
  const folder = await folderInside(root, path);
  if (folder === null) return null;
  const v3 = await readJson(join(folder, "zarr.json"));
  if (v3 !== null) {
    const array = v3.node_type === "array" ? v3 : null;
    return { format: 3, folder, attributes: asJson(v3.attributes), array };
  }
  const array = await readJson(join(folder, ".zarray"));
  const attributes = await readJson(join(folder, ".zattrs"));
  const group = array !== null || attributes !== null || (await readJson(join(folder, ".zgroup"))) !== null;
  return group ? { format: 2, folder, attributes: attributes ?? {}, array } : null;
}

/**
 * The folder of a node: metadata may name any path, links may lead anywhere.
 *
 * @returns null when there is no such folder
 * @throws {TilewrightError} `stack.outside`
 */
async function folderInside(root: string, path: string): Promise<string | null> {
  const parts = path.split("/").filter((part) => part !== "");
  const bad =
    parts.length > 32 || parts.some((part) => part === "." || part === ".." || /[\\\0:]/.test(part));
  if (path.startsWith("/") || bad) throw outside(root, path);
  try {
    const [top, found] = [await realpath(root), await realpath(join(root, ...parts))];
    const way = relative(top, found);
    if (way === ".." || way.startsWith(`..${sep}`)) throw outside(root, path);
    return join(root, ...parts);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

function outside(root: string, path: string): TilewrightError {
  return new TilewrightError(
    "stack.outside",
    `${root}: its metadata name ${JSON.stringify(path.slice(0, 200))}, which does not lie inside the folder`,
    "nothing outside an image is read; correct the path in its metadata",
  );
}

async function readJson(path: string): Promise<Json | null> {
  const bytes = await readSmallFile(path);
  if (bytes === null) return null;
  try {
    const found = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
    if (typeof found !== "object" || found === null || Array.isArray(found))
      throw new Error("it is no object");
    return found as Json;
  } catch (error) {
    throw damaged(path, `it is not readable as JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

async function readSmallFile(path: string): Promise<Uint8Array | null> {
  const handle = await open(path, "r").catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw damaged(path, "this is no file");
    if (stat.size > MOST_METADATA_BYTES) {
      throw damaged(
        path,
        `${stat.size} bytes of metadata are more than the ${MOST_METADATA_BYTES} that are read`,
      );
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** The error for metadata that cannot be right. */
export function damaged(path: string, why: string): TilewrightError {
  return new TilewrightError(
    "stack.damaged",
    `${path}: ${why}`,
    "write the image again, or correct its metadata",
  );
}

/** A value as a JSON object; empty when it is none. */
export function asJson(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

/**
 * Checks what a node says about its array.
 *
 * @throws {TilewrightError} `stack.damaged`, `stack.pixelType`, `stack.compression`, `stack.tooLarge`
 */
export function arrayFacts(node: ZarrNode): ZarrArrayFacts {
  const { folder, array, attributes } = node;
  if (array === null) throw damaged(folder, "an array is expected here, this is a group");
  const fields = node.format === 3 ? fieldsOfV3(folder, array) : fieldsOfV2(folder, array, attributes);
  const shape = lengths(folder, "shape", fields.shape);
  const outer = lengths(folder, "chunk shape", fields.chunks);
  if (shape.length < 2 || shape.length > MOST_AXES || outer.length !== shape.length) {
    throw damaged(
      folder,
      `an array of shape [${shape.join(", ")}] in chunks of [${outer.join(", ")}] is no image`,
    );
  }
  const { codecs, dtype } = fields;
  const sharding = shardingOf(folder, codecs, outer);
  const chunkShape = sharding?.chunkShape ?? outer;
  const chunkBytes = shapeSize(chunkShape) * dtype.bytes;
  if (!(chunkBytes <= MOST_CHUNK_BYTES)) {
    throw new TilewrightError(
      "stack.tooLarge",
      `${folder}: its chunks of ${chunkShape.join(" x ")} pixels have ${chunkBytes} bytes each, more than ${MOST_CHUNK_BYTES / 2 ** 20} MiB`,
      "write it again in smaller chunks",
    );
  }
  const pixels = sharding?.codecs ?? codecs;
  if (
    dtype.stored === "float16" &&
    pixels.some(({ name }) => !NEUTRAL_CODECS.includes(name) && isFilter(name))
  ) {
    throw unsupported(folder, "filters of half-precision pixels");
  }
  const metadata = {
    zarr_format: 3,
    node_type: "array",
    shape: [...shape],
    data_type: dtype.carried as DataType,
    chunk_grid: { name: "regular", configuration: { chunk_shape: [...outer] } },
    chunk_key_encoding: fields.keys,
    codecs: [...codecs],
    fill_value: dtype.fill as never,
    attributes: {},
  } satisfies ArrayMetadata;
  return {
    folder,
    shape,
    chunkShape,
    dtype,
    byteOrder: pixels.some(({ configuration }) => configuration.endian === "big") ? "big" : "little",
    compression: compressionOf(pixels),
    dimensionNames: fields.names,
    metadata,
    indexAtStart: sharding?.indexAtStart ?? false,
  };
}

interface Fields {
  readonly shape: unknown;
  readonly chunks: unknown;
  readonly dtype: ZarrDtype;
  readonly keys: ArrayMetadata["chunk_key_encoding"];
  readonly codecs: readonly CodecMetadata[];
  readonly names: readonly (string | null)[];
}

function fieldsOfV3(folder: string, array: Json): Fields {
  const grid = asJson(array.chunk_grid);
  if (grid.name !== "regular") throw unsupported(folder, `the chunk grid ${JSON.stringify(grid.name)}`);
  const keys = asJson(array.chunk_key_encoding);
  if (keys.name !== "default" && keys.name !== "v2") {
    throw unsupported(folder, `the chunk names ${JSON.stringify(keys.name)}`);
  }
  const separator = separatorOf(folder, asJson(keys.configuration).separator);
  const transformers = array.storage_transformers;
  if (Array.isArray(transformers) && transformers.length > 0)
    throw unsupported(folder, "storage transformers");
  return {
    shape: array.shape,
    chunks: asJson(grid.configuration).chunk_shape,
    dtype: storedType(folder, array.data_type, array.fill_value),
    keys: { name: keys.name, ...(separator === undefined ? {} : { configuration: { separator } }) },
    codecs: codecList(folder, array.codecs),
    names: names(array.dimension_names),
  };
}

function fieldsOfV2(folder: string, array: Json, attributes: Json): Fields {
  const { dtype: text, order = "C" } = array;
  if (order !== "C" && order !== "F")
    throw damaged(folder, `its order is ${JSON.stringify(order)}, not C or F`);
  const dtype = storedType(folder, text, array.fill_value);
  const filters = Array.isArray(array.filters) ? (array.filters as unknown[]) : [];
  const compressor = array.compressor === null || array.compressor === undefined ? [] : [array.compressor];
  const named = [...filters, ...compressor].slice(0, MOST_CODECS).map((entry): CodecMetadata => {
    const { id, ...configuration } = asJson(entry);
    return { name: `numcodecs.${String(id)}`, configuration };
  });
  const big = typeof text === "string" && text.startsWith(">");
  const codecs = [
    ...(order === "F" ? [{ name: "transpose", configuration: { order: "F" } }] : []),
    ...named.filter(({ name }) => isFilter(name)),
    { name: "bytes", configuration: { endian: big ? "big" : "little" } },
    ...named.filter(({ name }) => !isFilter(name)),
  ];
  requireKnown(folder, codecs);
  return {
    shape: array.shape,
    chunks: array.chunks,
    dtype,
    keys: { name: "v2", configuration: { separator: separatorOf(folder, array.dimension_separator) ?? "." } },
    codecs,
    names: names(attributes._ARRAY_DIMENSIONS),
  };
}

function separatorOf(folder: string, value: unknown): "." | "/" | undefined {
  if (value === undefined || value === "." || value === "/") return value;
  throw damaged(folder, `its chunk names are separated by ${JSON.stringify(value)}, not by . or /`);
}

function lengths(folder: string, what: string, value: unknown): readonly number[] {
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  const good = list.every((length) => Number.isSafeInteger(length) && (length as number) >= 1);
  if (list.length === 0 || !good || !Number.isSafeInteger(shapeSize(list as number[]))) {
    throw damaged(folder, `its ${what} is ${JSON.stringify(value)?.slice(0, 200) ?? "missing"}`);
  }
  return list as number[];
}

function names(value: unknown): readonly (string | null)[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_AXES).map((name: unknown) => (typeof name === "string" ? name : null));
}

/** Codecs that zarrita decodes, without those of text. */
const KNOWN_CODECS = [
  ...["blosc", "lz4", "zstd", "gzip", "zlib", "transpose", "bytes", "crc32c", "shuffle", "delta", "bitround"],
  ...["cast_value", "scale_offset", "sharding_indexed"],
];

function codecList(folder: string, value: unknown): CodecMetadata[] {
  if (!Array.isArray(value) || value.length > MOST_CODECS) throw damaged(folder, "it has no list of codecs");
  const codecs = value.map((entry: unknown): CodecMetadata => {
    const { name, configuration } = asJson(typeof entry === "string" ? { name: entry } : entry);
    return { name: String(name), configuration: { ...asJson(configuration) } };
  });
  requireKnown(folder, codecs);
  return codecs;
}

function requireKnown(folder: string, codecs: readonly CodecMetadata[]): void {
  for (const { name } of codecs) {
    if (!KNOWN_CODECS.includes(name.replace("numcodecs.", "")))
      throw unsupported(folder, `the codec ${name}`);
  }
}

function unsupported(folder: string, what: string): TilewrightError {
  return new TilewrightError(
    "stack.compression",
    `${folder}: ${what.slice(0, 200)} cannot be read`,
    "save the image with one of blosc, zstd, gzip, zlib, lz4 or no compression",
  );
}

/** Codecs that work on pixels before they become bytes. */
function isFilter(name: string): boolean {
  return ["transpose", "delta", "bitround", "cast_value", "scale_offset"].includes(
    name.replace("numcodecs.", ""),
  );
}

interface Sharding {
  readonly chunkShape: readonly number[];
  readonly codecs: readonly CodecMetadata[];
  readonly indexAtStart: boolean;
}

function shardingOf(
  folder: string,
  codecs: readonly CodecMetadata[],
  shard: readonly number[],
): Sharding | null {
  const found = codecs.find(({ name }) => name === "sharding_indexed");
  if (found === undefined) return null;
  if (codecs.length > 1) throw unsupported(folder, "shards inside other codecs");
  const { chunk_shape, codecs: own, index_codecs, index_location } = found.configuration;
  const chunkShape = lengths(folder, "chunk shape", chunk_shape);
  const counts = shard.map((length, axis) => length / chunkShape[axis]);
  if (chunkShape.length !== shard.length || !counts.every(Number.isInteger)) {
    throw damaged(folder, `shards of [${shard.join(", ")}] do not hold chunks of [${chunkShape.join(", ")}]`);
  }
  if (shapeSize(counts) > MOST_CHUNKS_PER_SHARD) {
    throw unsupported(folder, `shards of more than ${MOST_CHUNKS_PER_SHARD} chunks`);
  }
  const inner = codecList(folder, own);
  if (inner.some(({ name }) => name === "sharding_indexed"))
    throw unsupported(folder, "shards inside shards");
  const index = codecList(folder, index_codecs);
  if (!index.every(({ name }) => name === "bytes" || name === "crc32c")) {
    throw unsupported(folder, "a packed index of shards");
  }
  return { chunkShape, codecs: inner, indexAtStart: index_location === "start" };
}

function compressionOf(codecs: readonly CodecMetadata[]): string {
  const packing = codecs
    .map(({ name }) => name.replace("numcodecs.", ""))
    .filter((name) => !isFilter(name) && !["bytes", "crc32c", "shuffle"].includes(name));
  return packing.length === 0 ? "none" : packing.join("+");
}
