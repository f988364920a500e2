/**
 * What looks like seams of tiles and is none: labels, montages of independent fields, periodic patterns.
 * @module
 */
import { isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";
import type { ExcessTally } from "./excess";
import { median, quantile } from "./robust";

/** Labels: so many pairs of neighbours are equal, and those that are not differ by so much of the range. */
const EQUAL_PAIRS = 0.6;
const TYPICAL_STEP = 0.04;
/** Fields of a montage have nothing in common: correlation across its borders over that across other planes, where that is large. */
const STRANGERS = 0.2;
const NEIGHBOURS = 0.4;
/** A pattern is like itself a period later, and was unlike itself before. */
const ALIKE_AGAIN = 0.8;
/** The same where single planes are seams each for itself: what tiles did may repeat as well. */
const ALIKE_THOUGH_CERTAIN = 0.9;
const UNLIKE = 0.1;
const AWAY_FROM_SEAM = 8;
const SHORTEST_PERIOD = 6;

/** Whether integer lines are labels: areas of one value each, with steps of any size between them. */
export function looksLikeLabels(values: Float64Array, length: number, dtype: Dtype | null): boolean {
  if (dtype === null || isFloat(dtype)) return false;
  const steps: number[] = [];
  let pairs = 0;
  const every = Math.max(1, Math.floor(values.length / 200_000));
  for (let i = 1; i < values.length; i += every) {
    if (i % length === 0) continue;
    pairs++;
    if (values[i] !== values[i - 1]) steps.push(Math.abs(values[i] - values[i - 1]));
  }
  if (pairs === 0 || steps.length === 0 || 1 - steps.length / pairs < EQUAL_PAIRS) return false;
  const range = quantile(values, 0.999) - quantile(values, 0.001);
  return median(steps) > TYPICAL_STEP * range;
}

/** Whether the planes are borders of fields that have nothing to do with each other. */
export function looksLikeMontage({ likeness }: ExcessTally, positions: readonly number[]): boolean {
  if (positions.length === 0) return false;
  const across = median(positions.map((p) => likeness[p]));
  const usual = median(likeness);
  return usual > NEIGHBOURS && across < STRANGERS * usual;
}

/**
 * Whether the mean line repeats itself, also away from the seams.
 *
 * @param certain whether some of the planes are seams each for itself
 */
export function looksLikePattern(
  { profile, margin }: ExcessTally,
  positions: readonly number[],
  certain: boolean,
): boolean {
  const enough = certain ? ALIKE_THOUGH_CERTAIN : ALIKE_AGAIN;
  // Steps, not values: tiles of different brightness are no pattern.
  const line = profile.map((value, p) => {
    const outside = p < margin || p >= profile.length - margin;
    return outside || positions.some((seam) => p >= seam - AWAY_FROM_SEAM && p < seam + AWAY_FROM_SEAM)
      ? NaN
      : value - profile[p - 1];
  });
  const kept = line.filter((value) => !Number.isNaN(value));
  const mean = kept.reduce((sum, value) => sum + value, 0) / Math.max(1, kept.length);
  let wasUnlike = false;
  for (let lag = 1; lag <= line.length / 2; lag++) {
    let [together, left, right, pairs] = [0, 0, 0, 0];
    for (let p = lag; p < line.length; p++) {
      const [a, b] = [line[p] - mean, line[p - lag] - mean];
      if (Number.isNaN(a + b)) continue;
      together += a * b;
      left += a * a;
      right += b * b;
      pairs++;
    }
    if (pairs < line.length / 8) continue;
    const alike = together / Math.sqrt(left * right);
    if (alike < UNLIKE) wasUnlike = true;
    if (wasUnlike && lag >= SHORTEST_PERIOD && alike > enough) return true;
  }
  return false;
}
