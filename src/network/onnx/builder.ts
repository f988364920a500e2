/**
 * Writes ONNX files node by node; knows the wire format and nothing of networks.
 *
 * Field numbers are those of `onnx.proto` (ONNX IR version 8, opset 17).
 * @module
 */
import protobuf from "protobufjs/minimal.js";

/** Value of an ONNX attribute; `{ float }` tells a float from an int. */
export type OnnxAttribute =
  number | string | readonly number[] | { readonly float: number } | { readonly floats: readonly number[] };

/** A dimension: a length, or the name of a free one. */
export type OnnxDimension = number | string;

const FLOAT = 1;
const INT64 = 7;
const IR_VERSION = 8;
const OPSET = 17;
const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, floats: 6, ints: 7 };

/** `end` of a Slice that means "to the end of the axis". */
export const SLICE_TO_END = 2 ** 31 - 1;

/** Tag of a length-delimited field. */
const delimited = (field: number): number => (field << 3) | 2;
/** Tag of a varint field. */
const varint = (field: number): number => field << 3;
/** Tag of a 32-bit field. */
const fixed32 = (field: number): number => (field << 3) | 5;

function writeAttribute(writer: protobuf.Writer, name: string, value: OnnxAttribute): void {
  writer.uint32(delimited(1)).string(name);
  if (typeof value === "number") {
    writer.uint32(varint(3)).int64(value).uint32(varint(20)).int32(ATTRIBUTE_TYPE.int);
  } else if (typeof value === "string") {
    writer.uint32(delimited(4)).string(value).uint32(varint(20)).int32(ATTRIBUTE_TYPE.string);
  } else if ("float" in value) {
    writer.uint32(fixed32(2)).float(value.float).uint32(varint(20)).int32(ATTRIBUTE_TYPE.float);
  } else if ("floats" in value) {
    for (const item of value.floats) writer.uint32(fixed32(7)).float(item);
    writer.uint32(varint(20)).int32(ATTRIBUTE_TYPE.floats);
  } else {
    for (const item of value) writer.uint32(varint(8)).int64(item);
    writer.uint32(varint(20)).int32(ATTRIBUTE_TYPE.ints);
  }
}

function writeDimensions(writer: protobuf.Writer, shape: readonly OnnxDimension[]): void {
  for (const dimension of shape) {
    writer.uint32(delimited(1)).fork();
    if (typeof dimension === "number") writer.uint32(varint(1)).int64(dimension);
    else writer.uint32(delimited(2)).string(dimension);
    writer.ldelim();
  }
}

/** Collects nodes and constants; {@link OnnxBuilder.finish} gives the file. */
export class OnnxBuilder {
  readonly #nodes: ((writer: protobuf.Writer) => void)[] = [];
  readonly #constants: ((writer: protobuf.Writer) => void)[] = [];
  readonly #inputs: ((writer: protobuf.Writer) => void)[] = [];
  readonly #outputs: ((writer: protobuf.Writer) => void)[] = [];
  #counter = 0;

  /** A tensor name that no model uses: model tensor names are passed through as they are, ours start with `~`. */
  fresh(): string {
    return `~${this.#counter++}`;
  }

  /** Declares a float32 input of the graph. */
  input(name: string, shape: readonly OnnxDimension[]): void {
    this.#inputs.push((writer) => this.#writePort(writer, name, shape));
  }

  /** Declares a float32 output of the graph; some node must write it. */
  output(name: string, shape: readonly OnnxDimension[]): void {
    this.#outputs.push((writer) => this.#writePort(writer, name, shape));
  }

  /** A float32 constant, row-major; returns its tensor name. */
  floats(data: Float32Array, shape: readonly number[]): string {
    return this.#constant(FLOAT, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), shape);
  }

  /** A one-dimensional int64 constant, as Reshape, Slice and Pad want it; returns its tensor name. */
  ints(values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant(INT64, new Uint8Array(data.buffer), [values.length]);
  }

  /**
   * Adds a node; an empty input name is an absent input.
   *
   * @param output name of the tensor it writes; a fresh one when absent
   * @returns name of the tensor it writes
   */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output: string = this.fresh(),
  ): string {
    this.#nodes.push((writer) => {
      for (const input of inputs) writer.uint32(delimited(1)).string(input);
      writer.uint32(delimited(2)).string(output);
      writer.uint32(delimited(3)).string(`${type} ${output}`);
      writer.uint32(delimited(4)).string(type);
      for (const [name, value] of Object.entries(attributes)) {
        writer.uint32(delimited(5)).fork();
        writeAttribute(writer, name, value);
        writer.ldelim();
      }
    });
    return output;
  }

  /** The ONNX file. */
  finish(): Uint8Array {
    const writer = protobuf.Writer.create();
    writer.uint32(varint(1)).int64(IR_VERSION);
    writer.uint32(delimited(2)).string("tilewright");
    writer.uint32(delimited(7)).fork();
    this.#writeMessages(writer, 1, this.#nodes);
    writer.uint32(delimited(2)).string("network");
    this.#writeMessages(writer, 5, this.#constants);
    this.#writeMessages(writer, 11, this.#inputs);
    this.#writeMessages(writer, 12, this.#outputs);
    writer.ldelim();
    writer.uint32(delimited(8)).fork();
    writer.uint32(delimited(1)).string("").uint32(varint(2)).int64(OPSET);
    writer.ldelim();
    return writer.finish();
  }

  #writeMessages(
    writer: protobuf.Writer,
    field: number,
    messages: readonly ((writer: protobuf.Writer) => void)[],
  ): void {
    for (const message of messages) {
      writer.uint32(delimited(field)).fork();
      message(writer);
      writer.ldelim();
    }
  }

  #constant(dataType: number, bytes: Uint8Array, shape: readonly number[]): string {
    const name = this.fresh();
    this.#constants.push((writer) => {
      for (const length of shape) writer.uint32(varint(1)).int64(length);
      writer.uint32(varint(2)).int32(dataType);
      writer.uint32(delimited(8)).string(name);
      writer.uint32(delimited(9)).bytes(bytes);
    });
    return name;
  }

  #writePort(writer: protobuf.Writer, name: string, shape: readonly OnnxDimension[]): void {
    writer.uint32(delimited(1)).string(name);
    writer.uint32(delimited(2)).fork().uint32(delimited(1)).fork();
    writer.uint32(varint(1)).int32(FLOAT);
    writer.uint32(delimited(2)).fork();
    writeDimensions(writer, shape);
    writer.ldelim().ldelim().ldelim();
  }
}
