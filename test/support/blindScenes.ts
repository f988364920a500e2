/**
 * Images in which blind diagnosis looks for marks of tiles.
 * @module
 */
import { measureBlind } from "../../src/diagnose/blind/blind";
import type { KnownSeams } from "../../src/diagnose/blind/measurement";
import { quietJob } from "../../src/job";
import type { PixelArray } from "../../src/volume/pixels";
import { makeVolume } from "../../src/volume/volume";
import { seededRandom } from "./networks";
import { stackOf } from "./stacks";

/** px of a square scene. */
export const SIDE = 256;

/** Many waves of all directions with noise on them, about 0.5 … 3.5, the same for the same seed; `shape` is YX or ZYX. */
export function waves(seed: number, shape: readonly number[]): Float32Array {
  const random = seededRandom(seed);
  const many = Array.from({ length: 24 }, () => {
    const direction = shape.map(() => random() - 0.5);
    const length = Math.hypot(...direction);
    const slowness = 3 + 9 * random();
    return { steps: direction.map((d) => d / length / slowness), phase: 6.3 * random() };
  });
  const size = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from({ length: size }, (_, i) => {
    const place: number[] = [];
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      place[axis] = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    let sum = 2 + 0.2 * (random() + random() + random() - 1.5);
    for (const { steps, phase } of many)
      sum += 0.12 * Math.sin(place.reduce((at, n, k) => at + n * steps[k], phase));
    return sum;
  });
}

/** One plane of {@link waves}. */
export const scene = (seed: number, width = SIDE, height = SIDE): Float32Array =>
  waves(seed, [height, width]);

/** Blind diagnosis of these pixels. */
export const measure = (
  data: PixelArray,
  shape: number[],
  known: KnownSeams = {},
  axes = "TZCYX".slice(-shape.length),
) => measureBlind(stackOf(makeVolume(data, shape, axes)), known, quietJob());

/** Lifts two of three tiles of a grid across X, one up and one down. */
export function stitched(
  data: Float32Array,
  { period, offset }: { period: number; offset: number },
  step: number,
): Float32Array {
  return data.map((value, i) => {
    const x = i % SIDE;
    const tile = x < offset ? 0 : 1 + Math.floor((x - offset) / period);
    return value + [0, step, -step][tile % 3];
  });
}
