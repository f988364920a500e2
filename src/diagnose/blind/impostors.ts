/**
 * What looks like seams of tiles and is none: labels, montages of independent fields, periodic patterns.
 * @module
 */
import { isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";
import type { Grid } from "../diagnosis";
import type { ExcessTally } from "./excess";
import { median, quantile } from "./robust";

/** Labels: so many pairs of neighbours are equal, and those that are not differ by so much of the range. */
const EQUAL_PAIRS = 0.6;
const TYPICAL_STEP = 0.04;
/** Fields of a montage have nothing in common: correlation across its borders over that across other planes, where that is large. */
const STRANGERS = 0.35;
const NEIGHBOURS = 0.4;
/** A pattern repeats all over its period, a seam only at one place of it. */
const PATTERN = 0.75;
const AWAY_FROM_SEAM = 6;

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

/** Whether the mean line repeats itself with the period of a grid also away from its seams. */
export function looksLikePattern({ profile, margin }: ExcessTally, { period, offset }: Grid): boolean {
  const near = Math.min(AWAY_FROM_SEAM, Math.floor(period / 4));
  const [sums, counts] = [new Float64Array(period), new Float64Array(period)];
  let [n, total] = [0, 0];
  const each = (visit: (p: number, phase: number) => void): void => {
    for (let p = margin; p < profile.length - margin; p++) {
      const phase = (((p - offset) % period) + period) % period;
      if (phase >= near && phase < period - near) visit(p, phase);
    }
  };
  each((p, phase) => {
    n++;
    total += profile[p];
    sums[phase] += profile[p];
    counts[phase]++;
  });
  const mean = total / Math.max(1, n);
  let [within, all] = [0, 0];
  each((p, phase) => {
    all += (profile[p] - mean) ** 2;
    within += (profile[p] - sums[phase] / counts[phase]) ** 2;
  });
  const phases = counts.filter((count) => count > 0).length;
  if (n <= phases || !(all > 0)) return false;
  // The mean of few repeats explains some of anything.
  return 1 - within / (n - phases) / (all / (n - 1)) > PATTERN;
}
