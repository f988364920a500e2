/**
 * Pixel types as files store them: what they become when they are read, and how their bits travel until then.
 * @module
 */
import { TilewrightError } from "../errors";
import { allocatePixels, bytesPerPixel, DTYPES, viewPixels } from "../volume/pixels";
import type { Dtype, PixelArray } from "../volume/pixels";
import type { StackFacts, StoredDtype } from "./stack";

/** Values on their way from the file: bits as stored, in numbers of the same size. */
export type Carrier = PixelArray | BigUint64Array;

/** Types of a {@link Carrier}. */
export type CarrierDtype = Dtype | "uint64";

/** How values of one stored type are carried. */
export interface Carriage {
  readonly dtype: CarrierDtype;
  /** Numbers per value: the two parts of a complex value are carried one after the other. */
  readonly parts: 1 | 2;
}

/** How values of a stored type are carried. */
export function carriageOf(dtype: StoredDtype): Carriage {
  if (isVolumeDtype(dtype)) return { dtype, parts: 1 };
  if (dtype === "float16") return { dtype: "uint16", parts: 1 };
  if (dtype === "complex64") return { dtype: "uint32", parts: 2 };
  return { dtype: "uint64", parts: dtype === "complex128" ? 2 : 1 };
}

/** Whether a Volume can hold values of this type as they are. */
export function isVolumeDtype(dtype: StoredDtype): dtype is Dtype {
  return (DTYPES as readonly StoredDtype[]).includes(dtype);
}

/** What values of a stored type become when they are read: see `StackFacts.readsAs`. */
export function readsAs(dtype: StoredDtype): Dtype | null {
  if (isVolumeDtype(dtype)) return dtype;
  if (dtype === "float16") return "float32";
  return dtype === "int64" || dtype === "uint64" ? "float64" : null;
}

/**
 * The type of the pixels that reading a stack gives.
 *
 * @throws {TilewrightError} `stack.pixelType` when they are complex: such a stack has facts and checksums only
 */
export function readableDtype({ file, dtype, readsAs: type }: StackFacts): Dtype {
  if (type !== null) return type;
  throw new TilewrightError(
    "stack.pixelType",
    `${file}: its pixels are complex numbers (${dtype}), which can be listed but neither shown nor predicted`,
    "save their magnitude or their real part as 32-bit float",
  );
}

/** Bytes of one carried number. */
export function carrierBytes(dtype: CarrierDtype): number {
  return dtype === "uint64" ? 8 : bytesPerPixel(dtype);
}

/** Bytes of one value. */
export function storedBytesPerPixel(dtype: StoredDtype): number {
  const carriage = carriageOf(dtype);
  return carrierBytes(carriage.dtype) * carriage.parts;
}

/** A zero-filled carrier. */
export function allocateCarrier(dtype: CarrierDtype, length: number): Carrier {
  return dtype === "uint64" ? new BigUint64Array(length) : allocatePixels(dtype, length);
}

/** A carrier that is not filled with zeros first: for values that are all read, or reading them fails. */
export function unfilledCarrier(dtype: CarrierDtype, length: number): Carrier {
  const bytes = length * carrierBytes(dtype);
  if (bytes > MOST_UNFILLED) return allocateCarrier(dtype, length);
  return viewCarrier(dtype, Buffer.allocUnsafeSlow(bytes).buffer);
}

/** Buffers of Node 20 are no larger than 4 GiB. */
const MOST_UNFILLED = 2 ** 31;

/** A carrier that shares the memory of `buffer`; `byteOffset` must be aligned. */
export function viewCarrier(
  dtype: CarrierDtype,
  buffer: ArrayBuffer,
  byteOffset = 0,
  length?: number,
): Carrier {
  if (dtype === "uint64") return new BigUint64Array(buffer, byteOffset, length);
  return viewPixels(dtype, buffer, byteOffset, length);
}

/**
 * Values of a carrier as numbers that a Volume can hold: half precision exactly, 64-bit integers rounded to the
 * nearest double (exact up to 2^53).
 *
 * @param carrier of a type that can be read; its memory may become that of the result
 */
export function valuesOf(carrier: Carrier, dtype: StoredDtype): PixelArray {
  if (dtype === "float16") return fromHalves(carrier as Uint16Array);
  if (!(carrier instanceof BigUint64Array)) return carrier;
  return fromLongs(carrier, dtype === "int64");
}

let halves: Float32Array | null = null;

/** Each of the 65,536 half-precision numbers (IEEE 754 binary16). */
function halfTable(): Float32Array {
  return Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const sign = bits >= 2 ** 15 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

function fromHalves(bits: Uint16Array): Float32Array {
  halves ??= halfTable();
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = halves[bits[i]];
  return out;
}

/** In place: a double takes the room of its integer. */
function fromLongs(longs: BigUint64Array, signed: boolean): Float64Array {
  const words = new Uint32Array(longs.buffer as ArrayBuffer, longs.byteOffset, 2 * longs.length);
  const out = new Float64Array(longs.buffer as ArrayBuffer, longs.byteOffset, longs.length);
  for (let i = 0; i < out.length; i++) {
    const high = words[2 * i + 1];
    // The upper half is exact; the one addition rounds once.
    out[i] = (signed ? high | 0 : high) * 2 ** 32 + words[2 * i];
  }
  return out;
}
