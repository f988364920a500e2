/**
 * Writes a network as ONNX (opset 17) for a runtime. Spatial lengths stay free: one file serves every
 * tile shape.
 * @module
 */
import type { Network } from "../graph";
import { OnnxBuilder } from "./builder";
import { writeNode } from "./nodes";
import type { OnnxTarget } from "./nodes";
import { canRunOnPlanes, writeOnPlanes } from "./planes";

export type { OnnxTarget } from "./nodes";

/** How a network is written. */
export interface WriteOptions {
  /**
   * Write 3-D networks with 2-D operators on planes where every operation allows it: faster than the
   * runtime's 3-D convolutions (docs/decisions/0002-onnxruntime.md). Default false.
   */
  readonly onPlanes?: boolean;
}

/**
 * A network as the bytes of an ONNX file.
 *
 * Inputs and outputs are float32 `[1, channels, …spatial]` with free spatial lengths and keep the names
 * of the network's ports. Weights are copied into the result; the network is not changed.
 *
 * @param target which runtime it is for
 */
export function writeOnnx(
  network: Network,
  target: OnnxTarget = "cpu",
  options: WriteOptions = {},
): Uint8Array {
  const builder = new OnnxBuilder();
  const axes = [...network.spatialAxes.toLowerCase()];
  const written = new Set(network.nodes.map((node) => node.output));
  for (const port of network.inputs) builder.input(port.name, [1, port.channels, ...axes]);
  if (options.onPlanes === true && canRunOnPlanes(network)) {
    writeOnPlanes(builder, network, target);
  } else {
    const context = { builder, target, rank: axes.length };
    for (const node of network.nodes) writeNode(context, node);
  }
  for (const port of network.outputs) {
    // A network may hand an input through; ONNX wants a node between the two.
    const name = written.has(port.name) ? port.name : builder.op("Identity", [port.name]);
    builder.output(name, [1, port.channels, ...axes.map((axis) => `${port.name}_${axis}`)]);
  }
  return builder.finish();
}
