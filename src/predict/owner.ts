/**
 * Which process writes a run: two that write the same output would mix their tiles.
 * @module
 */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout } from "node:timers/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";

/** A process, as a line of the journal names it. */
export interface Owner {
  readonly pid: number;
  /** The process that started it and hears from it; without that one it stops by itself. */
  readonly parent: number;
  readonly host: string;
}

/** An orphan stops when its engine call ends. */
const ORPHAN_MS = 20_000;

/** This process. */
export function thisOwner(): Owner {
  return { pid: process.pid, parent: process.ppid, host: hostname() };
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
    const { pid, parent, host } = (JSON.parse(found) as { owner: Partial<Owner> }).owner;
    if (typeof pid !== "number" || typeof parent !== "number" || typeof host !== "string") return null;
    return { pid, parent, host };
  } catch {
    return null; // a line that was cut off: whoever wrote it is gone
  }
}

/**
 * Refuses to write an output that another living run of this computer writes; waits for a process whose
 * run was killed and that has not noticed yet.
 *
 * @throws {TilewrightError} `out.busy`
 */
export async function requireNoOtherOwner(out: string, journal: string, job: Job): Promise<void> {
  const owner = await journalOwner(journal);
  const own = thisOwner();
  if (owner === null || owner.pid === own.pid || owner.host !== own.host) return;
  const giveUpAt = performance.now() + ORPHAN_MS;
  while (await isAlive(owner.pid)) {
    if (await isAlive(owner.parent)) {
      throw new TilewrightError(
        "out.busy",
        `${out} is being written by another run, process ${owner.pid}`,
        "wait for it, stop it, or choose another output name",
      );
    }
    if (performance.now() > giveUpAt) return;
    await setTimeout(50, undefined, { signal: job.signal });
  }
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

/** Whether a process runs; one that ended and that nobody asked after (a zombie) does not. */
async function isAlive(pid: number): Promise<boolean> {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const facts = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) [ZX] /.test(facts);
}
