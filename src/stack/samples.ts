/**
 * From stored bytes to numbers: byte order, bit packing, predictors.
 *
 * After TIFF 6.0 §14 (predictor 2) and Adobe's TIFF Technical Note 3 (predictor 3).
 * @module
 */
import { allocatePixels, bytesPerPixel, viewPixels } from "../volume/pixels";
import type { Dtype, PixelArray } from "../volume/pixels";

/** How the bytes of a chunk are to be understood. */
export interface SampleLayout {
  readonly dtype: Dtype;
  /** Bits of a stored sample; fewer than those of `dtype` when samples are packed. */
  readonly bits: number;
  /** Samples side by side in one pixel. */
  readonly samples: number;
  /** px */
  readonly width: number;
  readonly height: number;
  readonly predictor: number;
  readonly littleEndian: boolean;
}

/** Stored bytes of a chunk that is `height` rows high. */
export function storedBytes(
  layout: Pick<SampleLayout, "bits" | "samples" | "width">,
  height: number,
): number {
  return Math.ceil((layout.width * layout.samples * layout.bits) / 8) * height;
}

/**
 * Turns decompressed bytes into numbers.
 *
 * @param bytes at least `storedBytes`; may be changed and may become the memory of the result
 * @returns height x width x samples values, row-major
 */
export function unpackSamples(bytes: Uint8Array, layout: SampleLayout): PixelArray {
  const { dtype, bits, samples, width, height, predictor } = layout;
  const size = bytesPerPixel(dtype);
  if (bits !== size * 8) return unpackBits(bytes, layout);
  const length = width * height * samples;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const own = aligned.subarray(0, length * size);
  const rowLength = width * samples;
  if (predictor === 3) undoFloatPredictor(own, { rowLength, size, samples });
  else if (!layout.littleEndian) swapBytes(own, size);
  const pixels = viewPixels(dtype, own.buffer as ArrayBuffer, own.byteOffset, length);
  if (predictor === 2) undoDifferences(pixels, rowLength, samples);
  return pixels;
}

/** Reverses the bytes of each value in place. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 2) buffer.swap16();
  else if (size === 4) buffer.swap32();
  else buffer.swap64();
}

const REVERSED = Uint8Array.from({ length: 256 }, (_, byte) => {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) if ((byte & (1 << bit)) !== 0) out |= 128 >> bit;
  return out;
});

/** Reverses the bits of each byte in place (FillOrder 2). */
export function reverseBits(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = REVERSED[bytes[i]];
}

function undoDifferences(pixels: PixelArray, rowLength: number, samples: number): void {
  for (let row = 0; row < pixels.length; row += rowLength) {
    const end = row + rowLength;
    // Typed arrays wrap around as the predictor requires.
    for (let i = row + samples; i < end; i++) pixels[i] += pixels[i - samples];
  }
}

interface FloatRows {
  /** Values per row. */
  readonly rowLength: number;
  /** Bytes per value. */
  readonly size: number;
  readonly samples: number;
}

/** Rows hold all first (most significant) bytes, then all second bytes…, as differences of bytes. */
function undoFloatPredictor(bytes: Uint8Array, { rowLength, size, samples }: FloatRows): void {
  const rowBytes = rowLength * size;
  const row = new Uint8Array(rowBytes);
  for (let start = 0; start < bytes.length; start += rowBytes) {
    row.set(bytes.subarray(start, start + rowBytes));
    for (let i = samples; i < rowBytes; i++) row[i] += row[i - samples];
    for (let i = 0; i < rowLength; i++) {
      for (let b = 0; b < size; b++) bytes[start + i * size + (size - 1 - b)] = row[b * rowLength + i];
    }
  }
}

/** Values of fewer bits than a byte or two, most significant bit first, rows padded to whole bytes. */
function unpackBits(bytes: Uint8Array, layout: SampleLayout): PixelArray {
  const { dtype, bits, samples, width, height } = layout;
  const rowLength = width * samples;
  const rowBytes = storedBytes(layout, 1);
  const out = allocatePixels(dtype, rowLength * height);
  const mask = 2 ** bits - 1;
  for (let row = 0; row < height; row++) {
    let at = row * rowBytes;
    let held = 0;
    let value = 0;
    for (let i = 0; i < rowLength; i++) {
      while (held < bits) {
        value = ((value << 8) | bytes[at++]) & 0xffffff;
        held += 8;
      }
      held -= bits;
      out[row * rowLength + i] = (value >> held) & mask;
    }
  }
  return out;
}
