/**
 * Projections along depth, one slice after the other.
 * @module
 */
import type { Job } from "../../src/job";
import type { PlaneIndex, PlaneRegion, ProjectionMethod } from "../../src/protocol/viewer";
import { allocatePixels, isFloat } from "../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import { breathe } from "./planeStore";
import type { Part, PlaneStore } from "./planeStore";

/** Slices to be projected. */
export interface ProjectedSlices {
  readonly level: number;
  /** Its z is of no account. */
  readonly plane: PlaneIndex;
  readonly method: ProjectionMethod;
  readonly z: Interval;
}

/** The type of the pixels of a projection of pixels of type `dtype`. */
export function projectedDtype(method: ProjectionMethod, dtype: Dtype): Dtype {
  return method === "max" ? dtype : "float64";
}

/**
 * Projects a region of the slices: sums and means in double precision in the order of the slices, NaN where one of the
 * values is NaN; the maximum leaves NaN out unless there is nothing else, as numpy's `nanmax`.
 *
 * @returns the pixels of the region, in memory of their own
 */
export async function project(
  store: PlaneStore,
  { level, plane, method, z }: ProjectedSlices,
  region: PlaneRegion,
  job: Job,
): Promise<PixelArray> {
  const width = region.x[1] - region.x[0];
  const height = region.y[1] - region.y[0];
  const target = allocatePixels(projectedDtype(method, store.dtype), width * height);
  const keeps = store.worthKeeping(level);
  const read = (index: number): Promise<Part> => {
    const where = { plane: { ...plane, z: index }, level };
    const part = keeps ? store.whole(where, job) : store.part(where, region, job);
    // When the work stops, nobody waits for the slice that was read ahead.
    part.catch(() => undefined);
    return part;
  };
  const floats = isFloat(store.dtype);
  let ahead = read(z[0]);
  for (let index = z[0]; index < z[1]; index++) {
    await breathe(job);
    const { data, stride, top, left } = await ahead;
    if (index + 1 < z[1]) ahead = read(index + 1);
    for (let row = 0; row < height; row++) {
      const start = (region.y[0] + row - top) * stride + region.x[0] - left;
      const line = data.subarray(start, start + width);
      const place = target.subarray(row * width, (row + 1) * width);
      if (method !== "max") add(line, place);
      else if (index === z[0]) place.set(line);
      else if (floats) raiseNumbers(line, place);
      else raise(line, place);
    }
  }
  if (method === "mean") divide(target, z[1] - z[0]);
  return target;
}

function add(line: PixelArray, sums: PixelArray): void {
  for (let i = 0; i < sums.length; i++) sums[i] += line[i];
}

function divide(sums: PixelArray, count: number): void {
  for (let i = 0; i < sums.length; i++) sums[i] /= count;
}

function raise(line: PixelArray, largest: PixelArray): void {
  for (let i = 0; i < largest.length; i++) if (line[i] > largest[i]) largest[i] = line[i];
}

function raiseNumbers(line: PixelArray, largest: PixelArray): void {
  for (let i = 0; i < largest.length; i++) {
    const [value, most] = [line[i], largest[i]];
    // Nothing but NaN is not at least -Infinity.
    if (value > most || !(most >= -Infinity)) largest[i] = value;
  }
}
