/**
 * Errors against a reference: per index of every axis, against the distance from seams and from borders, worst places.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack } from "../stack/stack";
import type { PixelArray } from "../volume/pixels";
import type { Interval, Region } from "../volume/region";
import { quantile } from "./blind/robust";
import type { ReferenceErrors, SeamFigures } from "./diagnosis";

/** Worst places that are told, and how far apart they are at least, px. */
const MOST_WORST = 10;
const APART = 16;
/** Values of the reference that its range is estimated from. */
const SAMPLE = 500_000;
/** Worst px that are remembered on the way. */
const CANDIDATES = 400;

/** An error at a px, in units of the stacks. */
interface Candidate {
  readonly index: readonly number[];
  readonly error: number;
}

/**
 * Compares a stack with a reference, plane by plane.
 *
 * @param seams of the stack, known or found
 * @throws {TilewrightError} `diagnose.referenceShape`
 */
export async function referenceErrors(
  stack: Stack,
  reference: Stack,
  seams: readonly SeamFigures[],
  job: Job,
): Promise<ReferenceErrors> {
  requireSameShape(stack, reference);
  const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
  const range = await rangeOf(reference, job);
  const sums = shape.map((length) => new Float64Array(length));
  let candidates: Candidate[] = [];
  const planes = planesOf(shape);
  for (const [n, plane] of planes.entries()) {
    job.signal.throwIfAborted();
    const own = (await stack.read(plane, job)).data;
    const other = (await reference.read(translated(plane, axes, reference), job)).data;
    candidates.push(...addPlane(sums, plane, { own, other, range }));
    candidates = candidates.sort((a, b) => b.error - a.error).slice(0, CANDIDATES);
    job.report({ what: "comparing with the reference", done: n + 1, total: planes.length, unit: "planes" });
  }
  const count = shape.reduce((product, length) => product * length, 1);
  const perAxis = Object.fromEntries(
    [...axes].map((axis, i) => [axis, Array.from(sums[i], (sum) => (sum * shape[i]) / count / range)]),
  );
  const long = [...axes].filter((axis, i) => axis !== "C" && shape[i] > 1);
  const seamAxes = long.filter((axis) => seams.some((seam) => seam.axis === axis));
  const worst = apart(candidates);
  return {
    perAxis,
    fromSeams: Object.fromEntries(
      seamAxes.map((axis) => {
        const positions = seams.filter((seam) => seam.axis === axis).map(({ position }) => position);
        return [axis, byDistance(perAxis[axis], (px) => seamDistance(px, positions))];
      }),
    ),
    fromBorders: Object.fromEntries(
      long.map((axis) => {
        const profile = perAxis[axis];
        return [axis, byDistance(profile, (px) => Math.min(px, profile.length - 1 - px))];
      }),
    ),
    worst: worst.map(({ index, error }) => ({
      position: Object.fromEntries([...axes].map((axis, i) => [axis, index[i]])),
      error: error / range,
    })),
    max: (worst[0]?.error ?? 0) / range,
    mean: sums[0].reduce((sum, value) => sum + value, 0) / count / range,
  };
}

/** px between a px and the nearest seam; 0 on both sides of it. */
function seamDistance(px: number, positions: readonly number[]): number {
  return positions.reduce(
    (least, position) => Math.min(least, px >= position ? px - position : position - 1 - px),
    Infinity,
  );
}

/** Mean of a profile at each distance. */
function byDistance(profile: readonly number[], distance: (px: number) => number): number[] {
  const sums: number[] = [];
  const counts: number[] = [];
  for (const [px, value] of profile.entries()) {
    const d = distance(px);
    sums[d] = (sums[d] ?? 0) + value;
    counts[d] = (counts[d] ?? 0) + 1;
  }
  return Array.from(sums, (sum, d) => (sum ?? 0) / (counts[d] ?? 1));
}

interface Pixels {
  readonly own: PixelArray;
  readonly other: PixelArray;
  readonly range: number;
}

/** Adds one plane to the sums; returns the worst px of its cells. */
function addPlane(sums: readonly Float64Array[], plane: Region, { own, other, range }: Pixels): Candidate[] {
  const last = plane.length - 1;
  const [height, width] = [last - 1, last].map((i) => plane[i][1] - plane[i][0]);
  const cells = Math.ceil(width / APART);
  const most = new Float64Array(cells * Math.ceil(height / APART)).fill(-1);
  const places = new Int32Array(most.length);
  let total = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let error = Math.abs(own[i] - other[i]);
      if (!Number.isFinite(error)) error = Object.is(own[i], other[i]) ? 0 : range;
      total += error;
      sums[last - 1][y] += error;
      sums[last][x] += error;
      const cell = Math.floor(y / APART) * cells + Math.floor(x / APART);
      if (error > most[cell]) [most[cell], places[cell]] = [error, i];
    }
  }
  for (let k = 0; k < last - 1; k++) sums[k][plane[k][0]] += total;
  return Array.from(most, (error, cell): Candidate => {
    const index = plane.map(([start]) => start);
    index[last - 1] = Math.floor(places[cell] / width);
    index[last] = places[cell] % width;
    return { error, index };
  })
    .filter(({ error }) => error > 0)
    .sort((a, b) => b.error - a.error)
    .slice(0, MOST_WORST);
}

/** The worst that are apart from one another; of neighbours only the worst. */
function apart(candidates: readonly Candidate[]): Candidate[] {
  const chosen: Candidate[] = [];
  for (const candidate of candidates) {
    if (chosen.length === MOST_WORST) break;
    const isNear = chosen.some(({ index }) =>
      index.every((px, i) => Math.abs(px - candidate.index[i]) < APART),
    );
    if (!isNear) chosen.push(candidate);
  }
  return chosen;
}

/** p99.9 − p0.1 of a sample of a stack; 1 where it has none, so that errors stay in its units. */
async function rangeOf(stack: Stack, job: Job): Promise<number> {
  const { canonicalShape: shape } = stack.facts;
  const step = Math.max(1, Math.floor(shape.reduce((product, length) => product * length, 1) / SAMPLE));
  const values: number[] = [];
  let next = 0;
  for (const plane of planesOf(shape)) {
    job.signal.throwIfAborted();
    const { data } = await stack.read(plane, job);
    for (; next < data.length; next += step) if (Number.isFinite(data[next])) values.push(data[next]);
    next -= data.length;
  }
  const range = values.length === 0 ? 0 : quantile(values, 0.999) - quantile(values, 0.001);
  return range > 0 ? range : 1;
}

function planesOf(shape: readonly number[]): Region[] {
  const [height, width] = shape.slice(-2);
  let planes: Interval[][] = [[]];
  for (const length of shape.slice(0, -2)) {
    planes = planes.flatMap((plane) =>
      Array.from({ length }, (_, i): Interval[] => [...plane, [i, i + 1] as const]),
    );
  }
  return planes.map((plane): Region => [...plane, [0, height], [0, width]]);
}

/** The same plane in the axes of the reference. */
function translated(plane: Region, axes: string, { facts }: Stack): Region {
  return [...facts.canonicalAxes].map((axis, k): Interval => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, facts.canonicalShape[k]] : plane[i];
  });
}

function requireSameShape(stack: Stack, reference: Stack): void {
  const textOf = ({ facts }: Stack): string =>
    [...facts.canonicalAxes]
      .flatMap((axis, i) => (facts.canonicalShape[i] === 1 ? [] : [`${axis} ${facts.canonicalShape[i]}`]))
      .join(", ");
  const [found, expected] = [textOf(reference), textOf(stack)];
  if (found === expected) return;
  throw new TilewrightError(
    "diagnose.referenceShape",
    `the reference ${reference.facts.file} has ${found || "one px"}, the stack ${expected || "one px"}`,
    "use a reference of the same shape, such as an untiled prediction of the same input",
  );
}
