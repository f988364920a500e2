/**
 * Takes an ONNX file apart into plain objects; knows the wire format and nothing of networks.
 *
 * Field numbers are those of `onnx.proto` (ONNX IR versions 3 to 11). Lengths are checked against the bytes
 * that are there; tensors stay views of the file until they are decoded.
 * @module
 */
import protobuf from "protobufjs/minimal.js";
import { TilewrightError } from "../../errors";

/** Most nodes, tensors, attributes of one list. */
const MAX_ITEMS = 100_000;

/** A constant as it lies in the file. */
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** `TensorProto.DataType`. */
  readonly dataType: number;
  /** Little-endian bytes, or absent when the numbers are in `numbers`. */
  readonly raw: Uint8Array | undefined;
  readonly numbers: readonly number[];
  /** Whether the bytes are in another file. */
  readonly external: boolean;
}

/** An attribute; only the field its type names is set. */
export interface OnnxAttributeValue {
  readonly float?: number;
  readonly int?: number;
  readonly text?: string;
  readonly tensor?: OnnxTensor;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
}

/** One operation as it stands in the file. */
export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly domain: string;
  /** Tensor names; empty for an input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttributeValue>;
}

/** An input or output of the graph. */
export interface OnnxPort {
  readonly name: string;
  readonly elementType: number;
  /** Lengths; `undefined` where free; absent when the file gives no shape. */
  readonly dims: readonly (number | undefined)[] | undefined;
}

/** The parts of an ONNX file a network is made of. */
export interface OnnxModel {
  /** Version of the standard operators. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

type Reader = protobuf.Reader;
type Field = (reader: Reader, wire: number) => void;

class CorruptFile extends Error {}

/** Reads one message of `length` bytes: known fields through `fields`, the rest skipped. */
function readMessage(reader: Reader, length: number, fields: Readonly<Record<number, Field>>): void {
  const end = reader.pos + length;
  if (end > reader.len) throw new CorruptFile("a message ends beyond the file");
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = fields[tag >>> 3] as Field | undefined;
    if (field === undefined) reader.skipType(tag & 7);
    else field(reader, tag & 7);
  }
  if (reader.pos !== end) throw new CorruptFile("a message overruns its length");
}

function submessage(reader: Reader, wire: number, fields: Readonly<Record<number, Field>>): void {
  if (wire !== DELIMITED) throw new CorruptFile("a message was expected");
  readMessage(reader, reader.uint32(), fields);
}

function text(reader: Reader, wire: number): string {
  if (wire !== DELIMITED) throw new CorruptFile("a text was expected");
  return reader.string();
}

function integer(reader: Reader, wire: number): number {
  if (wire !== VARINT) throw new CorruptFile("an integer was expected");
  return int64(reader);
}

/** 64-bit integers come as numbers or as objects, depending on what is installed beside protobufjs. */
function int64(reader: Reader): number {
  const value = reader.int64() as unknown as number | { toNumber(): number };
  return typeof value === "number" ? value : value.toNumber();
}

function push<T>(list: T[], item: T): void {
  if (list.length >= MAX_ITEMS) throw new CorruptFile(`more than ${MAX_ITEMS} items in a list`);
  list.push(item);
}

const ITEMS: Readonly<Record<number, (reader: Reader) => number>> = {
  [VARINT]: int64,
  [FIXED32]: (reader) => reader.float(),
  [FIXED64]: (reader) => reader.double(),
};

/** A repeated number, packed or one at a time. A number takes at least a byte, so the file bounds the list. */
function numbersInto(list: number[], kind: number): Field {
  return (reader, wire) => {
    if (wire === kind) {
      list.push(ITEMS[kind](reader));
      return;
    }
    if (wire !== DELIMITED) throw new CorruptFile("numbers were expected");
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new CorruptFile("numbers end beyond the file");
    while (reader.pos < end) list.push(ITEMS[kind](reader));
  };
}

function readTensor(reader: Reader, wire: number): OnnxTensor {
  const dims: number[] = [];
  const numbers: number[] = [];
  const tensor = {
    name: "",
    dims,
    dataType: 0,
    raw: undefined as Uint8Array | undefined,
    numbers,
    external: false,
  };
  submessage(reader, wire, {
    1: numbersInto(dims, VARINT),
    2: (r, w) => (tensor.dataType = integer(r, w)),
    4: numbersInto(numbers, FIXED32),
    5: numbersInto(numbers, VARINT),
    7: numbersInto(numbers, VARINT),
    8: (r, w) => (tensor.name = text(r, w)),
    9: (r) => (tensor.raw = r.bytes()),
    10: numbersInto(numbers, FIXED64),
    11: numbersInto(numbers, VARINT),
    13: (r, w) => {
      tensor.external = true;
      r.skipType(w);
    },
    14: (r, w) => (tensor.external = integer(r, w) !== 0 || tensor.external),
  });
  return tensor;
}

function readAttribute(reader: Reader, wire: number): [string, OnnxAttributeValue] {
  let name = "";
  const floats: number[] = [];
  const ints: number[] = [];
  const value: { -readonly [K in keyof OnnxAttributeValue]: OnnxAttributeValue[K] } = { floats, ints };
  submessage(reader, wire, {
    1: (r, w) => (name = text(r, w)),
    2: (r) => (value.float = r.float()),
    3: (r, w) => (value.int = integer(r, w)),
    4: (r, w) => (value.text = text(r, w)),
    5: (r, w) => (value.tensor = readTensor(r, w)),
    7: numbersInto(floats, FIXED32),
    8: numbersInto(ints, VARINT),
  });
  return [name, value];
}

function readNode(reader: Reader, wire: number): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, OnnxAttributeValue>();
  const node = { name: "", type: "", domain: "", inputs, outputs, attributes };
  submessage(reader, wire, {
    1: (r, w) => push(inputs, text(r, w)),
    2: (r, w) => push(outputs, text(r, w)),
    3: (r, w) => (node.name = text(r, w)),
    4: (r, w) => (node.type = text(r, w)),
    5: (r, w) => attributes.set(...readAttribute(r, w)),
    7: (r, w) => (node.domain = text(r, w)),
  });
  return node;
}

function readDimension(reader: Reader, wire: number): number | undefined {
  let length: number | undefined;
  submessage(reader, wire, {
    1: (r, w) => {
      const value = integer(r, w);
      if (value > 0) length = value;
    },
  });
  return length;
}

function readPort(reader: Reader, wire: number): OnnxPort {
  const port = { name: "", elementType: 0, dims: undefined as (number | undefined)[] | undefined };
  const shape: Field = (r, w) => {
    const dims: (number | undefined)[] = [];
    port.dims = dims;
    submessage(r, w, { 1: (dim, dimWire) => push(dims, readDimension(dim, dimWire)) });
  };
  const tensorType: Field = (r, w) =>
    submessage(r, w, { 1: (e, elementWire) => (port.elementType = integer(e, elementWire)), 2: shape });
  submessage(reader, wire, {
    1: (r, w) => (port.name = text(r, w)),
    2: (r, w) => submessage(r, w, { 1: tensorType }),
  });
  return port;
}

function readModel(bytes: Uint8Array): OnnxModel {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, OnnxTensor>();
  const inputs: OnnxPort[] = [];
  const outputs: OnnxPort[] = [];
  const model = { opset: 0, nodes, constants, inputs, outputs };
  let graphs = 0;
  const graph: Field = (reader, wire) => {
    graphs++;
    submessage(reader, wire, {
      1: (r, w) => push(nodes, readNode(r, w)),
      5: (r, w) => {
        const tensor = readTensor(r, w);
        constants.set(tensor.name, tensor);
      },
      11: (r, w) => push(inputs, readPort(r, w)),
      12: (r, w) => push(outputs, readPort(r, w)),
    });
  };
  const opset: Field = (reader, wire) => {
    let domain = "";
    let version = 0;
    submessage(reader, wire, { 1: (r, w) => (domain = text(r, w)), 2: (r, w) => (version = integer(r, w)) });
    if (domain === "" || domain === "ai.onnx") model.opset = version;
  };
  const reader = protobuf.Reader.create(bytes);
  readMessage(reader, bytes.length, { 7: graph, 8: opset });
  if (graphs !== 1) throw new CorruptFile(graphs === 0 ? "it holds no graph" : "it holds several graphs");
  return model;
}

/**
 * Parses the bytes of an ONNX file.
 *
 * @param file named in errors
 * @throws {TilewrightError} `model.corrupt` when the bytes are no ONNX file or are damaged
 */
export function parseOnnx(bytes: Uint8Array, file: string): OnnxModel {
  try {
    return readModel(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TilewrightError(
      "model.corrupt",
      `${file}: this is not an ONNX file, or it is damaged: ${why}`,
      "export or download the model again",
      { cause: error },
    );
  }
}
