/**
 * Arithmetic that ONNX graphs do on shapes and constants, done here once: exporters compute the sizes of an
 * upsampling from the shapes of other tensors. Lengths that depend on the input stay linear in it.
 * @module
 */
import { foldedList, plainNumbers } from "./constant";
import type { Folded, FreeLength, Quantity } from "./constant";

/** Most numbers of a folded result. */
const MAX_ITEMS = 1 << 20;

/** What the operators of this file are given besides their inputs. */
export interface FoldingAttributes {
  readonly opset: number;
  int(name: string, fallback: number): number;
  ints(name: string): readonly number[] | undefined;
  /** The `value` tensor of a ConstantOfShape. */
  fill(): number;
}

type Operands = readonly (Folded | undefined)[];
/** `undefined`: cannot be decided before the network runs. */
type Fold = (inputs: Operands, attributes: FoldingAttributes) => Folded | undefined;

const isFree = (q: Quantity): q is FreeLength => typeof q !== "number";

function linear(q: FreeLength, times: number, plus: number): FreeLength {
  return { axis: q.axis, factor: q.factor * times, offset: q.offset * times + plus };
}

function add(a: Quantity, b: Quantity): Quantity | undefined {
  if (!isFree(a)) return isFree(b) ? linear(b, 1, a) : a + b;
  if (!isFree(b)) return linear(a, 1, b);
  return a.axis === b.axis
    ? simplified({ axis: a.axis, factor: a.factor + b.factor, offset: a.offset + b.offset })
    : undefined;
}

function simplified(q: FreeLength): Quantity {
  return q.factor === 0 ? q.offset : q;
}

function multiply(a: Quantity, b: Quantity): Quantity | undefined {
  if (!isFree(a)) return isFree(b) ? simplified(linear(b, a, 0)) : a * b;
  return isFree(b) ? undefined : simplified(linear(a, b, 0));
}

function divide(a: Quantity, b: Quantity): Quantity | undefined {
  if (!isFree(b)) return isFree(a) ? linear(a, 1 / b, 0) : a / b;
  // A ratio of lengths is known when both grow alike.
  if (isFree(a) && a.axis === b.axis && a.offset * b.factor === b.offset * a.factor)
    return a.factor / b.factor;
  return undefined;
}

function choose(pick: (a: number, b: number) => number): (a: Quantity, b: Quantity) => Quantity | undefined {
  return (a, b) => (isFree(a) || isFree(b) ? undefined : pick(a, b));
}

const BINARY: Readonly<Record<string, (a: Quantity, b: Quantity) => Quantity | undefined>> = {
  Add: add,
  Sub: (a, b) => {
    const negative = multiply(b, -1);
    return negative === undefined ? undefined : add(a, negative);
  },
  Mul: multiply,
  Div: divide,
  Max: choose(Math.max),
  Min: choose(Math.min),
  Mod: choose((a, b) => a - b * Math.floor(a / b)),
};

function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1;
    const n = b[b.length - rank + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    shape.push(m === 1 ? n : m);
  }
  return shape;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Position in an operand of shape `own` of result px `index` of shape `shape`. */
function broadcastIndex(index: number, shape: readonly number[], own: readonly number[]): number {
  let at = 0;
  let pitch = 1;
  for (let i = 1; i <= shape.length; i++) {
    const length = shape[shape.length - i];
    const position = index % length;
    index = Math.floor(index / length);
    const ownLength = own[own.length - i] ?? 1;
    if (ownLength > 1) at += position * pitch;
    pitch *= ownLength;
  }
  return at;
}

/** Integers divide towards zero; floats are told apart by their storage. */
function rounded(operation: string, inputs: readonly Folded[], value: Quantity): Quantity {
  const whole = inputs.every((input) => !(input.items instanceof Float32Array));
  return operation === "Div" && whole && typeof value === "number" ? Math.trunc(value) : value;
}

function elementwise(operation: string): Fold {
  return (inputs) => {
    const [a, b] = inputs;
    if (a === undefined || b === undefined || inputs.length !== 2) return undefined;
    const shape = broadcastShape(a.shape, b.shape);
    if (shape === undefined || sizeOf(shape) > MAX_ITEMS) return undefined;
    const items: Quantity[] = [];
    for (let i = 0; i < sizeOf(shape); i++) {
      const left = a.items[broadcastIndex(i, shape, a.shape)];
      const right = b.items[broadcastIndex(i, shape, b.shape)];
      const value = BINARY[operation](left, right);
      if (value === undefined) return undefined;
      items.push(rounded(operation, [a, b], value));
    }
    return { kind: "folded", shape, items: floatsStay([a, b], items) };
  };
}

function floatsStay(inputs: readonly Folded[], items: Quantity[]): Quantity[] | Float32Array {
  if (!inputs.some((input) => input.items instanceof Float32Array)) return items;
  return items.every((item) => typeof item === "number") ? Float32Array.from(items) : items;
}

/** Rounding leaves lengths alone: they are whole for every input that is a multiple of the block. */
function unary(apply: (x: number) => number): Fold {
  return ([input]) => {
    if (input === undefined || input.items.length > MAX_ITEMS) return undefined;
    const items = Array.from(input.items, (item: Quantity) => (isFree(item) ? item : apply(item)));
    return { kind: "folded", shape: input.shape, items: floatsStay([input], items) };
  };
}

function concat(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const parts = inputs.filter((input) => input !== undefined);
  if (parts.length !== inputs.length || parts.some((part) => part.shape.length !== 1)) return undefined;
  if (attributes.int("axis", 0) > 0) return undefined;
  const items = parts.flatMap((part): Quantity[] => Array.from<Quantity>(part.items));
  return items.length > MAX_ITEMS ? undefined : { ...foldedList(items), items: floatsStay(parts, items) };
}

function gather(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const [data, indices] = inputs;
  if (data === undefined || indices === undefined || data.shape.length !== 1) return undefined;
  if (attributes.int("axis", 0) > 0) return undefined;
  const at = plainNumbers(indices);
  if (at === undefined || at.length > MAX_ITEMS) return undefined;
  const items = at.map((i) => data.items[i < 0 ? i + data.items.length : i] as Quantity | undefined);
  if (!items.every((item) => item !== undefined)) return undefined;
  return { kind: "folded", shape: indices.shape, items };
}

function reshape([data, target]: Operands): Folded | undefined {
  const wanted = target === undefined ? undefined : plainNumbers(target);
  if (data === undefined || wanted === undefined) return undefined;
  const known = wanted.map((n, i) => (n === 0 ? data.shape[i] : n));
  const rest = sizeOf(known.filter((n) => n !== -1));
  const shape = known.map((n) => (n === -1 ? data.items.length / rest : n));
  return sizeOf(shape) === data.items.length ? { ...data, shape } : undefined;
}

function squeeze(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const [data, second] = inputs;
  if (data === undefined) return undefined;
  const axes = second === undefined ? attributes.ints("axes") : plainNumbers(second);
  const drop = axes?.map((axis) => (axis < 0 ? axis + data.shape.length : axis));
  const shape = data.shape.filter((n, axis) => (drop === undefined ? n !== 1 : !drop.includes(axis)));
  return sizeOf(shape) === data.items.length ? { ...data, shape } : undefined;
}

function unsqueeze(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const [data, second] = inputs;
  const axes = second === undefined ? attributes.ints("axes") : plainNumbers(second);
  if (data === undefined || axes === undefined || axes.length > 8) return undefined;
  const rank = data.shape.length + axes.length;
  const added = axes.map((axis) => (axis < 0 ? axis + rank : axis));
  const rest = [...data.shape];
  const shape = Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (rest.shift() ?? 1)));
  return { ...data, shape };
}

function slice(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const [data] = inputs;
  if (data === undefined || data.shape.length === 0) return undefined;
  const list = (position: number, name: string): readonly number[] | undefined => {
    const input = inputs[position];
    return input === undefined ? attributes.ints(name) : plainNumbers(input);
  };
  const starts = list(1, "starts");
  const ends = list(2, "ends");
  const axis = list(3, "axes")?.[0] ?? 0;
  const step = list(4, "steps")?.[0] ?? 1;
  if (starts?.length !== 1 || ends?.length !== 1 || axis !== 0 || step === 0) return undefined;
  if (data.items.length === 0) return data.shape.length === 1 ? data : undefined;
  const length = data.shape[0];
  const row = data.items.length / Math.max(1, length);
  const clamp = (n: number): number => {
    const absolute = n < 0 ? n + length : n;
    return step > 0 ? Math.min(Math.max(absolute, 0), length) : Math.min(Math.max(absolute, -1), length - 1);
  };
  const items: Quantity[] = [];
  let rows = 0;
  for (let i = clamp(starts[0]); step > 0 ? i < clamp(ends[0]) : i > clamp(ends[0]); i += step) {
    for (let n = 0; n < row; n++) items.push(data.items[i * row + n]);
    rows++;
  }
  return { kind: "folded", shape: [rows, ...data.shape.slice(1)], items: floatsStay([data], items) };
}

function transpose(inputs: Operands, attributes: FoldingAttributes): Folded | undefined {
  const [data] = inputs;
  if (data === undefined || data.shape.length !== 2) return undefined;
  if (data.items.length === 0 || data.items.length > MAX_ITEMS) return undefined;
  if ((attributes.ints("perm") ?? [1, 0])[0] !== 1) return data;
  const [rows, columns] = data.shape;
  const items: Quantity[] = [];
  for (let c = 0; c < columns; c++) for (let r = 0; r < rows; r++) items.push(data.items[r * columns + c]);
  return { kind: "folded", shape: [columns, rows], items: floatsStay([data], items) };
}

function constantOfShape([shape]: Operands, attributes: FoldingAttributes): Folded | undefined {
  const lengths = shape === undefined ? undefined : plainNumbers(shape);
  if (lengths === undefined || lengths.some((n) => !Number.isInteger(n) || n < 0)) return undefined;
  const count = sizeOf(lengths);
  if (count > MAX_ITEMS) return undefined;
  return { kind: "folded", shape: lengths, items: new Array<number>(count).fill(attributes.fill()) };
}

const same: Fold = ([input]) => input;

/** Operators that can be computed on constants, by ONNX name. */
export const FOLDS: Readonly<Record<string, Fold | undefined>> = {
  Identity: same,
  Cast: same,
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Neg: ([input]) =>
    input === undefined ? undefined : elementwise("Mul")([input, foldedList([-1])], NO_ATTRIBUTES),
  Sqrt: unary(Math.sqrt),
  Exp: unary(Math.exp),
  Abs: unary(Math.abs),
  Concat: concat,
  Gather: gather,
  Reshape: reshape,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Slice: slice,
  Transpose: transpose,
  ConstantOfShape: constantOfShape,
  ...Object.fromEntries(Object.keys(BINARY).map((name) => [name, elementwise(name)])),
};

const NO_ATTRIBUTES: FoldingAttributes = {
  opset: 0,
  int: (_, fallback) => fallback,
  ints: () => undefined,
  fill: () => 0,
};
