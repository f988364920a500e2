/**
 * Blending: weights for tiles that are added up where they overlap, in place of crop and copy.
 *
 * An option to reproduce what other tools do. It never equals untiled prediction where the overlap is
 * below the context, and is not offered as a cure for it.
 * @module
 */
import type { Interval } from "../volume/region";

/** `crop` keeps one tile per pixel; `linear` ramps over the shared px; `gaussian` weighs by the distance from the tile's centre. */
export type BlendMode = "crop" | "linear" | "gaussian";

/** MONAI's default width of the Gaussian, as a fraction of the tile (`sigma_scale`). */
const SIGMA_FRACTION = 0.125;
/** MONAI's lower clamp of the Gaussian weights. */
const LEAST_WEIGHT = 1e-3;

/**
 * Weights of every tile of one axis, normalised so that they sum to 1 at every px.
 *
 * @param reads the tiles' read intervals in increasing order, px; together they cover the axis
 * @returns one list per tile, one weight per px of its read interval
 * @see MONAI `compute_importance_map` for `gaussian`
 */
export function blendWeights(reads: readonly Interval[], mode: "linear" | "gaussian"): Float64Array[] {
  const raw = reads.map((read, i) => (mode === "linear" ? ramp(reads, i) : gaussian(read[1] - read[0])));
  const origin = reads[0][0];
  const sums = new Float64Array(reads[reads.length - 1][1] - origin);
  for (const [i, [start]] of reads.entries())
    raw[i].forEach((weight, px) => (sums[start - origin + px] += weight));
  return raw.map((weights, i) => weights.map((weight, px) => weight / sums[reads[i][0] - origin + px]));
}

function ramp(reads: readonly Interval[], i: number): Float64Array {
  const [start, stop] = reads[i];
  const sharedLeft = i === 0 ? 0 : Math.max(0, reads[i - 1][1] - start);
  const sharedRight = i === reads.length - 1 ? 0 : Math.max(0, stop - reads[i + 1][0]);
  return new Float64Array(stop - start).map((_, px) =>
    Math.min(1, (px + 1) / (sharedLeft + 1), (stop - start - px) / (sharedRight + 1)),
  );
}

function gaussian(length: number): Float64Array {
  const sigma = SIGMA_FRACTION * length;
  return new Float64Array(length).map((_, px) => {
    const distance = px - (length - 1) / 2;
    return Math.max(LEAST_WEIGHT, Math.exp(-(distance * distance) / (2 * sigma * sigma)));
  });
}
