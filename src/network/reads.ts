/**
 * Which px of its input one px of a node's output reads, along one spatial axis.
 * @module
 */
import type { NetworkNode } from "./graph";
import { kernelSpan } from "./rates";

/** Calls `visit` for every input px that output px `index` reads; px beyond the border have indices beyond it. */
export type Reads = (index: number, visit: (source: number) => void) => void;

function strided(stride: number, before: number, kernel: readonly [size: number, dilation: number]): Reads {
  const [size, dilation] = kernel;
  return (index, visit) => {
    const first = index * stride - before;
    for (let k = 0; k < size; k++) visit(first + k * dilation);
  };
}

function transposed(
  stride: number,
  before: number,
  kernel: readonly [size: number, dilation: number],
): Reads {
  const [size, dilation] = kernel;
  return (index, visit) => {
    for (let k = 0; k < size; k++) {
      const scaled = index + before - k * dilation;
      if (scaled % stride === 0) visit(scaled / stride);
    }
  };
}

function interpolated(factor: number): Reads {
  // Output centre i lies at (i + 1/2)/f − 1/2 of the input; a neighbour of weight 0 is not read.
  return (index, visit) => {
    const doubled = 2 * index + 1 - factor;
    const lower = Math.floor(doubled / (2 * factor));
    visit(lower);
    if (lower * 2 * factor !== doubled) visit(lower + 1);
  };
}

/**
 * What output px of `node` read along spatial axis `axis`, as if the image had no border. Operations of global
 * reach count as if they read only the px itself; `linearAligned` upsampling as if it were `linear`.
 */
export function readsOf(node: NetworkNode, axis: number): Reads {
  switch (node.op) {
    case "conv":
      return strided(node.strides[axis], node.pads[axis][0], [
        node.weight.shape[axis + 2],
        node.dilations[axis],
      ]);
    case "maxPool":
    case "averagePool":
      return strided(node.strides[axis], node.pads[axis][0], [node.kernel[axis], 1]);
    case "convTranspose":
      return transposed(node.strides[axis], node.pads[axis][0], [
        node.weight.shape[axis + 2],
        node.dilations[axis],
      ]);
    case "upsample": {
      const factor = node.factors[axis];
      if (node.mode === "nearest") return (index, visit) => visit(Math.floor(index / factor));
      return interpolated(factor);
    }
    case "pad": {
      const before = node.pads[axis][0];
      return (index, visit) => visit(index - before);
    }
    case "crop": {
      const before = node.crops[axis][0];
      return (index, visit) => visit(index + before);
    }
    case "concat":
    case "binary":
    case "affine":
    case "activation":
    case "sliceChannels":
    case "global":
      return (index, visit) => visit(index);
  }
}

/** Upper bound of the number of px {@link readsOf} visits for one output px, for bounding work. */
export function readsCount(node: NetworkNode, axis: number): number {
  if (node.op === "conv" || node.op === "convTranspose") return node.weight.shape[axis + 2];
  if (node.op === "maxPool" || node.op === "averagePool") return node.kernel[axis];
  return node.op === "upsample" ? 2 : 1;
}

/** How far along `axis` a node's reads can lie from their px, px of its input: pads, spans and crops together. */
export function readsSpread(node: NetworkNode, axis: number): number {
  switch (node.op) {
    case "conv":
    case "convTranspose":
      return (
        kernelSpan(node.weight.shape[axis + 2], node.dilations[axis]) +
        node.pads[axis][0] +
        node.pads[axis][1]
      );
    case "maxPool":
    case "averagePool":
      return node.kernel[axis] + node.pads[axis][0] + node.pads[axis][1];
    case "pad":
      return node.pads[axis][0] + node.pads[axis][1];
    case "crop":
      return node.crops[axis][0] + node.crops[axis][1];
    case "upsample":
      return 1;
    case "concat":
    case "binary":
    case "affine":
    case "activation":
    case "sliceChannels":
    case "global":
      return 0;
  }
}

/** Where px `index` of an axis of `length` px is found once the border of a pad node is resolved; −1: nowhere. */
export function borderSource(mode: "constant" | "reflect" | "edge", index: number, length: number): number {
  if (index >= 0 && index < length) return index;
  if (mode === "constant") return -1;
  if (mode === "edge") return index < 0 ? 0 : length - 1;
  return index < 0 ? -index : 2 * (length - 1) - index;
}
