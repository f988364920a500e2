/**
 * `npm run fuzz -- [--seed N] [--count N] [--replay N]`: opens damaged files in a process that is watched, and says how
 * they ended. Exit code 1 when one of them did what no file may do.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeCase, makeCase, runCase } from "./cases";
import { MUTATION_NAMES } from "./mutations";
import { makeSeeds } from "./seeds";
import { supervise } from "./supervise";
import type { Failure, Report } from "./supervise";

const ROOT = process.cwd();
const OUTPUT = join(ROOT, "test-output", "fuzz");
const FILES = join(OUTPUT, "files");
const WORKER = join(ROOT, "dist-test", "fuzz", "worker.mjs");
const CLI = join(ROOT, "dist", "cli.cjs");
const SECONDS_PER_FILE = 2;
const MEMORY = 256 * 2 ** 20;
const FILES_PER_COMMAND = 100;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      count: { type: "string", default: "20000" },
      replay: { type: "string" },
    },
  });
  const [seed, count] = [Number(values.seed), Number(values.count)];
  if (values.replay !== undefined) return replay(seed, Number(values.replay));
  rmSync(OUTPUT, { recursive: true, force: true });
  mkdirSync(FILES, { recursive: true });
  process.stdout.write(`seed ${seed}, ${count} files\n`);
  const tally = new Tally();
  const watch = { script: WORKER, seed, first: 0, end: count, folder: FILES };
  const limits = { secondsPerFile: SECONDS_PER_FILE, memory: MEMORY };
  const failures = await supervise({ ...watch, ...limits }, (report) => tally.hear(report));
  const byCommand = commandLine();
  process.stdout.write(`${tally.text(count)}\n${byCommand.checked} of them also through info --hash\n`);
  const all = [...tally.faults, ...failures, ...byCommand.failures];
  for (const failure of all) await keep(seed, failure);
  process.stdout.write(`${all.length} failures, ${count} files, seed ${seed}\n`);
  return all.length > 0 || tally.ended + all.length < count ? 1 : 0;
}

/** Counts of what was reported. */
class Tally {
  readonly #endings = new Map<string, number>();
  readonly #mutations = new Map<string, number>(MUTATION_NAMES.map((name) => [name, 0]));
  readonly #started = performance.now();
  #slowest = { seconds: 0, index: 0 };
  #base = 0;
  #peak = 0;
  readonly faults: Failure[] = [];
  ended = 0;

  hear(report: Report): void {
    if (report.kind === "ready") this.#base = report.bytes;
    if (report.kind === "fault")
      this.faults.push({ index: report.index, why: `${report.why} [${report.what}]` });
    if (report.kind !== "done") return;
    const { ending, index, seconds, names, bytes } = report;
    this.ended += 1;
    this.#endings.set(ending, (this.#endings.get(ending) ?? 0) + 1);
    for (const name of names) this.#mutations.set(name, (this.#mutations.get(name) ?? 0) + 1);
    if (seconds > this.#slowest.seconds) this.#slowest = { seconds, index };
    this.#peak = Math.max(this.#peak, bytes - this.#base);
    if (this.ended % 1000 === 0) process.stderr.write(`${this.ended} files\n`);
  }

  text(count: number): string {
    const table = (title: string, counts: ReadonlyMap<string, number>): string[] => [
      title,
      ...[...counts].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${String(n).padStart(7)}  ${name}`),
    ];
    const { seconds, index } = this.#slowest;
    return [
      ...table("How files ended:", this.#endings),
      ...table("What was done to them:", this.#mutations),
      `${((performance.now() - this.#started) / 1000).toFixed(0)} s for ${this.ended} of ${count} files; slowest: case ${index}, ` +
        `${seconds.toFixed(2)} s; at most ${(this.#peak / 2 ** 20).toFixed(0)} MiB more than before the first file`,
    ].join("\n");
  }
}

interface InfoEntry {
  readonly planeSha256?: readonly string[];
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Gives the files that were left in the folder to the command line and compares what it prints. */
function commandLine(): { readonly checked: number; readonly failures: readonly Failure[] } {
  const names = readdirSync(FILES).filter((name) => name.endsWith(".tif"));
  const failures: Failure[] = [];
  for (let start = 0; start < names.length; start += FILES_PER_COMMAND) {
    const some = names.slice(start, start + FILES_PER_COMMAND);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [CLI, "info", "--hash", "--json", ...some],
      {
        cwd: FILES,
        encoding: "utf8",
        maxBuffer: 2 ** 28,
        timeout: SECONDS_PER_FILE * 1000 * some.length,
      },
    );
    const entries = stdout === "" ? [] : (JSON.parse(stdout) as InfoEntry[]);
    if (entries.length !== some.length || (status !== 0 && status !== 1) || /^\s+at /m.test(stderr)) {
      const why = `info --hash ended with ${status} after ${entries.length} of ${some.length} files: ${stderr.slice(-500)}`;
      failures.push({ index: Number.parseInt(some[0], 10), why });
      continue;
    }
    for (const [i, entry] of entries.entries()) {
      const expected = readFileSync(join(FILES, `${some[i]}.expected`), "utf8");
      const found = entry.error?.code ?? entry.planeSha256?.join() ?? "nothing";
      if (found !== expected) {
        failures.push({
          index: Number.parseInt(some[i], 10),
          why: `info --hash says ${found}, expected ${expected}`,
        });
      }
    }
  }
  return { checked: names.length, failures };
}

/** Writes the file of a failed case and how to see it again. */
async function keep(seed: number, { index, why }: Failure): Promise<void> {
  const made = makeCase(await makeSeeds(), seed, index);
  const path = join(OUTPUT, `seed-${seed}-case-${index}.tif`);
  writeFileSync(path, made.specimen.bytes);
  const text = `${describeCase(made)}\n${why}\nagain: npm run fuzz -- --seed ${seed} --replay ${index}\n`;
  writeFileSync(`${path}.txt`, text);
  process.stdout.write(`\nFAILED ${path}\n${text}`);
}

async function replay(seed: number, index: number): Promise<number> {
  const made = makeCase(await makeSeeds(), seed, index);
  mkdirSync(OUTPUT, { recursive: true });
  const path = join(OUTPUT, `seed-${seed}-case-${index}.tif`);
  writeFileSync(path, made.specimen.bytes);
  process.stdout.write(`${path}\n${describeCase(made)}\n`);
  const { ending, codes } = await runCase(made);
  process.stdout.write(`${ending}\n${codes.join("\n")}\n`);
  return 0;
}

process.exitCode = await main();
