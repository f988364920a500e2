/**
 * What looks like seams of tiles and is none: labels, montages of independent fields, periodic patterns.
 * @module
 */
import { isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";
import type { ExcessTally } from "./excess";
import { median } from "./robust";

/** Labels: so many pairs of neighbours are equal, and those that are not differ by so much of the range. */
const EQUAL_PAIRS = 0.6;
const TYPICAL_STEP = 0.04;
/** Fields of a montage have nothing in common: correlation across its borders over that across other planes, where that is large. */
const STRANGERS = 0.2;
const NEIGHBOURS = 0.4;
/** The same at each of the borders, where chance makes more of it. */
const NEVER_ALIKE = 0.5;
/** A pattern is like itself a period later, and was unlike itself before. */
const ALIKE_AGAIN = 0.9;
const UNLIKE = 0.1;
const AWAY_FROM_SEAM = 8;
const SHORTEST_PERIOD = 6;

/**
 * Whether integer lines of `length` px are labels: areas of one value each, with steps of any size between them.
 *
 * @param context.range p99.9 − p0.1 of the values
 */
export function looksLikeLabels(
  values: Float64Array,
  { length, range, dtype }: { readonly length: number; readonly range: number; readonly dtype: Dtype | null },
): boolean {
  if (dtype === null || isFloat(dtype)) return false;
  const steps: number[] = [];
  const equal = new Map<number, number>();
  const every = Math.max(1, Math.floor(values.length / 200_000));
  for (let i = 1; i < values.length; i += every) {
    if (i % length === 0) continue;
    if (values[i] !== values[i - 1]) steps.push(Math.abs(values[i] - values[i - 1]));
    else equal.set(values[i], (equal.get(values[i]) ?? 0) + 1);
  }
  const counts = [...equal.values()];
  const all = counts.reduce((sum, count) => sum + count, 0);
  const background = Math.max(0, ...counts);
  const isFlat = (same: number): boolean => same >= EQUAL_PAIRS * (same + steps.length);
  if (steps.length === 0 || !isFlat(all) || !isFlat(all - background)) return false;
  return median(steps) > TYPICAL_STEP * range;
}

/** Whether the planes are borders of fields that have nothing to do with each other. */
export function looksLikeMontage({ likeness }: ExcessTally, positions: readonly number[]): boolean {
  if (positions.length === 0) return false;
  const across = median(positions.map((p) => likeness[p]));
  const usual = median(likeness);
  const strangers = positions.every((p) => !(Math.abs(likeness[p]) > NEVER_ALIKE * usual));
  return usual > NEIGHBOURS && across < STRANGERS * usual && strangers;
}

/** Steps of a wave are as large as this part of the middle one at least. */
const AS_LARGE = 0.55;
/** Its edges lie up to so many px beside places at whole distances. */
const DRIFT = 3;

/**
 * Whether the planes are the edges of bars: up and down in turn, or all one way and back halfway between. Tiles do
 * neither.
 */
export function looksLikeWave({ profile }: ExcessTally, positions: readonly number[]): boolean {
  const largestStep = (place: number): number => {
    let largest = NaN;
    for (let p = place - DRIFT; p <= place + DRIFT; p++) {
      const step = profile[p + 2] - profile[p - 3];
      if (!(Math.abs(step) <= Math.abs(largest))) largest = step;
    }
    return largest;
  };
  const steps = positions.map(largestStep).filter((step) => !Number.isNaN(step));
  const least = AS_LARGE * median(steps.map(Math.abs));
  if (!steps.every((step) => Math.abs(step) > least)) return false;
  if (steps.every((step, i) => i === 0 || step * steps[i - 1] < 0)) return true;
  const up = Math.sign(steps[0]);
  const halfway = positions.slice(1).map((p, i) => largestStep(Math.round((p + positions[i]) / 2)));
  return steps.every((step) => step * up > 0) && halfway.every((step) => step * up < -least);
}

/**
 * Whether the mean line repeats itself, also away from the seams.
 */
export function looksLikePattern({ profile, margin }: ExcessTally, positions: readonly number[]): boolean {
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
    if (wasUnlike && lag >= SHORTEST_PERIOD && alike > ALIKE_AGAIN) return true;
  }
  return false;
}
