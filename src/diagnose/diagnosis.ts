/**
 * Diagnosis: what is known about the marks that tiles left in a predicted stack. Plain data, fit for JSON: no NaN,
 * no Infinity.
 * @module
 */
import type { Interval } from "../volume/region";

/**
 * What was known beside the pixels. `blind`: nothing. `record`: the plan of the run and what it measured.
 * `record+model`: the network as well, so that parts can be predicted again and compared.
 */
export type DiagnosisMode = "blind" | "record" | "record+model";

/** `seamless` is only said where a mark of the given tolerance would have been seen. */
export type Verdict = "seamless" | "artifacts" | "undecided";

/** Why there is a mark. */
export type Cause =
  | "overlap-too-small"
  | "misaligned-tiles"
  | "tile-normalization"
  | "border-padding"
  | "integer-wrap"
  | "missing-tile"
  | "training-patch"
  | "unknown";

/** `certain`: follows from plan and network. `measured`: seen in numbers that have this cause. `suspected`: it fits. */
export type Certainty = "certain" | "measured" | "suspected";

/** Half-open interval in px of the predicted stack by axis letter; an axis that is not named is meant whole. */
export type Place = Readonly<Record<string, Interval>>;

/** A way out of an artifact. */
export interface Cure {
  /** One sentence. */
  readonly text: string;
  /** Options of `tilewright predict` that are changed for it; null when another prediction does not help. */
  readonly options: Readonly<Record<string, unknown>> | null;
  /** The command line that does it; null without a run record. */
  readonly command: string | null;
}

/** One artifact with a cause, a place, a magnitude and a cure. */
export interface Finding {
  readonly cause: Cause;
  readonly certainty: Certainty;
  /** The axis it lies across; null when it is about all. */
  readonly axis: string | null;
  readonly where: Place;
  /** Largest error or disagreement, as a fraction of {@link Diagnosis.range}; null when nothing measured it. */
  readonly magnitude: number | null;
  /** What speaks for it, in sentences with numbers. */
  readonly evidence: string;
  readonly cure: Cure;
}

/** One plane between two pixels, across which tiles were or may have been joined. */
export interface SeamFigures {
  readonly axis: string;
  /** First px after it, with respect to the predicted stack. */
  readonly position: number;
  /** Whether the plan says that tiles meet here, or only the pixels do. */
  readonly known: boolean;
  /** max |A − B| of two tiles at the last kept px of each, fraction of the range; null when not recorded. */
  readonly disagreement: number | null;
  /** Mean |A − B|, fraction of the range, at each px both tiles computed; `start` is the first px, relative to `position`. */
  readonly profile: { readonly start: number; readonly mean: readonly number[] } | null;
  /** Step across the plane over those of the neighbouring planes, in robust standard deviations; null where not measured. */
  readonly excess: number | null;
  /** Probability of such an excess without a seam, corrected for the number of planes tried. */
  readonly pValue: number | null;
  /** Largest |recomputed − written| at probes of this seam, fraction of the range; null without a probe. */
  readonly error: number | null;
}

/** One slice (Z) or time point (T). */
export interface SliceFigures {
  readonly axis: string;
  readonly index: number;
  /** Mean and standard deviation of the finite values, in units of the stack. */
  readonly mean: number;
  readonly sd: number;
  /** How far it stands out from its neighbours, robust standard deviations; null where not measured. */
  readonly excess: number | null;
  /** Mean |difference| from the reference, fraction of the range; null without one. */
  readonly error: number | null;
}

/** Regular seams along one axis: at offset, offset + period, … px. */
export interface Grid {
  readonly period: number;
  readonly offset: number;
}

/** Seam excess of every plane across one axis: entry i belongs to the plane before px i; null where not measured. */
export type ExcessProfile = readonly (number | null)[];

/** A place where a crop was predicted again with full context in one call. */
export interface ProbePlace {
  readonly why: "seam" | "crossing" | "stack end" | "worst disagreement";
  readonly where: Place;
  /** Largest and mean |recomputed − written|, fraction of the range. */
  readonly max: number;
  readonly mean: number;
  /** Where the largest is, px by axis letter. */
  readonly worst: Readonly<Record<string, number>>;
}

/** The error that an overlap leaves at the probes, and its price. */
export interface OverlapError {
  /** px discarded per side on every cut axis, whole blocks. */
  readonly overlap: Readonly<Record<string, number>>;
  /** Fraction of the range. */
  readonly max: number;
  /** Voxels computed ÷ voxels kept with tiles of the present size; null where such tiles are impossible. */
  readonly cost: number | null;
}

/** What recomputing found. */
export interface Probe {
  readonly places: readonly ProbePlace[];
  /** From no overlap to the exact one. */
  readonly curve: readonly OverlapError[];
  /** The smallest measured overlap that stays below each tolerance. */
  readonly recommended: readonly { readonly tolerance: number; readonly overlap: OverlapError | null }[];
  /** Depth from either end of each axis that depends on how the border is padded, px; null where nothing was measured. */
  readonly borders: readonly BorderBand[];
}

/** How deep the treatment of one end of the stack reaches. */
export interface BorderBand {
  readonly axis: string;
  readonly end: "start" | "stop";
  /** px from the end in which the largest difference between padding modes exceeds 0.1 % of the range. */
  readonly depth: number;
  /** Largest |difference| between any two modes at each px from the end, fraction of the range. */
  readonly profile: readonly number[];
  readonly modes: readonly string[];
}

/** Errors against another stack, fractions of the range of the reference. */
export interface ReferenceErrors {
  /** Mean |difference| at every index of each axis. */
  readonly perAxis: Readonly<Record<string, readonly number[]>>;
  /** Mean |difference| at each distance in px from the nearest seam (entry 0: the px beside it), by axis of the seam. */
  readonly fromSeams: Readonly<Record<string, readonly number[]>>;
  /** Mean |difference| at each distance in px from the nearer end, by axis. */
  readonly fromBorders: Readonly<Record<string, readonly number[]>>;
  readonly worst: readonly { readonly position: Readonly<Record<string, number>>; readonly error: number }[];
  readonly max: number;
  readonly mean: number;
}

/** The JSON of `tilewright diagnose`. */
export interface Diagnosis {
  readonly verdict: Verdict;
  readonly mode: DiagnosisMode;
  /** The verdict in one or two sentences. */
  readonly summary: string;
  readonly file: string;
  /** Axes and shape of the predicted stack. */
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  /** p99.9 − p0.1 of the stack, its units; null when it has none: constant, or nothing finite. */
  readonly range: number | null;
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly seams: readonly SeamFigures[];
  readonly slices: readonly SliceFigures[];
  /** Of the seams found or known, by axis; null where there is no regular grid. */
  readonly grid: Readonly<Record<string, Grid | null>>;
  readonly excess: Readonly<Record<string, ExcessProfile>>;
  /** Only in mode `record+model`. */
  readonly probe: Probe | null;
  readonly reference: ReferenceErrors | null;
  /** What was not looked at, and why; sentences. */
  readonly notes: readonly string[];
}
