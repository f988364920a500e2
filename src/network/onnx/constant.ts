/**
 * Constants of an ONNX file as numbers.
 * @module
 */
import type { OnnxTensor } from "./proto";

/** A length known only relative to the input: `n·numerator/denominator + offset`, `n` px along a spatial axis. */
export interface FreeLength {
  /** Spatial axis of the network. */
  readonly axis: number;
  readonly factor: number;
  readonly offset: number;
}

/** A number of the graph's own arithmetic on shapes. */
export type Quantity = number | FreeLength;

/** Numbers known before the network runs, row-major. */
export interface Folded {
  readonly kind: "folded";
  readonly shape: readonly number[];
  readonly items: readonly Quantity[] | Float32Array;
}

const FLOAT = 1;
const FLOAT16 = 10;
const BFLOAT16 = 16;

interface Element {
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

const ELEMENTS: Readonly<Record<number, Element>> = {
  [FLOAT]: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  2: { bytes: 1, read: (view, at) => view.getUint8(at) },
  3: { bytes: 1, read: (view, at) => view.getInt8(at) },
  4: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  5: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  6: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  7: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  9: { bytes: 1, read: (view, at) => view.getUint8(at) },
  [FLOAT16]: { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  11: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  12: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  13: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  [BFLOAT16]: { bytes: 2, read: (view, at) => brainToNumber(view.getUint16(at, true)) },
};

const FLOAT_TYPES: readonly number[] = [FLOAT, FLOAT16, 11, BFLOAT16];

/** Whether `TensorProto.DataType` `type` is a floating-point type. */
export function isFloatType(type: number): boolean {
  return FLOAT_TYPES.includes(type);
}

/** IEEE 754 binary16 as a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const BRAIN = new DataView(new ArrayBuffer(4));

function brainToNumber(bits: number): number {
  BRAIN.setUint16(0, bits);
  return BRAIN.getFloat32(0);
}

/**
 * Decodes a constant. Floats become a `Float32Array`, integers a list of numbers.
 *
 * @returns what is wrong, as text, when it cannot be decoded
 */
export function decodeTensor(tensor: OnnxTensor): Folded | string {
  if (tensor.external) return "its numbers are in another file, which is not supported";
  const element = ELEMENTS[tensor.dataType] as Element | undefined;
  if (element === undefined) return `data type ${tensor.dataType} is not supported`;
  const wrong = tensor.dims.find((n) => !Number.isSafeInteger(n) || n < 0);
  if (wrong !== undefined) return `a length of ${wrong}`;
  const count = tensor.dims.reduce((a, b) => a * b, 1);
  const found = tensor.raw === undefined ? tensor.numbers.length : tensor.raw.length / element.bytes;
  if (found !== count) return `shape [${tensor.dims.join(", ")}] needs ${count} numbers, found ${found}`;
  const items = isFloatType(tensor.dataType) ? new Float32Array(count) : new Array<number>(count).fill(0);
  if (tensor.raw !== undefined) {
    const view = new DataView(tensor.raw.buffer, tensor.raw.byteOffset, tensor.raw.byteLength);
    for (let i = 0; i < count; i++) items[i] = element.read(view, i * element.bytes);
  } else {
    const convert = listedNumber(tensor.dataType);
    for (let i = 0; i < count; i++) items[i] = convert(tensor.numbers[i]);
  }
  return { kind: "folded", shape: tensor.dims, items };
}

/** 16-bit floats outside raw bytes are stored as integers holding their bits. */
function listedNumber(dataType: number): (stored: number) => number {
  if (dataType === FLOAT16) return halfToNumber;
  if (dataType === BFLOAT16) return brainToNumber;
  return (stored) => stored;
}

/** Numbers of one dimension. */
export function foldedList(items: readonly Quantity[]): Folded {
  return { kind: "folded", shape: [items.length], items };
}

/** The numbers, or `undefined` when one of them is a free length. */
export function plainNumbers(folded: Folded): readonly number[] | undefined {
  if (folded.items instanceof Float32Array) return Array.from(folded.items);
  return folded.items.every((item) => typeof item === "number") ? folded.items : undefined;
}
