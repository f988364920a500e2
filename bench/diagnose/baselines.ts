/**
 * What anybody would try first, to compare with.
 * @module
 */
import type { Volume } from "../../src/volume/volume";

/** Mean |step| before each px of an axis, over all finite pairs; NaN for px 0. */
export function gradientProfile({ data, shape }: Volume, axis: number): Float64Array {
  const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1);
  const sums = new Float64Array(shape[axis]);
  const counts = new Float64Array(shape[axis]);
  for (let i = 0; i < data.length; i++) {
    const p = Math.floor(i / inner) % shape[axis];
    if (p === 0) continue;
    const step = Math.abs(data[i] - data[i - inner]);
    if (!Number.isFinite(step)) continue;
    sums[p] += step;
    counts[p]++;
  }
  return sums.map((sum, p) => (counts[p] > 0 ? sum / counts[p] : NaN));
}

/** Mean gradient at given planes over the mean gradient of all planes, the largest of all axes; told where the seams are. */
export function gradientAtSeams(volume: Volume, seams: Readonly<Record<string, readonly number[]>>): number {
  const scores = [...volume.axes].map((axis, i) => {
    const positions = seams[axis] ?? [];
    if (positions.length === 0) return 0;
    const profile = gradientProfile(volume, i);
    const here = mean(positions.map((p) => profile[p]));
    return here / (mean([...profile]) || Infinity);
  });
  return Math.max(...scores.map((score) => (Number.isFinite(score) ? score : 0)));
}

/** Highest autocorrelation of the gradient profile at a shift of 20 px and more, the largest of all axes. */
export function autocorrelationPeak(volume: Volume): number {
  const scores = [...volume.axes].map((_, i) => {
    const profile = gradientProfile(volume, i).subarray(1);
    const centre = mean([...profile]);
    const off = profile.map((value) => (Number.isFinite(value) ? value - centre : 0));
    const power = off.reduce((sum, value) => sum + value * value, 0) / off.length;
    let best = 0;
    for (let shift = 20; shift <= off.length / 2; shift++) {
      let sum = 0;
      for (let p = shift; p < off.length; p++) sum += off[p] * off[p - shift];
      best = Math.max(best, sum / (off.length - shift) / (power || Infinity));
    }
    return best;
  });
  return Math.max(...scores);
}

function mean(values: readonly number[]): number {
  const finite = values.filter((value) => Number.isFinite(value));
  return finite.reduce((sum, value) => sum + value, 0) / Math.max(1, finite.length);
}
