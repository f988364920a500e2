/**
 * What other tools do to a finished stack: lose a tile, cast to a type that is too small; and how large a fault is.
 * @module
 */
import { percentileRange } from "../../src/predict/percentiles";
import { allocatePixels, convertPixels } from "../../src/volume/pixels";
import type { Interval, Region } from "../../src/volume/region";
import { copyRegion, cutRegion, makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { pick } from "./images";
import type { Random } from "./images";

/** p99.9 − p0.1 of the finite values. */
export function rangeOf({ data }: Volume): number {
  const finite = data.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return 0;
  const [low, high] = percentileRange(finite, 0.1, 99.9);
  return high - low;
}

/** p99 of |a − b| within a region of the stack, as a fraction of the range of `b`; 0 where it has none. */
export function differenceIn(a: Volume, b: Volume, region: Region): number {
  const [one, other] = [cutRegion(a, region).data, cutRegion(b, region).data];
  const apart = Float64Array.from(one, (value, i) => Math.abs(value - other[i]));
  const range = rangeOf(b);
  if (apart.length === 0 || range === 0) return 0;
  return (
    percentileRange(
      apart.map((value) => (Number.isFinite(value) ? value : range)),
      0,
      99,
    )[1] / range
  );
}

/** Largest |a − b| in the two px beside every seam, units of the stack. */
export function largestAtSeams(a: Volume, b: Volume, seams: readonly (readonly number[])[]): number {
  let most = 0;
  for (const [axis, positions] of seams.entries()) {
    for (const p of positions) {
      const band = b.shape.map((n, i): Interval => (i === axis ? [p - 1, Math.min(n, p + 1)] : [0, n]));
      const [one, other] = [cutRegion(a, band).data, cutRegion(b, band).data];
      for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i] - other[i]));
    }
  }
  return most;
}

/** The same stack with one constant in a region: what was in the file before, or what a failed write leaves. */
export function withoutTile(random: Random, volume: Volume, region: Region): Volume {
  const out = cutRegion(
    volume,
    volume.shape.map((n): Interval => [0, n]),
  );
  const part = cutRegion(volume, region);
  const isFloat = out.data instanceof Float32Array;
  const share = random();
  part.data.fill(isFloat && share < 0.15 ? NaN : share < 0.7 ? 0 : part.data[0]);
  copyRegion(
    part,
    part.shape.map((n): Interval => [0, n]),
    out,
    region.map(([start]) => start),
  );
  return out;
}

const WRAPPING = ["int8", "uint8", "int16", "uint16"] as const;
/** Least and most share of px that wrap around in a case. */
const WRAPPED = [0.005, 0.5] as const;

/** Cast to a type that is too small, as `astype` and a C cast do; null when no type wraps a visible but not most of it. */
export function wrapped(random: Random, { data, shape, axes }: Volume): Volume | null {
  const candidates = WRAPPING.flatMap((dtype): Volume[] => {
    const out = allocatePixels(dtype, data.length);
    for (let i = 0; i < out.length; i++) out[i] = Math.trunc(data[i]);
    const clamped = convertPixels(data, dtype);
    let many = 0;
    for (let i = 0; i < out.length; i++) if (Math.abs(out[i] - clamped[i]) > 1) many++;
    const share = many / out.length;
    return share >= WRAPPED[0] && share <= WRAPPED[1] ? [makeVolume(out, shape, axes)] : [];
  });
  return candidates.length === 0 ? null : pick(random, candidates);
}
