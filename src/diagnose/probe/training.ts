/**
 * What a network gives on patches as it was trained with, against what it gives with all it sees: how far a run is from
 * what the training has shown.
 * @module
 */
import type { Job } from "../../job";
import type { Interval, Region } from "../../volume/region";
import { intersectRegions, regionSize } from "../../volume/region";
import { smallPatch } from "../trained";
import type { ChosenPlace } from "./choosePlaces";
import { differenceOf } from "./predictions";
import type { Probing } from "./predictions";

/** Places that are looked at. */
const MOST_PLACES = 4;

/** What surroundings that the training never had do to one axis. */
export interface BeyondTraining {
  readonly axis: string;
  /** Largest |in one patch of the training's size − with full context|, fraction of the range. */
  readonly max: number;
}

/** Measures it on every axis whose training patches were too small for the network; none where nobody said. */
export async function measureTraining(
  probing: Probing,
  places: readonly ChosenPlace[],
  job: Job,
): Promise<BeyondTraining[]> {
  const { predictions, run, range } = probing;
  const { block, blockers } = predictions.recompute;
  const found: BeyondTraining[] = [];
  if (blockers.length > 0) return found;
  for (const [i, axis] of [...run.plan.axes].entries()) {
    const patch = smallPatch(run, i);
    if (patch === null) continue;
    const length = Math.max(1, Math.floor(patch / block[i])) * block[i];
    let max: number | null = null;
    for (const { box } of places.slice(0, MOST_PLACES)) {
      const whole = predictions.around(box, predictions.whole);
      const seen = whole.map((interval, k) => (k === i ? patchAt(box[i], length, block[i]) : interval));
      const part = intersectRegions(box, intersectRegions(seen, predictions.whole));
      if (regionSize(part) === 0 || !predictions.recompute.fits(whole)) continue;
      const full = await predictions.predict(part, whole, undefined, job);
      const own = await predictions.predict(part, intersectRegions(seen, whole), undefined, job);
      max = Math.max(max ?? 0, differenceOf(own, full, { dtype: "float32", range }).max / range);
    }
    if (max !== null) found.push({ axis, max });
  }
  return found;
}

/** A patch on the network's grid around the middle of an interval. */
function patchAt([start, stop]: Region[number], length: number, block: number): Interval {
  const first = Math.max(0, Math.floor(((start + stop - length) / 2 + block / 2) / block) * block);
  return [first, first + length];
}
