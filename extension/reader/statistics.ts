/**
 * Statistics of a rectangle of a picture.
 * @module
 */
import type { Job } from "../../src/job";
import type { PlaneRegion, Statistics } from "../../src/protocol/viewer";
import { bytesPerPixel } from "../../src/volume/pixels";
import type { Picture } from "./pictures";
import { breathe } from "./planeStore";
import type { Part } from "./planeStore";
import { regionBlocks } from "./sampling";

interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared deviations from the mean. */
  readonly squares: number;
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
}

const NOTHING: Moments = { count: 0, mean: 0, squares: 0, min: Infinity, max: -Infinity, notFinite: 0 };

/**
 * Measures the finite values of a region, in pieces that fit into memory: two passes over each, then put together.
 *
 * @returns NaN for what no values, or for the standard deviation one value, do not have
 * @see Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance", for putting pieces together
 */
export async function measureRegion(
  picture: Picture,
  region: PlaneRegion,
  job: Job,
): Promise<Omit<Statistics, "z">> {
  let all = NOTHING;
  for (const block of regionBlocks(region, bytesPerPixel(picture.dtype))) {
    await breathe(job);
    all = together(all, momentsOf(await picture.part(block, job), block));
  }
  const { count, mean, squares, min, max, notFinite } = all;
  if (count === 0) return { count, mean: NaN, sd: NaN, min: NaN, max: NaN, notFinite };
  return { count, mean, sd: count > 1 ? Math.sqrt(squares / (count - 1)) : NaN, min, max, notFinite };
}

function momentsOf({ data, stride, top, left }: Part, { y, x }: PlaneRegion): Moments {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  const startOf = (row: number): number => (row - top) * stride + x[0] - left;
  const width = x[1] - x[0];
  for (let row = y[0]; row < y[1]; row++) {
    const start = startOf(row);
    for (let i = start; i < start + width; i++) {
      const value = data[i];
      if (!Number.isFinite(value)) continue;
      count++;
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  const notFinite = width * (y[1] - y[0]) - count;
  if (count === 0) return { ...NOTHING, notFinite };
  const rough = sum / count;
  let [rest, squares] = [0, 0];
  for (let row = y[0]; row < y[1]; row++) {
    const start = startOf(row);
    for (let i = start; i < start + width; i++) {
      const deviation = data[i] - rough;
      if (!Number.isFinite(deviation)) continue;
      rest += deviation;
      squares += deviation * deviation;
    }
  }
  // What rounding left of the sum of deviations corrects the mean.
  return { count, mean: rough + rest / count, squares: squares - (rest * rest) / count, min, max, notFinite };
}

function together(a: Moments, b: Moments): Moments {
  const notFinite = a.notFinite + b.notFinite;
  if (a.count === 0 || b.count === 0) return { ...(a.count === 0 ? b : a), notFinite };
  const count = a.count + b.count;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (apart * b.count) / count,
    squares: a.squares + b.squares + (apart * apart * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    notFinite,
  };
}
