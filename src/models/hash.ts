/**
 * Identity of a model: a hash over the files that define it.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** SHA-256 (hex) over the bytes of `files`, one after the other; names and times do not count. */
export async function hashFiles(files: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const file of files) for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
