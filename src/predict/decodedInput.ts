/**
 * Compressed input for many tiles: each tile may meet every strip of its planes, which would be decoded anew for it.
 * @module
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Job } from "../job";
import { decodedBytes, decodedOnce } from "../stack/decodedOnce";
import type { Stack } from "../stack/stack";
import type { Plan } from "../tiling/plan";
import { partialPath } from "./partial";

/** Smaller stacks stay in the reader's own memory of decoded strips and tiles. */
const SMALL_BYTES = 48 * 2 ** 20;
/** Fewer tiles than this beside each other are not worth the writing. */
const FEW_TILES = 3;
/** The disk must have this many times the decoded pixels free: the output needs some as well. */
const ROOM = 4;

/**
 * The stack for a run: itself, or one that keeps what it decoded in a file beside the output.
 *
 * @param out where the run writes to
 * @returns `stack`, or another one, to be closed before it
 */
export async function decodedInput(stack: Stack, plan: Plan, out: string, job: Job): Promise<Stack> {
  const { facts } = stack;
  const beside = plan.tilesPerAxis.reduce(
    (count, tiles, axis) => ("YX".includes(plan.axes[axis]) ? count * tiles : count),
    1,
  );
  const bytes = decodedBytes(facts);
  if (facts.compression === "none" || beside < FEW_TILES || bytes <= SMALL_BYTES) return stack;
  const { bavail, bsize } = await statfs(dirname(out));
  if (bavail * bsize < ROOM * bytes) {
    job.log(
      `the disk has no room for the ${Math.ceil(bytes / 2 ** 20)} MiB of decoded input: tiles decode it again`,
    );
    return stack;
  }
  return decodedOnce(stack, `${partialPath(out)}.decoded`, job);
}
