/**
 * The unfinished output of a run: where it lies, whether there is one, throwing it away.
 * @module
 */
import { access, rm } from "node:fs/promises";

/** Where the unfinished output of a run lies. */
export function partialPath(out: string): string {
  return `${out}.partial`;
}

/** Where the journal of an unfinished output lies. */
export function journalPath(out: string): string {
  return `${partialPath(out)}.journal`;
}

/**
 * Whether an unfinished output of `out` can be resumed or discarded. A journal alone is what a process
 * left that was killed between its last two steps.
 */
export async function hasPartial(out: string): Promise<boolean> {
  return (await exists(partialPath(out))) && (await exists(journalPath(out)));
}

/** Removes the unfinished output of a run, if there is one. */
export async function discardPartial(out: string): Promise<void> {
  await rm(partialPath(out), { recursive: true, force: true });
  await rm(journalPath(out), { force: true });
}

/** Whether there is such a file or folder. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
