/**
 * The line and the rectangle that measure: how long and large they are, where they are taken hold of, how they move.
 * Pure.
 * @module
 */
import type { PlaneRegion, StackDescription, StackLengths } from "../src/protocol/viewer";
import type { Interval } from "../src/volume/region";
import { toScreen } from "./draw/geometry";
import type { Placement, Point, Size } from "./draw/geometry";
import { formatValue } from "./texts";
import type { ViewerState } from "./state";

/** A line through a picture, px. */
export type Line = NonNullable<ViewerState["line"]>;

/** Corners of the rectangle. */
const CORNERS = ["nw", "ne", "sw", "se"] as const;

/** What can be dragged: an end of the line, all of it, a corner of the rectangle, all of it, the border of a swipe. */
export type Grip = "from" | "to" | "line" | (typeof CORNERS)[number] | "rectangle" | "swipe";

/** Screen px around a handle in which it is taken hold of. */
const NEAR_PX = 8;
const SWIPE_PX = 6;

/** What there is to take hold of, and where it lies on the screen. */
export interface GripScene {
  readonly state: ViewerState;
  readonly placement: Placement;
  readonly screen: Size;
}

/** The places of the corners of a rectangle, px of the picture. */
export function cornersOf({ y, x }: PlaneRegion): Readonly<Record<(typeof CORNERS)[number], Point>> {
  return {
    nw: { x: x[0], y: y[0] },
    ne: { x: x[1], y: y[0] },
    sw: { x: x[0], y: y[1] },
    se: { x: x[1], y: y[1] },
  };
}

/**
 * What lies under a place of the screen (CSS px): handles for every tool, the whole line or rectangle only for the tool
 * that draws it, so that the others still move the picture.
 */
export function gripAt(at: Point, { state, placement, screen }: GripScene): Grip | null {
  const distance = (place: Point): number => {
    const there = toScreen(placement, screen, place);
    return Math.hypot(at.x - there.x, at.y - there.y);
  };
  const { line, rectangle, comparison, tool } = state;
  if (line !== null) {
    if (distance(line.to) <= NEAR_PX) return "to";
    if (distance(line.from) <= NEAR_PX) return "from";
  }
  if (rectangle !== null) {
    const corners = cornersOf(rectangle);
    const corner = CORNERS.find((one) => distance(corners[one]) <= NEAR_PX);
    if (corner !== undefined) return corner;
  }
  const border = comparison?.mode === "swipe" ? comparison.at * screen.width : null;
  if (border !== null && Math.abs(at.x - border) <= SWIPE_PX) return "swipe";
  if (tool === "line" && line !== null) {
    const [from, to] = [line.from, line.to].map((end) => toScreen(placement, screen, end));
    if (distanceToLine(at, from, to) <= NEAR_PX) return "line";
  }
  return tool === "rectangle" && rectangle !== null && isInside(at, rectangle, { placement, screen })
    ? "rectangle"
    : null;
}

function isInside(
  at: Point,
  rectangle: PlaneRegion,
  { placement, screen }: Pick<GripScene, "placement" | "screen">,
): boolean {
  const { nw, se } = cornersOf(rectangle);
  const first = toScreen(placement, screen, nw);
  const last = toScreen(placement, screen, se);
  return at.x >= first.x && at.x <= last.x && at.y >= first.y && at.y <= last.y;
}

function distanceToLine(at: Point, from: Point, to: Point): number {
  const along = { x: to.x - from.x, y: to.y - from.y };
  const square = along.x ** 2 + along.y ** 2;
  const part = square === 0 ? 0 : ((at.x - from.x) * along.x + (at.y - from.y) * along.y) / square;
  const near = Math.min(1, Math.max(0, part));
  return Math.hypot(at.x - from.x - near * along.x, at.y - from.y - near * along.y);
}

/** A line after one of its grips was dragged by px of the picture. */
export function movedLine({ from, to }: Line, grip: Grip, by: Point): Line {
  const moved = (end: Point): Point => ({ x: end.x + by.x, y: end.y + by.y });
  return {
    from: grip === "from" || grip === "line" ? moved(from) : from,
    to: grip === "to" || grip === "line" ? moved(to) : to,
  };
}

/** A rectangle after one of its grips was dragged by px of the picture: whole pixels, at least one, inside of it. */
export function movedRectangle(
  { y, x }: PlaneRegion,
  grip: Grip,
  by: Point,
  lengths: StackLengths,
): PlaneRegion {
  if (grip === "rectangle")
    return { y: shifted(y, Math.round(by.y), lengths.y), x: shifted(x, Math.round(by.x), lengths.x) };
  const drag = ([start, stop]: Interval, isStart: boolean, amount: number, length: number): Interval =>
    isStart ? spanOf(start + amount, stop, length) : spanOf(start, stop + amount, length);
  return {
    y: drag(y, grip.startsWith("n"), Math.round(by.y), lengths.y),
    x: drag(x, grip.endsWith("w"), Math.round(by.x), lengths.x),
  };
}

function shifted([start, stop]: Interval, by: number, length: number): Interval {
  const inside = Math.min(length - stop, Math.max(-start, by));
  return [start + inside, stop + inside];
}

/** The interval of whole pixels between two places, in any order: at least one, inside of 0…`length`. */
export function spanOf(a: number, b: number, length: number): Interval {
  const start = Math.min(length - 1, Math.max(0, Math.floor(Math.min(a, b))));
  return [start, Math.min(length, Math.max(start + 1, Math.ceil(Math.max(a, b))))];
}

/** Sizes along the rows and columns of a plane, when both are known. */
function planeScale({ pixelSize }: StackDescription): { y: number; x: number; unit: string } | null {
  if (pixelSize === null || pixelSize.x === null || pixelSize.y === null) return null;
  return { y: pixelSize.y, x: pixelSize.x, unit: pixelSize.unit };
}

/** What a line measures. */
export interface LineFacts {
  /** px */
  readonly length: number;
  /** In units of the file; null where it does not say. */
  readonly physical: { readonly length: number; readonly unit: string } | null;
  /** Degrees, -180…180, counter-clockwise from the direction of the columns, as ImageJ has it. */
  readonly angle: number;
}

/** Length and angle of a line. */
export function lineFacts({ from, to }: Line, description: StackDescription): LineFacts {
  const [width, height] = [to.x - from.x, to.y - from.y];
  const scale = planeScale(description);
  const angle = (Math.atan2(-height * (scale?.y ?? 1), width * (scale?.x ?? 1)) * 180) / Math.PI;
  return {
    length: Math.hypot(width, height),
    physical:
      scale === null ? null : { length: Math.hypot(width * scale.x, height * scale.y), unit: scale.unit },
    angle: angle + 0,
  };
}

const short = (value: number): string => formatValue(Number(value.toPrecision(4)));

/** `83.21 px · 26.63 µm`. */
export function formatLength({ length, physical }: Pick<LineFacts, "length" | "physical">): string {
  const px = `${short(length)} px`;
  return physical === null ? px : `${px} · ${short(physical.length)} ${physical.unit}`;
}

/** `64 × 32 px · 20.48 × 10.24 µm`: width and height. */
export function formatRectangle({ y, x }: PlaneRegion, description: StackDescription): string {
  const [width, height] = [x[1] - x[0], y[1] - y[0]];
  const scale = planeScale(description);
  const px = `${width} × ${height} px`;
  return scale === null ? px : `${px} · ${short(width * scale.x)} × ${short(height * scale.y)} ${scale.unit}`;
}
