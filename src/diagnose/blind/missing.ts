/**
 * Missing tiles: rectangles of exactly one value, or of none, in an image that has noise elsewhere.
 * @module
 */
import type { Interval } from "../../volume/region";
import type { PlaneIndex } from "./sample";

/** Smallest side, px. */
const SMALLEST = 16;
/** Part of the other pixels that may lie in runs of one value; more, and the image has flat areas of its own. */
const MOST_FLAT = 0.25;

/** Part of the px around a rectangle that may have its value too: a dark image has zeros anyway. */
const MOST_ALIKE = 0.25;

/** A rectangle of one value. */
export interface FlatRectangle {
  readonly rows: Interval;
  readonly columns: Interval;
  readonly value: number;
  readonly at: PlaneIndex;
}

interface Run {
  readonly start: number;
  readonly stop: number;
  readonly value: number;
}

/**
 * The largest rectangles of one value in a plane, at most 16.
 *
 * @param values row-major; NaN and Infinity count as values
 * @returns nothing for planes that have flat areas of other forms too
 */
export function flatRectangles(values: Float64Array, width: number, at: PlaneIndex): FlatRectangle[] {
  const height = values.length / width;
  if (width < SMALLEST || height < SMALLEST) return [];
  const runs: Run[][] = [];
  const counts = new Map<string, { run: Run; rows: number }>();
  let flat = 0;
  for (let y = 0; y < height; y++) {
    const row = runsOf(values, y * width, width);
    runs.push(row);
    for (const run of row) {
      flat += run.stop - run.start;
      const key = `${run.start} ${run.stop} ${run.value}`;
      const entry = counts.get(key);
      if (entry === undefined) counts.set(key, { run, rows: 1 });
      else entry.rows++;
    }
  }
  const candidates = [...counts.values()]
    .filter(({ rows }) => rows >= SMALLEST)
    .sort((a, b) => b.rows * (b.run.stop - b.run.start) - a.rows * (a.run.stop - a.run.start))
    .slice(0, 16);
  const found = candidates.flatMap(({ run }) => rectanglesOf(run, runs).map((rows) => ({ run, rows })));
  const covered = found.reduce((sum, { run, rows }) => sum + (run.stop - run.start) * (rows[1] - rows[0]), 0);
  const rest = values.length - covered;
  if (rest <= 0 || flat - covered > MOST_FLAT * rest) return [];
  return found
    .filter(
      ({ run, rows }) => !isFrame(run, rows, { width, height }) && endsAbruptly(values, width, { run, rows }),
    )
    .map(({ run, rows }) => ({ rows, columns: [run.start, run.stop], value: run.value, at }));
}

/** Runs of one value along a row. */
function runsOf(values: Float64Array, from: number, width: number): Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let x = 1; x <= width; x++) {
    if (x < width && Object.is(values[from + x], values[from + start])) continue;
    if (x - start >= SMALLEST) runs.push({ start, stop: x, value: values[from + start] });
    start = x;
  }
  return runs;
}

/** Stretches of rows in which exactly this run is; where they begin and end, the row goes on otherwise. */
function rectanglesOf({ start, stop, value }: Run, runs: readonly (readonly Run[])[]): Interval[] {
  const stretches: Interval[] = [];
  let first = -1;
  const is = (run: Run): boolean =>
    run.start <= start &&
    run.stop >= stop &&
    run.stop - run.start <= stop - start + 4 &&
    Object.is(run.value, value);
  for (let y = 0; y <= runs.length; y++) {
    const here = y < runs.length && runs[y].some(is);
    if (here && first < 0) first = y;
    if (!here && first >= 0) {
      if (y - first >= SMALLEST) stretches.push([first, y]);
      first = -1;
    }
  }
  return stretches;
}

/** A strip along one whole side is what registration and rotation leave. */
function isFrame(run: Run, rows: Interval, { width, height }: { width: number; height: number }): boolean {
  const [high, wide] = [rows[1] - rows[0], run.stop - run.start];
  return (high === height && wide < SMALLEST * 1.5) || (wide === width && high < SMALLEST * 1.5);
}

/** Whether what is around a rectangle is unlike it; saturated or empty areas go on around a rectangle cut out of them. */
function endsAbruptly(
  values: Float64Array,
  width: number,
  { run, rows }: { readonly run: Run; readonly rows: Interval },
): boolean {
  const height = values.length / width;
  let [around, alike] = [0, 0];
  const look = (y: number, x: number): void => {
    if (y < 0 || y >= height || x < 0 || x >= width) return;
    around++;
    const other = values[y * width + x];
    if (Object.is(other, run.value)) alike++;
  };
  for (let y = rows[0]; y < rows[1]; y++) {
    look(y, run.start - 1);
    look(y, run.stop);
  }
  for (let x = run.start; x < run.stop; x++) {
    look(rows[0] - 1, x);
    look(rows[1], x);
  }
  return alike <= MOST_ALIKE * around;
}
