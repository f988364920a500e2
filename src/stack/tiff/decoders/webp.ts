/**
 * WebP pictures, one for each strip or tile, decoded by libwebp (`@jsquash/webp` 1.5).
 * @module
 */
import type { ChunkShape } from "../codecs";
import { CodecInstance } from "./instance";
import { wasmOptions } from "./wasmFile";
import type { WasmOptions } from "./wasmFile";

interface Libwebp {
  readonly HEAPU8: Uint8Array;
  decode(
    data: Uint8Array,
  ): { readonly data: Uint8ClampedArray; readonly width: number; readonly height: number } | null;
}

const libwebp = new CodecInstance(async () => {
  // The types of the package refer to others that it does not bring.
  const { default: load } = (await import("@jsquash/webp/codec/dec/webp_dec.js")) as unknown as {
    readonly default: (options: WasmOptions) => Promise<Libwebp>;
  };
  return load(await wasmOptions("@jsquash/webp/codec/dec/webp_dec.wasm"));
});

/**
 * Decodes a WebP chunk of 8-bit RGB or RGBA.
 *
 * @throws {Error} when it is not of the size of the chunk, or damaged
 */
export async function decodeWebp(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  if (shape.samples !== 3 && shape.samples !== 4)
    throw new Error(`${shape.samples} samples instead of 3 or 4`);
  const [width, height] = pictureSize(data);
  if (width !== shape.width || height > shape.height)
    throw new Error(`its picture of ${width} x ${height} does not fit the page`);
  return libwebp.use((codec) => {
    const picture = codec.decode(data);
    if (picture === null) throw new Error("libwebp cannot decode them");
    if (picture.width !== width || picture.height !== height)
      throw new Error("its picture has another size than its header says");
    const rgba = new Uint8Array(picture.data.buffer, picture.data.byteOffset, picture.data.length);
    return shape.samples === 4 ? rgba.slice() : withoutAlpha(rgba);
  });
}

function withoutAlpha(rgba: Uint8Array): Uint8Array {
  const out = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    out[to++] = rgba[from];
    out[to++] = rgba[from + 1];
    out[to++] = rgba[from + 2];
  }
  return out;
}

/** Width and height as the header says (WebP container, RFC 9649). */
function pictureSize(data: Uint8Array): [width: number, height: number] {
  if (data.length < 30) throw new Error("there is no WebP picture");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const name = (at: number): string => Buffer.from(data.subarray(at, at + 4)).toString("latin1");
  if (name(0) !== "RIFF" || name(8) !== "WEBP") throw new Error("there is no WebP picture");
  const kind = name(12);
  if (kind === "VP8X") {
    return [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1];
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
  }
  if (kind === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  throw new Error("its kind of picture is not known");
}
