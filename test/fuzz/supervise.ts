/**
 * Watching a process that opens damaged files: it gets a limit of memory and, for each file, of time. When it hangs,
 * grows or dies, the file it was at is to blame, and another process goes on behind it.
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A line of the watched process. */
export type Report =
  /** The sound files are made; `bytes` is the most memory it took so far. */
  | { readonly kind: "ready"; readonly seeds: number; readonly bytes: number }
  | {
      readonly kind: "done";
      readonly index: number;
      readonly ending: string;
      readonly names: readonly string[];
      readonly seconds: number;
      readonly bytes: number;
    }
  | { readonly kind: "fault"; readonly index: number; readonly why: string; readonly what: string };

/** What to watch, and when to step in. */
export interface Watch {
  /** Script that takes `SEED FIRST END FOLDER`. */
  readonly script: string;
  readonly seed: number;
  readonly first: number;
  readonly end: number;
  /** Where files may be left. */
  readonly folder: string;
  readonly secondsPerFile: number;
  /** Above what the process takes before its first file, bytes. */
  readonly memory: number;
}

/** A case that failed. */
export interface Failure {
  readonly index: number;
  readonly why: string;
}

/** Of V8's own heap; the rest is watched from outside. */
const HEAP_MIB = 256;
const LOOK_MS = 50;
/** Making the sound files takes a second; on a busy machine several. */
const START_SECONDS = 60;
/** A fresh process now and then: what one file leaves behind is not charged to ten thousand others. */
const CASES_PER_PROCESS = 5000;

/**
 * Runs all cases, in as many processes as it takes.
 *
 * @param heard every report
 * @returns the cases that hung, took too much memory, or ended their process; faults are in the reports
 */
export async function supervise(watch: Watch, heard: (report: Report) => void): Promise<Failure[]> {
  const failures: Failure[] = [];
  let first = watch.first;
  while (first < watch.end) {
    const end = Math.min(first + CASES_PER_PROCESS, watch.end);
    const { next, why } = await runProcess({ ...watch, first, end }, heard);
    if (why !== null) failures.push({ index: next, why });
    first = why === null ? next : next + 1;
  }
  return failures;
}

interface Ended {
  /** First case that has not ended. */
  readonly next: number;
  /** Why the process ended early; null when it did not. */
  readonly why: string | null;
}

async function runProcess(watch: Watch, heard: (report: Report) => void): Promise<Ended> {
  const { script, seed, first, end, folder } = watch;
  const args = [`--max-old-space-size=${HEAP_MIB}`, script, ...[seed, first, end].map(String), folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let next = first;
  let why: string | null = null;
  let base: number | null = null;
  let deadline = performance.now() + START_SECONDS * 1000;
  const stop = (reason: string): void => {
    why ??= reason;
    child.kill("SIGKILL");
  };
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const report = JSON.parse(line) as Report;
    if (report.kind === "ready") base = report.bytes;
    else next = report.index + 1;
    deadline = performance.now() + watch.secondsPerFile * 1000;
    if (report.kind === "done" && base !== null && report.bytes - base > watch.memory) {
      next = report.index;
      stop(`it took ${Math.round((report.bytes - base) / 2 ** 20)} MiB`);
    } else if (why === null) heard(report);
  });
  const timer = setInterval(() => {
    if (performance.now() > deadline) stop(`no end after ${watch.secondsPerFile} s`);
    const bytes = child.pid === undefined ? null : residentBytes(child.pid);
    if (base !== null && bytes !== null && bytes - base > watch.memory)
      stop(`it took ${Math.round((bytes - base) / 2 ** 20)} MiB`);
  }, LOOK_MS);
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once("close", (...how) => resolve(how)),
  );
  clearInterval(timer);
  if (next >= end && why === null) return { next: end, why: code === 0 ? null : `exit code ${code}` };
  return { next, why: why ?? `the process ended with ${signal ?? `exit code ${code}`}` };
}

/** Resident memory of a process; null where the system does not say so in /proc. */
function residentBytes(pid: number): number | null {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return null;
  }
}
