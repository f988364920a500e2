/**
 * How a prediction cut the stack into tiles: borders of what each tile wrote, and the tile under the pointer.
 * @module
 */
import type { StackLengths, TileCut, TileGrid } from "../../src/protocol/viewer";
import type { Interval } from "../../src/volume/region";
import { toScreen } from "../draw/geometry";
import type { Placement, Point, Size } from "../draw/geometry";
import type { PaneName } from "../scene";
import { drawLabel } from "./label";
import { strokeVisibly } from "./part";
import type { OverlayPart, OverlayScene } from "./part";

/** Axes along which a stack is cut into tiles, in the order in which tiles are counted. */
const AXES = ["z", "y", "x"] as const;
type CutAxis = (typeof AXES)[number];

/** How the three regions of a tile are drawn. */
export const TILE_STROKES = {
  read: { color: "#4fc1ff", dash: [2, 3], text: "read: what the network was given, padding included" },
  keep: { color: "#ffd866", dash: [8, 5], text: "keep: what is right whatever lies around" },
  write: { color: "#ffffff", dash: [], text: "write: what was written to the result" },
} as const;

/** Borders that are closer together on the screen are left out. */
const CLOSEST_PX = 4;
const MARGIN = 8;

/** One tile, px of the whole image. */
export interface FoundTile {
  /** From 1, row-major over z, y, x. */
  readonly number: number;
  readonly count: number;
  readonly cuts: Readonly<Record<CutAxis, TileCut>>;
}

/** Cuts along an axis; one that takes all of it where it is not cut. */
export function cutsAlong(grid: TileGrid, axis: CutAxis, lengths: StackLengths): readonly TileCut[] {
  const cuts = grid.cuts[axis];
  const all: Interval = [0, lengths[axis]];
  return cuts === undefined || cuts.length === 0 ? [{ read: all, keep: all, write: all }] : cuts;
}

/** Number of tiles of a grid. */
export function tileCount(grid: TileGrid): number {
  return AXES.reduce((count, axis) => count * Math.max(1, grid.cuts[axis]?.length ?? 1), 1);
}

/** The tile that wrote the pixel at a place of the stack, the last one where several did; null where none did. */
export function tileAt(
  grid: TileGrid,
  place: Readonly<Record<CutAxis, number>>,
  lengths: StackLengths,
): FoundTile | null {
  let number = 0;
  const found: Partial<Record<CutAxis, TileCut>> = {};
  for (const axis of AXES) {
    const cuts = cutsAlong(grid, axis, lengths);
    const at = place[axis];
    const index = cuts.findLastIndex(({ write: [start, stop] }) => at >= start && at < stop);
    if (index < 0) return null;
    number = number * cuts.length + index;
    found[axis] = cuts[index];
  }
  return {
    number: number + 1,
    count: tileCount(grid),
    cuts: found as Record<CutAxis, TileCut>,
  };
}

/** Where writing begins and ends along an axis, px in ascending order, inside of an interval and thinned out to `apart`. */
export function bordersIn(cuts: readonly TileCut[], [start, stop]: Interval, apart: number): number[] {
  const kept: number[] = [];
  for (const border of allBorders(cuts)) {
    if (border < start) continue;
    if (border > stop) break;
    if (kept.length === 0 || border - kept[kept.length - 1] >= apart) kept.push(border);
  }
  return kept;
}

const sorted = new WeakMap<readonly TileCut[], readonly number[]>();

/** All borders along an axis in ascending order; sorted once for a grid, as they are drawn with every move of the pointer. */
function allBorders(cuts: readonly TileCut[]): readonly number[] {
  const known = sorted.get(cuts);
  if (known !== undefined) return known;
  const borders = [...new Set(cuts.flatMap(({ write }) => write))].sort((a, b) => a - b);
  sorted.set(cuts, borders);
  return borders;
}

/** Axes of the rows and columns of a pane. */
function paneAxes(pane: PaneName): { readonly rows: CutAxis; readonly columns: CutAxis } {
  return { rows: pane === "xz" ? "z" : "y", columns: pane === "yz" ? "z" : "x" };
}

/** Draws the borders of all tiles that are seen, and the tile under the pointer. */
export const drawTiles: OverlayPart = (context, scene) => {
  const { state, grids, pane, description } = scene;
  const grid = grids[Math.min(state.tileGrid, grids.length - 1)] as TileGrid | undefined;
  if (!state.extras.tiles || grid === undefined) return;
  const { rows, columns } = paneAxes(pane);
  drawBorders(context, scene, {
    rows: cutsAlong(grid, rows, description.lengths),
    columns: cutsAlong(grid, columns, description.lengths),
  });
  const tile = hoveredTile(scene, grid);
  if (tile === null) return;
  // The dashed ones last: where regions are the same, both are seen.
  for (const part of ["write", "keep", "read"] as const) {
    traceRegion(context, scene, { rows: tile.cuts[rows][part], columns: tile.cuts[columns][part] });
    strokeTile(context, part);
  }
  const { screen } = scene;
  const at = { x: MARGIN, y: screen.height - MARGIN };
  drawLabel(context, tileTexts(tile, grid), at, { screen, anchor: "left-bottom" });
};

interface PaneCuts {
  readonly rows: readonly TileCut[];
  readonly columns: readonly TileCut[];
}

function drawBorders(
  context: CanvasRenderingContext2D,
  { placement, screen, image }: OverlayScene,
  { rows, columns }: PaneCuts,
): void {
  const { first, last } = seenPart(placement, screen, image);
  if (first.x >= last.x || first.y >= last.y) return;
  const from = toScreen(placement, screen, first);
  const to = toScreen(placement, screen, last);
  context.beginPath();
  for (const x of bordersIn(columns, [first.x, last.x], CLOSEST_PX / placement.zoomX)) {
    const at = toScreen(placement, screen, { x, y: 0 }).x;
    context.moveTo(at, from.y);
    context.lineTo(at, to.y);
  }
  for (const y of bordersIn(rows, [first.y, last.y], CLOSEST_PX / placement.zoomY)) {
    const at = toScreen(placement, screen, { x: 0, y }).y;
    context.moveTo(from.x, at);
    context.lineTo(to.x, at);
  }
  context.globalAlpha = 0.7;
  strokeVisibly(context, TILE_STROKES.write.color);
  context.globalAlpha = 1;
}

/** The corners of the part of a picture that is on the screen, px of the picture. */
function seenPart(placement: Placement, screen: Size, image: Size): { first: Point; last: Point } {
  const { centerX, centerY, zoomX, zoomY } = placement;
  const half = { x: screen.width / 2 / zoomX, y: screen.height / 2 / zoomY };
  return {
    first: { x: Math.max(0, centerX - half.x), y: Math.max(0, centerY - half.y) },
    last: { x: Math.min(image.width, centerX + half.x), y: Math.min(image.height, centerY + half.y) },
  };
}

function hoveredTile(
  { hovered, image, pane, state, description }: OverlayScene,
  grid: TileGrid,
): FoundTile | null {
  if (hovered === null) return null;
  const { x, y } = hovered;
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return null;
  const place = {
    z: pane === "xz" ? y : pane === "yz" ? x : state.plane.z,
    y: pane === "xz" ? state.cursor.y : y,
    x: pane === "yz" ? state.cursor.x : x,
  };
  return tileAt(grid, place, description.lengths);
}

function strokeTile(context: CanvasRenderingContext2D, part: keyof typeof TILE_STROKES): void {
  const { color, dash } = TILE_STROKES[part];
  context.setLineDash([]);
  context.lineWidth = 4;
  context.strokeStyle = "rgba(0, 0, 0, 0.75)";
  context.stroke();
  context.setLineDash([...dash]);
  context.lineWidth = 2;
  context.strokeStyle = color;
  context.stroke();
}

function traceRegion(
  context: CanvasRenderingContext2D,
  { placement, screen }: OverlayScene,
  { rows, columns }: { readonly rows: Interval; readonly columns: Interval },
): void {
  const first = toScreen(placement, screen, { x: columns[0], y: rows[0] });
  const last = toScreen(placement, screen, { x: columns[1], y: rows[1] });
  context.beginPath();
  context.rect(first.x, first.y, last.x - first.x, last.y - first.y);
}

/** What is said about a tile: its number, sizes and context, along the axes that are cut. */
export function tileTexts({ number, count, cuts }: FoundTile, grid: TileGrid): string[] {
  const axes = AXES.filter((axis) => grid.cuts[axis] !== undefined);
  const size = (part: keyof TileCut): string =>
    axes.map((axis) => `${axis} ${cuts[axis][part][1] - cuts[axis][part][0]}`).join(" × ");
  const context = AXES.flatMap((axis) => {
    const px = grid.context[axis];
    return px === undefined ? [] : [`${axis} ${px}`];
  });
  return [
    `Tile ${number} of ${count}`,
    `reads ${size("read")} px`,
    `keeps ${size("keep")} px`,
    `writes ${size("write")} px`,
    ...(context.length === 0 ? [] : [`context ${context.join(", ")} px`]),
  ];
}
