/**
 * What tiling needs to know about a network, computed from its graph: block, context, whether tiling can be
 * exact, and how much work a voxel is.
 * @module
 */
import type { Network, NetworkNode } from "./graph";
import { isGlobalPool, liveTensors, networkBlock, tensorSteps } from "./rates";
import type { Step, Steps } from "./rates";
import { axisReach } from "./reach";
import { validateNetwork } from "./validate";

/** What the network sees around a px along one spatial axis, px. */
export interface AxisContext {
  /** Letter of the axis. */
  readonly axis: string;
  /** Most that any output px sees to its left, over all phases 0…block−1. */
  readonly left: number;
  /** The same to its right. */
  readonly right: number;
  /** What a tile needs beyond a block-aligned border of what is kept of it, the larger of both sides: the smallest overlap that is exact. */
  readonly aligned: number;
}

/** Why tiles of this network cannot equal the whole prediction. */
export interface Blocker {
  /** Name of the layer. */
  readonly layer: string;
  /** For people. */
  readonly reason: string;
}

/** The result of {@link analyseNetwork}. */
export interface NetworkAnalysis {
  /** Letters, in tensor order. */
  readonly spatialAxes: string;
  /** Smallest shift, px per spatial axis, under which the network commutes; input lengths must be multiples. */
  readonly block: readonly number[];
  /** One per spatial axis. Operations of global reach count as if they had none. */
  readonly context: readonly AxisContext[];
  /** Whether block-aligned tiles with the aligned context equal the whole prediction. */
  readonly exactTiling: boolean;
  /** Empty when `exactTiling`. */
  readonly blockers: readonly Blocker[];
  /** Operations of all convolutions per input voxel of a large input, 2 per multiply-add; nothing else counts. */
  readonly flopsPerVoxel: number;
  /** Numbers learnt or folded from learnt ones. */
  readonly parameters: number;
  /** Output px per input px, per spatial axis, of the first output. */
  readonly scale: readonly number[];
}

function parametersOf(node: NetworkNode): number {
  switch (node.op) {
    case "conv":
    case "convTranspose":
      return node.weight.data.length + (node.bias?.data.length ?? 0);
    case "affine":
      return node.scale.data.length + node.shift.data.length;
    case "activation":
      return node.slope?.data.length ?? 0;
    case "global":
      return node.constants.reduce((sum, tensor) => sum + tensor.data.length, 0);
    case "maxPool":
    case "averagePool":
    case "upsample":
    case "concat":
    case "binary":
    case "pad":
    case "crop":
    case "sliceChannels":
      return 0;
  }
}

/** Tensor voxels per input voxel. */
function density(steps: Steps | undefined): number {
  if (steps === undefined || steps === null) return 0;
  return steps.reduce((product, step) => (product * step.denominator) / step.numerator, 1);
}

function flopsOf(node: NetworkNode, steps: ReadonlyMap<string, Steps>): number {
  // A weight of a convolution acts once per output voxel, one of a transposed convolution once per input voxel.
  if (node.op === "conv") return 2 * node.weight.data.length * density(steps.get(node.output));
  if (node.op === "convTranspose") return 2 * node.weight.data.length * density(steps.get(node.inputs[0]));
  return 0;
}

function fraction(step: Step): number {
  return step.denominator / step.numerator;
}

function joinBlocker(
  network: Network,
  node: NetworkNode,
  steps: ReadonlyMap<string, Steps>,
): string | undefined {
  if (node.op !== "concat" && node.op !== "binary") return undefined;
  const sources = node.inputs.map((name) => steps.get(name) ?? null).filter((source) => source !== null);
  for (const source of sources.slice(1)) {
    for (const [axis, step] of source.entries()) {
      const first = sources[0][axis];
      const letter = network.spatialAxes[axis];
      if (fraction(step) !== fraction(first)) {
        return `joins tensors of different resolution along ${letter}: ${fraction(first)} and ${fraction(step)} px per input px`;
      }
      if (step.offset !== first.offset) {
        return `joins tensors whose ${letter} differ by ${Math.abs(step.offset - first.offset)} px for every input length that is a multiple of the block`;
      }
    }
  }
  return undefined;
}

function nodeBlocker(
  network: Network,
  node: NetworkNode,
  steps: ReadonlyMap<string, Steps>,
): string | undefined {
  if (node.op === "global") {
    return isGlobalPool(node)
      ? `${node.type} reduces the whole image, so every output px depends on all of it`
      : `${node.type} takes its statistics over the whole image, so every output px depends on all of it`;
  }
  if (node.op === "upsample" && node.mode === "linearAligned" && node.factors.some((factor) => factor > 1)) {
    return "linear upsampling with aligned corners places its px by the size of the image";
  }
  return joinBlocker(network, node, steps);
}

function outputBlockers(network: Network, steps: ReadonlyMap<string, Steps>): Blocker[] {
  const blockers: Blocker[] = [];
  for (const port of network.outputs) {
    const layer = network.nodes.find((node) => node.output === port.name)?.name ?? port.name;
    const found = steps.get(port.name) ?? null;
    if (found === null) {
      blockers.push({ layer, reason: "the output is one value for the whole image" });
      continue;
    }
    for (const [axis, step] of found.entries()) {
      const letter = network.spatialAxes[axis];
      if (fraction(step) !== 1) {
        blockers.push({
          layer,
          reason: `the output has ${fraction(step)} px per input px along ${letter}, not 1`,
        });
      } else if (step.offset !== 0) {
        const change = step.offset < 0 ? "shorter" : "longer";
        blockers.push({
          layer,
          reason: `the output is ${Math.abs(step.offset)} px ${change} than the input along ${letter}`,
        });
      }
    }
  }
  return blockers;
}

/**
 * Block, context, exactness, work and size of a network, from its graph alone. Layers the outputs do not depend
 * on are ignored.
 *
 * Method: interval arithmetic over all phases of the pooling grid, per axis (dependencies of these operations
 * are separable); `../shared/reference/tiling-facts.md` §3.
 *
 * @throws {TilewrightError} `network.*` for a graph that makes no sense, `network.tooLarge`, `network.tooComplex`
 */
export function analyseNetwork(network: Network): NetworkAnalysis {
  validateNetwork(network);
  const steps = tensorSteps(network);
  const block = networkBlock(network, steps);
  const live = liveTensors(network);
  const nodes = network.nodes.filter((node) => live.has(node.output));
  const blockers: Blocker[] = [];
  for (const node of nodes) {
    const reason = nodeBlocker(network, node, steps);
    if (reason !== undefined) blockers.push({ layer: node.name, reason });
  }
  blockers.push(...outputBlockers(network, steps));
  const context = Array.from(network.spatialAxes, (letter, axis): AxisContext => {
    const reach = axisReach({ network, axis, block: block[axis], steps });
    const aligned = Math.max(reach.alignedLeft, reach.alignedRight);
    return { axis: letter, left: reach.left, right: reach.right, aligned };
  });
  return {
    spatialAxes: network.spatialAxes,
    block,
    context,
    exactTiling: blockers.length === 0,
    blockers,
    flopsPerVoxel: nodes.reduce((sum, node) => sum + flopsOf(node, steps), 0),
    parameters: network.nodes.reduce((sum, node) => sum + parametersOf(node), 0),
    scale: (steps.get(network.outputs[0].name) ?? block.map(() => undefined)).map((step) =>
      step === undefined ? 0 : fraction(step),
    ),
  };
}
