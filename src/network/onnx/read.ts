/**
 * Reads an ONNX file as a network.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { Network, Port } from "../graph";
import { networkBlock } from "../rates";
import { inferShapes } from "../shapes";
import { isFloatType } from "./constant";
import { translate } from "./operators";
import { parseOnnx } from "./proto";
import type { OnnxModel, OnnxNode, OnnxPort } from "./proto";
import { Operation, Translation } from "./translation";
import type { Data } from "./translation";

const OLDEST_OPSET = 7;
const NEWEST_OPSET = 25;

/** Spatial letters by number of spatial axes. */
const SPATIAL_AXES: Readonly<Record<number, string | undefined>> = { 1: "X", 2: "YX", 3: "ZYX" };

function imageInputs(model: OnnxModel, file: string): readonly OnnxPort[] {
  const inputs = model.inputs.filter((port) => !model.constants.has(port.name));
  if (inputs.length === 0) throw new TilewrightError("model.unsupported", `${file}: the model has no input`);
  return inputs;
}

function checkOpset(model: OnnxModel, file: string): void {
  if (model.opset >= OLDEST_OPSET && model.opset <= NEWEST_OPSET) return;
  throw new TilewrightError(
    "model.unsupported",
    `${file}: opset ${model.opset} is not supported, only ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
    "export the model with opset 17",
  );
}

/** Nodes the outputs depend on, in file order; one that stands after its reader is kept, so that the message can say so. */
function neededNodes(model: OnnxModel, file: string): OnnxNode[] {
  const writers = new Map<string, OnnxNode>();
  const given = new Set([...model.constants.keys(), ...model.inputs.map((port) => port.name)]);
  for (const node of model.nodes) {
    for (const name of node.outputs) {
      if (name === "") continue;
      if (writers.has(name) || given.has(name)) {
        throw new TilewrightError("model.corrupt", `${file}: the tensor "${name}" is written twice`);
      }
      writers.set(name, node);
    }
  }
  const kept = new Set<OnnxNode>();
  const waiting = model.outputs.map((port) => port.name);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = writers.get(name);
    if (node === undefined || kept.has(node)) continue;
    kept.add(node);
    for (const input of node.inputs) waiting.push(input);
  }
  return model.nodes.filter((node) => kept.has(node));
}

/** Channels of an input whose file leaves them free: what the first convolution on it expects. */
function channelsFromWeights(model: OnnxModel, name: string): number | undefined {
  const node = model.nodes.find((n) => n.type === "Conv" && n.inputs[0] === name);
  const perGroup = node === undefined ? undefined : model.constants.get(node.inputs[1])?.dims[1];
  return perGroup === undefined ? undefined : perGroup * (node!.attributes.get("group")?.int ?? 1);
}

function declareInput(translation: Translation, port: OnnxPort): Port {
  const { file, model, spatialRank } = translation;
  const fail = (sentence: string): never => {
    throw new TilewrightError("model.unsupported", `${file}: input "${port.name}" ${sentence}`);
  };
  const dims = port.dims ?? [];
  if (!isFloatType(port.elementType)) fail(`should hold floats, found data type ${port.elementType}`);
  if (dims.length !== spatialRank + 2) fail(`has ${dims.length} axes, another input has ${spatialRank + 2}`);
  if (dims[0] !== undefined && dims[0] !== 1)
    fail(`should take one image at a time, found a batch of ${dims[0]}`);
  const channels =
    dims[1] ?? channelsFromWeights(model, port.name) ?? fail("does not say how many channels it has");
  translation.input(port.name, channels, dims.slice(2));
  return { name: port.name, channels };
}

function declareOutput(translation: Translation, port: OnnxPort): Port {
  const value = translation.value(port.name, "the output");
  if (value.kind !== "data") {
    throw new TilewrightError(
      "model.unsupported",
      `${translation.file}: output "${port.name}" is a constant`,
    );
  }
  if (value.name === port.name) return { name: port.name, channels: value.channels };
  // The output is another name of a tensor; the network needs one that is written under this name.
  const body = { op: "activation", kind: "linear" } as const;
  const named: Data = translation.write(port.name, body, { sources: [value], output: port.name });
  return { name: port.name, channels: named.channels };
}

/** Whether the network takes every multiple of its block, tried from one block up. */
function takesMultiples(network: Network): boolean {
  const block = networkBlock(network);
  for (let times = 1; times <= 256; times *= 2) {
    try {
      inferShapes(
        network,
        block.map((b) => b * times),
      );
      return true;
    } catch (error) {
      if (!(error instanceof TilewrightError)) throw error;
    }
  }
  return false;
}

function withFixedShape(network: Network, dims: readonly (number | undefined)[], file: string): Network {
  const fixed = dims.filter((n) => n !== undefined);
  try {
    if (takesMultiples(network)) return network;
    if (fixed.length !== dims.length)
      inferShapes(
        network,
        networkBlock(network).map((b) => b * 256),
      );
    else inferShapes(network, fixed);
  } catch (error) {
    if (!(error instanceof TilewrightError)) throw error;
    throw new TilewrightError(error.code, `${file}: ${error.message}`, error.hint, { cause: error });
  }
  return { ...network, fixedShape: fixed };
}

/**
 * Reads the bytes of an ONNX file as a network. One input or more of `[1, channels, …spatial]` floats; two
 * spatial axes are read as YX, three as ZYX, one as X. Sizes the file fixes are freed where every operation
 * allows other multiples of the block, else kept as `fixedShape`. Constant arithmetic and arithmetic on
 * shapes is done here; batch normalisation and constant factors become affine nodes.
 *
 * Follows the ONNX operator definitions of opsets 7 to 25 (onnx.ai/onnx/operators).
 *
 * @param bytes the whole file; not changed
 * @param file  named in errors
 * @throws {TilewrightError} `model.corrupt`, `model.unsupported`, `model.unsupportedOperator`,
 *   `model.missingTensor`, `model.externalData`, `model.constant`, `network.*`
 */
export function readOnnx(bytes: Uint8Array, file: string): Network {
  const model = parseOnnx(bytes, file);
  checkOpset(model, file);
  const ports = imageInputs(model, file);
  const rank = (ports[0].dims?.length ?? 0) - 2;
  const spatialAxes = SPATIAL_AXES[rank];
  if (spatialAxes === undefined) {
    const found = ports[0].dims === undefined ? "no shape" : `${ports[0].dims.length} axes`;
    throw new TilewrightError(
      "model.unsupported",
      `${file}: input "${ports[0].name}" should have a batch, a channel and 1 to 3 spatial axes, found ${found}`,
    );
  }
  const translation = new Translation(model, file, rank);
  const inputs = ports.map((port) => declareInput(translation, port));
  for (const node of neededNodes(model, file)) translate(new Operation(translation, node));
  if (model.outputs.length === 0)
    throw new TilewrightError("model.unsupported", `${file}: the model has no output`);
  const outputs = model.outputs.map((port) => declareOutput(translation, port));
  const network: Network = { spatialAxes, inputs, outputs, nodes: translation.nodes };
  return withFixedShape(network, ports[0].dims!.slice(2), file);
}
