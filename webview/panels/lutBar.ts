/**
 * A LUT as a bar, from its first colour to its last.
 * @module
 */
import { element } from "../dom";
import type { Lut } from "../draw/luts";
import { levelOf } from "../draw/renderer";
import type { Scale } from "../draw/renderer";
import { valueAt } from "./contrastScale";
import type { ValueAxis } from "./contrastScale";

const LEVELS = 256;

/** A bar and how to paint it. */
export interface LutBar {
  readonly element: HTMLElement;
  /** All colours of a LUT. */
  showLut(lut: Lut): void;
  /** The colour of each value of an axis. */
  showValues(lut: Lut, scale: Scale, axis: ValueAxis): void;
}

/** Builds a bar that says nothing to a screen reader: what stands beside it does. */
export function makeLutBar(): LutBar {
  const canvas = element("canvas", { class: "lut-bar", "aria-hidden": "true" }) as HTMLCanvasElement;
  canvas.width = LEVELS;
  canvas.height = 1;
  const paint = (colorAt: (place: number) => number): void => {
    const context = canvas.getContext("2d");
    if (context === null) return;
    const image = context.createImageData(LEVELS, 1);
    new Uint32Array(image.data.buffer).set(
      Uint32Array.from({ length: LEVELS }, (_, place) => colorAt(place)),
    );
    context.putImageData(image, 0, 0);
  };
  return {
    element: canvas,
    showLut: (lut) => paint((place) => lut[place]),
    showValues: (lut, scale, axis) =>
      paint((place) => lut[levelOf(valueAt((place + 0.5) / LEVELS, axis), scale)]),
  };
}
