/**
 * Checksums of the pixels of a stack, for comparing files whatever they are packed in.
 * @module
 */
import { createHash } from "node:crypto";
import type { Job } from "../job";
import type { Stack, StoredPixels } from "./stack";

/** SHA-256 over the bytes of a stored plane, as 64 hexadecimal digits. */
export function hashPlane({ bytes }: StoredPixels): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * SHA-256 of every stored plane, decoded, in the order of the file; one plane is in memory at a time.
 *
 * @throws {TilewrightError} `stack.*` when a plane cannot be read
 */
export async function hashPlanes(stack: Stack, job: Job): Promise<string[]> {
  const hashes: string[] = [];
  const total = stack.facts.planes;
  for (let index = 0; index < total; index++) {
    job.signal.throwIfAborted();
    job.report({ what: "reading planes", done: index, total, unit: "planes" });
    hashes.push(hashPlane(await stack.readStoredPlane(index, job)));
  }
  return hashes;
}
