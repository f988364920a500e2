/**
 * Pixel types: names, typed arrays, ranges.
 * @module
 */

/** Pixel types a Volume can hold. */
export type Dtype = "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** Memory of a Volume. */
export type PixelArray =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

const CONSTRUCTORS = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** All pixel types, smallest first. */
export const DTYPES = Object.keys(CONSTRUCTORS) as readonly Dtype[];

/** A zero-filled array of `length` pixels. */
export function allocatePixels(dtype: Dtype, length: number): PixelArray {
  return new CONSTRUCTORS[dtype](length);
}

/** `byteLength / bytesPerPixel` pixels that share the memory of `buffer`; `byteOffset` must be aligned. */
export function viewPixels(dtype: Dtype, buffer: ArrayBuffer, byteOffset = 0, length?: number): PixelArray {
  return new CONSTRUCTORS[dtype](buffer, byteOffset, length);
}

/** The pixel type of a typed array. */
export function dtypeOf(data: PixelArray): Dtype {
  for (const dtype of DTYPES) if (data instanceof CONSTRUCTORS[dtype]) return dtype;
  throw new RangeError("not a typed array that can hold pixels");
}

/** Bytes of one pixel. */
export function bytesPerPixel(dtype: Dtype): number {
  return CONSTRUCTORS[dtype].BYTES_PER_ELEMENT;
}

/** Whether the type holds fractions. */
export function isFloat(dtype: Dtype): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** Smallest and largest value of an integer type; ±Infinity for floats. */
export function dtypeRange(dtype: Dtype): readonly [min: number, max: number] {
  if (isFloat(dtype)) return [-Infinity, Infinity];
  const bits = bytesPerPixel(dtype) * 8;
  return dtype.startsWith("u") ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/**
 * Converts pixels to `dtype`: integers are rounded half to even and clamped to the range of the type
 * (never wrapped), NaN becomes 0 in integer types. The input is not changed.
 */
export function convertPixels(data: PixelArray, dtype: Dtype): PixelArray {
  if (dtypeOf(data) === dtype) return data;
  const out = allocatePixels(dtype, data.length);
  if (isFloat(dtype)) {
    out.set(data);
    return out;
  }
  const [min, max] = dtypeRange(dtype);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    out[i] = value <= min ? min : value >= max ? max : Number.isNaN(value) ? 0 : roundHalfEven(value);
  }
  return out;
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
