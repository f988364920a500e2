/**
 * Decompression of one chunk (strip or tile). Output is bounded by what the page needs, whatever the data say.
 *
 * Deflate runs in `node:zlib`; LZW and PackBits are ours (bounded, and faster than those of geotiff
 * 3.0.5); the others are in `decoders/`, each loaded when a file first needs it.
 * @module
 */
import { inflate, inflateSync } from "node:zlib";
import { promisify } from "node:util";
import { TilewrightError, isAbort } from "../../errors";
import { decodeJpeg } from "./decoders/jpeg";
import { decodeJpeg2000 } from "./decoders/jpeg2000";
import { decodeWebp } from "./decoders/webp";
import { decodeXz } from "./decoders/xz";
import { decodeLzw } from "./lzw";
import { decodeZstd } from "./decoders/zstd";

/** Names of compressions as `info` shows them, by TIFF number. */
export const COMPRESSION_NAMES: Readonly<Record<number, string>> = {
  1: "none",
  2: "ccitt-rle",
  3: "ccitt-fax3",
  4: "ccitt-fax4",
  5: "lzw",
  6: "jpeg-old",
  7: "jpeg",
  8: "deflate",
  32773: "packbits",
  32946: "deflate",
  33003: "jpeg2000",
  33005: "jpeg2000",
  34676: "sgilog",
  34677: "sgilog24",
  34712: "jpeg2000",
  34887: "lerc",
  34892: "jpeg-dng",
  34925: "lzma",
  34933: "png",
  34934: "jpegxr",
  50000: "zstd",
  50001: "webp",
  50002: "jpegxl",
};

/** What a chunk is to become. */
export interface ChunkShape {
  /** Bytes of the decoded chunk that the page needs. */
  readonly bytes: number;
  /** Bytes of a chunk of full height: some writers fill the last strip up. */
  readonly fullBytes: number;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  /** Bytes of a sample in memory. */
  readonly sampleBytes: number;
  readonly jpegTables: Uint8Array | null;
  /** The page holds YCbCr colours. */
  readonly yCbCr: boolean;
}

type Decoder = (data: Uint8Array, shape: ChunkShape) => Uint8Array | Promise<Uint8Array>;

/**
 * What a compression takes that holds pictures instead of bytes. Its samples come in whole bytes, little endian,
 * whatever the file says.
 */
export interface PictureLimits {
  /** Most bits of a sample. */
  readonly bits: number;
  /** Numbers of samples in one pixel. */
  readonly samples: readonly number[];
}

interface Codec {
  /** Output bytes per input byte that the format can reach at most. */
  readonly expansion: number;
  readonly decode: Decoder;
  readonly picture?: PictureLimits;
}

/** Below this size the way through the thread pool costs more than the work. */
const SYNC_BYTES = 2 ** 15;
const inflateAsync = promisify(inflate);

/** Empty blocks take next to nothing. */
const JPEG_2000: Codec = { expansion: 32768, decode: decodeJpeg2000, picture: { bits: 16, samples: [1, 3] } };

const CODECS: Readonly<Record<number, Codec>> = {
  1: { expansion: 1, decode: (data) => data },
  5: { expansion: 4096, decode: (data, shape) => decodeLzw(data, shape.fullBytes) },
  7: { expansion: 4096, decode: decodeJpeg, picture: { bits: 8, samples: [1, 2, 3, 4] } },
  8: { expansion: 1040, decode: decodeDeflate },
  32773: { expansion: 64, decode: (data, shape) => decodePackBits(data, shape.fullBytes) },
  32946: { expansion: 1040, decode: decodeDeflate },
  33003: JPEG_2000,
  33005: JPEG_2000,
  34712: JPEG_2000,
  34925: { expansion: 8192, decode: decodeXz },
  // A run-length block of Zstandard turns 4 bytes into 128 KiB.
  50000: { expansion: 32768, decode: decodeZstd },
  50001: { expansion: 32768, decode: decodeWebp, picture: { bits: 8, samples: [3, 4] } },
};

/** Whether chunks of this compression can be decoded. */
export function isDecodable(compression: number): boolean {
  return CODECS[compression] !== undefined;
}

/** The limits of a compression that holds pictures; null where it holds bytes. */
export function pictureLimits(compression: number): PictureLimits | null {
  return CODECS[compression]?.picture ?? null;
}

/** Decoded bytes per stored byte that a compression can reach at most; 32768 for unknown ones. */
export function largestExpansion(compression: number): number {
  return CODECS[compression]?.expansion ?? 32768;
}

/**
 * Decompresses a chunk.
 *
 * @param data     stored bytes, not changed
 * @param where    for messages: "stack.tif, page 3"
 * @returns at least `shape.bytes` bytes
 * @throws {TilewrightError} `stack.decode` when the data are damaged or too short
 */
export async function decodeChunk(
  compression: number,
  data: Uint8Array,
  shape: ChunkShape,
  where: string,
): Promise<Uint8Array> {
  const codec = CODECS[compression];
  let decoded: Uint8Array;
  try {
    decoded = await codec.decode(data, shape);
  } catch (error) {
    if (error instanceof TilewrightError || isAbort(error)) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw damagedData(where, `its ${COMPRESSION_NAMES[compression]} data are damaged: ${why}`);
  }
  if (decoded.length < shape.bytes) {
    throw damagedData(
      where,
      `its ${COMPRESSION_NAMES[compression]} data hold ${decoded.length} of ${shape.bytes} bytes`,
    );
  }
  return decoded;
}

function damagedData(where: string, why: string): TilewrightError {
  return new TilewrightError(
    "stack.decode",
    `${where}: ${why}`,
    "the file is damaged; copy or export it again",
  );
}

async function decodeDeflate(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  // Room for all of it and a little more: zlib then neither grows its output nor asks for a second piece.
  const options = { maxOutputLength: shape.fullBytes, chunkSize: shape.fullBytes + 64 };
  return shape.fullBytes <= SYNC_BYTES ? inflateSync(data, options) : inflateAsync(data, options);
}

/** Runs below this length are copied byte by byte: a call for each would take longer. */
const SHORT_RUN = 48;

function decodePackBits(data: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit);
  let to = 0;
  let at = 0;
  while (at < data.length && to < limit) {
    const control = data[at++];
    if (control === 128) continue;
    const literal = control < 128;
    if (!literal && at >= data.length) break;
    const room = literal ? Math.min(limit - to, data.length - at) : limit - to;
    const count = Math.min(literal ? control + 1 : 257 - control, room);
    const end = to + count;
    if (count >= SHORT_RUN) {
      if (literal) out.set(data.subarray(at, at + count), to);
      else out.fill(data[at], to, end);
    } else if (literal) for (let from = at; to < end;) out[to++] = data[from++];
    else for (const value = data[at]; to < end;) out[to++] = value;
    to = end;
    at += literal ? count : 1;
  }
  return out.subarray(0, to);
}
