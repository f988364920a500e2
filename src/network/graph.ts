/**
 * Network: our own small graph of operations with weights.
 *
 * Every model format becomes one. It is analysed (block, context, FLOPs), written as ONNX, or run
 * operation by operation. Tensors are `[1, channels, ...spatial]`, float32; the spatial axes are named
 * by {@link Network.spatialAxes}. Each node reads tensors by name and writes exactly one.
 * @module
 */

/** Constant numbers of a node, row-major. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

interface NodeBase {
  /** Unique; the layer name of the model file where there is one: messages name it. */
  readonly name: string;
  /** Names of the tensors read, in the order the operation defines. */
  readonly inputs: readonly string[];
  /** Name of the tensor written; unique in the network. */
  readonly output: string;
}

/** Padding in px, one `[before, after]` pair per spatial axis. */
export type SpatialPads = readonly (readonly [before: number, after: number])[];

/** Convolution (cross-correlation) with zero padding. */
export interface ConvNode extends NodeBase {
  readonly op: "conv";
  /** `[outChannels, inChannels / groups, ...kernel]`. */
  readonly weight: Tensor;
  /** `[outChannels]`. */
  readonly bias?: Tensor;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: SpatialPads;
  readonly groups: number;
}

/** Transposed convolution; output length `(n−1)·stride + dilation·(kernel−1) + 1 + outputPadding − before − after`. */
export interface ConvTransposeNode extends NodeBase {
  readonly op: "convTranspose";
  /** `[inChannels, outChannels / groups, ...kernel]`. */
  readonly weight: Tensor;
  /** `[outChannels]`. */
  readonly bias?: Tensor;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: SpatialPads;
  readonly outputPadding: readonly number[];
  readonly groups: number;
}

/** Maximum or average over a window. */
export interface PoolNode extends NodeBase {
  readonly op: "maxPool" | "averagePool";
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly pads: SpatialPads;
  /** Average only: whether padded zeros count. */
  readonly countPadding: boolean;
}

/** Upsampling by whole factors. */
export interface UpsampleNode extends NodeBase {
  readonly op: "upsample";
  /** `linear` interpolates with half-pixel centres, edge values repeated (ONNX `half_pixel`); `linearAligned` aligns corners. */
  readonly mode: "nearest" | "linear" | "linearAligned";
  readonly factors: readonly number[];
}

/** Joins inputs along channels, in order. */
export interface ConcatNode extends NodeBase {
  readonly op: "concat";
}

/** Element-wise arithmetic of two tensors of equal spatial shape; a channel count of 1 is broadcast. */
export interface BinaryNode extends NodeBase {
  readonly op: "binary";
  readonly kind: "add" | "subtract" | "multiply" | "divide" | "maximum" | "minimum";
}

/** `y = scale·x + shift` per channel: batch normalisation at inference, constant factors and offsets. */
export interface AffineNode extends NodeBase {
  readonly op: "affine";
  /** `[channels]`. */
  readonly scale: Tensor;
  /** `[channels]`. */
  readonly shift: Tensor;
}

/** Point-wise function; `softmax` is over channels; `prelu` has one `slope` per channel. */
export interface ActivationNode extends NodeBase {
  readonly op: "activation";
  readonly kind:
    | "linear"
    | "relu"
    | "leakyRelu"
    | "prelu"
    | "elu"
    | "selu"
    | "sigmoid"
    | "hardSigmoid"
    | "tanh"
    | "softplus"
    | "softmax"
    | "clip"
    | "exp"
    | "sqrt"
    | "abs";
  /** `leakyRelu`, `elu`: slope or scale for negative input; `hardSigmoid`: slope. */
  readonly alpha?: number;
  /** `hardSigmoid`: offset. */
  readonly beta?: number;
  /** `clip`: range. */
  readonly range?: readonly [min: number, max: number];
  /** `prelu`: `[channels]`. */
  readonly slope?: Tensor;
}

/** Extends every spatial axis. */
export interface PadNode extends NodeBase {
  readonly op: "pad";
  readonly mode: "constant" | "reflect" | "edge";
  readonly value: number;
  readonly pads: SpatialPads;
}

/** Removes px from the ends of every spatial axis. */
export interface CropNode extends NodeBase {
  readonly op: "crop";
  readonly crops: SpatialPads;
}

/** A range of channels. */
export interface SliceChannelsNode extends NodeBase {
  readonly op: "sliceChannels";
  readonly start: number;
  readonly stop: number;
}

/**
 * An operation whose every output pixel depends on the whole input: instance normalisation, global
 * pooling… Tiling such a network is never exact. Kept as ONNX wants it.
 */
export interface GlobalNode extends NodeBase {
  readonly op: "global";
  /** ONNX operator name. */
  readonly type: "InstanceNormalization" | "GlobalAveragePool" | "GlobalMaxPool" | "GroupNormalization";
  readonly attributes: Readonly<Record<string, number | readonly number[] | string>>;
  /** Constant inputs after the data input, in ONNX order. */
  readonly constants: readonly Tensor[];
}

/** One operation of a network. */
export type NetworkNode =
  | ConvNode
  | ConvTransposeNode
  | PoolNode
  | UpsampleNode
  | ConcatNode
  | BinaryNode
  | AffineNode
  | ActivationNode
  | PadNode
  | CropNode
  | SliceChannelsNode
  | GlobalNode;

/** An input or output tensor of a network. */
export interface Port {
  readonly name: string;
  readonly channels: number;
}

/** A graph of operations with weights. Nodes stand in an order in which they can be run. */
export interface Network {
  /** Letters of the spatial axes in tensor order, such as `ZYX`. */
  readonly spatialAxes: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly nodes: readonly NetworkNode[];
  /** Spatial lengths the model file fixes and that could not be freed, px per spatial axis; absent when any block multiple works. */
  readonly fixedShape?: readonly number[];
}
