/**
 * Checksums of the pixels of a stack, for comparing files whatever they are packed in.
 * @module
 */
import { createHash } from "node:crypto";
import type { Job } from "../job";
import type { Volume } from "../volume/volume";
import type { Stack } from "./stack";

/** SHA-256 over the pixels of a volume in row-major order, little endian, as 64 hexadecimal digits. */
export function hashVolume({ data }: Volume): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
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
    hashes.push(hashVolume(await stack.readStoredPlane(index, job)));
  }
  return hashes;
}
