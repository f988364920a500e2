/**
 * Memory of a process and all it started, sampled from /proc.
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

const SAMPLE_MS = 20;

/** How a command ended and what it took. */
export interface Watched {
  readonly stdout: string;
  readonly seconds: number;
  /** Largest sum of resident memory of all its processes at one moment, bytes. */
  readonly peakBytes: number;
}

/**
 * Runs a command to its end and watches the memory of its process tree.
 *
 * @throws {Error} when it exits with another code than 0
 */
export async function watchCommand(command: string, args: readonly string[]): Promise<Watched> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  let peakBytes = 0;
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const timer = setInterval(() => {
    if (child.pid !== undefined) peakBytes = Math.max(peakBytes, treeBytes(child.pid));
  }, SAMPLE_MS);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}: ${stderr.slice(-500)}`);
  return { stdout, seconds: (performance.now() - started) / 1000, peakBytes };
}

function treeBytes(root: number): number {
  return descendantBytes(root, "");
}

/** Resident memory of a process and all it started whose command line holds `word`, bytes. */
export function descendantBytes(root: number, word: string): number {
  const children = new Map<number, number[]>();
  const bytes = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      const isMeant = word === "" || readFileSync(`/proc/${name}/cmdline`, "utf8").includes(word);
      bytes.set(Number(name), isMeant ? 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) : 0);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      continue; // it has ended meanwhile
    }
  }
  const sum = (pid: number): number =>
    (bytes.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0);
  return sum(root);
}
