/**
 * Which of two compared stacks is seen where, and the border of a swipe.
 * @module
 */
import { fitsInto } from "../scene";
import { drawLabel } from "./label";
import { strokeVisibly } from "./part";
import type { OverlayPart } from "./part";

const MARGIN = 8;
const GRIP_PX = 9;

/** Draws names, and the border between the two stacks with the grip that drags it. */
export const drawComparison: OverlayPart = (context, scene) => {
  const { pane, screen, state, description, layers, isOther, colors } = scene;
  const { comparison } = state;
  const other = layers.find((one) => one.layer === comparison?.layer && fitsInto(one, pane, description))
    ?.description.name;
  if (comparison === null || other === undefined) return;
  const { mode, at } = comparison;
  const border = at * screen.width;
  if (mode === "swipe") drawBorder(context, border, screen.height, colors.accent);
  if (mode === "beside" && isOther) drawBorder(context, 0, screen.height, colors.accent);
  if (pane !== "xy") return;
  const corner = (text: string, widest = screen.width - 2 * MARGIN): void =>
    drawLabel(context, [text], { x: MARGIN, y: MARGIN }, { screen, anchor: "left-top", widest });
  if (mode === "flicker" || mode === "beside") corner(isOther ? other : description.name);
  if (mode === "blend") {
    const share = Math.round(at * 100);
    corner(`${100 - share} % ${description.name} + ${share} % ${other}`);
  }
  if (mode === "difference") corner(`${description.name} − ${other}`);
  if (mode !== "swipe") return;
  const y = MARGIN;
  const [left, right] = [border - GRIP_PX - 2, border + GRIP_PX + 2];
  if (left > 40)
    drawLabel(context, [description.name], { x: left, y }, { screen, anchor: "right-top", widest: left });
  const room = screen.width - right;
  if (room > 40) drawLabel(context, [other], { x: right, y }, { screen, anchor: "left-top", widest: room });
  drawGrip(context, border, screen.height / 2, colors.accent);
};

function drawBorder(context: CanvasRenderingContext2D, x: number, height: number, color: string): void {
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x, height);
  strokeVisibly(context, color, 1.5);
}

/** A round grip with an arrow to either side. */
function drawGrip(context: CanvasRenderingContext2D, x: number, y: number, color: string): void {
  context.beginPath();
  context.arc(x, y, GRIP_PX, 0, 2 * Math.PI);
  context.fillStyle = "rgba(0, 0, 0, 0.85)";
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = color;
  context.stroke();
  context.fillStyle = color;
  for (const side of [-1, 1]) {
    context.beginPath();
    context.moveTo(x + side * 6.5, y);
    context.lineTo(x + side * 2, y - 4);
    context.lineTo(x + side * 2, y + 4);
    context.fill();
  }
}
