/**
 * Text over a picture, readable on any ground.
 * @module
 */
import type { Point, Size } from "../draw/geometry";

const PADDING = 6;
const LINE_HEIGHT = 16;
const FONT = "12px system-ui, sans-serif";

/** Where a label hangs: which of its corners, or its middle, is at the place. */
export type LabelAnchor = "left-top" | "right-top" | "left-bottom" | "middle";

/** Draws lines of text on a dark plate, moved so that it stays on the screen; none wider than `widest` px. */
export function drawLabel(
  context: CanvasRenderingContext2D,
  texts: readonly string[],
  at: Point,
  {
    screen,
    anchor,
    widest,
  }: { readonly screen: Size; readonly anchor: LabelAnchor; readonly widest?: number },
): void {
  context.save();
  context.setLineDash([]);
  context.font = FONT;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const room = Math.min(widest ?? screen.width, screen.width) - 2 * PADDING;
  const shown = texts.map((text) => shortened(context, text, room));
  const { width, height } = labelSize(context, shown);
  const isMiddle = anchor === "middle";
  const left = at.x - (isMiddle ? width / 2 : anchor.startsWith("right") ? width : 0);
  const top = at.y - (isMiddle ? height / 2 : anchor.endsWith("bottom") ? height : 0);
  const x = Math.max(0, Math.min(screen.width - width, left));
  const y = Math.max(0, Math.min(screen.height - height, top));
  context.fillStyle = "rgba(0, 0, 0, 0.7)";
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  context.fill();
  context.fillStyle = "#ffffff";
  for (const [index, text] of shown.entries())
    context.fillText(text, x + PADDING, y + PADDING / 2 + (index + 0.5) * LINE_HEIGHT);
  context.restore();
}

/** How large the plate of a label is, CSS px. */
export function labelSize(context: CanvasRenderingContext2D, texts: readonly string[]): Size {
  context.font = FONT;
  const width = Math.max(...texts.map((text) => context.measureText(text).width)) + 2 * PADDING;
  return { width, height: texts.length * LINE_HEIGHT + PADDING };
}

/** The text, or its beginning and three points where it has no room. */
function shortened(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let [fits, over] = [0, text.length];
  while (over - fits > 1) {
    const middle = (fits + over) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= room) fits = middle;
    else over = middle;
  }
  return fits === 0 ? "" : `${text.slice(0, fits)}…`;
}
