/**
 * Which stacks one is likely to be compared with.
 * @module
 */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { KnownRun } from "./runRecords";

const MOST = 50;

/** A stack to be proposed. */
export interface OtherStack {
  readonly path: string;
  /** Why it is proposed, for people. */
  readonly reason: string;
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
 * what was predicted from it, what else is open.
 */
export async function proposeOthers(path: string, { made, over, open }: Surroundings): Promise<OtherStack[]> {
  const found: OtherStack[] = [
    ...(made === null ? [] : [{ path: made.input, reason: "what this was predicted from" }]),
    ...over.map(({ out, record }) => ({
      path: out,
      reason: `predicted from this with ${basename(record.model.path)}`,
    })),
    ...open.map((other) => ({ path: other, reason: "open" })),
  ];
  const once = found.filter(
    (other, i) => other.path !== path && found.findIndex((earlier) => earlier.path === other.path) === i,
  );
  const there = await Promise.all(
    once.slice(0, MOST).map(async (other) => (await exists(other.path)) && other),
  );
  return there.filter((other) => other !== false);
}

/** A record may name a server of the network, which is not asked before the user chooses it. */
async function exists(path: string): Promise<boolean> {
  if (/^[\\/]{2}/.test(path)) return false;
  return stat(path).then(
    () => true,
    () => false,
  );
}
