/**
 * What a diagnosis needs to know about the run that made a stack, and how it predicts parts of it again.
 * @module
 */
import type { Job } from "../job";
import type { PaddingMode } from "../tiling/padding";
import type { Plan } from "../tiling/plan";
import type { Region } from "../volume/region";
import type { Volume } from "../volume/volume";

/**
 * Disagreement of two tiles at the border between what is kept of each, as a run records it: places in px of the padded
 * image, values in units of the output.
 */
export interface RecordedSeam {
  readonly axis: string;
  /** First px kept by the second tile. */
  readonly position: number;
  /** Indices of the two tiles in the plan. */
  readonly tiles: readonly [number, number];
  /** max |A − B| at the last kept px of each tile. */
  readonly max: number;
  /** mean |A − B| at each px both tiles computed, from the start of the second tile to the end of the first. */
  readonly profile: readonly number[];
  /** px at which `profile` starts. */
  readonly profileStart: number;
}

/** A run as a diagnosis sees it. */
export interface RunFacts {
  readonly plan: Plan;
  readonly seams: readonly RecordedSeam[];
  readonly normalizationScope: "stack" | "frame" | "tile";
  /** How the image was padded. */
  readonly padding: PaddingMode;
  readonly blend: "crop" | "linear" | "gaussian";
  /** px per spatial axis of the network that its training saw, by axis letter; null when nobody said. */
  readonly trainingPatch: Readonly<Record<string, number>> | null;
  /** Pixel type the run wrote. */
  readonly dtype: string;
  /** Whether the whole padded image was predicted in one call. */
  readonly untiled: boolean;
  /** Command line that repeats the run into another file, without options that a cure would change. */
  readonly command: string | null;
  /** The options that `command` lacks and the run had, by name; numbers per axis by letter or as one. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Predicts parts of the padded image again. */
export interface Recompute {
  /** px per axis of the plan under whose shift the network commutes; 1 on axes it lacks. */
  readonly block: readonly number[];
  /** px per axis of the plan that the network needs beyond a block-aligned border. */
  readonly context: readonly number[];
  /** Why tiles of the network cannot equal the whole, sentences; empty when they can. */
  readonly blockers: readonly string[];
  /** Whether a call on such a region fits into memory. */
  fits(region: Region): boolean;
  /**
   * Predicts a region in one call, as the run would have done with one large tile: intensities are those of the
   * record, those of the whole stack where the run measured them tile by tile.
   *
   * @param region with respect to the padded image, axes of the plan; lengths are multiples of the network's block
   * @param padding how the image is padded; the run's own way when left out
   * @returns axes `C` + those of the network, units of the written stack before it was converted to its pixel type;
   *          not to be changed
   */
  predict(region: Region, padding: RunFacts["padding"] | undefined, job: Job): Promise<Volume<Float32Array>>;
  /**
   * Predicts a tile as the run did: with its own intensities where the run measured them tile by tile.
   *
   * @param read what the tile read, with respect to the padded image
   * @returns as {@link predict}
   */
  predictTile(read: Region, job: Job): Promise<Volume<Float32Array>>;
}
