/**
 * How much memory one engine call takes, before it is made: the planner chooses tiles by it.
 *
 * The network is followed as the engine runs it (concatenations split, 3-D on planes); tensors count
 * from the operation that writes them to the last that reads them. What the runtime adds (blocks of its
 * arena that no tensor fills, packed weights) was measured: docs/decisions/0002-onnxruntime.md.
 * @module
 */
import type { ConvNode, Network, NetworkNode } from "../network/graph";
import { canRunOnPlanes } from "../network/onnx/planes";
import { splitConcatenations } from "../network/rewrite/concat";
import { inferShapes, validateNetwork } from "../network/shapes";

const FLOAT_BYTES = 4;
/** Measured resident memory over the sum of live tensors: arenas grow in powers of two. */
const ARENA_FACTOR = 1.4;
/** The runtime's fast kernels keep channels in blocks, the last one padded. */
const CHANNEL_BLOCK = 16;
/** Weights: in the file, in the runtime, and packed for its kernels. */
const WEIGHT_COPIES = 3;
/** Threads, code pages and small buffers of a session. */
const SESSION_BYTES = 24 * 2 ** 20;

/**
 * Peak memory of one {@link Session.run} beyond the process without a session, bytes: tensors, runtime
 * overhead, packed weights, input and output. An estimate from above for the CPU engine.
 *
 * @param spatialShape px per spatial axis of the tile
 * @param engineId     id of the engine kind
 * @throws {TilewrightError} `network.*` when the shape cannot be run
 */
export function estimateTileBytes(
  network: Network,
  spatialShape: readonly number[],
  engineId: string,
): number {
  const lean = leanNetwork(network);
  const shapes = inferShapes(lean, spatialShape);
  const ports = new Set([...lean.inputs, ...lean.outputs].map(({ name }) => name));
  const bytesOf = (tensor: string): number => {
    const shape = shapes.get(tensor);
    if (shape === undefined) return 0;
    const channels = ports.has(tensor)
      ? shape.channels
      : Math.ceil(shape.channels / CHANNEL_BLOCK) * CHANNEL_BLOCK;
    return FLOAT_BYTES * shape.spatial.reduce((product, length) => product * length, channels);
  };
  const onPlanes = canRunOnPlanes(lean);
  const workspace = (node: NetworkNode): number =>
    onPlanes && node.op === "conv"
      ? planesWorkspace(node, bytesOf, shapes.get(node.inputs[0])?.spatial[0] ?? 1)
      : 0;
  const tensors = peakBytes(lean, bytesOf, workspace);
  // The caller's input and the result, outside the runtime.
  const caller = [...lean.inputs, ...lean.outputs].reduce((sum, { name }) => sum + bytesOf(name), 0);
  const overhead = engineId === "cpu" || engineId === "webgpu" ? ARENA_FACTOR : 1;
  return Math.ceil(tensors * overhead + caller + WEIGHT_COPIES * weightBytes(lean) + SESSION_BYTES);
}

/** What the engine really runs; the planner asks for many shapes of one network. */
const leanNetworks = new WeakMap<Network, Network>();

function leanNetwork(network: Network): Network {
  const known = leanNetworks.get(network);
  if (known !== undefined) return known;
  const channels = validateNetwork(network);
  const lean = splitConcatenations(network, (tensor) => channels.get(tensor) ?? 0);
  leanNetworks.set(network, lean);
  return lean;
}

/** Input with its extra planes, and the part seen by one plane of the kernel. */
function planesWorkspace(node: ConvNode, bytesOf: (tensor: string) => number, depth: number): number {
  const taps = node.weight.shape[2];
  if (taps === 1) return 0;
  const [before, after] = node.pads[0];
  const input = bytesOf(node.inputs[0]);
  return (input * (depth + before + after)) / depth + input;
}

/** Largest sum of live tensors over all operations; element-wise operations write over their input when it dies. */
function peakBytes(
  network: Network,
  bytesOf: (tensor: string) => number,
  workspace: (node: NetworkNode) => number,
): number {
  const lastReader = new Map<string, number>();
  for (const [i, { inputs }] of network.nodes.entries()) for (const input of inputs) lastReader.set(input, i);
  for (const { name } of network.outputs) lastReader.set(name, network.nodes.length);
  let live = network.inputs.reduce((sum, { name }) => sum + bytesOf(name), 0);
  let peak = live;
  for (const [i, node] of network.nodes.entries()) {
    const dying = [...new Set(node.inputs)].filter((input) => lastReader.get(input) === i);
    const freed = dying.reduce((sum, input) => sum + bytesOf(input), 0);
    const written = bytesOf(node.output);
    const isInPlace = isElementwise(node) && dying.some((input) => bytesOf(input) === written);
    peak = Math.max(peak, live + workspace(node) + (isInPlace ? 0 : written));
    live += written - freed;
  }
  return peak;
}

function isElementwise({ op }: NetworkNode): boolean {
  return op === "activation" || op === "affine" || op === "binary";
}

function weightBytes(network: Network): number {
  let numbers = 0;
  for (const node of network.nodes) {
    if (node.op === "conv" || node.op === "convTranspose") numbers += node.weight.data.length;
  }
  return FLOAT_BYTES * numbers;
}
