/**
 * The networks of the diagnosis benchmark: fixed before any threshold was chosen.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import { cpuEngine } from "../../src/engines/cpu";
import type { Session } from "../../src/engines/engine";
import { quietJob } from "../../src/job";
import { loadModel } from "../../src/models/load";
import { analyseNetwork } from "../../src/network/analysis";
import type { Network } from "../../src/network/graph";
import { careUnet } from "../../test/support/networks";
import type { CareForm } from "../../test/support/networks";

/** A network ready to run. */
export interface BenchNetwork {
  readonly name: string;
  readonly network: Network;
  readonly session: Session;
  /** px, one for all spatial axes. */
  readonly block: number;
  /** Overlap that is exact on its grid, px. */
  readonly context: number;
  readonly trained: boolean;
  readonly shares: Shares;
}

/** Relative shares of the draws: of exact predictions, and of each way to go wrong (0 where it hardly shows). */
export interface Shares {
  readonly exact: number;
  readonly overlap: number;
  readonly misaligned: number;
  readonly normalization: number;
}

const shares = (exact: number, overlap: number, misaligned: number, normalization: number): Shares => ({
  exact,
  overlap,
  misaligned,
  normalization,
});

const RANDOM: readonly (CareForm & { readonly name: string; readonly shares: Shares })[] = [
  { name: "depth 1, kernel 3", depth: 1, first: 6, seed: 11, shares: shares(1, 1, 0.3, 1) },
  { name: "depth 2, kernel 3", depth: 2, first: 4, seed: 12, shares: shares(1, 1, 0, 0.5) },
  {
    name: "depth 2, kernel 3, residual",
    depth: 2,
    first: 4,
    residual: true,
    seed: 13,
    shares: shares(1, 0, 0, 0.5),
  },
  {
    name: "depth 2, kernel 3, linear upsampling",
    depth: 2,
    first: 4,
    upsampling: "linear",
    seed: 14,
    shares: shares(1, 1, 0, 1),
  },
  { name: "depth 2, kernel 5", depth: 2, kernel: 5, first: 4, seed: 15, shares: shares(1, 1, 0, 0.5) },
  { name: "depth 3, kernel 3", depth: 3, first: 4, seed: 16, shares: shares(1, 0.5, 0, 0.5) },
  {
    name: "depth 3, kernel 3, residual",
    depth: 3,
    first: 4,
    residual: true,
    seed: 17,
    shares: shares(1, 0, 0, 0),
  },
  {
    name: "depth 1, kernel 5, linear upsampling",
    depth: 1,
    kernel: 5,
    first: 6,
    upsampling: "linear",
    seed: 18,
    shares: shares(1, 1, 0.2, 1),
  },
  { name: "depth 1, kernel 3, pool 4", depth: 1, pool: 4, first: 6, seed: 19, shares: shares(1, 1, 1, 0.5) },
  {
    name: "depth 1, kernel 3, pool 4, linear upsampling",
    depth: 1,
    pool: 4,
    first: 6,
    upsampling: "linear",
    seed: 20,
    shares: shares(1, 1, 1, 0.5),
  },
  {
    name: "3-D, depth 1",
    spatialAxes: "ZYX",
    depth: 1,
    first: 2,
    seed: 21,
    shares: shares(0.5, 0.2, 0, 0.2),
  },
  {
    name: "3-D, depth 1, residual",
    spatialAxes: "ZYX",
    depth: 1,
    first: 2,
    residual: true,
    seed: 22,
    shares: shares(0.5, 0, 0, 0.2),
  },
];
const SHARED = join("..", "shared", "models");
const TRAINED = [
  {
    name: "care2d (trained, bundled)",
    path: join("media", "sample", "models", "care2d"),
    shares: shares(2, 0, 0, 1),
  },
  {
    name: "n2v2d_fiji_bn_unet_d2k3 (trained)",
    path: join(SHARED, "n2v2d_fiji_bn_unet_d2k3"),
    shares: shares(0.5, 0.6, 1.5, 0.3),
  },
  {
    name: "unet2d_nuclei_broad_onnx (trained)",
    path: join(SHARED, "unet2d_nuclei_broad_onnx", "weights.onnx"),
    shares: shares(0.2, 0.1, 0, 0),
  },
];

/** All networks that are there, and what is said about those that are not. */
export async function openNetworks(): Promise<{ networks: BenchNetwork[]; missing: string[] }> {
  const engine = await cpuEngine.open({ threads: 1, fastMath: false });
  const networks: BenchNetwork[] = [];
  const missing: string[] = [];
  const add = async (name: string, network: Network, own: Shares): Promise<void> => {
    const analysis = analyseNetwork(network);
    networks.push({
      name,
      network,
      session: await engine.load(network, quietJob()),
      block: Math.max(...analysis.block),
      context: Math.max(...analysis.context.map((axis) => axis.aligned)),
      trained: name.includes("trained"),
      shares: own,
    });
  };
  for (const form of RANDOM) await add(form.name, careUnet(form), form.shares);
  for (const { name, path, shares: own } of TRAINED) {
    if (!existsSync(path)) {
      missing.push(`${name}: not there, left out`);
      continue;
    }
    const model = await loadModel(path, builtinRegistries().modelFormats.all(), quietJob());
    await add(name, model.network, own);
  }
  return { networks, missing };
}
