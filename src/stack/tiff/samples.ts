/**
 * From stored bytes to numbers: byte order, bit packing, predictors.
 *
 * After TIFF 6.0 §14 (predictor 2) and Adobe's TIFF Technical Note 3 (predictor 3).
 * @module
 */
import { allocateCarrier, carrierBytes, viewCarrier } from "../stored";
import type { Carrier, CarrierDtype } from "../stored";
import type { PixelArray } from "../../volume/pixels";

/** How the bytes of a chunk are to be understood. */
export interface SampleLayout {
  readonly dtype: CarrierDtype;
  /** Bits of a stored sample; fewer than those of `dtype` when samples are packed. */
  readonly bits: number;
  /** Of integers: whether they can be negative. */
  readonly signed: boolean;
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
export function unpackSamples(bytes: Uint8Array, layout: SampleLayout): Carrier {
  const { dtype, bits, samples, width, height, predictor } = layout;
  const size = carrierBytes(dtype);
  if (bits !== size * 8) return unpackBits(bytes, layout);
  const length = width * height * samples;
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const own = aligned.subarray(0, length * size);
  const rowLength = width * samples;
  if (predictor === 3) undoFloatPredictor(own, { rowLength, size, samples });
  else if (!layout.littleEndian) swapBytes(own, size);
  const pixels = viewCarrier(dtype, own.buffer as ArrayBuffer, own.byteOffset, length);
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

/** Sums along each row; values wrap around as the predictor requires, signed ones with the same bits. */
function undoDifferences(pixels: Carrier, rowLength: number, samples: number): void {
  const { buffer, byteOffset, length } = pixels;
  // One function for each size: one for all would run several times slower.
  if (pixels.BYTES_PER_ELEMENT === 1)
    sumBytes(new Uint8Array(buffer, byteOffset, length), rowLength, samples);
  else if (pixels.BYTES_PER_ELEMENT === 2)
    sumWords(new Uint16Array(buffer, byteOffset, length), rowLength, samples);
  else if (pixels.BYTES_PER_ELEMENT === 4)
    sumLongs(new Int32Array(buffer, byteOffset, length), rowLength, samples);
  else sumLongLongs(new BigUint64Array(buffer, byteOffset, length), rowLength, samples);
}

function sumBytes(values: Uint8Array, rowLength: number, samples: number): void {
  for (let row = 0; row < values.length; row += rowLength) {
    for (let sample = 0; sample < samples; sample++) {
      let sum = 0;
      for (let i = row + sample; i < row + rowLength; i += samples)
        values[i] = sum = (sum + values[i]) & 0xff;
    }
  }
}

function sumWords(values: Uint16Array, rowLength: number, samples: number): void {
  for (let row = 0; row < values.length; row += rowLength) {
    for (let sample = 0; sample < samples; sample++) {
      let sum = 0;
      for (let i = row + sample; i < row + rowLength; i += samples)
        values[i] = sum = (sum + values[i]) & 0xffff;
    }
  }
}

function sumLongs(values: Int32Array, rowLength: number, samples: number): void {
  for (let row = 0; row < values.length; row += rowLength) {
    for (let sample = 0; sample < samples; sample++) {
      let sum = 0;
      for (let i = row + sample; i < row + rowLength; i += samples) values[i] = sum = (sum + values[i]) | 0;
    }
  }
}

function sumLongLongs(values: BigUint64Array, rowLength: number, samples: number): void {
  for (let row = 0; row < values.length; row += rowLength) {
    // Typed arrays wrap around as the predictor requires.
    for (let i = row + samples; i < row + rowLength; i++) values[i] += values[i - samples];
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
  sumBytes(bytes, rowBytes, samples);
  for (let start = 0; start < bytes.length; start += rowBytes) {
    row.set(bytes.subarray(start, start + rowBytes));
    for (let b = 0; b < size; b++) {
      let to = start + size - 1 - b;
      for (let i = b * rowLength; i < (b + 1) * rowLength; i++) {
        bytes[to] = row[i];
        to += size;
      }
    }
  }
}

/**
 * Integers of any length, most significant bit first whatever the byte order of the file, as tifffile 2026 reads
 * them; rows padded to whole bytes.
 */
function unpackBits(bytes: Uint8Array, layout: SampleLayout): Carrier {
  const { dtype, bits, samples, width, height } = layout;
  const rowLength = width * samples;
  const rowBytes = storedBytes(layout, 1);
  const out = allocateCarrier(dtype, rowLength * height);
  for (let row = 0; row < height; row++) {
    const from = bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
    const to = out.subarray(row * rowLength, (row + 1) * rowLength);
    if (to instanceof BigUint64Array) unpackLongRow(from, layout, to);
    else if (bits <= 16) unpackShortRow(from, layout, to);
    else unpackWideRow(from, layout, to);
  }
  return out;
}

type IntegerBits = Pick<SampleLayout, "bits" | "signed">;

/** Up to 16 bits: a value and what precedes it fit into 32 bits. */
function unpackShortRow(bytes: Uint8Array, { bits, signed }: IntegerBits, out: PixelArray): void {
  const unused = 32 - bits;
  let at = 0;
  let held = 0;
  let value = 0;
  for (let i = 0; i < out.length; i++) {
    while (held < bits) {
      value = ((value << 8) | bytes[at++]) & 0xffffff;
      held += 8;
    }
    held -= bits;
    const low = (value >> held) << unused;
    out[i] = signed ? low >> unused : low >>> unused;
  }
}

/** 17 to 32 bits: in doubles, which hold 39 bits exactly. */
function unpackWideRow(bytes: Uint8Array, { bits, signed }: IntegerBits, out: PixelArray): void {
  const top = signed ? 2 ** (bits - 1) : Infinity;
  let at = 0;
  let held = 0;
  let value = 0;
  for (let i = 0; i < out.length; i++) {
    while (held < bits) {
      value = value * 256 + bytes[at++];
      held += 8;
    }
    held -= bits;
    const rest = value % 2 ** held;
    const own = (value - rest) / 2 ** held;
    out[i] = own >= top ? own - 2 * top : own;
    value = rest;
  }
}

/** 33 to 63 bits. */
function unpackLongRow(bytes: Uint8Array, { bits, signed }: IntegerBits, out: BigUint64Array): void {
  const length = BigInt(bits);
  let at = 0;
  let held = 0n;
  let value = 0n;
  for (let i = 0; i < out.length; i++) {
    while (held < length) {
      value = (value << 8n) | BigInt(bytes[at++]);
      held += 8n;
    }
    held -= length;
    const own = value >> held;
    out[i] = signed ? BigInt.asIntN(bits, own) : own;
    value &= (1n << held) - 1n;
  }
}
