/**
 * Natural small periods: upsampling by 2, 4, 8 in a network, 8×8 blocks of JPEG, interlacing, magnification by a
 * whole number. They leave steps at every multiple of a few px, which are no seams of tiles.
 * @module
 */
import { median, robustSpread } from "./robust";

/** Largest period that is looked for; tiles are larger. */
export const LARGEST_LATTICE = 16;
/** Tiles do not leave these: magnification, upsampling, and blocks of JPEG with halved colours. */
const NATURAL = [2, 3, 4, 5, 6, 7, 8, LARGEST_LATTICE] as const;
/** Planes of each phase that are needed to tell. */
const FEWEST_PER_PHASE = 5;
/** Standard errors by which one phase must stand out; chosen on development images. */
const STANDS_OUT = 5;
/** Standard error of a median over that of a mean. */
const MEDIAN_ERROR = 1.2533;

/**
 * The period, 1…8 or 16 px, at which steps are regularly larger than between: that of the phase that stands out most.
 * Medians are compared, so that seams of tiles, which are at some multiples only, do not count as one.
 *
 * @param steps typical |step| before each px of the axis; NaN where not measured
 */
export function findLattice(steps: Float64Array): number {
  const ends = Math.min(12, steps.length >> 3);
  const inner = steps.subarray(ends, steps.length - ends);
  const floor = 1e-3 * inner.reduce((sum, step) => sum + (step > 0 ? step / inner.length : 0), 0);
  if (!(floor > 0)) return 1;
  const logs = withoutTrend(inner.map((step) => Math.log(step + floor)));
  let best = { period: 1, out: STANDS_OUT };
  for (const period of NATURAL) {
    if (logs.length < period * FEWEST_PER_PHASE) break;
    for (let phase = 0; phase < period; phase++) {
      const members = logs.filter((_, p) => p % period === phase);
      const others = logs.filter((_, p) => p % period !== phase);
      // Of a magnified image the others have no scatter at all.
      const spread = Math.max(robustSpread(others), robustSpread(members), 1e-3);
      const error = (MEDIAN_ERROR * spread) / Math.sqrt(members.length);
      const out = (median(members) - median(others)) / error;
      if (out > best.out) best = { period, out };
    }
  }
  return best.period;
}

function withoutTrend(values: Float64Array): Float64Array {
  const reach = LARGEST_LATTICE;
  return values.map((value, p) => value - median(values.subarray(Math.max(0, p - reach), p + reach + 1)));
}
