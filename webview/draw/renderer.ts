/**
 * What draws pictures; nothing outside of an implementation knows how.
 * @module
 */
import type { PlanePixels } from "../../src/protocol/viewer";
import type { Placement } from "./geometry";
import type { Lut } from "./luts";

/** Display limits in units of the pixels; `low` > `high` shows a negative. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** How values become levels 0…255 of a LUT. */
export interface Scale {
  readonly limits: Limits;
  /** > 0; level = 255 · fraction^gamma. */
  readonly gamma: number;
}

/** What all kinds of layers have. */
interface LayerCommon {
  /** 0…1 */
  readonly opacity: number;
}

/** Intensities through a LUT. NaN is transparent. */
export interface IntensityLayer extends LayerCommon {
  readonly kind: "intensity";
  readonly pixels: PlanePixels;
  readonly scale: Scale;
  readonly lut: Lut;
  /** `add` sums its colours with those below, as composites do; `over` covers them. */
  readonly blend: "over" | "add";
}

/** Integers as colours that stay the same for the same number; 0 is transparent. */
export interface LabelLayer extends LayerCommon {
  readonly kind: "labels";
  readonly pixels: PlanePixels;
  readonly hidden: ReadonlySet<number>;
  /** The label that is picked: all others are dimmed. */
  readonly picked: number | null;
}

/** `pixels` minus `other`, which have the same region and steps, through a LUT. */
export interface DifferenceLayer extends LayerCommon {
  readonly kind: "difference";
  readonly pixels: PlanePixels;
  readonly other: PlanePixels;
  readonly scale: Scale;
  readonly lut: Lut;
}

/** One of the things that lie over each other in a picture. */
export type DrawnLayer = IntensityLayer | LabelLayer | DifferenceLayer;

/** One picture, or the part of the canvas in which it is seen. */
export interface Frame {
  /** From the bottom to the top. */
  readonly layers: readonly DrawnLayer[];
  readonly placement: Placement;
  /** Columns of the canvas that it fills, canvas px, half open; default all. */
  readonly columns?: readonly [start: number, stop: number];
}

/** Draws pictures into a canvas: every image pixel a crisp rectangle, what has no value transparent. */
export interface Renderer {
  /** Name for the test hook and the log. */
  readonly kind: string;
  /** Draws frames side by side; pixels that no frame has stay transparent. */
  draw(frames: readonly Frame[]): void;
  clear(): void;
  dispose(): void;
}

/** Level of a value: 0 at `low` to 255 at `high`, clamped; between equal limits 128. */
export function levelOf(value: number, { limits: { low, high }, gamma }: Scale): number {
  if (low === high) return value < low ? 0 : value > high ? 255 : 128;
  const fraction = (value - low) / (high - low);
  if (fraction <= 0) return 0;
  if (fraction >= 1) return 255;
  return Math.round(255 * (gamma === 1 ? fraction : fraction ** gamma));
}
