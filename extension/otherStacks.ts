/**
 * Which stacks one is likely to be compared with.
 * @module
 */
import { opendir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isStackName } from "../src/stack/names";
import type { KnownRun } from "./runRecords";

const MOST = 50;
/** So many names of a folder are looked at. */
const MOST_NAMES = 2000;

/** A stack to be proposed. */
export interface OtherStack {
  readonly path: string;
  /** Why it is proposed, for people. */
  readonly reason: string;
  /** Nothing is known of it but that it lies in the same folder. */
  readonly isBeside?: true;
}

/** What is known around a stack. */
export interface Surroundings {
  /** The run that the stack came out of. */
  readonly made: KnownRun | null;
  /** Runs that it went into. */
  readonly over: readonly KnownRun[];
  /** Paths of stacks that are open. */
  readonly open: readonly string[];
}

/**
 * Stacks to be proposed, each once and only if it is there, the likeliest first: what the stack was predicted from,
 * what was predicted from it, what else is open, what lies beside it.
 */
export async function proposeOthers(path: string, { made, over, open }: Surroundings): Promise<OtherStack[]> {
  const found: OtherStack[] = [
    ...(made === null ? [] : [{ path: made.input, reason: "what this was predicted from" }]),
    ...over.map(({ out, record }) => ({
      path: out,
      reason: `predicted from this with ${basename(record.model.path)}`,
    })),
    ...open.map((other) => ({ path: other, reason: "open" })),
    ...(await beside(path)).map((other) => ({
      path: other,
      reason: "in the same folder",
      isBeside: true as const,
    })),
  ];
  const once = found.filter(
    (other, i) => other.path !== path && found.findIndex((earlier) => earlier.path === other.path) === i,
  );
  const there = await Promise.all(
    once.slice(0, MOST).map(async (other) => (await exists(other.path)) && other),
  );
  return there.filter((other) => other !== false);
}

/** Stacks of the same folder, in the order of their names. */
async function beside(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    let looked = 0;
    for await (const { name } of await opendir(dirname(path))) {
      if (isStackName(name)) names.push(name);
      if (++looked === MOST_NAMES) break;
    }
  } catch {
    return []; // it cannot be listed; what else is known is proposed
  }
  return names.sort((a, b) => a.localeCompare(b)).map((name) => join(dirname(path), name));
}

/** A record may name a server of the network, which is not asked before the user chooses it. */
async function exists(path: string): Promise<boolean> {
  if (/^[\\/]{2}/.test(path)) return false;
  return stat(path).then(
    () => true,
    () => false,
  );
}
