/**
 * Which pixels of a picture are shown, and bringing them together without reading more than fits into memory.
 * @module
 */
import type { Job } from "../../src/job";
import type { PlaneRegion } from "../../src/protocol/viewer";
import { settleAll } from "../../src/stack/bytes";
import { bytesPerPixel } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import type { Picture } from "./pictures";
import { breathe } from "./planeStore";
import type { Part } from "./planeStore";

/** Pixels of large pictures that are in memory at once, bytes. */
export const BLOCK_BYTES = 2 ** 24;
/** Rows are read one by one when at least so many lie between them. */
const SPARSE = 4;
const ROWS_AT_ONCE = 8;

/** Rows and columns that are shown, in px of a level, ascending. */
export interface Grid {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Pixels in memory, and where those of a grid lie among them. */
export interface GridPart {
  readonly part: Part;
  readonly grid: Grid;
}

/**
 * Where the samples of an interval lie: sample i at pixel floor(start + (i + 0.5) · step).
 *
 * @param lengths of the picture that the interval is of, and of the copy of it in which the places are
 */
export function sampledPlaces(
  [start, stop]: Interval,
  step: number,
  lengths: readonly [picture: number, copy: number],
): Int32Array {
  const [length, own] = lengths;
  return Int32Array.from({ length: Math.ceil((stop - start) / step) }, (_, i) => {
    const pixel = Math.min(Math.floor(start + (i + 0.5) * step), stop - 1);
    return own === length ? pixel : Math.min(Math.floor(((pixel + 0.5) * own) / length), own - 1);
  });
}

/** Fills `target`, row-major, with the pixels of a grid. */
export async function fillGrid(picture: Picture, grid: Grid, target: PixelArray, job: Job): Promise<void> {
  const stride = grid.columns.length;
  const fill = async (block: GridBlock): Promise<void> => {
    const rows = grid.rows.subarray(...block.rows);
    const columns = grid.columns.subarray(...block.columns);
    const part = await picture.part(regionOf({ rows, columns }), job);
    gather(
      part,
      { rows, columns },
      { data: target, stride, start: block.rows[0] * stride + block.columns[0] },
    );
  };
  const few = (await picture.fewSlices?.(grid, job)) ?? null;
  if (few !== null) {
    gather(few.part, few.grid, { data: target, stride, start: 0 });
    return;
  }
  if (picture.isSmall) return fill({ rows: [0, grid.rows.length], columns: [0, stride] });
  const sparse = picture.readsSingleRows && meanGap(grid.rows) >= SPARSE;
  let running: Promise<void>[] = [];
  for (const block of gridBlocks(grid, bytesPerPixel(picture.dtype), sparse)) {
    running.push(fill(block));
    if (sparse && running.length < ROWS_AT_ONCE) continue;
    await settleAll(running);
    running = [];
    await breathe(job);
  }
  await settleAll(running);
}

function regionOf({ rows, columns }: Grid): PlaneRegion {
  return { y: [rows[0], rows[rows.length - 1] + 1], x: [columns[0], columns[columns.length - 1] + 1] };
}

/** Mean distance between neighbouring places, px. */
export function meanGap(places: Int32Array): number {
  return places.length > 1 ? (places[places.length - 1] - places[0]) / (places.length - 1) : 1;
}

interface GridBlock {
  readonly rows: Interval;
  readonly columns: Interval;
}

function* gridBlocks({ rows, columns }: Grid, pixelBytes: number, singleRows: boolean): Generator<GridBlock> {
  for (let left = 0; left < columns.length;) {
    const right = reach(columns, left, BLOCK_BYTES / pixelBytes);
    const rowBytes = (columns[right - 1] + 1 - columns[left]) * pixelBytes;
    for (let top = 0; top < rows.length;) {
      const bottom = singleRows ? top + 1 : reach(rows, top, BLOCK_BYTES / rowBytes);
      yield { rows: [top, bottom], columns: [left, right] };
      top = bottom;
    }
    left = right;
  }
}

/** How many places from `first` on lie within `span` px; at least one. */
function reach(places: Int32Array, first: number, span: number): number {
  let stop = first + 1;
  while (stop < places.length && places[stop] + 1 - places[first] <= span) stop++;
  return stop;
}

/** A region in pieces that fit into memory, row after row. */
export function* regionBlocks({ y, x }: PlaneRegion, pixelBytes: number): Generator<PlaneRegion> {
  const columns = Math.min(x[1] - x[0], BLOCK_BYTES / pixelBytes);
  const rows = Math.max(1, Math.floor(BLOCK_BYTES / (columns * pixelBytes)));
  for (let top = y[0]; top < y[1]; top += rows) {
    for (let left = x[0]; left < x[1]; left += columns) {
      yield { y: [top, Math.min(top + rows, y[1])], x: [left, Math.min(left + columns, x[1])] };
    }
  }
}

interface Place {
  readonly data: PixelArray;
  readonly stride: number;
  readonly start: number;
}

function gather({ data, stride, top, left }: Part, { rows, columns }: Grid, to: Place): void {
  const width = columns.length;
  const gapless = columns.every((column, i) => column === columns[0] + i);
  for (const [i, row] of rows.entries()) {
    const from = (row - top) * stride - left;
    const place = to.start + i * to.stride;
    if (gapless) to.data.set(data.subarray(from + columns[0], from + columns[0] + width), place);
    else for (let k = 0; k < width; k++) to.data[place + k] = data[from + columns[k]];
  }
}
