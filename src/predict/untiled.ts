/**
 * Untiled prediction: one engine call on the whole padded array. The reference that tiled prediction is
 * compared with; it shares nothing with the tile loop but reading and writing.
 * @module
 */
import type { Job } from "../job";
import type { Region } from "../volume/region";
import { writePadded } from "./output";
import type { OutputTarget } from "./output";
import { readTile, restore } from "./tile";
import type { Running } from "./tile";

/**
 * Predicts each whole padded array (one per entry of axes the network lacks) in one call.
 *
 * @returns how many values were clamped to the pixel type
 */
export async function predictUntiled(running: Running, target: OutputTarget, job: Job): Promise<number> {
  const { plan, session, files } = running;
  let clamped = 0;
  const arrays = wholeArrays(running);
  for (const [i, whole] of arrays.entries()) {
    job.signal.throwIfAborted();
    const { tensor, maps } = await readTile(running, { read: whole }, job);
    const output = await session.run(tensor);
    restore(running, output, maps);
    clamped += await writePadded(target, output, { covers: whole }, job);
    await files.tileDone(i, []);
    job.report({ what: "predicting untiled", done: i + 1, total: plan.count, unit: "tiles" });
  }
  return clamped;
}

function wholeArrays({ plan }: Running): Region[] {
  let arrays: Region[] = [[]];
  for (const [axis, computed] of plan.computed.entries()) {
    const [start, stop] = computed;
    arrays = arrays.flatMap((array): Region[] =>
      plan.roles[axis] === "each"
        ? Array.from({ length: stop - start }, (_, i) => [...array, [start + i, start + i + 1] as const])
        : [[...array, computed]],
    );
  }
  return arrays;
}
