/**
 * From which size on something counts as a mark.
 * @module
 */

/** Fraction of the range. */
export const TOLERANCE = 1e-3;

/** A fraction for people: "3.1 %", "0.00012 %". */
export function percent(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(2))} %`;
}
