/**
 * Robust statistics of short lists.
 * @module
 */

/** MAD of a normal distribution times this is its standard deviation. */
const MAD_TO_SD = 1.4826;

/** The value below which a fraction of the finite values lies, between order statistics; NaN without any. */
export function quantile(values: ArrayLike<number>, fraction: number): number {
  return quantiles(values, [fraction])[0];
}

/** The same for several fractions. */
export function quantiles(values: ArrayLike<number>, fractions: readonly number[]): number[] {
  const finite = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isFinite(value)) finite[count++] = value;
  }
  const sorted = finite.subarray(0, count).sort();
  return fractions.map((fraction) => {
    if (count === 0) return NaN;
    const rank = fraction * (count - 1);
    const low = Math.floor(rank);
    const high = Math.min(count - 1, low + 1);
    return sorted[low] + (rank - low) * (sorted[high] - sorted[low]);
  });
}

/** The median of the finite values; NaN without any. */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/** Median absolute deviation from `centre`, scaled to the standard deviation of normal values; NaN without any. */
export function robustSpread(values: ArrayLike<number>, centre = median(values)): number {
  return MAD_TO_SD * median(Float64Array.from(values, (value) => Math.abs(value - centre)));
}

/**
 * Probability that a value of Student's distribution exceeds `t`, for whole degrees of freedom.
 *
 * @see Abramowitz and Stegun 26.7.3 and 26.7.4
 */
export function studentTail(t: number, freedom: number): number {
  const angle = Math.atan(t / Math.sqrt(freedom));
  const cosine = Math.cos(angle);
  let sum = 0;
  let term = freedom % 2 === 0 ? 1 : cosine;
  for (let k = freedom % 2 === 0 ? 1 : 2; k <= freedom - 1; k += 2) {
    sum += term;
    term *= (cosine * cosine * k) / (k + 1);
  }
  const within =
    freedom % 2 === 0
      ? Math.sin(angle) * sum
      : (2 / Math.PI) * (angle + (freedom === 1 ? 0 : Math.sin(angle) * sum));
  return Math.max(0, (1 - within) / 2);
}
