/**
 * Regions: half-open boxes, always with respect to something named by the caller.
 * @module
 */

/** Half-open interval `[start, stop)`, px. */
export type Interval = readonly [start: number, stop: number];

/** One interval per axis, in the order of the axes of what it refers to. */
export type Region = readonly Interval[];

/** The region that covers `shape` whole. */
export function wholeRegion(shape: readonly number[]): Region {
  return shape.map((length) => [0, length] as const);
}

/** Length per axis, px. */
export function regionShape(region: Region): number[] {
  return region.map(([start, stop]) => stop - start);
}

/** Number of pixels. */
export function regionSize(region: Region): number {
  return region.reduce((size, [start, stop]) => size * Math.max(0, stop - start), 1);
}

/** Product of lengths. */
export function shapeSize(shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** The common part of two regions with respect to the same thing; may be empty. */
export function intersectRegions(a: Region, b: Region): Region {
  return a.map(([start, stop], axis) => {
    const first = Math.max(start, b[axis][0]);
    return [first, Math.max(first, Math.min(stop, b[axis][1]))] as const;
  });
}

/** Whether `region` lies inside `[0, shape)` on every axis and is not empty. */
export function isInside(region: Region, shape: readonly number[]): boolean {
  return (
    region.length === shape.length &&
    region.every(
      ([start, stop], axis) =>
        Number.isInteger(start) &&
        Number.isInteger(stop) &&
        start >= 0 &&
        start < stop &&
        stop <= shape[axis],
    )
  );
}

/** Row-major strides of `shape`, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}
