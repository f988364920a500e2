/**
 * Zstandard frames (RFC 8878): by `node:zlib` where it has them (Node 22.15 and newer), through geotiff 3
 * otherwise, whose decoder reports no errors and is therefore shown only frames that were walked through before.
 * @module
 */
import zlib from "node:zlib";
import { promisify } from "node:util";
import type { ChunkShape } from "../codecs";
import { decodeWithGeotiff } from "./throughGeotiff";

type NativeDecompress = (
  data: Uint8Array,
  options: { readonly maxOutputLength: number },
) => Promise<Uint8Array>;

const native = (zlib as unknown as { zstdDecompress?: (...parts: never[]) => void }).zstdDecompress;
const decompress = native === undefined ? null : (promisify(native) as unknown as NativeDecompress);

/** First bytes of a frame (RFC 8878 §3.1.1). */
const ZSTD_MAGIC = 0xfd2fb528;

/**
 * Decodes a Zstandard frame.
 *
 * @throws {Error} when it is none, is damaged, or would become larger than the chunk
 */
export async function decodeZstd(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  const frame = readZstdFrame(data);
  if (frame.size !== null) {
    if (frame.size > shape.fullBytes) throw new Error(`they would become ${frame.size} bytes`);
    if (decompress !== null) return decompress(data, { maxOutputLength: shape.fullBytes });
    const decoded = await decodeWithGeotiff(50000, data, {});
    // After an error the decoder returns whatever its memory holds.
    if (decoded.length !== frame.size) throw new Error("libzstd cannot decode them");
    return decoded;
  }
  if (decompress !== null) return decompress(data, { maxOutputLength: shape.fullBytes });
  // The decoder never returns from a damaged frame that does not say its size, so the size is written into it.
  for (const size of new Set([shape.bytes, shape.fullBytes])) {
    const decoded = await decodeWithGeotiff(50000, withSize(data, frame.sizeAt, size), {});
    if (decoded.length === size) return decoded;
  }
  throw new Error("they do not become the size of the strip or tile");
}

interface ZstdFrame {
  /** Stated size of the decoded frame, null when it is not stated. */
  readonly size: number | null;
  /** Where the size stands, or would. */
  readonly sizeAt: number;
}

/** Reads a frame's header and walks over its blocks: there must be one whole frame and nothing behind it. */
function readZstdFrame(data: Uint8Array): ZstdFrame {
  const damaged = new Error("there is no single, complete Zstandard frame");
  if (data.length < 9) throw damaged;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (view.getUint32(0, true) !== ZSTD_MAGIC) throw damaged;
  const descriptor = data[4];
  const single = (descriptor & 32) !== 0;
  const sizeAt = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6];
  if (sizeAt + sizeBytes > data.length) throw damaged;
  let last = false;
  let at = sizeAt + sizeBytes;
  while (!last) {
    if (at + 3 > data.length) throw damaged;
    const head = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16);
    last = (head & 1) === 1;
    const runLength = ((head >> 1) & 3) === 1;
    at += 3 + (runLength ? 1 : head >> 3);
  }
  if (at + ((descriptor & 4) !== 0 ? 4 : 0) !== data.length) throw damaged;
  if (sizeBytes === 0) return { size: null, sizeAt };
  if (sizeBytes === 1) return { size: data[sizeAt], sizeAt };
  if (sizeBytes === 2) return { size: view.getUint16(sizeAt, true) + 256, sizeAt };
  return {
    size: sizeBytes === 4 ? view.getUint32(sizeAt, true) : Number(view.getBigUint64(sizeAt, true)),
    sizeAt,
  };
}

/** The frame with an 8-byte size in its header. */
function withSize(data: Uint8Array, sizeAt: number, size: number): Uint8Array {
  const out = new Uint8Array(data.length + 8);
  out.set(data.subarray(0, sizeAt));
  out[4] |= 0xc0;
  new DataView(out.buffer).setBigUint64(sizeAt, BigInt(size), true);
  out.set(data.subarray(sizeAt), sizeAt + 8);
  return out;
}
