/**
 * Everything that is drawn over a picture: one function each, called in order.
 * @module
 */
import { drawComparison } from "./compare";
import { drawCrosshair } from "./crosshair";
import { drawPixelGrid, drawPixelValues } from "./pixels";
import { drawScaleBar } from "./scaleBar";
import { drawShapes } from "./shapes";
import { drawTiles } from "./tiles";
import type { OverlayPart, OverlayScene } from "./part";

const PARTS: readonly OverlayPart[] = [
  drawPixelGrid,
  drawPixelValues,
  drawTiles,
  drawCrosshair,
  drawShapes,
  drawScaleBar,
  drawComparison,
];

/** Draws everything that lies over the picture of a pane. */
export function drawOverlay(context: CanvasRenderingContext2D, scene: OverlayScene): void {
  for (const draw of PARTS) {
    context.save();
    draw(context, scene);
    context.restore();
  }
}
