/**
 * Text files that stand under their name whole or not at all, also when the process is killed or the disk is full.
 * @module
 */
import { rename, rm, writeFile } from "node:fs/promises";

/**
 * Writes a text file beside its name and renames it; an existing one is replaced.
 *
 * @throws {Error} system errors; nothing is left behind
 */
export async function writeWholeFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to tell
    throw error;
  }
}
