/**
 * Exact replacements for 3-D operators that ONNX Runtime's WebGPU provider (1.30) lacks: transposed and
 * grouped convolution. All keep the spatial lengths free.
 * @module
 */
import type { ConvNode, ConvTransposeNode, SpatialPads, Tensor } from "../graph";
import type { OnnxBuilder } from "./builder";

/** Whether kernel = stride, nothing is padded and groups = 1: then every input pixel writes a block of its own. */
export function isInterleave(node: ConvTransposeNode): boolean {
  const kernel = node.weight.shape.slice(2);
  return (
    node.groups === 1 &&
    kernel.every((length, axis) => length === node.strides[axis]) &&
    node.dilations.every((step, axis) => step === 1 || kernel[axis] === 1) &&
    node.pads.every(([before, after]) => before === 0 && after === 0) &&
    node.outputPadding.every((extra) => extra === 0)
  );
}

/**
 * Transposed convolution with kernel = stride: a pointwise convolution computes the pixels of every block
 * as channels; then, one spatial axis after the other, those channels are interleaved into the axis.
 */
export function interleaveTransposed(builder: OnnxBuilder, node: ConvTransposeNode): void {
  const [inChannels, outChannels, ...kernel] = node.weight.shape;
  const taps = product(kernel);
  const weight = new Float32Array(outChannels * taps * inChannels);
  const bias = new Float32Array(outChannels * taps);
  // Output channels in the order (tap of x, tap of y, tap of z, channel): the last axis is interleaved first.
  forEachTap(kernel, (tap, [z, y, x]) => {
    const slot = (x * kernel[1] + y) * kernel[0] + z;
    for (let out = 0; out < outChannels; out++) {
      const row = slot * outChannels + out;
      bias[row] = node.bias?.data[out] ?? 0;
      for (let channel = 0; channel < inChannels; channel++) {
        weight[row * inChannels + channel] = node.weight.data[(channel * outChannels + out) * taps + tap];
      }
    }
  });
  const pointwise = [
    builder.floats(weight, [outChannels * taps, inChannels, 1, 1, 1]),
    builder.floats(bias, [bias.length]),
  ];
  let current = builder.op("Conv", [...node.inputs, ...pointwise], { kernel_shape: [1, 1, 1] });
  let channels = outChannels * taps;
  // Spatial axes before each turn and after the last: zyx, zyx, xzy, yxz.
  for (const [turn, axis] of [2, 1, 0].entries()) {
    channels /= kernel[axis];
    const split = builder.op("Reshape", [current, builder.ints([kernel[axis], channels, 0, 0, 0])]);
    const perm = turn === 0 ? [1, 2, 3, 4, 0] : [1, 4, 2, 3, 0];
    const tapsLast = builder.op("Transpose", [split], { perm });
    const merged = builder.op("Reshape", [tapsLast, builder.ints([0, 0, 0, -1])]);
    current = builder.op("Unsqueeze", [merged, builder.ints([0])]);
  }
  builder.op("Transpose", [current], { perm: [0, 1, 4, 2, 3] }, node.output);
}

/**
 * Any transposed convolution: zeros are put between the input pixels (the nodes are added to `builder`),
 * the rest is a plain convolution with the flipped kernel, then a crop where pads were larger than the
 * kernel's reach.
 *
 * @returns the convolution still to be written, and the crop after it
 */
export function zeroInsertTransposed(
  builder: OnnxBuilder,
  node: ConvTransposeNode,
): { conv: ConvNode; crops: SpatialPads } {
  let current = node.inputs[0];
  const axes = node.strides.length;
  const rotation = [0, 1, axes + 1, ...Array.from({ length: axes - 1 }, (_, i) => i + 2)];
  // The last axis is stretched, then brought to the front of the spatial axes: after all of them the order is the old one.
  for (const stride of [...node.strides].reverse()) {
    if (stride > 1) {
      const apart = builder.op("Unsqueeze", [current, builder.ints([axes + 2])]);
      const pads = Array.from({ length: 2 * (axes + 3) }, (_, i) =>
        i === 2 * (axes + 3) - 1 ? stride - 1 : 0,
      );
      const padded = builder.op("Pad", [apart, builder.ints(pads)], { mode: "constant" });
      current = builder.op("Reshape", [padded, builder.ints([...rotation.map(() => 0), -1].slice(1))]);
    }
    current = builder.op("Transpose", [current], { perm: rotation });
  }
  const wanted = node.pads.map(([before, after], axis) => {
    const reach = node.dilations[axis] * (node.weight.shape[axis + 2] - 1);
    return [reach - before, reach + 1 + node.outputPadding[axis] - after - node.strides[axis]] as const;
  });
  const conv: ConvNode = {
    op: "conv",
    name: node.name,
    inputs: [current],
    output: node.output,
    weight: flipped(node),
    ...(node.bias === undefined ? {} : { bias: node.bias }),
    strides: node.strides.map(() => 1),
    dilations: node.dilations,
    pads: wanted.map(([before, after]) => [Math.max(0, before), Math.max(0, after)] as const),
    groups: node.groups,
  };
  return {
    conv,
    crops: wanted.map(([before, after]) => [Math.max(0, -before), Math.max(0, -after)] as const),
  };
}

/** Grouped convolution: one convolution per group on a slice of the channels, joined again. */
export function splitGroups(builder: OnnxBuilder, node: ConvNode, writePart: (part: ConvNode) => void): void {
  const [outChannels, inPerGroup, ...kernel] = node.weight.shape;
  const outPerGroup = outChannels / node.groups;
  const size = outPerGroup * inPerGroup * product(kernel);
  const outputs = Array.from({ length: node.groups }, (_, group) => {
    const range = [
      builder.ints([group * inPerGroup]),
      builder.ints([(group + 1) * inPerGroup]),
      builder.ints([1]),
    ];
    const input = builder.op("Slice", [...node.inputs, ...range]);
    const output = builder.fresh();
    const part = (data: Float32Array, length: number): Float32Array =>
      data.subarray(group * length, (group + 1) * length);
    const weight = { shape: [outPerGroup, inPerGroup, ...kernel], data: part(node.weight.data, size) };
    const bias =
      node.bias === undefined
        ? {}
        : { bias: { shape: [outPerGroup], data: part(node.bias.data, outPerGroup) } };
    writePart({ ...node, ...bias, inputs: [input], output, weight, groups: 1 });
    return output;
  });
  builder.op("Concat", outputs, { axis: 1 }, node.output);
}

/** `[in, out / groups, …]` turned into `[out, in / groups, …]` with every spatial axis reversed. */
function flipped(node: ConvTransposeNode): Tensor {
  const [inChannels, outPerGroup, ...kernel] = node.weight.shape;
  const inPerGroup = inChannels / node.groups;
  const taps = product(kernel);
  const data = new Float32Array(node.weight.data.length);
  for (let input = 0; input < inChannels; input++) {
    const group = Math.floor(input / inPerGroup);
    for (let out = 0; out < outPerGroup; out++) {
      const row = ((group * outPerGroup + out) * inPerGroup + (input % inPerGroup)) * taps;
      const source = (input * outPerGroup + out) * taps;
      for (let tap = 0; tap < taps; tap++) data[row + tap] = node.weight.data[source + taps - 1 - tap];
    }
  }
  return { shape: [outPerGroup * node.groups, inPerGroup, ...kernel], data };
}

function forEachTap(
  kernel: readonly number[],
  visit: (tap: number, at: readonly [number, number, number]) => void,
): void {
  let tap = 0;
  for (let z = 0; z < kernel[0]; z++) {
    for (let y = 0; y < kernel[1]; y++) for (let x = 0; x < kernel[2]; x++) visit(tap++, [z, y, x]);
  }
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}
