/**
 * Natural small periods: upsampling by 2, 4, 8 in a network, 8×8 blocks of JPEG, interlacing, magnification by a
 * whole number. They leave steps at every multiple of a few px, which are no seams of tiles.
 * @module
 */
import { median, robustSpread } from "./robust";

/** Largest period that is looked for; tiles are larger. */
export const LARGEST_LATTICE = 16;
/** Planes of each phase that are needed to tell. */
const FEWEST_PER_PHASE = 5;
/** Part of the scatter of all planes that must be explained. */
const EXPLAINED = 0.15;

/**
 * The period, 1…16 px, that explains most of how step sizes differ from plane to plane.
 *
 * @param steps typical |step| before each px of the axis; NaN where not measured
 */
export function findLattice(steps: Float64Array): number {
  const logs = steps.map((step) => Math.log(step + 1e-9 * (median(steps) || 1)));
  const local = withoutTrend(logs);
  const before = meanSquare(local);
  if (!(before > 0)) return 1;
  let best = { period: 1, rest: before * (1 - EXPLAINED) };
  for (let period = 2; period <= LARGEST_LATTICE; period++) {
    if (local.length < period * FEWEST_PER_PHASE) break;
    const rest = restAfter(local, period);
    if (rest < best.rest * 0.95) best = { period, rest };
  }
  return best.period;
}

/** Scatter that is left within the phases, corrected for the number of phases. */
function restAfter(values: Float64Array, period: number): number {
  let sum = 0;
  for (let phase = 0; phase < period; phase++) {
    const members = values.filter((_, p) => p % period === phase);
    const spread = robustSpread(members);
    if (Number.isFinite(spread)) sum += (spread * spread * members.length) / Math.max(1, members.length - 1);
  }
  return sum / period;
}

function meanSquare(values: Float64Array): number {
  return robustSpread(values) ** 2;
}

function withoutTrend(values: Float64Array): Float64Array {
  const reach = LARGEST_LATTICE;
  return values.map((value, p) => value - median(values.subarray(Math.max(0, p - reach), p + reach + 1)));
}
