/**
 * What two pictures of different regions have in common, so that they can be subtracted pixel by pixel. Pure.
 * @module
 */
import type { PlanePixels, PlaneRegion } from "../../src/protocol/viewer";
import type { Interval } from "../../src/volume/region";

/** Samples along an axis: the first in either picture, how many follow, and the px that they stand for. */
interface Common {
  readonly a: number;
  readonly b: number;
  readonly count: number;
  readonly region: Interval;
}

/** The samples along an axis that two pictures share inside an interval; none when their grids differ. */
export function commonSamples(
  axis: "y" | "x",
  a: PlanePixels,
  b: PlanePixels,
  inside: Interval = [0, Infinity],
): Common {
  const step = a.step[axis];
  const [startA, stopA] = a.region[axis];
  const [startB, stopB] = b.region[axis];
  const start = Math.max(startA, startB, inside[0]);
  const stop = Math.min(stopA, stopB, inside[1]);
  const first = { a: Math.floor((start - startA) / step), b: Math.floor((start - startB) / step) };
  const from = startA + first.a * step;
  const isSame = step === b.step[axis] && from === startB + first.b * step;
  const count = isSame ? Math.max(0, Math.ceil((stop - from) / step)) : 0;
  return { ...first, count, region: [from, Math.max(from, stop)] };
}

const parts = new WeakMap<PlanePixels, PlanePixels>();

/**
 * Two pictures cut to what both have, with the same region; themselves where they are the same already. What is cut is
 * remembered, so that drawing it again is no new picture.
 */
export function commonParts(a: PlanePixels, b: PlanePixels): readonly [PlanePixels, PlanePixels] {
  const y = commonSamples("y", a, b);
  const x = commonSamples("x", a, b);
  const region: PlaneRegion = { y: y.region, x: x.region };
  const cut = (pixels: PlanePixels, row: number, column: number): PlanePixels =>
    cutOut(pixels, { row, column, height: y.count, width: x.count, region });
  return [cut(a, y.a, x.a), cut(b, y.b, x.b)];
}

interface Part {
  readonly row: number;
  readonly column: number;
  readonly height: number;
  readonly width: number;
  readonly region: PlaneRegion;
}

function cutOut(pixels: PlanePixels, { row, column, height, width, region }: Part): PlanePixels {
  if (height === pixels.height && width === pixels.width) return pixels;
  const known = parts.get(pixels);
  const isKnown =
    known?.width === width &&
    known.height === height &&
    known.region.y[0] === region.y[0] &&
    known.region.x[0] === region.x[0];
  if (isKnown) return known;
  const data = pixels.data.slice(0, height * width);
  for (let line = 0; line < height; line++) {
    const from = (row + line) * pixels.width + column;
    data.set(pixels.data.subarray(from, from + width), line * width);
  }
  const part = { ...pixels, region, width, height, data };
  parts.set(pixels, part);
  return part;
}
