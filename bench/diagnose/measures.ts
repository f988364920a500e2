/**
 * Figures of a detector: intervals of proportions, receiver operating characteristic.
 * @module
 */

/** A proportion with its 95 % interval. */
export interface Proportion {
  readonly hits: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959964;

/**
 * A proportion with Wilson's 95 % interval; 0 … 1 for nothing.
 *
 * @see Wilson 1927, doi 10.1080/01621459.1927.10502953
 */
export function proportion(hits: number, of: number): Proportion {
  if (of === 0) return { hits, of, low: 0, high: 1 };
  const p = hits / of;
  const denominator = 1 + Z95 ** 2 / of;
  const centre = (p + Z95 ** 2 / (2 * of)) / denominator;
  const half = (Z95 * Math.sqrt((p * (1 - p)) / of + Z95 ** 2 / (4 * of ** 2))) / denominator;
  return { hits, of, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** `93.1 % (91.4–94.5), 931 of 1000`. */
export function percentText({ hits, of, low, high }: Proportion): string {
  if (of === 0) return "–";
  const percent = (value: number): string => (100 * value).toFixed(1);
  return `${percent(hits / of)} % (${percent(low)}–${percent(high)}), ${hits} of ${of}`;
}

/** How well scores tell planted from exact. */
export interface Roc {
  /** Probability that a planted one scores higher than an exact one. */
  readonly area: number;
  /** Part of the planted that score higher than all but 1 % of the exact. */
  readonly atOnePercent: number;
}

/** The characteristic of scores, larger for more suspicious. */
export function roc(planted: readonly number[], exact: readonly number[]): Roc {
  const sorted = [...exact].sort((a, b) => a - b);
  const below = (value: number, strictly: boolean): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value || (!strictly && sorted[middle] === value)) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const area = planted.reduce((sum, value) => sum + (below(value, true) + below(value, false)) / 2, 0);
  const threshold = sorted[Math.max(0, Math.ceil(0.99 * sorted.length) - 1)] ?? -Infinity;
  return {
    area: area / (planted.length * Math.max(1, sorted.length)),
    atOnePercent: planted.filter((value) => value > threshold).length / planted.length,
  };
}
