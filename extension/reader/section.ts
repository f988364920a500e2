/**
 * Sections of a stack along depth.
 * @module
 */
import type { Job } from "../../src/job";
import type { PlaneIndex, PlaneRegion, Section } from "../../src/protocol/viewer";
import { allocatePixels, bytesPerPixel } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import { breathe } from "./planeStore";
import type { Part, PlaneStore } from "./planeStore";

/** Bytes that are read at once. */
const RUN_BYTES = 2 ** 22;

/** Where a stack is cut. */
export interface SectionCut {
  readonly level: number;
  /** Its z is of no account. */
  readonly plane: PlaneIndex;
  readonly direction: Section["direction"];
  /** Row or column, px of the level. */
  readonly at: number;
}

/** Which pixels of a section. */
export interface SectionPixels {
  /** Ascending. */
  readonly slices: Int32Array;
  /** Along the other axis of the section, px of the level. */
  readonly along: Interval;
}

/**
 * Pixels of some slices of a section. Planes that are in memory are used, of the others only the row or column is read: from
 * uncompressed files nothing else is touched. Where a column of a compressed stack needs every plane decoded anyway,
 * the planes are kept if all of them fit.
 *
 * @returns slices as rows of an xz section, as columns of a yz section; in memory of their own
 */
export async function cutSection(
  store: PlaneStore,
  cut: SectionCut,
  { slices, along }: SectionPixels,
  job: Job,
): Promise<PixelArray> {
  const { level, plane, direction, at } = cut;
  const length = along[1] - along[0];
  const line: PlaneRegion =
    direction === "xz" ? { y: [at, at + 1], x: along } : { y: along, x: [at, at + 1] };
  const target = allocatePixels(store.dtype, slices.length * length);
  const lines = { target, slices: slices.length, length, direction };
  const keeps = direction === "yz" && store.worthKeeping(level);
  const most = Math.max(1, Math.floor(RUN_BYTES / (length * bytesPerPixel(store.dtype))));
  let first = 0;
  while (first < slices.length) {
    await breathe(job);
    const z = slices[first];
    const where = (index: number) => ({ plane: { ...plane, z: index }, level });
    const whole = keeps ? await store.whole(where(z), job) : store.inMemory(where(z));
    if (whole !== null) {
      putLine(whole, { line, index: first, lines });
      first++;
      continue;
    }
    const follows = (count: number): boolean =>
      count < most && slices[first + count] === z + count && store.inMemory(where(z + count)) === null;
    let count = 1;
    while (follows(count)) count++;
    const data = await store.box(level, { ...line, t: plane.t, c: plane.c, z: [z, z + count] }, job);
    for (let i = 0; i < count; i++) {
      const own = data.subarray(i * length, (i + 1) * length);
      putLine(partOf(own, line), { line, index: first + i, lines });
    }
    first += count;
  }
  return target;
}

function partOf(data: PixelArray, { y, x }: PlaneRegion): Part {
  return { data, stride: x[1] - x[0], top: y[0], left: x[0] };
}

interface Lines {
  readonly target: PixelArray;
  readonly slices: number;
  readonly length: number;
  readonly direction: Section["direction"];
}

interface Place {
  readonly line: PlaneRegion;
  /** Which of the slices. */
  readonly index: number;
  readonly lines: Lines;
}

/** Slices are the rows of an xz section and the columns of a yz section. */
function putLine({ data, stride, top, left }: Part, { line, index, lines }: Place): void {
  const { target, slices, length, direction } = lines;
  const start = (line.y[0] - top) * stride + line.x[0] - left;
  if (direction === "xz") target.set(data.subarray(start, start + length), index * length);
  else for (let i = 0; i < length; i++) target[i * slices + index] = data[start + i * stride];
}
