/**
 * The networks of the benchmark as model files, for predictions from file to file.
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import type { Session } from "../../src/engines/engine";
import { quietJob } from "../../src/job";
import type { Network, NetworkNode, Tensor } from "../../src/network/graph";
import { writeOnnx } from "../../src/network/onnx/write";
import { loadAnalysed } from "../../src/predict/prepare";
import { percentileRange } from "../../src/predict/percentiles";
import { makeVolume } from "../../src/volume/volume";
import { seededRandom } from "../../test/support/networks";
import { takeImage } from "./images";
import { openNetworks } from "./networks";
import type { Shares } from "./networks";

/** A model file and what a draw needs to know of it. */
export interface RunModel {
  readonly name: string;
  readonly path: string;
  /** Axes of the network. */
  readonly axes: string;
  /** px, one for all axes of the network. */
  readonly block: number;
  readonly context: number;
  /** As the option of `predict`. */
  readonly normalize: string;
  /** What its output is like: the input's intensities, of 8 bits, of 16 bits, or anything near 0 to 1. */
  readonly units: "input" | "8 bits" | "16 bits" | "1";
  readonly shares: Shares;
}

const SHARED = join("..", "shared", "models");
const share = (exact: number, overlap: number, misaligned: number, normalization: number): Shares => ({
  exact,
  overlap,
  misaligned,
  normalization,
});
const TRAINED = [
  {
    name: "care2d (trained, bundled)",
    path: join("media", "sample", "models", "care2d"),
    shares: share(2, 0, 0, 1),
  },
  {
    name: "n2v2d_fiji_bn_unet_d2k3 (trained)",
    path: join(SHARED, "n2v2d_fiji_bn_unet_d2k3"),
    shares: share(0.5, 0.6, 1.5, 0.3),
  },
  {
    name: "care_synth_2d_d2k5 (trained)",
    path: join(SHARED, "care_synth_2d_d2k5"),
    shares: share(0.5, 0, 0, 0.3),
  },
  {
    name: "care_synth_3d_d2k3 (trained)",
    path: join(SHARED, "care_synth_3d_d2k3"),
    shares: share(0.2, 0, 0, 0),
  },
];
const UNITS = ["1", "8 bits", "16 bits"] as const;
/** Range of the output of a random network that is to be cast to so many bits. */
const LOUDNESS = { "8 bits": 320, "16 bits": 80_000 } as const;

/** Writes the random networks into a folder as ONNX, finds the trained ones; and what is said about missing ones. */
export async function writeModels(folder: string): Promise<{ models: RunModel[]; missing: string[] }> {
  const { networks } = await openNetworks();
  const models: RunModel[] = [];
  for (const { name, network, block, context, trained, shares, session } of networks) {
    if (trained) {
      await session.dispose();
      continue;
    }
    const isResidual = name.includes("residual");
    const units = isResidual ? "1" : UNITS[models.length % UNITS.length];
    const path = join(folder, `${models.length}.onnx`);
    const factor = units === "1" ? 1 : LOUDNESS[units] / (await typicalRange(network, session));
    await session.dispose();
    writeFileSync(path, writeOnnx(louder(network, factor)));
    const normalize = "percentile:2,99.8";
    models.push({ name, path, axes: network.spatialAxes, block, context, normalize, units, shares });
  }
  const missing: string[] = [];
  for (const { name, path, shares } of TRAINED) {
    if (!existsSync(path)) {
      missing.push(`${name}: not there, left out`);
      continue;
    }
    const { model, analysis } = await loadAnalysed(path, builtinRegistries(), quietJob());
    const { mode } = model.normalization;
    models.push({
      name,
      path,
      axes: model.network.spatialAxes,
      block: Math.max(...analysis.block),
      context: Math.max(...analysis.context.map(({ aligned }) => aligned)),
      normalize: mode === "none" ? "percentile:2,99.8" : "auto",
      units: mode === "none" ? "1" : "input",
      shares,
    });
  }
  return { models, missing };
}

/** p99.9 − p0.1 of what a network makes of an image with values around 0 to 1. */
async function typicalRange({ spatialAxes }: Network, session: Session): Promise<number> {
  const shape = spatialAxes.length === 3 ? [16, 64, 64] : [128, 128];
  const { data } = takeImage(seededRandom(1), "tissue", shape);
  const [low, high] = percentileRange(data, 2, 99.8);
  const input = makeVolume(
    data.map((value) => (value - low) / (high - low)),
    [1, ...shape],
    `C${spatialAxes}`,
  );
  const output = await session.run(input);
  const [least, most] = percentileRange(output.data, 0.1, 99.9);
  return most - least;
}

/** The same network with a larger output: its last convolution times a factor. */
function louder(network: Network, factor: number): Network {
  if (factor === 1) return network;
  const last = network.nodes.findLastIndex(({ op }) => op === "conv");
  const times = ({ shape, data }: Tensor): Tensor => ({ shape, data: data.map((value) => value * factor) });
  const nodes = network.nodes.map((node, i): NetworkNode => {
    if (i !== last || node.op !== "conv") return node;
    const bias = node.bias === undefined ? {} : { bias: times(node.bias) };
    return { ...node, weight: times(node.weight), ...bias };
  });
  return { ...network, nodes };
}
