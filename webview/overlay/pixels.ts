/**
 * Single pixels at high zoom: lines between them and their values.
 * @module
 */
import { toScreen } from "../draw/geometry";
import type { Placement } from "../draw/geometry";
import { formatValue } from "../texts";
import type { OverlayPart, OverlayScene } from "./part";

/** Screen px a pixel needs before lines are drawn between pixels, and before its value fits. */
const GRID_ZOOM = 12;
const VALUES_WIDTH = 36;
const VALUES_HEIGHT = 14;
const MOST_VALUES = 4000;

const isLarge = ({ zoomX, zoomY }: Placement, width: number, height: number): boolean =>
  zoomX >= width && zoomY >= height;

/** Visible pixels, half open. */
function visiblePixels({ placement, screen, image }: OverlayScene): {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
} {
  const range = (center: number, length: number, zoom: number, size: number): [number, number] => [
    Math.max(0, Math.floor(center - length / 2 / zoom)),
    Math.min(size, Math.ceil(center + length / 2 / zoom)),
  ];
  return {
    x: range(placement.centerX, screen.width, placement.zoomX, image.width),
    y: range(placement.centerY, screen.height, placement.zoomY, image.height),
  };
}

/** Draws lines between pixels. */
export const drawPixelGrid: OverlayPart = (context, scene) => {
  const { placement, screen, state } = scene;
  if (!state.extras.pixelGrid || !isLarge(placement, GRID_ZOOM, GRID_ZOOM)) return;
  const { x, y } = visiblePixels(scene);
  const first = toScreen(placement, screen, { x: x[0], y: y[0] });
  const last = toScreen(placement, screen, { x: x[1], y: y[1] });
  context.beginPath();
  for (let column = x[0]; column <= x[1]; column++) {
    const at = Math.round(toScreen(placement, screen, { x: column, y: 0 }).x) + 0.5;
    context.moveTo(at, first.y);
    context.lineTo(at, last.y);
  }
  for (let row = y[0]; row <= y[1]; row++) {
    const at = Math.round(toScreen(placement, screen, { x: 0, y: row }).y) + 0.5;
    context.moveTo(first.x, at);
    context.lineTo(last.x, at);
  }
  context.strokeStyle = "rgba(128, 128, 128, 0.45)";
  context.stroke();
};

/** Prints the values of the undermost picture inside its pixels. */
export const drawPixelValues: OverlayPart = (context, scene) => {
  const { placement, screen, state, picture } = scene;
  const pixels = picture?.cooked[0]?.pixels;
  if (!state.extras.values || pixels?.step.x !== 1 || pixels.step.y !== 1) return;
  if (!isLarge(placement, VALUES_WIDTH, VALUES_HEIGHT)) return;
  const { region, width, data } = pixels;
  const { x, y } = visiblePixels(scene);
  if ((x[1] - x[0]) * (y[1] - y[0]) > MOST_VALUES) return;
  const size = Math.min(13, placement.zoomX / 4.5, placement.zoomY / 1.4);
  context.font = `${size}px ui-monospace, monospace`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.fillStyle = "#ffffff";
  for (let row = Math.max(y[0], region.y[0]); row < Math.min(y[1], region.y[1]); row++) {
    for (let column = Math.max(x[0], region.x[0]); column < Math.min(x[1], region.x[1]); column++) {
      const value = data[(row - region.y[0]) * width + column - region.x[0]];
      const at = toScreen(placement, screen, { x: column + 0.5, y: row + 0.5 });
      const text = formatValue(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
      context.strokeText(text, at.x, at.y, placement.zoomX - 2);
      context.fillText(text, at.x, at.y, placement.zoomX - 2);
    }
  }
};
