/**
 * Regular grids of seams: weak ones add up.
 * @module
 */
import type { Grid } from "../diagnosis";
import type { Excess } from "./excess";
import { LARGEST_LATTICE } from "./lattice";

/** Tiles keep more px than this; shorter periods are JPEG's blocks and the like. */
export const SMALLEST_PERIOD = LARGEST_LATTICE + 4;
/** A single plane counts at most this much, standard deviations. */
const MOST_SCORE = 8;
/** What a member of a grid must have to speak for it. */
const WORTH = 2;
/** Sum over the members, divided by the root of their number, that a grid needs beyond chance. */
const CONVINCING = 6;
const FEWEST_SEAMS = 2;

/**
 * The grid that the excesses of an axis speak for most.
 *
 * @param lattice natural period of the image along the axis; a network's tiles start on multiples of it
 * @returns null when no grid is convincing
 */
export function findGrid({ score }: Excess, lattice: number): Grid | null {
  const { length } = score;
  const worth = score.map((z) => (Number.isFinite(z) ? Math.max(-2, Math.min(MOST_SCORE, z)) - WORTH : 0));
  let best: (Grid & { gain: number; sum: number }) | null = null;
  for (let period = SMALLEST_PERIOD; period <= length / 2; period++) {
    // The first tile is at least as long as the others and the last at most as long as the first.
    for (let offset = period; offset < Math.min(length, 3 * period); offset++) {
      let [gain, members] = [0, 0];
      for (let p = offset; p < length; p += period) {
        gain += worth[p];
        members++;
        if (members < FEWEST_SEAMS || length - p > Math.max(offset, period)) continue;
        const sum = (gain + members * WORTH) / Math.sqrt(members);
        if (sum > CONVINCING && gain > (best?.gain ?? 0)) best = { period, offset, gain, sum };
      }
    }
  }
  return best === null || lattice > best.period ? null : { period: best.period, offset: best.offset };
}
