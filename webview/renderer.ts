/**
 * What draws a plane; nothing outside of an implementation knows how.
 * @module
 */
import type { PlanePixels } from "../src/protocol/viewer";
import type { View } from "./geometry";
import type { Limits } from "./state";

/** One picture. */
export interface Frame {
  readonly pixels: PlanePixels;
  readonly view: View;
  /** Values shown black and white. */
  readonly limits: Limits;
}

/** Draws planes into a canvas: every image pixel a crisp rectangle, NaN transparent. */
export interface Renderer {
  /** Name for the test hook and the log. */
  readonly kind: string;
  /** Draws a frame; pixels of the image that the frame lacks stay transparent. */
  draw(frame: Frame): void;
  clear(): void;
  dispose(): void;
}

/** Grey levels of values: linear from black at `low` to white at `high`, clamped; between equal limits medium grey. */
export function greyOf(value: number, { low, high }: Limits): number {
  if (low === high) return value < low ? 0 : value > high ? 255 : 128;
  const level = ((value - low) / (high - low)) * 255;
  return level <= 0 ? 0 : level >= 255 ? 255 : Math.round(level);
}
