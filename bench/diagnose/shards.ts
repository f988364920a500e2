/**
 * The cases of a benchmark in several processes at once: which cases there are does not depend on the machine.
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Processes; each has its own cases. */
const SHARDS = 2;
const SHARD = "--shard";

/** One part of the cases. */
export interface Shard {
  readonly index: number;
  /** Cases of this part. */
  readonly count: number;
  /** Seeds are counted from here. */
  readonly first: number;
}

/**
 * Runs this script once for each part, with the same options and `extra`, and waits for all.
 *
 * @returns what each part handed to {@link answerShard}
 * @throws {Error} when one ends with another code than 0
 */
export async function inShards<T>(extra: readonly string[]): Promise<T[]> {
  const folder = mkdtempSync(join(tmpdir(), "tilewright-shards-"));
  try {
    const answers = Array.from({ length: SHARDS }, async (_, index) => {
      const file = join(folder, `${index}.json`);
      const args = [...process.argv.slice(1), ...extra, SHARD, String(index), file];
      const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
      const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
      if (code !== 0) throw new Error(`part ${index} ended with ${String(code)}`);
      return JSON.parse(readFileSync(file, "utf8")) as T;
    });
    return await Promise.all(answers);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The part that this process was started for; null in the first process.
 *
 * @param count of all parts together
 * @param first seed of the first part
 * @param apart seeds between the first ones of two parts
 */
export function ownShard(count: number, first: number, apart: number): Shard | null {
  const at = process.argv.indexOf(SHARD);
  if (at < 0) return null;
  const index = Number(process.argv[at + 1]);
  return { index, count: Math.ceil(count / SHARDS), first: first + index * apart };
}

/** Hands the result of this part to the process that started it. */
export function answerShard(result: unknown): void {
  writeFileSync(process.argv[process.argv.indexOf(SHARD) + 2], JSON.stringify(result));
}
