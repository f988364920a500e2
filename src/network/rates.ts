/**
 * How densely every tensor of a network samples the input, and the block that follows from it.
 *
 * A shift of the input by `m` px shifts a tensor of step `p/q` (input px per tensor px, lowest terms) by
 * `m·q/p` px, which is a whole number exactly when `p` divides `m`. The block is therefore the least
 * common multiple of all numerators: the smallest shift under which the whole network commutes.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Network, NetworkNode } from "./graph";

/** Largest numerator, denominator and block accepted, px. */
const MAX_STEP = 1 << 16;

/** How one tensor samples the input along one spatial axis. */
export interface Step {
  /** Input px per tensor px, as a fraction in lowest terms. */
  readonly numerator: number;
  readonly denominator: number;
  /** Tensor length for an input of `n` px, `n` a multiple of the block, is `n·denominator/numerator + offset`. */
  readonly offset: number;
}

/** Steps of one tensor per spatial axis; `null` for the single px a global pooling leaves. */
export type Steps = readonly Step[] | null;

/** Greatest common divisor of two positive integers. */
export function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Least common multiple of two positive integers. */
export function leastCommonMultiple(a: number, b: number): number {
  return (a / greatestCommonDivisor(a, b)) * b;
}

/** Span of a kernel in px: `dilation·(kernel−1) + 1`. */
export function kernelSpan(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/** Whether the operation leaves one px per axis, whatever the input. */
export function isGlobalPool(node: NetworkNode): boolean {
  return node.op === "global" && (node.type === "GlobalAveragePool" || node.type === "GlobalMaxPool");
}

/**
 * Length of a node's output along spatial axis `axis` when its input has `length` px there. Not checked:
 * may be zero or negative. Linear in steps of the stride, so it also maps {@link Step.offset}.
 */
export function outputLength(node: NetworkNode, axis: number, length: number): number {
  switch (node.op) {
    case "conv": {
      const [before, after] = node.pads[axis];
      const span = kernelSpan(node.weight.shape[axis + 2], node.dilations[axis]);
      return Math.floor((length + before + after - span) / node.strides[axis]) + 1;
    }
    case "convTranspose": {
      const [before, after] = node.pads[axis];
      const span = kernelSpan(node.weight.shape[axis + 2], node.dilations[axis]);
      return (length - 1) * node.strides[axis] + span + node.outputPadding[axis] - before - after;
    }
    case "maxPool":
    case "averagePool": {
      const [before, after] = node.pads[axis];
      return Math.floor((length + before + after - node.kernel[axis]) / node.strides[axis]) + 1;
    }
    case "upsample":
      return length * node.factors[axis];
    case "pad":
      return length + node.pads[axis][0] + node.pads[axis][1];
    case "crop":
      return length - node.crops[axis][0] - node.crops[axis][1];
    case "global":
      return isGlobalPool(node) ? 1 : length;
    case "concat":
    case "binary":
    case "affine":
    case "activation":
    case "sliceChannels":
      return length;
  }
}

/** `[down, up]` factors of a node along a spatial axis. */
function factorsOf(node: NetworkNode, axis: number): readonly [down: number, up: number] {
  switch (node.op) {
    case "conv":
    case "maxPool":
    case "averagePool":
      return [node.strides[axis], 1];
    case "convTranspose":
      return [1, node.strides[axis]];
    case "upsample":
      return [1, node.factors[axis]];
    case "concat":
    case "binary":
    case "affine":
    case "activation":
    case "pad":
    case "crop":
    case "sliceChannels":
    case "global":
      return [1, 1];
  }
}

function stepAfter(node: NetworkNode, axis: number, before: Step): Step {
  const [down, up] = factorsOf(node, axis);
  const common = greatestCommonDivisor(before.numerator * down, before.denominator * up);
  const numerator = (before.numerator * down) / common;
  const denominator = (before.denominator * up) / common;
  if (numerator > MAX_STEP || denominator > MAX_STEP) {
    throw new TilewrightError(
      "network.tooLarge",
      `layer "${node.name}": changes of resolution add up to ${numerator}/${denominator} px per px, at most ${MAX_STEP} is supported`,
    );
  }
  return { numerator, denominator, offset: outputLength(node, axis, before.offset) };
}

/**
 * Steps of what `node` writes, from those of the tensors it reads. Where they disagree the first one counts.
 *
 * @throws {TilewrightError} `network.tooLarge`
 */
export function stepsAfter(node: NetworkNode, sources: readonly Steps[]): Steps {
  const source = sources.find((steps) => steps !== null) ?? null;
  if (source === null || isGlobalPool(node)) return null;
  return source.map((step, axis) => stepAfter(node, axis, step));
}

/** Steps of a network's input: one px per px. */
export function inputSteps(spatialRank: number): Steps {
  return Array.from({ length: spatialRank }, () => ({ numerator: 1, denominator: 1, offset: 0 }));
}

/**
 * Steps of every tensor. The network must have passed `validateNetwork`. Where inputs of a node disagree,
 * the first one counts.
 *
 * @throws {TilewrightError} `network.tooLarge`
 */
export function tensorSteps(network: Network): Map<string, Steps> {
  const steps = new Map<string, Steps>();
  for (const port of network.inputs) steps.set(port.name, inputSteps(network.spatialAxes.length));
  for (const node of network.nodes) {
    const sources = node.inputs.map((name) => steps.get(name) ?? null);
    steps.set(node.output, stepsAfter(node, sources));
  }
  return steps;
}

/** Names of the tensors the outputs depend on, inputs and outputs included. */
export function liveTensors(network: Network): Set<string> {
  const live = new Set(network.outputs.map((port) => port.name));
  for (const node of [...network.nodes].reverse()) {
    if (live.has(node.output)) for (const name of node.inputs) live.add(name);
  }
  return live;
}

/**
 * The block: px per spatial axis of the smallest shift under which the network commutes.
 *
 * @throws {TilewrightError} `network.tooLarge`
 */
export function networkBlock(network: Network, steps = tensorSteps(network)): number[] {
  const block = Array.from(network.spatialAxes, () => 1);
  for (const name of liveTensors(network)) {
    steps.get(name)?.forEach((step, axis) => {
      block[axis] = leastCommonMultiple(block[axis], step.numerator);
      if (block[axis] > MAX_STEP) {
        throw new TilewrightError(
          "network.tooLarge",
          `tensor "${name}": the block of the network is ${block[axis]} px, at most ${MAX_STEP} is supported`,
        );
      }
    });
  }
  return block;
}
