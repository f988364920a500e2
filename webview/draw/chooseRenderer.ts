/**
 * Which renderer a canvas gets.
 * @module
 */
import { CanvasRenderer } from "./canvasRenderer";
import type { Renderer } from "./renderer";

/** The renderer for a canvas. */
export function chooseRenderer(canvas: HTMLCanvasElement): Renderer {
  return new CanvasRenderer(canvas);
}
