/**
 * Which process writes a run: two that write the same output would mix their tiles.
 * @module
 */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { TilewrightError } from "../errors";

/** A process, as a line of the journal names it. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
}

/** This process. */
export function thisOwner(): Owner {
  return { pid: process.pid, host: hostname() };
}

/**
 * The process that last said in a journal that it writes the run; null when none does, or the journal
 * cannot be read.
 */
export async function journalOwner(journal: string): Promise<Owner | null> {
  const text = await readFile(journal, "utf8").catch(() => "");
  const found = [...text.matchAll(/^\{"owner":.*\}$/gm)].pop()?.[0];
  if (found === undefined) return null;
  try {
    const { pid, host } = (JSON.parse(found) as { owner: Partial<Owner> }).owner;
    return typeof pid === "number" && typeof host === "string" ? { pid, host } : null;
  } catch {
    return null; // a line that was cut off: whoever wrote it is gone
  }
}

/**
 * Refuses to write an output that another living process of this computer writes.
 *
 * @throws {TilewrightError} `out.busy`
 */
export async function requireNoOtherOwner(out: string, journal: string): Promise<void> {
  const owner = await journalOwner(journal);
  const own = thisOwner();
  if (owner === null || owner.pid === own.pid || owner.host !== own.host || !isAlive(owner.pid)) return;
  throw new TilewrightError(
    "out.busy",
    `${out} is being written by another run, process ${owner.pid}`,
    "wait for it, stop it, or choose another output name",
  );
}

/**
 * Refuses to give an output its name when another process took the run over meanwhile.
 *
 * @throws {TilewrightError} `out.takenOver`
 */
export async function requireStillOwner(out: string, journal: string): Promise<void> {
  const owner = await journalOwner(journal);
  const own = thisOwner();
  if (owner?.pid === own.pid && owner.host === own.host) return;
  throw new TilewrightError(
    "out.takenOver",
    `${out} was taken over by another run while this one wrote it`,
    "run it again, with another output name",
  );
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
