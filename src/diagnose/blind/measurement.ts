/**
 * What the pixels of a stack say about tiles, without anything known about a run.
 * @module
 */
import type { ExcessProfile, Finding, Grid, SeamFigures, SliceFigures } from "../diagnosis";

/** The result of {@link measureBlind}: plain data, fit for JSON. */
export interface BlindMeasurement {
  /** p99.9 − p0.1 of the sampled finite pixels, units of the stack; null when there is none: constant, or nothing finite. */
  readonly range: number | null;
  /** Seams that were found, and the planned ones whether found or not; by axis and position. */
  readonly seams: readonly SeamFigures[];
  /** One entry per index of Z, and of T where there are several time points. */
  readonly slices: readonly SliceFigures[];
  /** Regular grid of the seams found, by axis letter; null where there is none. */
  readonly grid: Readonly<Record<string, Grid | null>>;
  /** Seam excess of every plane across X, Y and Z. */
  readonly excess: Readonly<Record<string, ExcessProfile>>;
  /** Worst first; cures say what to do in words, without options. */
  readonly findings: readonly Finding[];
  /** Whether a seam of 2 % of the range, or of twice the mean step where that is more, would have been seen across X and Y. */
  readonly hadPower: boolean;
  /** What was not looked at, and what was seen that is no seam; sentences. */
  readonly notes: readonly string[];
}

/** Planned seam positions by axis letter, px of the predicted stack. */
export type KnownSeams = Readonly<Record<string, readonly number[]>>;
