/**
 * The heat map of a diagnosis: a stack to be laid over the one that was diagnosed, in which marks are bright. Made
 * plane by plane.
 * @module
 */
import { rm } from "node:fs/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { openStack } from "../stack/open";
import type { Stack, StackLayout, StackReader } from "../stack/stack";
import { putInPlace, writtenKind } from "../stack/written";
import type { PixelArray } from "../volume/pixels";
import type { Interval, Region } from "../volume/region";
import { makeVolume } from "../volume/volume";
import type { Diagnosis, SeamFigures } from "./diagnosis";

/** Falls off to nothing within this many px on either side of a seam. */
const REACH = 4;

/** What becomes a map. */
export interface HeatMapOrder {
  /** TIFF to be written; replaced when it is there. */
  readonly path: string;
  readonly diagnosis: Diagnosis;
  /** Path of the stack that was diagnosed. */
  readonly stack: string;
  readonly series?: number | undefined;
  /** Path of the stack that errors are measured against; without it the map shows the seams. */
  readonly reference?: string | undefined;
  readonly readers: readonly StackReader[];
}

/**
 * Writes the map, float32: |stack − reference| as a fraction of the range where there is a reference; else the strength
 * of the seams, falling off within {@link REACH} px: their disagreement as a fraction of the range where it was
 * recorded, else their excess in robust standard deviations. A map of seams has no channels, and one plane only where
 * seams lie across Y and X alone.
 *
 * @throws {TilewrightError} `heatMap.nothing` when there is neither; what opening, reading and writing throws
 */
export async function writeHeatMap(order: HeatMapOrder, job: Job): Promise<void> {
  const partial = `${order.path}.partial`;
  try {
    if (order.reference === undefined) await writeSeams(partial, order.diagnosis, job);
    else await writeDifference(partial, { ...order, reference: order.reference }, job);
    await putInPlace(partial, order.path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

type Strength = (seam: SeamFigures) => number | null;

/** Strength of the seams at every px of an axis. */
function seamProfile(
  seams: readonly SeamFigures[],
  axis: string,
  length: number,
  strength: Strength,
): Float32Array {
  const profile = new Float32Array(length);
  for (const seam of seams) {
    const value = strength(seam) ?? 0;
    if (seam.axis !== axis || value <= 0) continue;
    const first = Math.max(0, seam.position - REACH);
    for (let px = first; px < Math.min(length, seam.position + REACH); px++) {
      const distance = Math.abs(px + 0.5 - seam.position) - 0.5;
      profile[px] = Math.max(profile[px], value * (1 - distance / REACH));
    }
  }
  return profile;
}

async function writeSeams(path: string, { axes, shape, seams }: Diagnosis, job: Job): Promise<void> {
  const isRecorded = seams.some(({ disagreement }) => disagreement !== null);
  const strength: Strength = isRecorded ? (seam) => seam.disagreement : (seam) => seam.excess;
  const profiles = new Map(
    [...axes].map((axis, i) => [axis, seamProfile(seams, axis, shape[i], strength)] as const),
  );
  const profileOf = (axis: string): Float32Array => profiles.get(axis) ?? new Float32Array(1);
  const hasMarks = (axis: string): boolean => profileOf(axis).some((value) => value > 0);
  if (![...axes].some(hasMarks)) {
    throw new TilewrightError(
      "heatMap.nothing",
      "the diagnosis has no seams to be shown over the stack",
      "give a reference to see where the stack differs from it",
    );
  }
  const kept = [...axes].filter((axis) => axis === "Y" || axis === "X" || (axis !== "C" && hasMarks(axis)));
  const lengths = kept.map((axis) => profileOf(axis).length);
  const [y, x] = [profileOf("Y"), profileOf("X")];
  const plane = new Float32Array(y.length * x.length);
  await writePlanes(path, { axes: kept.join(""), shape: lengths }, job, (outer) => {
    const base = outer.reduce((most, index, i) => Math.max(most, profileOf(kept[i])[index]), 0);
    for (const [row, value] of y.entries()) {
      const line = Math.max(base, value);
      for (const [column, other] of x.entries()) plane[row * x.length + column] = Math.max(line, other);
    }
    return Promise.resolve(plane);
  });
}

async function writeDifference(
  path: string,
  order: HeatMapOrder & { readonly reference: string },
  job: Job,
): Promise<void> {
  const { diagnosis, readers } = order;
  const scale = diagnosis.range === null || diagnosis.range === 0 ? 1 : 1 / diagnosis.range;
  const stack = await openStack({ path: order.stack, series: order.series }, readers, job);
  try {
    const reference = await openStack({ path: order.reference }, readers, job);
    try {
      requireSameShape(stack, reference);
      const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
      await writePlanes(path, { axes, shape }, job, async (outer) => {
        const region: Region = shape.map((length, i): Interval =>
          i < outer.length ? [outer[i], outer[i] + 1] : [0, length],
        );
        const [a, b] = [await stack.read(region, job), await reference.read(region, job)];
        return difference(a.data, b.data, scale);
      });
    } finally {
      await reference.close();
    }
  } finally {
    await stack.close();
  }
}

function difference(a: PixelArray, b: PixelArray, scale: number): Float32Array {
  return Float32Array.from(a, (value, i) => Math.abs(value - b[i]) * scale);
}

function requireSameShape(stack: Stack, reference: Stack): void {
  const [a, b] = [stack.facts, reference.facts];
  const isSame =
    a.canonicalAxes === b.canonicalAxes &&
    a.canonicalShape.every((length, i) => length === b.canonicalShape[i]);
  if (isSame) return;
  throw new TilewrightError(
    "heatMap.shape",
    `the reference is ${b.canonicalAxes} ${b.canonicalShape.join(" × ")}, the stack ${a.canonicalAxes} ${a.canonicalShape.join(" × ")}`,
    "give a reference of equal axes and lengths",
  );
}

/** Writes a stack of float32 plane by plane; `plane` gets the indices of all axes before Y and X. */
async function writePlanes(
  path: string,
  { axes, shape }: Pick<StackLayout, "axes" | "shape">,
  job: Job,
  plane: (outer: readonly number[]) => Promise<Float32Array>,
): Promise<void> {
  const outer = shape.slice(0, -2);
  const total = outer.reduce((product, length) => product * length, 1);
  const layout = { axes, shape, dtype: "float32", pixelSize: null, channels: [], format: "ome" } as const;
  const writer = await writtenKind("map.tif").create(path, layout);
  try {
    for (let index = 0; index < total; index++) {
      job.signal.throwIfAborted();
      job.report({ what: "drawing the heat map", done: index, total, unit: "planes" });
      const at = indicesOf(index, outer);
      const size = [...outer.map(() => 1), ...shape.slice(-2)];
      await writer.write(makeVolume(await plane(at), size, axes), [...at, 0, 0], job);
    }
    await writer.complete(job);
  } finally {
    await writer.close();
  }
}

/** Index along each axis of the n-th plane. */
function indicesOf(index: number, lengths: readonly number[]): number[] {
  const indices = lengths.map(() => 0);
  for (let axis = lengths.length - 1, rest = index; axis >= 0; axis--) {
    indices[axis] = rest % lengths[axis];
    rest = Math.floor(rest / lengths[axis]);
  }
  return indices;
}
