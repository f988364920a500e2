/**
 * docs/benchmarks.md: one part for each command that measures, so that one can be measured again without the others.
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { version } from "../src/version";

const MOST_LOAD = 0.5;
const WAIT_MS = 5000;
const LONGEST_WAIT_MS = 180_000;
const PAGE = join(process.cwd(), "docs", "benchmarks.md");
/** Commands in the order of their parts. */
const COMMANDS = [
  "npm run bench",
  "npm run bench:reading",
  "npm run bench:viewer",
  "npm run bench:diagnose",
] as const;

/** One of the commands that write a part. */
export type Command = (typeof COMMANDS)[number];

/**
 * Puts the part of one command into the page and leaves the others as they are.
 *
 * @param load most cores that were busy when something was measured; null when little depends on it
 */
export function writePart(command: Command, load: number | null, lines: readonly string[]): string {
  const old = existsSync(PAGE) ? readFileSync(PAGE, "utf8") : "";
  const own = [...heading(command, load), ...lines].join("\n").trimEnd();
  const parts = COMMANDS.flatMap((name) => (name === command ? [own] : partOf(old, name)));
  const page = ["# Benchmarks", "Written by the commands named below; do not edit.", ...parts, ""].join(
    "\n\n",
  );
  writeFileSync(PAGE, page.replace(/\n+$/, "\n"));
  return `${own}\n`;
}

const opening = (command: Command): string => `<!-- ${command} -->`;

function partOf(page: string, command: Command): string[] {
  const start = page.indexOf(opening(command));
  if (start < 0) return [];
  const end = page.indexOf("<!-- ", start + 1);
  return [page.slice(start, end < 0 ? undefined : end).trim()];
}

function heading(command: Command, load: number | null): string[] {
  const machine = `${cpus()[0].model}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  const day = new Date().toISOString().slice(0, 10);
  return [
    opening(command),
    "",
    `\`${command}\`, Tilewright ${version}, ${machine}, Node ${process.versions.node}, ${day}${load === null ? "" : `; busy cores before each part at most ${load.toFixed(2)}`}.`,
    ...(load !== null && load > MOST_LOAD
      ? ["", "**The machine was busy: times are not meaningful, ratios of one row hardly.**"]
      : []),
    "",
  ];
}

/** Waits until nothing else runs; returns how many cores are busy. Refuses a busy machine unless `--anyway` is given. */
export async function quiet(): Promise<number> {
  const deadline = performance.now() + (process.argv.includes("--anyway") ? 0 : LONGEST_WAIT_MS);
  let load = await busyCores();
  while (load > MOST_LOAD && performance.now() < deadline) load = await busyCores();
  if (load > MOST_LOAD && !process.argv.includes("--anyway")) {
    throw new Error(
      `${load.toFixed(2)} cores are busy, more than ${MOST_LOAD}: close other programs, or give --anyway`,
    );
  }
  return load;
}

/** Cores at work on average over some seconds; unlike the load average it forgets our own last part at once. */
async function busyCores(): Promise<number> {
  const sum = (): { idle: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const all = times.reduce((total, t) => total + t.user + t.nice + t.sys + t.idle + t.irq, 0);
    return { idle: times.reduce((total, t) => total + t.idle, 0), all };
  };
  const before = sum();
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  const after = sum();
  return cpus().length * (1 - (after.idle - before.idle) / (after.all - before.all));
}

/** Ends the process with one line when a benchmark fails. */
export function complain(error: unknown): void {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
