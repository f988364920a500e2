import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const DIST = join(import.meta.dirname, "../../dist");
const CLI = join(DIST, "cli.cjs");
/** The built prediction worker. */
export const WORKER = join(DIST, "worker.cjs");
/** Marks every process a test starts, and those they start, in their environment. */
const MARK = "TILEWRIGHT_TEST_MARK";

/** Whether processes can be told from each other by their environment: Linux. */
export const canSeeProcesses = existsSync("/proc/self/environ");

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command line, in a process group of its own. */
export interface Running {
  readonly pid: number;
  readonly mark: string;
  readonly ended: Promise<Ended>;
  /** Signals the command line and its worker, as a terminal or a batch system does. */
  killGroup(signal: NodeJS.Signals): void;
  /** Signals the command line only. */
  kill(signal: NodeJS.Signals): void;
  /** Process ids of its prediction workers. */
  workers(): number[];
}

let count = 0;

/** Starts `tilewright ARGS`. */
export function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const mark = `${process.pid}-${count++}`;
  const child = spawn(process.execPath, [CLI, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, [MARK]: mark },
  });
  const pid = child.pid ?? -1;
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    pid,
    mark,
    ended,
    killGroup: (signal) => {
      signalTo(-pid, signal);
    },
    kill: (signal) => {
      signalTo(pid, signal);
    },
    workers: () => marked(mark).filter((one) => one !== pid),
  };
}

/** Runs `tilewright ARGS` to its end. */
export function tilewright(...args: readonly string[]): Promise<Ended> {
  return start(args).ended;
}

/** Lines on stderr that are no progress and no notes: what a failure says. */
export function failureLines({ stderr }: Ended): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("tilewright: "));
}

/** How many tiles a run's journal has. */
export function tilesWritten(out: string): number {
  const path = `${out}.partial.journal`;
  if (!existsSync(path)) return 0;
  return readFileSync(path, "utf8").split("\n").length - 2;
}

/** Waits until something holds; an error when it does not within the time. */
export async function until(what: string, holds: () => boolean, milliseconds = 30_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`did not happen in ${milliseconds} ms: ${what}`);
    await delay(5);
  }
}

/** Living processes with a mark in their environment; needs /proc. */
export function marked(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`${MARK}=${mark}`);
      } catch {
        return false; // ended meanwhile, or not ours
      }
    });
}

function signalTo(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
