/**
 * Whether a graph makes sense: names, order, channels, weights, sizes. Models may be hostile, so everything
 * else in this folder may rely on what is checked here.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Network, NetworkNode, SpatialPads, Tensor } from "./graph";

const MAX_NODES = 20_000;
const MAX_CHANNELS = 1 << 20;
/** Largest kernel, stride, dilation, factor, px. */
const MAX_SIZE = 4096;
/** Largest padding or crop, px. */
const MAX_PAD = 1 << 20;

function fail(code: string, node: NetworkNode, sentence: string): never {
  throw new TilewrightError(`network.${code}`, `layer "${node.name}" (${node.op}): ${sentence}`);
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

function checkTensor(node: NetworkNode, what: string, tensor: Tensor, expected: readonly number[]): void {
  const fits = tensor.shape.length === expected.length && expected.every((n, i) => tensor.shape[i] === n);
  if (!fits) {
    fail(
      "weights",
      node,
      `${what} should have shape ${shapeText(expected)}, found ${shapeText(tensor.shape)}`,
    );
  }
  const count = expected.reduce((product, n) => product * n, 1);
  if (tensor.data.length !== count) {
    fail("weights", node, `${what} should hold ${count} numbers, found ${tensor.data.length}`);
  }
}

function checkSizes(node: NetworkNode, what: string, sizes: readonly number[], spatialRank: number): void {
  if (sizes.length !== spatialRank) {
    fail("attribute", node, `${what} should have ${spatialRank} numbers, found ${sizes.length}`);
  }
  const wrong = sizes.find((n) => !Number.isInteger(n) || n < 1 || n > MAX_SIZE);
  if (wrong !== undefined) fail("attribute", node, `${what} should be 1…${MAX_SIZE}, found ${wrong}`);
}

function checkPads(node: NetworkNode, what: string, pads: SpatialPads, spatialRank: number): void {
  if (pads.length !== spatialRank) {
    fail("attribute", node, `${what} should have ${spatialRank} pairs, found ${pads.length}`);
  }
  const wrong = pads.flat().find((n) => !Number.isInteger(n) || n < 0 || n > MAX_PAD);
  if (wrong !== undefined) fail("attribute", node, `${what} should be 0…${MAX_PAD} px, found ${wrong}`);
}

type Filter = Extract<NetworkNode, { op: "conv" | "convTranspose" }>;

/** Checks a convolution of either kind and returns its number of output channels. */
function filterChannels(node: Filter, channelsIn: number, spatialRank: number): number {
  const { shape } = node.weight;
  if (shape.length !== spatialRank + 2) {
    fail("weights", node, `weight should have ${spatialRank + 2} dimensions, found ${shapeText(shape)}`);
  }
  checkSizes(node, "kernel", shape.slice(2), spatialRank);
  checkSizes(node, "strides", node.strides, spatialRank);
  checkSizes(node, "dilations", node.dilations, spatialRank);
  checkPads(node, "pads", node.pads, spatialRank);
  const { groups } = node;
  if (!Number.isInteger(groups) || groups < 1 || channelsIn % groups !== 0) {
    fail("attribute", node, `groups should divide the ${channelsIn} input channels, found ${groups}`);
  }
  const transposed = node.op === "convTranspose";
  const channelsOut = transposed ? shape[1] * groups : shape[0];
  if (
    !Number.isInteger(channelsOut) ||
    channelsOut < 1 ||
    channelsOut > MAX_CHANNELS ||
    channelsOut % groups !== 0
  ) {
    fail("weights", node, `weight of shape ${shapeText(shape)} does not fit ${groups} groups`);
  }
  const leading = transposed ? [channelsIn, channelsOut / groups] : [channelsOut, channelsIn / groups];
  checkTensor(node, "weight", node.weight, [...leading, ...shape.slice(2)]);
  if (node.bias !== undefined) checkTensor(node, "bias", node.bias, [channelsOut]);
  if (transposed) checkOutputPadding(node, spatialRank);
  return channelsOut;
}

function checkOutputPadding(node: Extract<NetworkNode, { op: "convTranspose" }>, spatialRank: number): void {
  checkPads(
    node,
    "outputPadding",
    node.outputPadding.map((n) => [0, n] as const),
    spatialRank,
  );
  node.outputPadding.forEach((n, axis) => {
    if (n >= Math.max(node.strides[axis], node.dilations[axis])) {
      fail("attribute", node, `outputPadding should be below stride or dilation, found ${n}`);
    }
  });
}

type Pool = Extract<NetworkNode, { op: "maxPool" | "averagePool" }>;

function checkPool(node: Pool, spatialRank: number): void {
  checkSizes(node, "kernel", node.kernel, spatialRank);
  checkSizes(node, "strides", node.strides, spatialRank);
  checkPads(node, "pads", node.pads, spatialRank);
  node.pads.forEach(([before, after], axis) => {
    if (Math.max(before, after) >= node.kernel[axis]) {
      fail(
        "attribute",
        node,
        `pads should be below the kernel of ${node.kernel[axis]} px, found ${Math.max(before, after)}`,
      );
    }
  });
}

function binaryChannels(node: NetworkNode, channels: readonly number[]): number {
  const most = Math.max(...channels);
  if (channels.some((n) => n !== most && n !== 1)) {
    fail("channels", node, `should join tensors of equal channel count, found ${channels.join(" and ")}`);
  }
  return most;
}

function concatChannels(node: NetworkNode, channels: readonly number[]): number {
  const total = channels.reduce((sum, n) => sum + n, 0);
  if (total > MAX_CHANNELS)
    fail("tooLarge", node, `${total} channels, at most ${MAX_CHANNELS} are supported`);
  return total;
}

function checkActivation(node: Extract<NetworkNode, { op: "activation" }>, channels: number): void {
  if (node.kind === "prelu") {
    if (node.slope === undefined) fail("weights", node, "prelu needs a slope, found none");
    checkTensor(node, "slope", node.slope, [channels]);
  }
  if (node.kind === "clip") {
    if (node.range === undefined) fail("attribute", node, "clip needs a range, found none");
    if (!(node.range[0] <= node.range[1])) {
      fail("attribute", node, `clip range should rise, found ${node.range[0]} … ${node.range[1]}`);
    }
  }
}

/**
 * Checks one node against the channels of its inputs: weights, sizes, pads.
 *
 * @returns its number of output channels
 * @throws {TilewrightError} `network.*`
 */
export function nodeChannels(node: NetworkNode, inputs: readonly number[], spatialRank: number): number {
  const channels = inputs[0];
  switch (node.op) {
    case "conv":
    case "convTranspose":
      return filterChannels(node, channels, spatialRank);
    case "maxPool":
    case "averagePool":
      checkPool(node, spatialRank);
      return channels;
    case "upsample":
      checkSizes(node, "factors", node.factors, spatialRank);
      return channels;
    case "concat":
      return concatChannels(node, inputs);
    case "binary":
      return binaryChannels(node, inputs);
    case "affine":
      checkTensor(node, "scale", node.scale, [channels]);
      checkTensor(node, "shift", node.shift, [channels]);
      return channels;
    case "activation":
      checkActivation(node, channels);
      return channels;
    case "pad":
      checkPads(node, "pads", node.pads, spatialRank);
      return channels;
    case "crop":
      checkPads(node, "crops", node.crops, spatialRank);
      return channels;
    case "sliceChannels": {
      const { start, stop } = node;
      const fits =
        Number.isInteger(start) && Number.isInteger(stop) && start >= 0 && start < stop && stop <= channels;
      if (!fits)
        fail("channels", node, `channels ${start}…${stop} are not within the ${channels} of its input`);
      return stop - start;
    }
    case "global":
      return channels;
  }
}

function checkArity(node: NetworkNode): void {
  const found = node.inputs.length;
  const expected = node.op === "binary" ? 2 : 1;
  const fits = node.op === "concat" ? found >= 1 : found === expected;
  if (!fits) fail("inputs", node, `should read ${expected} tensors, found ${found}`);
}

function checkPorts(network: Network): void {
  const axes = network.spatialAxes;
  if (!/^[TZYX]{1,4}$/.test(axes) || new Set(axes).size !== axes.length) {
    throw new TilewrightError("network.axes", `spatial axes "${axes}" are not distinct letters of TZYX`);
  }
  if (network.inputs.length === 0 || network.outputs.length === 0) {
    throw new TilewrightError("network.ports", "the network has no input or no output");
  }
  if (network.nodes.length > MAX_NODES) {
    throw new TilewrightError(
      "network.tooLarge",
      `the network has ${network.nodes.length} layers, at most ${MAX_NODES} are supported`,
    );
  }
  for (const port of [...network.inputs, ...network.outputs]) {
    if (!Number.isInteger(port.channels) || port.channels < 1 || port.channels > MAX_CHANNELS) {
      throw new TilewrightError("network.channels", `tensor "${port.name}" has ${port.channels} channels`);
    }
  }
  if (network.fixedShape !== undefined && network.fixedShape.length !== axes.length) {
    throw new TilewrightError(
      "network.shape",
      `the fixed shape has ${network.fixedShape.length} lengths, the spatial axes are ${axes}`,
    );
  }
}

function undefinedInput(network: Network, node: NetworkNode, name: string): never {
  const later = network.nodes.find((other) => other.output === name);
  if (later === undefined) fail("unknownTensor", node, `reads the tensor "${name}", which nothing writes`);
  fail(
    "order",
    node,
    `reads the tensor "${name}" before layer "${later.name}" writes it: the graph has a cycle or its layers are out of order`,
  );
}

/**
 * Checks a network: names unique, every tensor written before it is read (so no cycles), weights and channels
 * consistent, sizes positive and bounded. Changes nothing.
 *
 * @returns channels of every tensor by name, inputs included
 * @throws {TilewrightError} `network.*`, naming the layer, what was expected and what was found
 */
export function validateNetwork(network: Network): Map<string, number> {
  checkPorts(network);
  const channels = new Map<string, number>();
  for (const port of network.inputs) {
    if (channels.has(port.name)) {
      throw new TilewrightError("network.duplicateName", `two inputs are named "${port.name}"`);
    }
    channels.set(port.name, port.channels);
  }
  const names = new Set<string>();
  for (const node of network.nodes) {
    if (names.has(node.name)) fail("duplicateName", node, "a second layer of this name");
    names.add(node.name);
    if (channels.has(node.output)) fail("duplicateName", node, `a second tensor named "${node.output}"`);
    checkArity(node);
    const inputs = node.inputs.map((name) => channels.get(name) ?? undefinedInput(network, node, name));
    channels.set(node.output, nodeChannels(node, inputs, network.spatialAxes.length));
  }
  for (const port of network.outputs) {
    const found = channels.get(port.name);
    if (found === undefined) {
      throw new TilewrightError("network.unknownTensor", `no layer writes the output "${port.name}"`);
    }
    if (found !== port.channels) {
      throw new TilewrightError(
        "network.channels",
        `output "${port.name}" should have ${port.channels} channels, the graph gives ${found}`,
      );
    }
  }
  return channels;
}
