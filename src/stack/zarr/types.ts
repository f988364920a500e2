/**
 * Pixel types of Zarr arrays, and how their values travel through zarrita on every runtime: half precision as its
 * bits, truth values as bytes.
 * @module
 */
import { TilewrightError } from "../../errors";
import { DTYPES } from "../../volume/pixels";
import type { Dtype, PixelArray } from "../../volume/pixels";
import { allocateCarrier, carriageOf, readsAs, storedBytesPerPixel, valuesOf } from "../stored";
import type { Carrier } from "../stored";

/** A pixel type as stored, with the value of pixels that have no chunk. */
export interface ZarrDtype {
  readonly stored: Dtype | "float16" | "int64" | "uint64";
  /** What zarrita is told. */
  readonly carried: string;
  /** Type of what is read: float16 becomes float32, 64-bit integers float64. */
  readonly readsAs: Dtype;
  readonly bytes: number;
  /** Of `carried`. */
  readonly fill: number | bigint;
}

/** Values of a decoded chunk. */
export type ChunkData = PixelArray | BigInt64Array | BigUint64Array;

const V2_NAMES: Readonly<Record<string, string>> = {
  b1: "bool",
  i1: "int8",
  u1: "uint8",
  i2: "int16",
  u2: "uint16",
  i4: "int32",
  u4: "uint32",
  i8: "int64",
  u8: "uint64",
  f2: "float16",
  f4: "float32",
  f8: "float64",
};

const STORED = [...DTYPES, "float16", "int64", "uint64"] as const;

/**
 * The pixel type that metadata name: `<u2` (version 2) or `uint16` (version 3).
 *
 * @throws {TilewrightError} `stack.pixelType`, `stack.damaged`
 */
export function storedType(folder: string, name: unknown, fill: unknown): ZarrDtype {
  const text = typeof name === "string" ? name : "";
  const short = /^[<>|](\w+)$/.exec(text)?.[1];
  const long = short === undefined ? text : (V2_NAMES[short] ?? "");
  const stored = STORED.find((type) => type === (long === "bool" ? "uint8" : long));
  if (stored === undefined) {
    throw new TilewrightError(
      "stack.pixelType",
      `${folder}: pixels of type ${JSON.stringify(name)?.slice(0, 200) ?? "unknown"} cannot be read`,
      "save the image as integers or floating-point numbers",
    );
  }
  return {
    stored,
    carried: stored === "float16" ? "uint16" : stored,
    readsAs: readsAs(stored)!,
    bytes: storedBytesPerPixel(stored),
    fill: fillOf(folder, long, fill),
  };
}

/** How JSON spells what it has no numbers for. */
const SPECIAL_NUMBERS = ["NaN", "Infinity", "-Infinity"];

function fillOf(folder: string, name: string, fill: unknown): number | bigint {
  const value = fill ?? 0;
  if (typeof value === "boolean") return Number(value);
  if (name === "int64" || name === "uint64") {
    if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
    if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  } else if (typeof value === "string" && /^0x[0-9a-f]{1,16}$/i.test(value)) {
    return fromBits(name, value);
  } else if (typeof value === "number" || (typeof value === "string" && SPECIAL_NUMBERS.includes(value))) {
    return name === "float16" ? halfBits(Number(value)) : Number(value);
  }
  throw new TilewrightError(
    "stack.damaged",
    `${folder}: its fill value is ${JSON.stringify(fill)?.slice(0, 200) ?? "missing"}, which is no pixel of type ${name}`,
    "correct fill_value in its metadata",
  );
}

function fromBits(name: string, digits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(digits));
  if (name === "float64") return view.getFloat64(0);
  return name === "float32" ? view.getFloat32(4) : view.getUint16(6);
}

/** The nearest half-precision number; fill values are few, so the table is searched. */
function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const table = valuesOf(
    Uint16Array.from({ length: 0x7c01 }, (_, bits) => bits),
    "float16",
  );
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  let best = 0;
  for (let bits = 0; bits <= 0x7c00; bits++) {
    if (Math.abs(table[bits] - Math.abs(value)) < Math.abs(table[best] - Math.abs(value))) best = bits;
  }
  return sign | (Math.abs(value) === Infinity ? 0x7c00 : best);
}

/** One pixel without a chunk, as it is read. */
export function fillPixel({ stored, fill }: ZarrDtype): number {
  return stored === "float16" ? valuesOf(Uint16Array.of(Number(fill)), stored)[0] : Number(fill);
}

/** Decoded values as pixels: half precision exactly, 64-bit integers rounded to the nearest double. */
export function pixelsOf(data: ChunkData, { stored }: ZarrDtype): PixelArray {
  const bits = bitsOf(data);
  // Longs become doubles in place; a chunk may be asked for again.
  return valuesOf(bits instanceof BigUint64Array ? bits.slice() : bits, stored);
}

/** Decoded values bit by bit: half precision and 64-bit integers as unsigned integers of their size. */
export function bitsOf(data: ChunkData): Carrier {
  return data instanceof BigInt64Array ? new BigUint64Array(data.buffer, data.byteOffset, data.length) : data;
}

/** Room for `length` values as {@link bitsOf} gives them, over fresh memory that starts at 0. */
export function allocateBits(dtype: ZarrDtype, length: number): Carrier {
  return allocateCarrier(carriageOf(dtype.stored).dtype, length);
}
