/**
 * Comparing two stacks of equal shape, plane by plane.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { openStack } from "../stack/open";
import type { Stack, StackReader } from "../stack/stack";
import type { PixelArray } from "../volume/pixels";
import type { Interval, Region } from "../volume/region";
import { structuralSimilarity } from "./similarity";

/** The JSON of `tilewright compare`; A is the reference. */
export interface Comparison {
  /** Largest |A − B|, in units of the stacks. */
  readonly max: number;
  /** Mean |A − B|. */
  readonly mean: number;
  /** Root of the mean (A − B)². */
  readonly rms: number;
  /** 20·log10((max A − min A) / rms), dB; null when the stacks are equal or A has no range. */
  readonly psnr: number | null;
  /** Mean structural similarity of YX planes, −1…1; null when no plane has one: smaller than 7×7, without range, or not finite. */
  readonly ssim: number | null;
  /** Mean |A − B| at every index of each axis. */
  readonly perAxisProfile: Readonly<Record<string, readonly number[]>>;
  readonly worst: {
    readonly position: Readonly<Record<string, number>>;
    readonly a: number;
    readonly b: number;
  };
  /** max A − min A. */
  readonly range: number;
}

/** Running sums of a comparison. */
interface Sums {
  absolute: number;
  squares: number;
  similarity: number;
  planes: number;
  max: number;
  worst: number[];
  a: number;
  b: number;
  readonly profiles: Float64Array[];
}

/**
 * Opens two stacks, compares B with A and closes both.
 *
 * @param files   paths of A, the reference, and of B
 * @param readers that may open them
 * @throws {TilewrightError} `compare.shape`, and what opening and reading throws
 */
export async function compareFiles(
  files: readonly [a: string, b: string],
  readers: readonly StackReader[],
  job: Job,
): Promise<Comparison> {
  const a = await openStack({ path: files[0] }, readers, job);
  try {
    const b = await openStack({ path: files[1] }, readers, job);
    try {
      return await compareStacks(a, b, job);
    } finally {
      await b.close();
    }
  } finally {
    await a.close();
  }
}

/**
 * Compares B with A.
 *
 * @throws {TilewrightError} `compare.shape`
 */
export async function compareStacks(a: Stack, b: Stack, job: Job): Promise<Comparison> {
  const { canonicalAxes: axes, canonicalShape: shape } = a.facts;
  const other = b.facts;
  if (squeezed(axes, shape) !== squeezed(other.canonicalAxes, other.canonicalShape)) {
    throw new TilewrightError(
      "compare.shape",
      `the stacks differ in shape: ${axes} ${shape.join("×")} and ${other.canonicalAxes} ${other.canonicalShape.join("×")}`,
      "compare stacks of equal axes and lengths",
    );
  }
  const [low, high] = await extremes(a, job);
  const range = high - low;
  const sums: Sums = {
    absolute: 0,
    squares: 0,
    similarity: 0,
    planes: 0,
    max: -1,
    worst: shape.map(() => 0),
    a: NaN,
    b: NaN,
    profiles: shape.map((length) => new Float64Array(length)),
  };
  const planes = planesOf(shape);
  for (const [i, plane] of planes.entries()) {
    job.signal.throwIfAborted();
    const inB = [...other.canonicalAxes].map((axis, k): Interval => {
      const at = axes.indexOf(axis);
      return at < 0 ? [0, other.canonicalShape[k]] : plane[at];
    });
    const [pixelsA, pixelsB] = [(await a.read(plane, job)).data, (await b.read(inB, job)).data];
    addPlane(sums, plane, pixelsA, pixelsB);
    const width = shape[shape.length - 1];
    const similarity = structuralSimilarity(pixelsA, pixelsB, width, range);
    if (similarity !== null) {
      sums.similarity += similarity;
      sums.planes++;
    }
    job.report({ what: "comparing", done: i + 1, total: planes.length, unit: "planes" });
  }
  return summary(sums, axes, shape, range);
}

function summary(sums: Sums, axes: string, shape: readonly number[], range: number): Comparison {
  const count = shape.reduce((product, length) => product * length, 1);
  const rms = Math.sqrt(sums.squares / count);
  return {
    max: Math.max(0, sums.max),
    mean: sums.absolute / count,
    rms,
    psnr: rms === 0 || range === 0 ? null : 20 * Math.log10(range / rms),
    ssim: sums.planes === 0 ? null : sums.similarity / sums.planes,
    perAxisProfile: Object.fromEntries(
      [...axes].map((axis, i) => [axis, [...sums.profiles[i]].map((sum) => (sum * shape[i]) / count)]),
    ),
    worst: {
      position: Object.fromEntries([...axes].map((axis, i) => [axis, sums.worst[i]])),
      a: sums.a,
      b: sums.b,
    },
    range,
  };
}

function addPlane(sums: Sums, plane: Region, a: PixelArray, b: PixelArray): void {
  const lengths = plane.map(([start, stop]) => stop - start);
  const [height, width] = lengths.slice(-2);
  const rows = new Float64Array(height);
  const columns = new Float64Array(width);
  let total = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const difference = Object.is(a[i], b[i]) ? 0 : Math.abs(a[i] - b[i]);
      if (!Number.isFinite(difference)) {
        throw new TilewrightError(
          "compare.notFinite",
          "one stack has NaN or Infinity where the other has something else",
        );
      }
      total += difference;
      sums.squares += difference * difference;
      rows[y] += difference;
      columns[x] += difference;
      if (difference > sums.max) {
        sums.max = difference;
        sums.worst = plane.map(([start], axis) =>
          axis === plane.length - 2 ? y : axis === plane.length - 1 ? x : start,
        );
        sums.a = a[i];
        sums.b = b[i];
      }
    }
  }
  sums.absolute += total;
  plane.forEach(([start], axis) => {
    const profile = sums.profiles[axis];
    if (axis === plane.length - 2) rows.forEach((sum, y) => (profile[y] += sum));
    else if (axis === plane.length - 1) columns.forEach((sum, x) => (profile[x] += sum));
    else profile[start] += total;
  });
}

async function extremes(stack: Stack, job: Job): Promise<[low: number, high: number]> {
  let low = Infinity;
  let high = -Infinity;
  for (const plane of planesOf(stack.facts.canonicalShape)) {
    job.signal.throwIfAborted();
    for (const value of (await stack.read(plane, job)).data) {
      if (value < low && value > -Infinity) low = value;
      if (value > high && value < Infinity) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 0];
}

/** Every YX plane of a shape whose last two axes are Y and X. */
function planesOf(shape: readonly number[]): Region[] {
  let planes: Interval[][] = [[]];
  for (const length of shape.slice(0, -2)) {
    planes = planes.flatMap((plane) =>
      Array.from({ length }, (_, i): Interval[] => [...plane, [i, i + 1] as const]),
    );
  }
  return planes.map((plane): Region => [
    ...plane,
    [0, shape[shape.length - 2]],
    [0, shape[shape.length - 1]],
  ]);
}

function squeezed(axes: string, shape: readonly number[]): string {
  return [...axes].flatMap((axis, i) => (shape[i] === 1 ? [] : [`${axis}${shape[i]}`])).join(" ");
}
