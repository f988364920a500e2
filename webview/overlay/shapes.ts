/**
 * The line and the rectangle that measure, with the handles that move them.
 * @module
 */
import { toScreen } from "../draw/geometry";
import type { Point } from "../draw/geometry";
import { cornersOf, formatLength, formatRectangle, lineFacts } from "../shapes";
import { drawLabel, labelSize } from "./label";
import { strokeVisibly } from "./part";
import type { OverlayPart, OverlayScene } from "./part";

const HANDLE_PX = 4.5;
const LABEL_GAP = 8;

/** Draws the line with its length and the rectangle with its size. */
export const drawShapes: OverlayPart = (context, scene) => {
  if (scene.pane !== "xy") return;
  if (scene.state.rectangle !== null) drawRectangle(context, scene, scene.state.rectangle);
  if (scene.state.line !== null) drawLine(context, scene, scene.state.line);
};

function drawHandles(context: CanvasRenderingContext2D, places: readonly Point[], color: string): void {
  for (const { x, y } of places) {
    context.beginPath();
    context.arc(x, y, HANDLE_PX, 0, 2 * Math.PI);
    context.fillStyle = color;
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = "rgba(0, 0, 0, 0.85)";
    context.stroke();
  }
}

function drawLine(
  context: CanvasRenderingContext2D,
  { placement, screen, colors, description }: OverlayScene,
  line: NonNullable<OverlayScene["state"]["line"]>,
): void {
  const from = toScreen(placement, screen, line.from);
  const to = toScreen(placement, screen, line.to);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.lineTo(to.x, to.y);
  strokeVisibly(context, colors.accent, 1.5);
  drawHandles(context, [from, to], colors.accent);
  const text = formatLength(lineFacts(line, description));
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const turned = { x: (to.y - from.y) / length, y: (from.x - to.x) / length };
  // Across the line from its middle, upwards, as far as it takes to leave the line free.
  const up = turned.y > 0 ? -1 : 1;
  const size = labelSize(context, [text]);
  const away = (Math.abs(turned.x) * size.width + Math.abs(turned.y) * size.height) / 2 + LABEL_GAP;
  const at = {
    x: (from.x + to.x) / 2 + up * turned.x * away,
    y: (from.y + to.y) / 2 + up * turned.y * away,
  };
  drawLabel(context, [text], at, { screen, anchor: "middle" });
}

function drawRectangle(
  context: CanvasRenderingContext2D,
  { placement, screen, colors, description }: OverlayScene,
  rectangle: NonNullable<OverlayScene["state"]["rectangle"]>,
): void {
  const corners = Object.values(cornersOf(rectangle)).map((place) => toScreen(placement, screen, place));
  const [first, , , last] = corners;
  context.beginPath();
  context.rect(first.x, first.y, last.x - first.x, last.y - first.y);
  strokeVisibly(context, colors.accent, 1.5);
  drawHandles(context, corners, colors.accent);
  drawLabel(
    context,
    [formatRectangle(rectangle, description)],
    { x: first.x, y: first.y - LABEL_GAP },
    { screen, anchor: "left-bottom" },
  );
}
