/**
 * From which size on something counts as a mark.
 * @module
 */

/** Fraction of the range. */
export const TOLERANCE = 1e-3;
