/**
 * Decoders of Zarr chunks as zarrita finds them: its own and those of numcodecs, behind checks of what a chunk
 * claims, and bounded ones in place of those that would unpack without end.
 * @module
 */
import { gunzip, inflate } from "node:zlib";
import { promisify } from "node:util";
import { registry } from "zarrita";

/** What zarrita tells a codec about the chunk. */
interface ChunkMeta {
  readonly dataType: string;
  readonly shape: readonly number[];
}

interface ByteCodec {
  readonly kind: "bytes_to_bytes";
  decode(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array;
  encode(bytes: Uint8Array): never;
  computeEncodedSize?(size: number): number;
}

type Entry = Awaited<ReturnType<NonNullable<ReturnType<typeof registry.get>>>>;
type Decode = (bytes: Uint8Array, mostBytes: number) => Promise<Uint8Array> | Uint8Array;

/** Codecs that have been met may stand one behind the other; each may add a little. */
const SLACK_BYTES = 2 ** 16;
const ZSTD_BLOCK = 2 ** 17;
const PIXEL_BYTES = 8;

const gunzipLater = promisify(gunzip);
const inflateLater = promisify(inflate);

let installed = false;

/** Puts the bounded decoders into zarrita's registry; done once a process. */
export function installCodecs(): void {
  if (installed) return;
  installed = true;
  const found = (name: string): (() => Promise<Entry>) => registry.get(name)!;
  const [blosc, lz4, zstd] = [found("blosc"), found("lz4"), found("zstd")];
  register("gzip", (bytes, most) => gunzipLater(bytes, { maxOutputLength: most }));
  register("zlib", (bytes, most) => inflateLater(bytes, { maxOutputLength: most }));
  register("blosc", checked(blosc, checkBlosc));
  register("lz4", checked(lz4, checkLz4));
  register("zstd", checked(zstd, checkZstd));
  register("crc32c", withoutChecksum, (size) => size + 4);
}

function register(name: string, decode: Decode, computeEncodedSize?: (size: number) => number): void {
  const entry = {
    fromConfig: (_: unknown, meta: ChunkMeta): ByteCodec => ({
      kind: "bytes_to_bytes",
      decode: (bytes) => decode(bytes, 2 * chunkBytes(meta) + SLACK_BYTES),
      encode: () => {
        throw new Error(`${name} chunks are not written`);
      },
      ...(computeEncodedSize === undefined ? {} : { computeEncodedSize }),
    }),
  };
  for (const key of [name, `numcodecs.${name}`]) {
    registry.set(key, () => Promise.resolve(entry as unknown as Entry));
  }
}

/** Upper bound of a decoded chunk: no pixel type has more than 8 bytes. */
function chunkBytes({ shape }: ChunkMeta): number {
  return shape.reduce((size, length) => size * length, PIXEL_BYTES);
}

/** A decoder of numcodecs that gets only what it can decode within bounds. */
function checked(load: () => Promise<Entry>, check: (bytes: DataView, mostBytes: number) => void): Decode {
  let decoder: Promise<{ decode(bytes: Uint8Array): Promise<Uint8Array> }> | null = null;
  return async (bytes, mostBytes) => {
    check(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), mostBytes);
    // What a decoder needs stands in the chunk itself; its settings are for encoding.
    decoder ??= load().then((entry) => entry.fromConfig({}, {} as never) as never);
    return (await decoder).decode(bytes);
  };
}

/** Sizes stand in the header. @see c-blosc 1.21 README_CHUNK_FORMAT.rst: sizes at bytes 4 and 12 */
function checkBlosc(bytes: DataView, mostBytes: number): void {
  if (bytes.byteLength < 16) throw new Error("it ends within its header");
  requireAtMost(bytes.getUint32(4, true), mostBytes);
  const packed = bytes.getUint32(12, true);
  if (packed !== bytes.byteLength)
    throw new Error(`it has ${bytes.byteLength} bytes, its header says ${packed}`);
}

/** numcodecs writes the size before the block. */
function checkLz4(bytes: DataView, mostBytes: number): void {
  if (bytes.byteLength < 4) throw new Error("it ends within its header");
  requireAtMost(bytes.getUint32(0, true), mostBytes);
}

/** Adds up what the blocks of a frame can become. @see RFC 8878 §3.1.1 */
function checkZstd(bytes: DataView, mostBytes: number): void {
  if (bytes.byteLength < 5 || bytes.getUint32(0, true) !== 0xfd2fb528) throw new Error("it is no zstd frame");
  const descriptor = bytes.getUint8(4);
  const single = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag;
  let at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3];
  if (sizeBytes > 0) requireAtMost(zstdSize(bytes, at, sizeBytes), mostBytes);
  at += sizeBytes;
  for (let unpacked = 0, last = false; !last;) {
    if (at + 3 > bytes.byteLength) throw new Error("it was cut short");
    const head = bytes.getUint16(at, true) | (bytes.getUint8(at + 2) << 16);
    last = (head & 1) === 1;
    const [type, size] = [(head >> 1) & 3, head >> 3];
    if (type === 3 || size > ZSTD_BLOCK) throw new Error("one of its blocks is of no known kind");
    unpacked += type === 2 ? 0 : size;
    requireAtMost(unpacked, mostBytes);
    at += 3 + (type === 1 ? 1 : size);
  }
  if (at > bytes.byteLength) throw new Error("it was cut short");
}

function zstdSize(bytes: DataView, at: number, length: number): number {
  if (at + length > bytes.byteLength) throw new Error("it ends within its header");
  if (length === 1) return bytes.getUint8(at);
  if (length === 2) return bytes.getUint16(at, true) + 256;
  return length === 4 ? bytes.getUint32(at, true) : Number(bytes.getBigUint64(at, true));
}

function requireAtMost(claimed: number, mostBytes: number): void {
  if (claimed > mostBytes)
    throw new Error(`it claims ${claimed} bytes, its chunk needs at most ${mostBytes}`);
}

/** Takes the checksum off. @see RFC 3720 §12.1: CRC-32C, little endian, behind the bytes */
function withoutChecksum(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 4) throw new Error("it ends within its checksum");
  const body = bytes.subarray(0, -4);
  const expected = new DataView(bytes.buffer, bytes.byteOffset + body.length, 4).getUint32(0, true);
  if (crc32c(body) !== expected) throw new Error("its checksum (CRC-32C) is not that of its bytes");
  return body;
}

let table: Uint32Array | null = null;

function crc32c(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
