/**
 * Volumes: pixels in memory together with their shape and axes.
 * @module
 */
import { allocatePixels, dtypeOf } from "./pixels";
import type { Dtype, PixelArray } from "./pixels";
import { isInside, regionShape, shapeSize, stridesOf } from "./region";
import type { Region } from "./region";

/** Pixels in memory: row-major, last axis fastest; `data.length` is the product of `shape`. */
export interface Volume<A extends PixelArray = PixelArray> {
  readonly data: A;
  /** px per axis, in the order of `axes`. */
  readonly shape: readonly number[];
  /** One letter per dimension. */
  readonly axes: string;
}

/** A zero-filled volume. */
export function allocateVolume(dtype: Dtype, shape: readonly number[], axes: string): Volume {
  return { data: allocatePixels(dtype, shapeSize(shape)), shape, axes };
}

/**
 * Checks that data, shape and axes belong together and returns them as a volume; nothing is copied.
 *
 * @throws {RangeError} when lengths disagree
 */
export function makeVolume<A extends PixelArray>(data: A, shape: readonly number[], axes: string): Volume<A> {
  if (shape.length !== axes.length) {
    throw new RangeError(
      `shape [${shape.join(", ")}] has ${shape.length} dimensions, axes ${axes} ${axes.length}`,
    );
  }
  if (shapeSize(shape) !== data.length) {
    throw new RangeError(
      `shape [${shape.join(", ")}] needs ${shapeSize(shape)} pixels, found ${data.length}`,
    );
  }
  return { data, shape, axes };
}

/**
 * Copies a region of `source` to a place in `target`; both have the same axes; pixel types may differ
 * (then values are converted as typed arrays do). `target.data` is changed.
 *
 * @param region what to copy, with respect to `source`
 * @param at     where its first pixel goes, with respect to `target`
 * @throws {RangeError} when either end sticks out
 */
export function copyRegion(source: Volume, region: Region, target: Volume, at: readonly number[]): void {
  const extent = regionShape(region);
  const end = at.map((start, axis) => [start, start + extent[axis]] as const);
  if (!isInside(region, source.shape) || !isInside(end, target.shape)) {
    throw new RangeError("copyRegion: a region sticks out of its volume");
  }
  const from = stridesOf(source.shape);
  const to = stridesOf(target.shape);
  const last = extent.length - 1;
  const run = extent[last];
  const copyAxis = (axis: number, sourceIndex: number, targetIndex: number): void => {
    if (axis === last) {
      target.data.set(source.data.subarray(sourceIndex, sourceIndex + run), targetIndex);
      return;
    }
    for (let i = 0; i < extent[axis]; i++) {
      copyAxis(axis + 1, sourceIndex + i * from[axis], targetIndex + i * to[axis]);
    }
  };
  const sourceStart = region.reduce((sum, [start], axis) => sum + start * from[axis], 0);
  const targetStart = at.reduce((sum, start, axis) => sum + start * to[axis], 0);
  copyAxis(0, sourceStart, targetStart);
}

/** A region of `source` as a volume of its own; the source is not changed. */
export function cutRegion(source: Volume, region: Region): Volume {
  const target = allocateVolume(dtypeOf(source.data), regionShape(region), source.axes);
  copyRegion(
    source,
    region,
    target,
    region.map(() => 0),
  );
  return target;
}

/**
 * The same pixels with the axes in another order; axes of length 1 that `axes` lacks are dropped, axes
 * that `source` lacks are added with length 1. The source is not changed; memory may be shared when
 * only length-1 axes move.
 *
 * @throws {RangeError} when an axis longer than 1 would be lost
 */
export function transposeVolume<A extends PixelArray>(source: Volume<A>, axes: string): Volume<A> {
  for (const [i, axis] of [...source.axes].entries()) {
    if (!axes.includes(axis) && source.shape[i] !== 1) {
      throw new RangeError(`axis ${axis} of length ${source.shape[i]} cannot be dropped`);
    }
  }
  const shape = [...axes].map((axis) =>
    source.axes.includes(axis) ? source.shape[source.axes.indexOf(axis)] : 1,
  );
  const long = (volumeAxes: string, lengths: readonly number[]): string =>
    [...volumeAxes].filter((_, i) => lengths[i] !== 1).join("");
  if (long(source.axes, source.shape) === long(axes, shape)) return { data: source.data, shape, axes };
  const strides = stridesOf(source.shape);
  const steps = [...axes].map((axis) =>
    source.axes.includes(axis) ? strides[source.axes.indexOf(axis)] : 0,
  );
  const out = allocatePixels(dtypeOf(source.data), source.data.length) as A;
  const last = shape.length - 1;
  let index = 0;
  const walk = (axis: number, base: number): void => {
    if (axis === last) {
      for (let i = 0; i < shape[last]; i++) out[index++] = source.data[base + i * steps[last]];
      return;
    }
    for (let i = 0; i < shape[axis]; i++) walk(axis + 1, base + i * steps[axis]);
  };
  walk(0, 0);
  return { data: out, shape, axes };
}
