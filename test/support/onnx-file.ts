/**
 * Writes small ONNX files of any opset, as exporters would, for tests of the reader.
 * @module
 */
import protobuf from "protobufjs/minimal.js";

/** An attribute value; `f` marks floats, plain numbers are integers. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly f: number }
  | { readonly fs: readonly number[] }
  | { readonly t: Constant };

/** A constant of the file. */
export interface Constant {
  readonly type: "float" | "half" | "double" | "int64" | "external";
  readonly dims: readonly number[];
  readonly numbers: readonly number[];
  /** Numbers in their own field and not as bytes. */
  readonly listed?: boolean;
}

/** `[type, inputs, outputs, attributes]`. */
export type FileNode = readonly [
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, Attribute>>,
];

/** A whole file. */
export interface OnnxFile {
  readonly opset?: number;
  readonly input: readonly (number | string)[];
  readonly inputType?: number;
  readonly nodes: readonly FileNode[];
  readonly constants?: Readonly<Record<string, Constant>>;
  readonly outputs?: readonly string[];
  readonly domain?: string;
}

const TYPE_NUMBERS = { float: 1, int64: 7, half: 10, double: 11, external: 1 } as const;

export const floats = (dims: readonly number[], numbers: readonly number[]): Constant => ({
  type: "float",
  dims,
  numbers,
});
export const ints = (...numbers: number[]): Constant => ({ type: "int64", dims: [numbers.length], numbers });

const delimited = (field: number): number => (field << 3) | 2;
const varint = (field: number): number => field << 3;
const fixed32 = (field: number): number => (field << 3) | 5;
const fixed64 = (field: number): number => (field << 3) | 1;

/** Bits of a number that binary16 holds exactly. */
export function halfBits(value: number): number {
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = Math.abs(value) / 2 ** exponent - 1;
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | Math.round(fraction * 1024);
}

function rawBytes({ type, numbers }: Constant): Uint8Array {
  const arrays = {
    float: () => Float32Array.from(numbers),
    external: () => new Float32Array(),
    double: () => Float64Array.from(numbers),
    half: () => Uint16Array.from(numbers, halfBits),
    int64: () => BigInt64Array.from(numbers, BigInt),
  };
  const array = arrays[type]();
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function writeListed(w: protobuf.Writer, { type, numbers }: Constant): void {
  for (const n of numbers) {
    if (type === "float") w.uint32(fixed32(4)).float(n);
    else if (type === "half") w.uint32(varint(5)).int32(halfBits(n));
    else if (type === "double") w.uint32(fixed64(10)).double(n);
    else w.uint32(varint(7)).int64(n);
  }
}

function writeConstant(w: protobuf.Writer, name: string, constant: Constant): void {
  for (const n of constant.dims) w.uint32(varint(1)).int64(n);
  w.uint32(varint(2)).int32(TYPE_NUMBERS[constant.type]);
  w.uint32(delimited(8)).string(name);
  if (constant.listed === true) writeListed(w, constant);
  else if (constant.type !== "external") w.uint32(delimited(9)).bytes(rawBytes(constant));
  if (constant.type === "external") {
    w.uint32(delimited(13)).fork();
    w.uint32(delimited(1)).string("location").uint32(delimited(2)).string("weights.bin").ldelim();
    w.uint32(varint(14)).int32(1);
  }
}

function writeAttribute(w: protobuf.Writer, name: string, value: Attribute): void {
  w.uint32(delimited(1)).string(name);
  const type = (n: number): void => void w.uint32(varint(20)).int32(n);
  if (typeof value === "number") {
    w.uint32(varint(3)).int64(value);
    type(2);
  } else if (typeof value === "string") {
    w.uint32(delimited(4)).string(value);
    type(3);
  } else if ("f" in value) {
    w.uint32(fixed32(2)).float(value.f);
    type(1);
  } else if ("fs" in value) {
    for (const n of value.fs) w.uint32(fixed32(7)).float(n);
    type(6);
  } else if ("t" in value) {
    w.uint32(delimited(5)).fork();
    writeConstant(w, "", value.t);
    w.ldelim();
    type(4);
  } else {
    for (const n of value) w.uint32(varint(8)).int64(n);
    type(7);
  }
}

function writePort(
  w: protobuf.Writer,
  name: string,
  place: { type: number; dims?: readonly (number | string)[] },
): void {
  w.uint32(delimited(1)).string(name);
  w.uint32(delimited(2)).fork().uint32(delimited(1)).fork();
  w.uint32(varint(1)).int32(place.type);
  if (place.dims !== undefined) {
    w.uint32(delimited(2)).fork();
    for (const dim of place.dims) {
      w.uint32(delimited(1)).fork();
      if (typeof dim === "number") w.uint32(varint(1)).int64(dim);
      else w.uint32(delimited(2)).string(dim);
      w.ldelim();
    }
    w.ldelim();
  }
  w.ldelim().ldelim();
}

function writeNode(w: protobuf.Writer, [type, inputs, outputs, attributes]: FileNode, domain: string): void {
  for (const name of inputs) w.uint32(delimited(1)).string(name);
  for (const name of outputs) w.uint32(delimited(2)).string(name);
  w.uint32(delimited(3)).string(`/${type}/${outputs[0]}`);
  w.uint32(delimited(4)).string(type);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    w.uint32(delimited(5)).fork();
    writeAttribute(w, name, value);
    w.ldelim();
  }
  if (domain !== "") w.uint32(delimited(7)).string(domain);
}

/** The bytes of the file. The graph's input is `x`, its output `y` unless others are named. */
export function onnxFile(file: OnnxFile): Uint8Array {
  const { opset = 17, nodes, constants = {}, outputs = ["y"] } = file;
  const w = protobuf.Writer.create();
  w.uint32(varint(1)).int64(opset > 20 ? 10 : 8);
  w.uint32(delimited(7)).fork();
  for (const node of nodes) {
    w.uint32(delimited(1)).fork();
    writeNode(w, node, file.domain ?? "");
    w.ldelim();
  }
  w.uint32(delimited(2)).string("graph");
  for (const [name, constant] of Object.entries(constants)) {
    w.uint32(delimited(5)).fork();
    writeConstant(w, name, constant);
    w.ldelim();
  }
  w.uint32(delimited(11)).fork();
  writePort(w, "x", { type: file.inputType ?? 1, dims: file.input });
  w.ldelim();
  for (const name of outputs) {
    w.uint32(delimited(12)).fork();
    writePort(w, name, { type: 1 });
    w.ldelim();
  }
  w.ldelim();
  w.uint32(delimited(8)).fork();
  w.uint32(delimited(1)).string("").uint32(varint(2)).int64(opset).ldelim();
  return w.finish();
}
