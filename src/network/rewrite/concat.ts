/**
 * Convolution of a concatenation as a sum of convolutions, so that the concatenation never exists.
 *
 * At the top of a U-Net the joined tensor and its two parts are the largest thing in memory.
 * @module
 */
import type { ConcatNode, ConvNode, Network, NetworkNode, Tensor } from "../graph";

/**
 * A network with the same inputs, outputs and values (to rounding) in which every concatenation that
 * only ungrouped convolutions read is gone: each convolution is split along its input channels and the
 * parts are added, skip connections first. The given network is not changed.
 *
 * @param channelsOf channels of every tensor of the network
 */
export function splitConcatenations(network: Network, channelsOf: (tensor: string) => number): Network {
  const joined = new Map<string, ConcatNode>();
  const kept = new Set(network.outputs.map(({ name }) => name));
  for (const node of network.nodes) {
    if (node.op !== "concat" || kept.has(node.output)) continue;
    const readers = network.nodes.filter(({ inputs }) => inputs.includes(node.output));
    if (readers.length > 0 && readers.every((reader) => reader.op === "conv" && reader.groups === 1))
      joined.set(node.output, node);
  }
  const nodes: NetworkNode[] = [];
  for (const node of network.nodes) {
    if (joined.has(node.output)) continue;
    const concat = node.op === "conv" ? joined.get(node.inputs[0]) : undefined;
    if (node.op === "conv" && concat !== undefined)
      nodes.push(...splitConvolution(node, concat.inputs, channelsOf));
    else nodes.push(node);
  }
  return { ...network, nodes };
}

function splitConvolution(
  conv: ConvNode,
  parts: readonly string[],
  channelsOf: (tensor: string) => number,
): NetworkNode[] {
  const nodes: NetworkNode[] = [];
  const { bias, ...plain } = conv;
  let start = 0;
  let sum = "";
  for (const [i, part] of parts.entries()) {
    const stop = start + channelsOf(part);
    const output = `${conv.output} part ${i}`;
    nodes.push({
      ...plain,
      ...(i === 0 && bias !== undefined ? { bias } : {}),
      name: `${conv.name} part ${i}`,
      inputs: [part],
      output,
      weight: inputChannels(conv.weight, start, stop),
    });
    if (i > 0) {
      const total = i === parts.length - 1 ? conv.output : `${conv.output} sum ${i}`;
      nodes.push({
        op: "binary",
        kind: "add",
        name: `${conv.name} sum ${i}`,
        inputs: [output, sum],
        output: total,
      });
      sum = total;
    } else {
      sum = output;
    }
    start = stop;
  }
  return nodes;
}

function inputChannels(weight: Tensor, start: number, stop: number): Tensor {
  const [outputs, inputs, ...kernel] = weight.shape;
  const taps = kernel.reduce((product, length) => product * length, 1);
  const data = new Float32Array(outputs * (stop - start) * taps);
  for (let out = 0; out < outputs; out++) {
    const row = weight.data.subarray((out * inputs + start) * taps, (out * inputs + stop) * taps);
    data.set(row, out * (stop - start) * taps);
  }
  return { shape: [outputs, stop - start, ...kernel], data };
}
