/**
 * The scale bar: a round length in the units of the file, or in pixels.
 * @module
 */
import type { OverlayPart } from "./part";

const WIDEST_PX = 160;
const MARGIN = 14;

/** The longest round length (1, 2 or 5 times a power of ten) that takes at most `most` of a screen. */
function roundLength(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [5, 2, 1].find((one) => one * power <= most) ?? 1;
  return factor * power;
}

/** Draws a bar and its length into the lower right corner of the plane's pane. */
export const drawScaleBar: OverlayPart = (context, { pane, state, screen, placement, description }) => {
  if (pane !== "xy" || !state.extras.scaleBar) return;
  const pixel = description.pixelSize?.x ?? 1;
  const unit = description.pixelSize?.x == null ? "px" : description.pixelSize.unit;
  const length = roundLength((Math.min(WIDEST_PX, screen.width / 3) / placement.zoomX) * pixel);
  const width = (length / pixel) * placement.zoomX;
  const right = screen.width - MARGIN;
  const bottom = screen.height - MARGIN;
  context.fillStyle = "rgba(0, 0, 0, 0.55)";
  context.fillRect(right - width - 8, bottom - 24, width + 16, 32);
  context.fillStyle = "#ffffff";
  context.fillRect(right - width, bottom - 4, width, 4);
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillText(`${Number(length.toPrecision(3))} ${unit}`, right - width / 2, bottom - 9, width + 8);
};
