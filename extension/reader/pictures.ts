/**
 * Pictures of a stack at one level: planes, sections along depth, projections. Parts of them are read as needed;
 * small ones are made whole and kept.
 * @module
 */
import type { Job } from "../../src/job";
import { pictureSize } from "../../src/protocol/viewerChecks";
import type { PictureSource, PlaneIndex, PlaneRegion, Steps } from "../../src/protocol/viewer";
import { bytesPerPixel } from "../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import type { Part, PlaneStore, Size } from "./planeStore";
import { project, projectedDtype } from "./projection";
import { BLOCK_BYTES, meanGap } from "./sampling";
import type { Grid, GridPart } from "./sampling";
import { cutSection } from "./section";

/** Slices are left out when this is the distance between those that are shown. */
const FEW = 2;

/** One picture at one resolution. */
export interface Picture {
  readonly dtype: Dtype;
  /** At this resolution. */
  readonly size: Size;
  /** Whether it is made whole, whichever part is asked for. */
  readonly isSmall: boolean;
  /** Whether rows can be had without those between them. */
  readonly readsSingleRows: boolean;
  /** Pixels of a region or more; not to be changed. */
  part(region: PlaneRegion, job: Job): Promise<Part>;
  /** Reads only those slices of a section that are shown; null when `part` is better. */
  readonly fewSlices?: (grid: Grid, job: Job) => Promise<GridPart | null>;
}

/** A picture that was asked for, checked. */
export type CheckedSource = Omit<PictureSource, "layer">;

/**
 * A picture at the level that fits how it is shown.
 *
 * @param step px of the picture from one pixel that is shown to the next
 */
export function openPicture(store: PlaneStore, source: CheckedSource, step: Steps): Picture {
  const { section, projection } = source;
  if (section !== undefined) return sectionPicture(store, source, step);
  const level = store.levelFor(step);
  return projection === undefined
    ? planePicture(store, source.plane, level)
    : projectionPicture(store, source, level);
}

function planePicture(store: PlaneStore, plane: PlaneIndex, level: number): Picture {
  const size = store.sizeOf(level);
  const isSmall = store.isSmall(size, store.dtype);
  const where = { plane, level };
  return {
    dtype: store.dtype,
    size,
    isSmall,
    readsSingleRows: store.readsSingleRows,
    part: (region, job) => (isSmall ? store.whole(where, job) : store.part(where, region, job)),
  };
}

/** A slice of the stack that is measured but not shown: nothing that is kept has to make room for it. */
export function passingPicture(store: PlaneStore, plane: PlaneIndex): Picture {
  const picture = planePicture(store, plane, 0);
  return {
    ...picture,
    isSmall: false,
    part: (region, job) => store.part({ plane, level: 0 }, region, job),
  };
}

function sectionPicture(store: PlaneStore, source: CheckedSource, step: Steps): Picture {
  const { direction, at } = source.section!;
  const alongX = direction === "xz";
  // Slices are never left out, and across the section one pixel is as good as its neighbour.
  const level = store.levelFor(alongX ? { y: Infinity, x: step.x } : { y: step.y, x: Infinity });
  const plane = store.sizeOf(level);
  const size = pictureSize(source, { ...store.lengths, ...plane });
  const scale = alongX ? plane.y / store.lengths.y : plane.x / store.lengths.x;
  const cut = {
    level,
    plane: source.plane,
    direction,
    at: Math.min(Math.floor((at + 0.5) * scale), (alongX ? plane.y : plane.x) - 1),
  };
  const { t, c } = source.plane;
  const key = `${direction},${level},${t},${c},${cut.at}`;
  const picture = made(store, {
    key,
    dtype: store.dtype,
    size,
    make: ({ y, x }, job) => {
      const [slices, along] = alongX ? [y, x] : [x, y];
      return cutSection(store, cut, { slices: range(slices), along }, job);
    },
  });
  const fewSlices = async (grid: Grid, job: Job): Promise<GridPart | null> => {
    const [slices, others] = alongX ? [grid.rows, grid.columns] : [grid.columns, grid.rows];
    const along = [others[0], others[others.length - 1] + 1] as const;
    const bytes = slices.length * (along[1] - along[0]) * bytesPerPixel(store.dtype);
    if (meanGap(slices) < FEW || bytes > BLOCK_BYTES || store.isKept(key)) return null;
    const data = await cutSection(store, cut, { slices, along }, job);
    const places = range([0, slices.length]);
    return alongX
      ? {
          part: { data, stride: along[1] - along[0], top: 0, left: along[0] },
          grid: { rows: places, columns: others },
        }
      : {
          part: { data, stride: slices.length, top: along[0], left: 0 },
          grid: { rows: others, columns: places },
        };
  };
  return { ...picture, fewSlices };
}

function range([start, stop]: Interval): Int32Array {
  return Int32Array.from({ length: stop - start }, (_, i) => start + i);
}

function projectionPicture(store: PlaneStore, source: CheckedSource, level: number): Picture {
  const { method, z } = source.projection!;
  const { t, c } = source.plane;
  const slices = { level, plane: source.plane, method, z };
  return made(store, {
    key: `${method},${level},${t},${c},${z[0]}-${z[1]}`,
    dtype: projectedDtype(method, store.dtype),
    size: store.sizeOf(level),
    make: (region, job) => project(store, slices, region, job),
  });
}

interface Recipe {
  readonly key: string;
  readonly dtype: Dtype;
  readonly size: Size;
  readonly make: (region: PlaneRegion, job: Job) => Promise<PixelArray>;
}

/** A picture that is computed; kept whole when it is small. */
function made(store: PlaneStore, { key, dtype, size, make }: Recipe): Picture {
  const isSmall = store.isSmall(size, dtype);
  const all: PlaneRegion = { y: [0, size.y], x: [0, size.x] };
  return {
    dtype,
    size,
    isSmall,
    readsSingleRows: false,
    part: async (region, job) => {
      if (isSmall) {
        const data = await store.kept(key, (inner) => make(all, inner), job);
        return { data, stride: size.x, top: 0, left: 0 };
      }
      const data = await make(region, job);
      return { data, stride: region.x[1] - region.x[0], top: region.y[0], left: region.x[0] };
    },
  };
}
