/**
 * Which runs a stack came from and went into, as far as records in a few folders tell. Looked for unasked, so every
 * search is bounded.
 * @module
 */
import { opendir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readRecord, recordPath } from "../src/predict/record";
import type { RunRecord } from "../src/predict/record";
import { stackStem } from "../src/stack/names";

const RECORD_ENDING = ".run.json";
/** The plan of ten thousand tiles is 1.1 MiB of a record; reading much more at once would hold up the window. */
const MOST_BYTES = 8 * 2 ** 20;
const MOST_NAMES = 20_000;
const MOST_RECORDS = 32;

/** A run that ended; paths are absolute. */
export interface KnownRun {
  readonly input: string;
  readonly out: string;
  readonly record: RunRecord;
}

/** The run that a stack came out of; null when no record lies beside it that can be read. */
export async function runThatMade(out: string): Promise<KnownRun | null> {
  return readRun(recordPath(out));
}

/**
 * Runs that a stack went into.
 *
 * @param folders that are looked into, not below
 * @param outs    results that are known to be of this stack
 * @returns at most 32, those known first, then those with a name that begins as the stack's
 */
export async function runsOver(
  input: string,
  folders: readonly string[],
  outs: readonly string[] = [],
): Promise<KnownRun[]> {
  const listed: string[] = [];
  for (const folder of new Set(folders)) listed.push(...(await recordsIn(folder)));
  const stem = stackStem(basename(input));
  const isLikely = (path: string): boolean => basename(path).startsWith(stem);
  const ordered = [
    ...outs.map(recordPath),
    ...listed.filter(isLikely),
    ...listed.filter((path) => !isLikely(path)),
  ];
  const found: KnownRun[] = [];
  for (const path of [...new Set(ordered)].slice(0, MOST_RECORDS)) {
    const run = await readRun(path);
    if (run?.input === input) found.push(run);
  }
  return found;
}

/** By name; nothing of a folder that cannot be read. */
async function recordsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  let seen = 0;
  try {
    for await (const { name } of await opendir(folder, { bufferSize: 512 })) {
      if (name.endsWith(RECORD_ENDING)) found.push(join(folder, name));
      if (++seen >= MOST_NAMES || found.length >= MOST_NAMES) break;
    }
  } catch {
    return []; // a folder of the settings that is not there yet
  }
  return found.sort();
}

async function readRun(path: string): Promise<KnownRun | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile() || facts.size > MOST_BYTES) return null;
    const record = await readRecord(path);
    const folder = dirname(resolve(path));
    const out = join(folder, basename(path).slice(0, -RECORD_ENDING.length));
    return { record, out, input: resolve(folder, record.input) };
  } catch {
    return null; // no record, or one that is damaged: "Show Run Record" says so to who asks
  }
}
