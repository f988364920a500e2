/**
 * Model: a network plus what is needed around it.
 * @module
 */
import type { Job } from "../job";
import type { Network } from "../network/graph";

/** How intensities are prepared before the network, and whether that is undone after it. */
export type Normalization =
  | { readonly mode: "none" }
  | {
      /** CSBDeep: `(x − p_lo) / (p_hi − p_lo + 1e-20)`, one pair per channel. */
      readonly mode: "percentile";
      readonly low: number;
      readonly high: number;
      readonly undo: boolean;
    }
  | {
      /** `(x − mean) / (sd + 1e-6)`, population sd, per channel. */ readonly mode: "zscore";
      readonly undo: boolean;
    }
  | { /** `(x − min) / (max − min + 1e-6)`, per channel. */ readonly mode: "minmax"; readonly undo: boolean }
  | {
      /** Noise2Void: constants from training, per channel, `(x − mean) / sd`. */
      readonly mode: "fixed";
      readonly means: readonly number[];
      readonly sds: readonly number[];
      readonly undo: boolean;
    };

/** One input or output of a model. */
export interface ModelTensor {
  readonly name: string;
  /** Letters in the model's own order, such as `ZYXC`. */
  readonly axes: string;
  readonly channels: number;
  readonly dtype: "float32";
  /** For outputs of probabilistic models: which channels mean what. */
  readonly meaning?: "mean" | "mean and scale";
}

/** What is known about the training. */
export interface Training {
  /** px per spatial axis of the network; absent entries unknown. */
  readonly patchShape?: readonly number[];
  readonly epochs?: number;
  readonly loss?: string;
}

/** A network with axes and pre- and post-processing. */
export interface Model {
  /** Id of the format, such as `care`. */
  readonly kind: string;
  readonly name: string;
  /** Folder or file it was read from. */
  readonly path: string;
  /** SHA-256 over the files that define it, hex. */
  readonly sha256: string;
  readonly network: Network;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  readonly normalization: Normalization;
  /**
   * Depth, kernel and pool of a CARE U-Net, for CSBDeep's overlap table; null when the network is none.
   */
  readonly care: { readonly depth: number; readonly kernel: number; readonly pool: number } | null;
  /** Whether the last half of the output channels is a scale (Laplace) and not an intensity. */
  readonly probabilistic: boolean;
  readonly training: Training | null;
  readonly warnings: readonly string[];
}

/** Reads one kind of model. Built-in formats and those of plugins are registered the same way. */
export interface ModelFormat {
  readonly id: string;
  /** For people: "CARE folder (config.json + weights)". */
  readonly label: string;
  /** Whether `path` looks like this kind; cheap; never throws for a wrong kind. */
  recognise(path: string): Promise<boolean>;
  /**
   * @throws {TilewrightError} `model.*`, naming file, layer, expected and found
   */
  load(path: string, job: Job): Promise<Model>;
}
