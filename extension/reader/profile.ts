/**
 * Values along a line through a picture.
 * @module
 */
import type { Job } from "../../src/job";
import type { PicturePoint, PlaneRegion, Profile } from "../../src/protocol/viewer";
import type { Picture } from "./pictures";
import { breathe } from "./planeStore";
import type { Part, Size } from "./planeStore";

/** The line is cut into pieces of which none lies in a larger box, px. */
const PIECE_PIXELS = 2 ** 16;

/**
 * Values at places one after the other from `from` to `to`, about 1 px apart, both ends included: interpolated between
 * the centres of the four pixels around each; within half a px of the edge the pixels at the edge count as those beyond.
 * Of a large picture only what lies along the line is read.
 */
export async function profileAlong(
  picture: Picture,
  from: PicturePoint,
  to: PicturePoint,
  job: Job,
): Promise<Profile> {
  const length = Math.hypot(to.y - from.y, to.x - from.x);
  const last = Math.max(1, Math.round(length));
  const values = new Float64Array(last + 1).fill(NaN);
  const line: Line = { from, to, last, size: picture.size };
  for (const [first, stop] of pieces(line, picture.isSmall)) {
    const box = boxOf(line, first, stop);
    if (box === null) continue;
    await breathe(job);
    const part = await picture.part(box, job);
    for (let i = first; i < stop; i++) {
      const { y, x } = placeOn(line, i);
      if (isInside(line.size, y, x)) values[i] = interpolate(part, line.size, y, x);
    }
  }
  return { values, spacing: length / last };
}

interface Line {
  readonly from: PicturePoint;
  readonly to: PicturePoint;
  /** Number of the last place; the first is 0. */
  readonly last: number;
  readonly size: Size;
}

function placeOn({ from, to, last }: Line, i: number): PicturePoint {
  if (i === last) return to;
  return { y: from.y + ((to.y - from.y) * i) / last, x: from.x + ((to.x - from.x) * i) / last };
}

function isInside(size: Size, y: number, x: number): boolean {
  return y >= 0 && x >= 0 && y <= size.y && x <= size.x;
}

/** Stretches of places whose pixels lie in a small box each; all in one when the picture is in memory anyway. */
function* pieces(line: Line, isSmall: boolean): Generator<readonly [first: number, stop: number]> {
  for (let first = 0; first <= line.last;) {
    let stop = line.last + 1;
    while (!isSmall && stop - first > 1 && area(boxOf(line, first, stop)) > PIECE_PIXELS) {
      stop = first + Math.ceil((stop - first) / 2);
    }
    yield [first, stop];
    first = stop;
  }
}

function area(box: PlaneRegion | null): number {
  return box === null ? 0 : (box.y[1] - box.y[0]) * (box.x[1] - box.x[0]);
}

/** The pixels that the places of a stretch need; null when it passes the picture by. */
function boxOf(line: Line, first: number, stop: number): PlaneRegion | null {
  const [a, b] = [placeOn(line, first), placeOn(line, stop - 1)];
  const along = (one: number, other: number, length: number): readonly [number, number] => [
    Math.max(0, Math.floor(Math.min(one, other) - 0.5)),
    Math.min(length, Math.floor(Math.max(one, other) - 0.5) + 2),
  ];
  const y = along(a.y, b.y, line.size.y);
  const x = along(a.x, b.x, line.size.x);
  return y[0] < y[1] && x[0] < x[1] ? { y, x } : null;
}

function interpolate({ data, stride, top, left }: Part, size: Size, y: number, x: number): number {
  const [upper, lower, down] = neighbours(y, size.y);
  const [west, east, across] = neighbours(x, size.x);
  const row = (index: number): number => {
    const start = (index - top) * stride - left;
    return between(data[start + west], data[start + east], across);
  };
  return between(row(upper), row(lower), down);
}

/** The two pixels whose centres lie around a place, and how far it lies from the first to the second. */
function neighbours(place: number, length: number): readonly [number, number, number] {
  const first = Math.floor(place - 0.5);
  return [Math.max(first, 0), Math.min(first + 1, length - 1), place - 0.5 - first];
}

/** A neighbour that does not count may be NaN. */
function between(a: number, b: number, share: number): number {
  return share === 0 || a === b ? a : a * (1 - share) + b * share;
}
