/**
 * 3-D networks with 2-D operators: tensors are `[z, channels, y, x]`, so that every plane is an item of a
 * batch, and a 3-D convolution is the sum of 2-D ones over shifted planes.
 *
 * ONNX Runtime's 2-D kernels are better tuned than its 3-D ones. Values differ by rounding only. All
 * lengths stay free.
 * @module
 */
import type { ConvNode, Network, NetworkNode, PoolNode, UpsampleNode } from "../graph";
import { SLICE_TO_END } from "./builder";
import type { OnnxBuilder } from "./builder";
import { writeNode } from "./nodes";
import type { Context, OnnxTarget } from "./nodes";

/** Whether every operation of a 3-D network can be written on planes. */
export function canRunOnPlanes(network: Network): boolean {
  const written = new Set(network.nodes.map(({ output }) => output));
  return (
    network.spatialAxes.length === 3 &&
    network.outputs.every(({ name }) => written.has(name)) &&
    network.nodes.every(isPlaneable)
  );
}

/** Operations that are the same on planes, because they do not mix pixels. */
const POINTWISE: readonly NetworkNode["op"][] = ["concat", "binary", "affine", "activation", "sliceChannels"];

function isPlaneable(node: NetworkNode): boolean {
  if (node.op === "conv") return node.strides[0] === 1;
  if (node.op === "maxPool") {
    return node.kernel[0] === node.strides[0] && node.pads[0].every((pad) => pad === 0);
  }
  return node.op === "upsample" ? node.mode === "nearest" : POINTWISE.includes(node.op);
}

/** Writes all nodes of a network for which {@link canRunOnPlanes} holds, from its inputs to its outputs. */
export function writeOnPlanes(builder: OnnxBuilder, network: Network, target: OnnxTarget): void {
  const planes = new Map<string, string>();
  for (const { name } of network.inputs) {
    const swapped = builder.op("Transpose", [name], { perm: [0, 2, 1, 3, 4] });
    planes.set(name, builder.op("Squeeze", [swapped, builder.ints([0])]));
  }
  const context = { builder, target, rank: 2 };
  for (const node of network.nodes) {
    const output = builder.fresh();
    writePlanes(context, { ...node, inputs: node.inputs.map((name) => planes.get(name) ?? name), output });
    planes.set(node.output, output);
  }
  for (const { name } of network.outputs) {
    const batched = builder.op("Unsqueeze", [planes.get(name) ?? name, builder.ints([0])]);
    builder.op("Transpose", [batched], { perm: [0, 2, 1, 3, 4] }, name);
  }
}

function writePlanes(context: Context, node: NetworkNode): void {
  if (node.op === "conv") writeConvolution(context, node);
  else if (node.op === "maxPool") writeMaxPool(context, node);
  else if (node.op === "upsample") writeUpsample(context.builder, node);
  else writeNode(context, node);
}

/** One 2-D convolution per plane of the kernel, each on the planes it sees; the bias goes into the first. */
function writeConvolution(context: Context, node: ConvNode): void {
  const { builder } = context;
  const [, , depth] = node.weight.shape;
  const [before, after] = node.pads[0];
  const reach = node.dilations[0] * (depth - 1);
  const padded =
    before === 0 && after === 0
      ? node.inputs[0]
      : builder.op("Pad", [...node.inputs, builder.ints([before, 0, 0, 0, after, 0, 0, 0])], {
          mode: "constant",
        });
  const { bias, ...plain } = node;
  let sum = "";
  for (let z = 0; z < depth; z++) {
    const start = z * node.dilations[0];
    // The middle plane of a "same" kernel sees exactly the planes of the input: no copy.
    const isMiddle = start === before && reach - start === after;
    const input = isMiddle
      ? node.inputs[0]
      : slicePlanes(builder, padded, { start, end: start - reach, step: 1 });
    const isLast = z === depth - 1;
    const part = z === 0 && isLast ? node.output : builder.fresh();
    writeNode(context, {
      ...plain,
      ...(z === 0 && bias !== undefined ? { bias } : {}),
      inputs: [input],
      output: part,
      weight: kernelPlane(node, z),
      strides: node.strides.slice(1),
      dilations: node.dilations.slice(1),
      pads: node.pads.slice(1),
    });
    sum = z === 0 ? part : builder.op("Add", [part, sum], {}, isLast ? node.output : builder.fresh());
  }
}

/** Planes `start` to `end` (counted from the end when negative; 0: all). */
function slicePlanes(
  builder: OnnxBuilder,
  input: string,
  range: { readonly start: number; readonly end: number; readonly step: number },
): string {
  const { start, end, step } = range;
  const ints = [[start], [end === 0 ? SLICE_TO_END : end], [0], [step]].map((values) => builder.ints(values));
  return builder.op("Slice", [input, ...ints]);
}

/** `[out, in / groups, y, x]` at one z of the kernel. */
function kernelPlane({ weight }: ConvNode, z: number): ConvNode["weight"] {
  const [outputs, inputs, depth, height, width] = weight.shape;
  const area = height * width;
  const data = new Float32Array(outputs * inputs * area);
  for (let row = 0; row < outputs * inputs; row++) {
    const start = (row * depth + z) * area;
    data.set(weight.data.subarray(start, start + area), row * area);
  }
  return { shape: [outputs, inputs, height, width], data };
}

/** Pooling in the plane, then the maximum over every group of planes. */
function writeMaxPool(context: Context, node: PoolNode): void {
  const { builder } = context;
  const group = node.kernel[0];
  const flat = group === 1 ? node.output : builder.fresh();
  writeNode(context, {
    ...node,
    output: flat,
    kernel: node.kernel.slice(1),
    strides: node.strides.slice(1),
    pads: node.pads.slice(1),
  });
  if (group === 1) return;
  // The end of the last incomplete group is left out, as pooling without padding does.
  const parts = Array.from({ length: group }, (_, z) =>
    slicePlanes(builder, flat, { start: z, end: z + 1 - group, step: group }),
  );
  builder.op("Max", parts, {}, node.output);
}

function writeUpsample(builder: OnnxBuilder, node: UpsampleNode): void {
  const [z, y, x] = node.factors;
  const scales = builder.floats(Float32Array.of(z, 1, y, x), [4]);
  const attributes = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
  builder.op("Resize", [...node.inputs, "", scales], attributes, node.output);
}
