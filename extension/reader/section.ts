/**
 * Sections of a stack along depth.
 * @module
 */
import type { Job } from "../../src/job";
import type { PlaneIndex, PlaneRegion, Section } from "../../src/protocol/viewer";
import { allocatePixels, bytesPerPixel } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
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

/**
 * A region of a section. Planes that are in memory are used, of the others only the row or column is read: from
 * uncompressed files nothing else is touched. Where a column of a compressed stack needs every plane decoded anyway,
 * the planes are kept if all of them fit.
 *
 * @param region rows and columns of the section
 * @returns the pixels of the region, in memory of their own
 */
export async function cutSection(
  store: PlaneStore,
  cut: SectionCut,
  region: PlaneRegion,
  job: Job,
): Promise<PixelArray> {
  const { level, plane, direction, at } = cut;
  const z = direction === "xz" ? region.y : region.x;
  const along = direction === "xz" ? region.x : region.y;
  const length = along[1] - along[0];
  const line: PlaneRegion =
    direction === "xz" ? { y: [at, at + 1], x: along } : { y: along, x: [at, at + 1] };
  const target = allocatePixels(store.dtype, (z[1] - z[0]) * length);
  const lines = { target, slices: z[1] - z[0], length, direction };
  const keeps = direction === "yz" && store.worthKeeping(level);
  const most = Math.max(1, Math.floor(RUN_BYTES / (length * bytesPerPixel(store.dtype))));
  let first = z[0];
  while (first < z[1]) {
    await breathe(job);
    const where = (index: number) => ({ plane: { ...plane, z: index }, level });
    const whole = keeps ? await store.whole(where(first), job) : store.inMemory(where(first));
    if (whole !== null) {
      putLine(whole, { line, index: first - z[0], lines });
      first++;
      continue;
    }
    let stop = first + 1;
    while (stop < z[1] && stop - first < most && store.inMemory(where(stop)) === null) stop++;
    const data = await store.box(level, { ...line, t: plane.t, c: plane.c, z: [first, stop] }, job);
    for (let index = first; index < stop; index++) {
      const own = data.subarray((index - first) * length, (index - first + 1) * length);
      putLine(partOf(own, line), { line, index: index - z[0], lines });
    }
    first = stop;
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
  /** Slice, from the first of the region. */
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
