/**
 * JPEG and Zstandard through the decoders of geotiff 3.0.5, which allocate what the data ask for: here the
 * data are checked first. geotiff is loaded when the first such chunk is met.
 * @module
 */
import type { ChunkShape } from "./codecs";

/** First bytes of a frame (RFC 8878 §3.1.1). */
const ZSTD_MAGIC = 0xfd2fb528;

async function decodeWith(compression: number, data: Uint8Array, parameters: object): Promise<Uint8Array> {
  const { getDecoder } = await import("geotiff");
  const decoder = await getDecoder(compression, {
    tileWidth: 1,
    tileHeight: 1,
    predictor: 1,
    bitsPerSample: 8,
    planarConfiguration: 1,
    ...parameters,
  });
  try {
    return new Uint8Array(await decoder.decode(data.slice().buffer));
  } catch (cause) {
    // Over damaged data the decoders stumble in words that are about themselves.
    const stumbled = cause instanceof TypeError || cause instanceof RangeError;
    throw stumbled ? new Error("they contradict themselves", { cause }) : cause;
  }
}

/**
 * Decodes a Zstandard frame.
 *
 * @throws {Error} when it is none, is damaged, or would become larger than the chunk
 */
export async function decodeZstd(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  const frame = readZstdFrame(data);
  if (frame.size !== null) {
    if (frame.size > shape.fullBytes) throw new Error(`they would become ${frame.size} bytes`);
    return decodeWith(50000, data, {});
  }
  // The decoder never returns from a damaged frame that does not say its size, so the size is written into it.
  for (const size of new Set([shape.bytes, shape.fullBytes])) {
    const decoded = await decodeWith(50000, withSize(data, frame.sizeAt, size), {});
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

/**
 * Decodes a JPEG chunk of 8-bit samples. YCbCr is what JPEG makes of RGB inside, so RGB is returned.
 *
 * @throws {Error} when its frame is not the chunk's: the decoder would allocate whatever it says
 */
export async function decodeJpeg(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  checkFrames(data, shape);
  const pixels = await decodeWith(7, data, shape.jpegTables === null ? {} : { JPEGTables: shape.jpegTables });
  if (shape.yCbCr && shape.samples === 3) toRgb(pixels);
  return pixels;
}

/** YCbCr to RGB in place, full range (JFIF 1.02). */
function toRgb(pixels: Uint8Array): void {
  const clamped = new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let i = 0; i + 2 < pixels.length; i += 3) {
    const [y, cb, cr] = [pixels[i], pixels[i + 1] - 128, pixels[i + 2] - 128];
    clamped[i] = y + 1.402 * cr;
    clamped[i + 1] = y - 0.344136 * cb - 0.714136 * cr;
    clamped[i + 2] = y + 1.772 * cb;
  }
}

/** Looks at the markers before the first scan; there must be one frame, and it must fit. */
function checkFrames(data: Uint8Array, shape: ChunkShape): void {
  let frames = 0;
  let at = 2;
  while (at + 3 < data.length && data[at] === 0xff) {
    const marker = data[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda) break;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      checkFrame(data.subarray(at + 4), marker, shape);
      frames += 1;
    }
    at += 2 + data[at + 2] * 256 + data[at + 3];
  }
  if (frames !== 1) throw new Error(`${frames} frame headers instead of one`);
}

function checkFrame(frame: Uint8Array, marker: number, shape: ChunkShape): void {
  if (frame.length < 6 || frame.length < 6 + 3 * frame[5]) throw new Error("they end in the frame header");
  const [precision, heightHigh, heightLow, widthHigh, widthLow, samples] = frame;
  const height = heightHigh * 256 + heightLow;
  const width = widthHigh * 256 + widthLow;
  const fits = width === shape.width && height > 0 && height <= shape.height && samples === shape.samples;
  if (marker > 0xc2 || precision !== 8 || !fits) {
    throw new Error(`its frame of ${width} x ${height} x ${samples} does not fit the page`);
  }
  for (let i = 0; i < samples; i++) {
    const factors = frame[7 + 3 * i] ?? 0;
    const [across, down] = [factors >> 4, factors & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4)
      throw new Error("it has sampling factors beyond 1 to 4");
  }
}
