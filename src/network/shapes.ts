/**
 * Shapes of every tensor of a network for a given input, after {@link validateNetwork} has shown that the
 * graph makes sense.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Network, NetworkNode } from "./graph";
import { networkBlock, outputLength, tensorSteps } from "./rates";
import type { Steps } from "./rates";
import { validateNetwork } from "./validate";

export { validateNetwork } from "./validate";

/** Longest spatial length of a tensor, px. */
const MAX_LENGTH = 2 ** 31 - 1;

/** Shape of one tensor without its batch axis of 1. */
export interface TensorShape {
  readonly channels: number;
  /** px per spatial axis of the network. */
  readonly spatial: readonly number[];
}

interface Inference {
  readonly network: Network;
  readonly inputSpatial: readonly number[];
  readonly steps: ReadonlyMap<string, Steps>;
  readonly shapes: Map<string, TensorShape>;
}

function named(axes: string, lengths: readonly number[]): string {
  return lengths.map((length, axis) => `${axes[axis] ?? "?"}=${length}`).join(",");
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function disagreement(
  inference: Inference,
  node: NetworkNode,
  shapes: readonly TensorShape[],
): TilewrightError {
  const { network, inputSpatial, steps } = inference;
  const found = shapes.map((shape) => named(network.spatialAxes, shape.spatial)).join(" and ");
  const block = networkBlock(network, new Map(steps));
  const uneven = inputSpatial.some((length, axis) => length % block[axis] !== 0);
  if (uneven) {
    return new TilewrightError(
      "network.notMultiple",
      `layer "${node.name}" joins tensors of different size (${found}): the input is ${named(network.spatialAxes, inputSpatial)}, every length must be a multiple of ${named(network.spatialAxes, block)}`,
      "pad the input to a multiple of the block",
    );
  }
  return new TilewrightError(
    "network.shape",
    `layer "${node.name}" joins tensors of different size (${found}) for an input of ${named(network.spatialAxes, inputSpatial)}`,
    "the network itself is inconsistent; no input size of this kind works",
  );
}

function spatialOf(inference: Inference, node: NetworkNode): readonly number[] {
  const sources = node.inputs.map((name) => inference.shapes.get(name)!);
  // What a global pooling left is one px, repeated over the other tensor.
  const varying = sources.filter((_, i) => inference.steps.get(node.inputs[i]) !== null);
  const first = (node.op === "binary" ? varying[0] : undefined) ?? sources[0];
  const compared = node.op === "binary" && varying.length > 0 ? varying : sources;
  if (compared.some((shape) => !equal(shape.spatial, first.spatial))) {
    throw disagreement(inference, node, compared);
  }
  return first.spatial.map((length, axis) => {
    const result = outputLength(node, axis, length);
    if (result >= 1 && result <= MAX_LENGTH) return result;
    const letter = inference.network.spatialAxes[axis] ?? "?";
    const what = result < 1 ? "too small" : "too large";
    throw new TilewrightError(
      "network.shape",
      `layer "${node.name}": ${letter} would become ${result} px, so an input of ${named(inference.network.spatialAxes, inference.inputSpatial)} is ${what}`,
      result < 1 ? "use a larger input" : "use a smaller input",
    );
  });
}

function checkReflection(inference: Inference, node: NetworkNode): void {
  if (node.op !== "pad" || node.mode !== "reflect") return;
  const source = inference.shapes.get(node.inputs[0])!;
  node.pads.forEach(([before, after], axis) => {
    const length = source.spatial[axis];
    if (Math.max(before, after) < length) return;
    throw new TilewrightError(
      "network.shape",
      `layer "${node.name}": reflecting ${Math.max(before, after)} px of ${inference.network.spatialAxes[axis] ?? "?"} needs more than ${length} px`,
      "use a larger input",
    );
  });
}

function checkInput(network: Network, inputSpatial: readonly number[]): void {
  const axes = network.spatialAxes;
  if (inputSpatial.length !== axes.length) {
    throw new TilewrightError(
      "network.shape",
      `the network has the spatial axes ${axes}, the input has ${inputSpatial.length} lengths`,
    );
  }
  inputSpatial.forEach((length, axis) => {
    if (!Number.isInteger(length) || length < 1 || length > MAX_LENGTH) {
      throw new TilewrightError(
        "network.shape",
        `the input length ${axes[axis]}=${length} is not 1…${MAX_LENGTH}`,
      );
    }
  });
  const fixed = network.fixedShape;
  if (fixed !== undefined && !equal(fixed, inputSpatial)) {
    throw new TilewrightError(
      "network.shape",
      `the network takes only ${named(axes, fixed)}, the input is ${named(axes, inputSpatial)}`,
    );
  }
}

/**
 * Shapes of all tensors of `network`, inputs included, by tensor name.
 *
 * @param inputSpatial px per spatial axis, the same for every input of the network
 * @throws {TilewrightError} `network.*`: what {@link validateNetwork} throws; `network.notMultiple` when joined
 *   tensors differ because the input is no multiple of the block; `network.shape` for other sizes that cannot work
 */
export function inferShapes(network: Network, inputSpatial: readonly number[]): Map<string, TensorShape> {
  const channels = validateNetwork(network);
  checkInput(network, inputSpatial);
  const shapes = new Map<string, TensorShape>();
  for (const port of network.inputs)
    shapes.set(port.name, { channels: port.channels, spatial: [...inputSpatial] });
  const inference: Inference = { network, inputSpatial, steps: tensorSteps(network), shapes };
  for (const node of network.nodes) {
    checkReflection(inference, node);
    shapes.set(node.output, { channels: channels.get(node.output)!, spatial: spatialOf(inference, node) });
  }
  return shapes;
}
