/**
 * Which ONNX operators are read, and how.
 * @module
 */
import type { GlobalNode } from "../graph";
import { decodeTensor, foldedList, isFloatType } from "./constant";
import type { Quantity } from "./constant";
import { FOLDS } from "./folding";
import type { FoldingAttributes } from "./folding";
import { concat, identity, pad, resize, slice, split } from "./layout";
import {
  activation,
  arithmetic,
  batchNormalization,
  clip,
  hardSwish,
  negate,
  power,
  prelu,
  selu,
  softmax,
  variadic,
} from "./pointwise";
import type { Operation, Translator } from "./translation";
import { averagePool, conv, convTranspose, maxPool } from "./kernels";

function globalPool(type: "GlobalAveragePool" | "GlobalMaxPool"): Translator {
  return (operation) => operation.emit({ op: "global", type, attributes: {}, constants: [] });
}

/** `ReduceMean` and `ReduceMax` over all spatial axes. */
function reduce(type: "GlobalAveragePool" | "GlobalMaxPool"): Translator {
  return (operation: Operation) => {
    const axes = (operation.ints("axes") ?? operation.numbers(1, "axes") ?? []).map((axis) =>
      operation.axis(axis),
    );
    const spatial = Array.from({ length: operation.spatialRank }, (_, axis) => axis + 2);
    const all = axes.length === spatial.length && spatial.every((axis) => axes.includes(axis));
    if (!all || operation.int("keepdims", 1) !== 1) {
      operation.fail("only the mean or maximum over all spatial axes, kept as axes of 1, is supported");
    }
    globalPool(type)(operation);
  };
}

function normalization(type: "InstanceNormalization" | "GroupNormalization"): Translator {
  return (operation: Operation) => {
    const { channels } = operation.data();
    const constants = ["scale", "bias"].map(
      (name, i) => operation.weights(i + 1, name) ?? operation.fail(`needs a ${name}, found none`),
    );
    const groups = operation.int("num_groups", channels);
    if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0) {
      operation.fail(`num_groups should divide the ${channels} channels, found ${groups}`);
    }
    for (const constant of constants) {
      // Up to opset 20 a group normalisation has one scale per group, from 21 on one per channel.
      const expected = type === "GroupNormalization" && operation.opset < 21 ? groups : channels;
      if (constant.data.length !== expected)
        operation.fail(`scale and bias should have ${expected} numbers, found ${constant.data.length}`);
    }
    const epsilon = operation.float("epsilon", 1e-5);
    const attributes: GlobalNode["attributes"] =
      type === "GroupNormalization" ? { epsilon, num_groups: groups } : { epsilon };
    operation.emit({ op: "global", type, attributes, constants });
  };
}

const cast: Translator = (operation: Operation) => {
  const type = operation.int("to", 1);
  if (!isFloatType(type))
    operation.fail(`casting the image to data type ${type} is not supported, only to floats`);
  identity(operation);
};

const constant: Translator = (operation: Operation) => {
  const { attributes } = operation.node;
  const tensor = attributes.get("value")?.tensor;
  const single = attributes.get("value_float")?.float ?? attributes.get("value_int")?.int;
  const list = attributes.get("value_floats")?.floats ?? attributes.get("value_ints")?.ints;
  if (tensor !== undefined) {
    const decoded = decodeTensor(tensor);
    if (typeof decoded === "string")
      operation.fail(decoded, tensor.external ? "model.externalData" : "model.constant");
    else operation.alias(decoded);
  } else if (single !== undefined) {
    operation.alias({ kind: "folded", shape: [], items: [single] });
  } else if (list !== undefined) {
    operation.alias(foldedList(list));
  } else operation.fail("holds no numbers", "model.constant");
};

const shape: Translator = (operation: Operation) => {
  const input = operation.inputs[0];
  if (input === undefined) operation.fail("reads no tensor");
  let lengths: readonly Quantity[];
  if (input.kind === "folded") lengths = input.shape;
  else if (input.steps === null) lengths = [1, input.channels, ...input.fixed.map(() => 1)];
  else {
    const spatial = input.steps.map(({ numerator, denominator, offset }, axis): Quantity => {
      return { axis, factor: denominator / numerator, offset };
    });
    lengths = [1, input.channels, ...spatial];
  }
  const end = operation.attribute("end")?.int;
  operation.alias(foldedList(lengths.slice(operation.int("start", 0), end)));
};

/** Translators by ONNX operator name. */
const TRANSLATORS: Readonly<Record<string, Translator | undefined>> = {
  Abs: activation("abs"),
  Add: arithmetic("add"),
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Concat: concat,
  Constant: constant,
  Conv: conv,
  ConvTranspose: convTranspose,
  Div: arithmetic("divide"),
  Dropout: identity,
  Elu: activation("elu", (operation) => ({ alpha: operation.float("alpha", 1) })),
  Exp: activation("exp"),
  GlobalAveragePool: globalPool("GlobalAveragePool"),
  GlobalMaxPool: globalPool("GlobalMaxPool"),
  GroupNormalization: normalization("GroupNormalization"),
  HardSigmoid: activation("hardSigmoid", (operation) => ({
    alpha: operation.float("alpha", 0.2),
    beta: operation.float("beta", 0.5),
  })),
  HardSwish: hardSwish,
  Identity: identity,
  InstanceNormalization: normalization("InstanceNormalization"),
  LeakyRelu: activation("leakyRelu", (operation) => ({ alpha: operation.float("alpha", 0.01) })),
  Max: variadic("maximum"),
  MaxPool: maxPool,
  Min: variadic("minimum"),
  Mul: arithmetic("multiply"),
  Neg: negate,
  PRelu: prelu,
  Pad: pad,
  Pow: power,
  ReduceMax: reduce("GlobalMaxPool"),
  ReduceMean: reduce("GlobalAveragePool"),
  Relu: activation("relu"),
  Resize: resize,
  Selu: selu,
  Shape: shape,
  Sigmoid: activation("sigmoid"),
  Slice: slice,
  Softmax: softmax,
  Softplus: activation("softplus"),
  Split: split,
  Sqrt: activation("sqrt"),
  Sub: arithmetic("subtract"),
  Sum: variadic("add"),
  Tanh: activation("tanh"),
  Upsample: resize,
};

/** Names of the operators that can act on the image, sorted. */
export const SUPPORTED_OPERATORS: readonly string[] = Object.keys(TRANSLATORS).sort();

function foldingAttributes(operation: Operation): FoldingAttributes {
  return {
    opset: operation.opset,
    int: (name, fallback) => operation.int(name, fallback),
    ints: (name) => operation.ints(name),
    fill: () => {
      const tensor = operation.attribute("value")?.tensor;
      const decoded = tensor === undefined ? undefined : decodeTensor(tensor);
      const first = typeof decoded === "object" ? decoded.items[0] : 0;
      return typeof first === "number" ? first : 0;
    },
  };
}

function lookUp<T>(table: Readonly<Record<string, T | undefined>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/**
 * Translates one node: computes it when all it reads is known, else writes nodes of the network.
 *
 * @throws {TilewrightError} `model.unsupportedOperator`, `model.unsupported`, `model.constant`, `network.*`
 */
export function translate(operation: Operation): void {
  const { type, domain, outputs } = operation.node;
  const standard = domain === "" || domain === "ai.onnx";
  const known = operation.inputs.filter((input) => input !== undefined);
  const allFolded = known.every((input) => input.kind === "folded");
  const fold = standard ? lookUp(FOLDS, type) : undefined;
  if (fold !== undefined && allFolded && known.length > 0 && outputs.length === 1) {
    const operands = operation.inputs.map((input) => (input?.kind === "folded" ? input : undefined));
    const result = fold(operands, foldingAttributes(operation));
    if (result === undefined) operation.fail("this arithmetic on shapes cannot be decided from the file");
    if (operands.every((operand) => operand?.items !== result.items)) {
      operation.translation.spend(result.items.length);
    }
    operation.alias(result);
    return;
  }
  const translator = standard ? lookUp(TRANSLATORS, type) : undefined;
  if (translator === undefined) {
    operation.fail(
      `the operator ${standard ? type : `${domain}.${type}`} is not supported`,
      "model.unsupportedOperator",
      `these work: ${SUPPORTED_OPERATORS.join(", ")}`,
    );
  }
  translator(operation);
}
