/**
 * Every operation of a network as ONNX operators (opset 17) on tensors `[1, channels, …spatial]`.
 * @module
 */
import type {
  AffineNode,
  ActivationNode,
  ConvNode,
  ConvTransposeNode,
  GlobalNode,
  NetworkNode,
  PadNode,
  PoolNode,
  SpatialPads,
  Tensor,
  UpsampleNode,
} from "../graph";
import { SLICE_TO_END } from "./builder";
import type { OnnxAttribute, OnnxBuilder } from "./builder";
import { interleaveTransposed, isInterleave, splitGroups, zeroInsertTransposed } from "./webgpu";

/**
 * Which runtime the file is for. `webgpu`: ONNX Runtime's WebGPU provider (1.30) has neither 3-D
 * transposed nor grouped 3-D convolutions and fails when it meets one; they are written as operators it has.
 */
export type OnnxTarget = "cpu" | "webgpu";

const BINARY = {
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
  maximum: "Max",
  minimum: "Min",
} as const;

const SIMPLE_ACTIVATION = {
  linear: "Identity",
  relu: "Relu",
  selu: "Selu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softplus: "Softplus",
  exp: "Exp",
  sqrt: "Sqrt",
  abs: "Abs",
} as const;

/** ONNX order of pads: all `before`, then all `after`. */
const onnxPads = (pads: SpatialPads): number[] => [
  ...pads.map(([before]) => before),
  ...pads.map(([, after]) => after),
];

/** Where nodes are written and for whom. */
export interface Context {
  readonly builder: OnnxBuilder;
  readonly target: OnnxTarget;
  /** Number of spatial axes. */
  readonly rank: number;
}

/** Adds the operators of one node; tensors keep the names they have in the network. */
export function writeNode(context: Context, node: NetworkNode): void {
  const { builder } = context;
  switch (node.op) {
    case "conv": {
      writeConv(context, node);
      return;
    }
    case "convTranspose": {
      writeConvTranspose(context, node);
      return;
    }
    case "maxPool":
    case "averagePool": {
      writePool(builder, node);
      return;
    }
    case "upsample": {
      writeUpsample(builder, node);
      return;
    }
    case "concat":
      return void builder.op("Concat", node.inputs, { axis: 1 }, node.output);
    case "binary":
      return void builder.op(BINARY[node.kind], node.inputs, {}, node.output);
    case "affine": {
      writeAffine(builder, node);
      return;
    }
    case "activation": {
      writeActivation(builder, node, context.rank);
      return;
    }
    case "pad": {
      writePad(builder, node);
      return;
    }
    case "crop": {
      writeCrop(builder, node.inputs[0], node.crops, node.output);
      return;
    }
    case "sliceChannels":
      return void builder.op(
        "Slice",
        [...node.inputs, builder.ints([node.start]), builder.ints([node.stop]), builder.ints([1])],
        {},
        node.output,
      );
    case "global": {
      writeGlobal(builder, node);
      return;
    }
  }
}

/** Mean 0, variance 1, epsilon 0: the runtime folds a BatchNormalization into the convolution before it. */
function writeAffine(builder: OnnxBuilder, { scale, shift, inputs, output }: AffineNode): void {
  const channels = scale.data.length;
  const constants = [scale.data, shift.data, new Float32Array(channels), new Float32Array(channels).fill(1)];
  const parameters = constants.map((data) => builder.floats(data, [channels]));
  builder.op("BatchNormalization", [...inputs, ...parameters], { epsilon: { float: 0 } }, output);
}

function writePad(builder: OnnxBuilder, { pads, mode, value, inputs, output }: PadNode): void {
  const all = builder.ints(onnxPads([[0, 0], [0, 0], ...pads]));
  const constant = mode === "constant" ? [builder.floats(Float32Array.of(value), [])] : [];
  builder.op("Pad", [...inputs, all, ...constant], { mode }, output);
}

function writeConv(context: Context, node: ConvNode): void {
  const { builder, target, rank } = context;
  if (target === "webgpu" && node.groups > 1 && rank === 3) {
    splitGroups(builder, node, (part) => writeConv(context, part));
    return;
  }
  const attributes = {
    kernel_shape: node.weight.shape.slice(2),
    strides: node.strides,
    dilations: node.dilations,
    pads: onnxPads(node.pads),
    group: node.groups,
  };
  builder.op("Conv", [...node.inputs, ...constantsOf(builder, node)], attributes, node.output);
}

function writeConvTranspose(context: Context, node: ConvTransposeNode): void {
  const { builder, target, rank } = context;
  if (target === "webgpu" && rank === 3) {
    if (isInterleave(node)) {
      interleaveTransposed(builder, node);
      return;
    }
    const { conv, crops } = zeroInsertTransposed(builder, node);
    const whole = crops.some(([before, after]) => before > 0 || after > 0) ? builder.fresh() : node.output;
    writeConv(context, { ...conv, output: whole });
    if (whole !== node.output) writeCrop(builder, whole, crops, node.output);
    return;
  }
  const attributes = {
    kernel_shape: node.weight.shape.slice(2),
    strides: node.strides,
    dilations: node.dilations,
    pads: onnxPads(node.pads),
    output_padding: node.outputPadding,
    group: node.groups,
  };
  builder.op("ConvTranspose", [...node.inputs, ...constantsOf(builder, node)], attributes, node.output);
}

function constantsOf(builder: OnnxBuilder, node: ConvNode | ConvTransposeNode): string[] {
  const tensors = node.bias === undefined ? [node.weight] : [node.weight, node.bias];
  return tensors.map((tensor) => builder.floats(tensor.data, tensor.shape));
}

function writePool(builder: OnnxBuilder, node: PoolNode): void {
  const window = { kernel_shape: node.kernel, strides: node.strides, pads: onnxPads(node.pads) };
  if (node.op === "maxPool") builder.op("MaxPool", node.inputs, window, node.output);
  else
    builder.op(
      "AveragePool",
      node.inputs,
      { ...window, count_include_pad: node.countPadding ? 1 : 0 },
      node.output,
    );
}

function writeUpsample(builder: OnnxBuilder, node: UpsampleNode): void {
  const scales = builder.floats(new Float32Array([1, 1, ...node.factors]), [node.factors.length + 2]);
  const attributes: Record<UpsampleNode["mode"], Record<string, OnnxAttribute>> = {
    nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    linear: { mode: "linear", coordinate_transformation_mode: "half_pixel" },
    linearAligned: { mode: "linear", coordinate_transformation_mode: "align_corners" },
  };
  builder.op("Resize", [...node.inputs, "", scales], attributes[node.mode], node.output);
}

function writeCrop(builder: OnnxBuilder, input: string, crops: SpatialPads, output: string): void {
  const starts = crops.map(([before]) => before);
  const ends = crops.map(([, after]) => (after === 0 ? SLICE_TO_END : -after));
  const axes = crops.map((_, axis) => axis + 2);
  builder.op("Slice", [input, builder.ints(starts), builder.ints(ends), builder.ints(axes)], {}, output);
}

function writeActivation(builder: OnnxBuilder, node: ActivationNode, rank: number): void {
  const { kind, inputs, output } = node;
  switch (kind) {
    case "leakyRelu":
      return void builder.op("LeakyRelu", inputs, { alpha: { float: node.alpha ?? 0.01 } }, output);
    case "elu":
      return void builder.op("Elu", inputs, { alpha: { float: node.alpha ?? 1 } }, output);
    case "hardSigmoid": {
      const attributes = { alpha: { float: node.alpha ?? 0.2 }, beta: { float: node.beta ?? 0.5 } };
      return void builder.op("HardSigmoid", inputs, attributes, output);
    }
    case "prelu": {
      const slope = node.slope?.data ?? new Float32Array(1);
      // Broadcasting counts from the last axis: trailing ones put the slopes on the channels.
      const shape = [slope.length, ...Array.from({ length: rank }, () => 1)];
      return void builder.op("PRelu", [...inputs, builder.floats(slope, shape)], {}, output);
    }
    case "softmax":
      return void builder.op("Softmax", inputs, { axis: 1 }, output);
    case "clip": {
      const [min, max] = node.range ?? [-Infinity, Infinity];
      const bound = (value: number): string => builder.floats(new Float32Array([value]), []);
      return void builder.op("Clip", [...inputs, bound(min), bound(max)], {}, output);
    }
    case "linear":
    case "relu":
    case "selu":
    case "sigmoid":
    case "tanh":
    case "softplus":
    case "exp":
    case "sqrt":
    case "abs":
      return void builder.op(SIMPLE_ACTIVATION[kind], inputs, {}, output);
  }
}

function writeGlobal(builder: OnnxBuilder, node: GlobalNode): void {
  const constants = node.constants.map((tensor) => builder.floats(tensor.data, tensor.shape));
  const epsilon = { epsilon: { float: numberAttribute(node, "epsilon", 1e-5) } };
  switch (node.type) {
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return void builder.op(node.type, node.inputs, {}, node.output);
    case "InstanceNormalization":
      return void builder.op(node.type, [...node.inputs, ...constants], epsilon, node.output);
    case "GroupNormalization": {
      writeGroupNormalization(builder, node, epsilon);
      return;
    }
  }
}

/** GroupNormalization came with opset 18; in 17 it is an instance normalisation of the groups. */
function writeGroupNormalization(
  builder: OnnxBuilder,
  node: GlobalNode,
  epsilon: Record<string, OnnxAttribute>,
): void {
  const groups = numberAttribute(node, "num_groups", 1);
  const [scale, shift] = node.constants;
  const ones = (length: number, value: number): string =>
    builder.floats(new Float32Array(length).fill(value), [length]);
  const shape = builder.op("Shape", node.inputs);
  const grouped = builder.op("Reshape", [...node.inputs, builder.ints([1, groups, -1])]);
  const normal = builder.op("InstanceNormalization", [grouped, ones(groups, 1), ones(groups, 0)], epsilon);
  // Opset 18 has one scale per group, opset 21 one per channel: both are applied where their length fits.
  const perGroup = scale.data.length === groups;
  const factor = (tensor: Tensor): string => builder.floats(tensor.data, [1, tensor.data.length, 1]);
  if (perGroup) {
    const scaled = builder.op("Add", [builder.op("Mul", [normal, factor(scale)]), factor(shift)]);
    return void builder.op("Reshape", [scaled, shape], {}, node.output);
  }
  const channels = builder.op("Reshape", [normal, builder.ints([1, scale.data.length, -1])]);
  const scaled = builder.op("Add", [builder.op("Mul", [channels, factor(scale)]), factor(shift)]);
  return void builder.op("Reshape", [scaled, shape], {}, node.output);
}

function numberAttribute(node: GlobalNode, name: string, fallback: number): number {
  const value = node.attributes[name];
  return typeof value === "number" ? value : fallback;
}
