/**
 * The prediction benchmarks: loop efficiency, kept fraction against the best possible, memory. Writes its part of
 * docs/benchmarks.md. Meaningful only while nothing else runs: refuses when more than half a core is busy, unless
 * `--anyway` is given, and says so in the page.
 * @module
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtinRegistries } from "../src/builtins";
import { quietJob } from "../src/job";
import { readOptions } from "../src/predict/options";
import { engineBytes, loadAnalysed, planImage } from "../src/predict/prepare";
import { cellImage, writeImageFile } from "./imageFiles";
import { complain, quiet, writePart } from "./page";
import { watchCommand } from "./processes";
import { LARGE_2D, LARGE_3D, modelFile, stackFile } from "./scenes";
import type { Scene } from "./scenes";

const MEMORY_MIB = 2048;
const FOLDER = join(process.cwd(), "dist-test", "bench", "files");
const CLI = join(process.cwd(), "dist", "cli.cjs");
const LOOP = join(process.cwd(), "dist-test", "bench", "loop.cjs");
/** Stacks of the same planes, 200 MB and 2 GB, and a network so small that reading and writing dominate. */
const SMALL_STACK: Scene = { name: "200 MB", axes: "ZYX", shape: [24, 2048, 2048], filters: 2 };
const BIG_STACK: Scene = { name: "2 GB", axes: "ZYX", shape: [240, 2048, 2048], filters: 2 };
const STORAGES = [
  { name: "uncompressed, one strip per plane" },
  { name: "uncompressed, tiles of 256 px", tile: 256 },
  { name: "Deflate with predictor, one strip per plane", compression: 8, predictor: 2 },
  { name: "Deflate with predictor, tiles of 256 px", compression: 8, predictor: 2, tile: 256 },
  { name: "LZW with predictor, strips of 32 rows", compression: 5, predictor: 2, rows: 32 },
] as const;

interface LoopFigures {
  readonly tiles: number;
  readonly tileShape: readonly number[];
  readonly efficiency: number;
  readonly bareVoxelsPerSecond: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const loads: number[] = [];
  const lines: string[] = [];
  for (const scene of [LARGE_2D, LARGE_3D]) {
    loads.push(await quiet());
    lines.push(...(await measureScene(scene)));
  }
  loads.push(await quiet());
  lines.push(...(await measureGrowth()));
  loads.push(await quiet());
  lines.push(...(await measureCompressed()));
  process.stdout.write(writePart("npm run bench", Math.max(...loads), lines));
  rmSync(FOLDER, { recursive: true, force: true });
}

async function measureScene(scene: Scene): Promise<string[]> {
  const model = modelFile(FOLDER, scene);
  const input = await stackFile(FOLDER, scene);
  const out = join(FOLDER, "out.tif");
  const loop = await watchCommand(process.execPath, [LOOP, input, model, out, String(MEMORY_MIB)]);
  const figures = JSON.parse(loop.stdout) as LoopFigures;
  const args = [CLI, "predict", input, "--model", model, "--out", out, "--overwrite", "--json"];
  const run = await watchCommand(process.execPath, [
    ...args,
    "--engine",
    "cpu",
    "--memory",
    String(MEMORY_MIB),
  ]);
  const kept = await keptFractions(scene, model);
  const { flopsPerVoxel } = (await loadAnalysed(model, builtinRegistries(), quietJob())).analysis;
  const gigaflops = (figures.bareVoxelsPerSecond * flopsPerVoxel) / 1e9;
  process.stderr.write(
    `${scene.name}: loop efficiency ${figures.efficiency.toFixed(3)}, peak ${mib(run.peakBytes)} MiB\n`,
  );
  return [
    `## ${scene.name}, CARE depth 2, kernel 3, ${scene.filters} filters, --memory ${MEMORY_MIB}`,
    "",
    "| what | figure |",
    "|---|---|",
    `| tiles | ${figures.tiles} of ${figures.tileShape.slice(1).join(" × ")} px |`,
    `| one bare session call at that tile shape | ${gigaflops.toFixed(0)} GFLOP/s |`,
    `| loop efficiency (goal ≥ 0.90) | ${figures.efficiency.toFixed(3)} |`,
    `| kept fraction | ${kept.ours.toFixed(4)} |`,
    `| best possible under the limit, by brute force over ${kept.tried} tilings | ${kept.best.toFixed(4)} |`,
    `| seconds, whole command | ${run.seconds.toFixed(1)} |`,
    `| peak resident memory of all processes | ${mib(run.peakBytes)} MiB |`,
    "",
  ];
}

async function keptFractions(
  scene: Scene,
  model: string,
): Promise<{ ours: number; best: number; tried: number }> {
  const analysed = await loadAnalysed(model, builtinRegistries(), quietJob());
  const options = readOptions({ memory: MEMORY_MIB });
  const { plan } = planImage(scene, analysed, options);
  const limit = engineBytes(options);
  let best = 0;
  let tried = 0;
  const most = scene.shape.length === 2 ? 40 : 14;
  const counts = scene.shape.reduce<number[][]>(
    (rows) => rows.flatMap((row) => Array.from({ length: most }, (_, i) => [...row, i + 1])),
    [[]],
  );
  for (const tiles of counts) {
    const other = planImage(scene, analysed, { ...options, tiles }).plan;
    tried++;
    if (other.peakBytes <= limit) best = Math.max(best, other.keptFraction);
  }
  return { ours: plan.keptFraction, best, tried };
}

async function measureGrowth(): Promise<string[]> {
  const image = cellImage(SMALL_STACK.shape[1], SMALL_STACK.shape[2]);
  const rows: string[] = [];
  for (const { name, ...how } of [STORAGES[0], STORAGES[2]]) {
    const peaks: number[] = [];
    for (const { name: size, shape } of [SMALL_STACK, BIG_STACK]) {
      const input = join(FOLDER, "growth.tif");
      writeImageFile(input, { dtype: "uint16", shape: [shape[0], shape[1], shape[2]], ...how }, image);
      const model = modelFile(FOLDER, { name: size, axes: "YX", shape, filters: 2 });
      const args = [CLI, "predict", input, "--model", model, "--out", join(FOLDER, "out.tif"), "--overwrite"];
      const options = ["--json", "--engine", "cpu", "--tiles", "1,2,2", "--dtype", "uint16"];
      const run = await watchCommand(process.execPath, [...args, ...options]);
      peaks.push(run.peakBytes);
      rows.push(`| ${size}, ${name} | ${mib(run.peakBytes)} MiB | ${run.seconds.toFixed(1)} |`);
      process.stderr.write(`${size}, ${name}: peak ${mib(run.peakBytes)} MiB\n`);
      rmSync(input);
    }
    rows.push(`| ratio (goal: within 10 %) | ${(peaks[1] / peaks[0]).toFixed(3)} | |`);
  }
  return [
    "## Memory against stack size, 2048 × 2048 planes, tiny network",
    "",
    "| stack | peak resident memory of all processes | seconds |",
    "|---|---|---|",
    ...rows,
  ];
}

/** The same 3-D stack stored in several ways, cut into tiles that each meet every plane. */
async function measureCompressed(): Promise<string[]> {
  const shape = [64, 1024, 1024] as const;
  const model = modelFile(FOLDER, { name: "", axes: "ZYX", shape, filters: 2 });
  const image = cellImage(shape[1], shape[2]);
  const input = join(FOLDER, "stored.tif");
  const rows: string[] = [];
  for (const { name, ...how } of STORAGES) {
    writeImageFile(input, { dtype: "uint16", shape, ...how }, image);
    const args = [CLI, "predict", input, "--model", model, "--out", join(FOLDER, "out.tif"), "--overwrite"];
    const options = ["--json", "--engine", "cpu", "--tiles", "1,6,6", "--dtype", "uint16"];
    const run = await watchCommand(process.execPath, [...args, ...options]);
    rows.push(`| ${name} | ${mib(run.peakBytes)} MiB | ${run.seconds.toFixed(1)} |`);
  }
  return [
    "",
    `## Predicting compressed stacks, ${shape.join(" × ")} px in 36 tiles beside each other, tiny network`,
    "",
    "| stored | peak resident memory of all processes | seconds |",
    "|---|---|---|",
    ...rows,
  ];
}

function mib(bytes: number): string {
  return String(Math.ceil(bytes / 2 ** 20));
}

void main().catch(complain);
