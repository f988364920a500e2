/**
 * The benchmark of diagnosis: exact predictions, natural images and hard negatives against predictions with planted
 * marks, on seeds that no threshold was chosen on. Writes its part of docs/benchmarks.md.
 *
 * `--quick` takes 100 of each (60 with a record), `--development` the seeds for choosing thresholds (then nothing is written),
 * `--log FILE` writes one line of JSON for each case of pixels alone, `--only blind` and `--only runs` do one half and print it.
 * @module
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { builtinRegistries } from "../src/builtins";
import { measureBlind } from "../src/diagnose/blind/blind";
import { isAbort } from "../src/errors";
import { quietJob } from "../src/job";
import { openStack } from "../src/stack/open";
import { exactCase, plantedCase } from "./diagnose/cases";
import type { Case } from "./diagnose/cases";
import { judgeBlind } from "./diagnose/judge";
import type { Judgement } from "./diagnose/judge";
import { openNetworks } from "./diagnose/networks";
import { DEVELOPMENT_RUNS, HELD_OUT_RUNS, measureRuns } from "./diagnose/runModes";
import type { BenchNetwork } from "./diagnose/networks";
import { reportLines } from "./diagnose/report";
import { complain, writePart } from "./page";
import { watchCommand } from "./processes";
import { stackFile } from "./scenes";

/** Seeds of development are 1 and up. */
const HELD_OUT = 5_000_000;
const FULL = 1000;
const QUICK = 100;
const QUICK_RUNS = 60;
const TIFFS = join(process.cwd(), "..", "shared", "tiffs");
const FOLDER = join(process.cwd(), "dist-test", "bench", "files");
const BIG = { name: "2 GB", axes: "ZYX", shape: [240, 2048, 2048], filters: 0 };

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};

async function main(): Promise<void> {
  const measured = option("--measure");
  if (measured !== undefined) return measureOne(measured, process.argv.includes("--read"));
  const count = process.argv.includes("--quick") ? QUICK : FULL;
  const first = process.argv.includes("--development") ? 0 : HELD_OUT;
  const lines = process.argv.includes("--quick")
    ? ["**A quick run (`-- --quick`): the goals ask for 1000 exact and 1000 planted in each mode.**", ""]
    : [];
  if (option("--only") !== "runs") lines.push(...(await blindLines(count, first)));
  if (option("--only") !== "blind") lines.push(...(await runLines()));
  if (["--development", "--only"].some((name) => process.argv.includes(name))) {
    process.stdout.write(`${lines.join("\n")}\n`);
    return;
  }
  process.stdout.write(writePart("npm run bench:diagnose", 0, lines));
}

/** Runs from file to file, with what their records and models tell. */
async function runLines(): Promise<string[]> {
  const count = process.argv.includes("--quick") ? QUICK_RUNS : FULL;
  const firstSeed = process.argv.includes("--development") ? DEVELOPMENT_RUNS : HELD_OUT_RUNS;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const measured = await measureRuns({ exact: count, planted: count, firstSeed }, say);
  return ["## With the record of the run, and with its model", "", ...measured, ""];
}

async function blindLines(count: number, first: number): Promise<string[]> {
  const { networks, missing } = await openNetworks();
  const rows: Judgement[] = [];
  const started = performance.now();
  await judgeAll(rows, { count, first, networks });
  const files = await judgeFiles(rows);
  const minutes = (performance.now() - started) / 60_000;
  const lines = [
    "## Blind: only the pixels are known",
    "",
    `Seeds from ${first + 1}; ${networks.length} networks (${networks.map(({ name }) => name).join("; ")}). ${[...missing, ...files].join(" ")} ${minutes.toFixed(0)} minutes.`,
    "",
    "Planted means: the p99 of |tiled − untiled| in the two px beside the seams is at least 2 % of the range (p99.9 − p0.1) and at least the p99 of |step| of the untiled prediction across the same seams. Other draws are not counted.",
    "",
    ...reportLines(rows),
  ];
  return [...lines, ...(await measureBig())];
}

async function judgeAll(
  rows: Judgement[],
  { count, first, networks }: { count: number; first: number; networks: readonly BenchNetwork[] },
): Promise<void> {
  for (const make of [exactCase, plantedCase]) {
    let judged = 0;
    for (let seed = first + 1; judged < count; seed++) {
      const one: Case | null = await make(seed, networks);
      if (one === null) continue;
      note(rows, await judgeBlind(one));
      judged++;
      if (judged % 100 === 0) process.stderr.write(`${make === exactCase ? "exact" : "planted"} ${judged}\n`);
    }
  }
}

function note(rows: Judgement[], row: Judgement): void {
  rows.push(row);
  const log = option("--log");
  if (log !== undefined) appendFileSync(log, `${JSON.stringify(row)}\n`);
}

/** Real files of the reference material: none was stitched from tiles of a network. */
async function judgeFiles(rows: Judgement[]): Promise<string[]> {
  if (!existsSync(TIFFS)) return ["The TIFFs of the reference material were not there."];
  let [read, unreadable] = [0, 0];
  for (const name of readdirSync(TIFFS).filter((file) => /\.tiff?$/.test(file))) {
    try {
      const stack = await openStack(
        { path: join(TIFFS, name) },
        builtinRegistries().readers.all(),
        quietJob(),
      );
      try {
        const truth = { planted: [], seams: {}, grid: {}, strength: null };
        note(rows, await judgeBlind({ name, kind: "file", seed: 0, stack, untiled: null, run: null, truth }));
        read++;
      } finally {
        await stack.close();
      }
    } catch (error) {
      if (isAbort(error)) throw error;
      unreadable++;
    }
  }
  return [`${read} TIFFs of the reference material (${unreadable} have pixels that are not read).`];
}

/** A stack of 2 GB: time against reading it, and memory. */
async function measureBig(): Promise<string[]> {
  mkdirSync(FOLDER, { recursive: true });
  const path = await stackFile(FOLDER, BIG);
  const own = process.argv[1];
  const run = (...args: string[]) => watchCommand(process.execPath, [own, "--measure", path, ...args]);
  await run("--read");
  const read = await run("--read");
  const diagnosed = await run();
  rmSync(path, { force: true });
  return [
    "| 2 GB stack, 240 × 2048 × 2048 uint16 | figure |",
    "|---|---|",
    `| reading every plane, seconds | ${read.seconds.toFixed(1)} |`,
    `| blind diagnosis, seconds | ${diagnosed.seconds.toFixed(1)} |`,
    `| ratio (goal ≤ 3) | ${(diagnosed.seconds / read.seconds).toFixed(2)} |`,
    `| peak resident memory, MiB (goal ≤ 500) | ${Math.round(diagnosed.peakBytes / 2 ** 20)} |`,
    "",
  ];
}

async function measureOne(path: string, onlyRead: boolean): Promise<void> {
  const stack = await openStack({ path }, builtinRegistries().readers.all(), quietJob());
  const [planes, height, width] = stack.facts.canonicalShape;
  if (onlyRead) {
    for (let z = 0; z < planes; z++)
      await stack.read(
        [
          [z, z + 1],
          [0, height],
          [0, width],
        ],
        quietJob(),
      );
  } else {
    await measureBlind(stack, {}, quietJob());
  }
  await stack.close();
}

main().catch(complain);
