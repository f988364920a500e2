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
import { reportLines } from "./diagnose/report";
import { DEVELOPMENT_RUNS, HELD_OUT_RUNS, judgeRuns, runPage, together } from "./diagnose/runModes";
import type { JudgedRuns } from "./diagnose/runModes";
import { answerShard, inShards, ownShard } from "./diagnose/shards";
import type { Shard } from "./diagnose/shards";
import { complain, quiet, writePart } from "./page";
import { watchCommand } from "./processes";
import { stackFile } from "./scenes";

/** Seeds of development are 1 and up. */
const HELD_OUT = 7_000_000;
/** Seeds between the first ones of two parts. */
const BLIND_APART = 500_000;
const RUNS_APART = 100_000;
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
  const isBlind = option("--only") !== "runs";
  const isRuns = option("--only") !== "blind";
  const part = isBlind
    ? ownShard(blindCount(), firstBlind(), BLIND_APART)
    : ownShard(runCount(), firstRun(), RUNS_APART);
  if (part !== null) {
    answerShard(isBlind ? await judgeBlindCases(part) : await judgeRuns({ ...part, say }));
    return;
  }
  const lines = isQuick()
    ? ["**A quick run (`-- --quick`): the goals ask for 1000 exact and 1000 planted in each mode.**", ""]
    : [];
  if (isBlind) lines.push(...(await blindLines()));
  if (isRuns) lines.push(...(await runLines()));
  if (isDevelopment() || option("--only") !== undefined) {
    process.stdout.write(`${lines.join("\n")}\n`);
    return;
  }
  process.stdout.write(writePart("npm run bench:diagnose", null, lines));
}

const isQuick = (): boolean => process.argv.includes("--quick");
const isDevelopment = (): boolean => process.argv.includes("--development");
const blindCount = (): number => (isQuick() ? QUICK : FULL);
const firstBlind = (): number => (isDevelopment() ? 0 : HELD_OUT);
const runCount = (): number => (isQuick() ? QUICK_RUNS : FULL);
const firstRun = (): number => (isDevelopment() ? DEVELOPMENT_RUNS : HELD_OUT_RUNS);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs from file to file, with what their records and models tell. */
async function runLines(): Promise<string[]> {
  const parts = await inShards<JudgedRuns>(["--only", "runs"]);
  return ["## With the record of the run, and with its model", "", ...runPage(together(parts)), ""];
}

/** Judged cases of pixels alone, and with which networks. */
interface JudgedBlind {
  readonly rows: readonly Judgement[];
  readonly networks: readonly string[];
  readonly missing: readonly string[];
}

async function blindLines(): Promise<string[]> {
  const started = performance.now();
  const parts = await inShards<JudgedBlind>(["--only", "blind"]);
  const [{ networks, missing }] = parts;
  const rows = parts.flatMap((part) => part.rows);
  const files = await judgeFiles(rows);
  const minutes = (performance.now() - started) / 60_000;
  return [
    "## Blind: only the pixels are known",
    "",
    `Seeds from ${firstBlind() + 1}; ${networks.length} networks (${networks.join("; ")}). ${[...missing, ...files].join(" ")} ${minutes.toFixed(0)} minutes.`,
    "",
    "Planted means: the p99 of |tiled − untiled| in the two px beside the seams is at least 2 % of the range (p99.9 − p0.1) and at least the p99 of |step| of the untiled prediction across the same seams. Other draws are not counted.",
    "",
    ...reportLines(rows),
    ...(await measureBig()),
  ];
}

async function judgeBlindCases({ count, first }: Shard): Promise<JudgedBlind> {
  const { networks, missing } = await openNetworks();
  const rows: Judgement[] = [];
  for (const make of [exactCase, plantedCase]) {
    let judged = 0;
    for (let seed = first + 1; judged < count; seed++) {
      const one: Case | null = await make(seed, networks);
      if (one === null) continue;
      note(rows, await judgeBlind(one));
      judged++;
      if (judged % 100 === 0) say(`${make === exactCase ? "exact" : "planted"} ${judged}`);
    }
  }
  return { rows, networks: networks.map(({ name }) => name), missing };
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
        const truth = { planted: [], seams: {}, grid: {}, shown: {}, strength: null };
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
  await quiet();
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
