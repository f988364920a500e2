/**
 * Predicting tile by tile as other tools do, right and wrong, and how visible the mark is.
 * @module
 */
import type { AxisTile } from "../../src/tiling/axis";
import { planAxis } from "../../src/tiling/axis";
import { percentileRange } from "../../src/predict/percentiles";
import { multiplyAxes } from "../../src/tiling/tiles";
import { allocateVolume, copyRegion, cutRegion, makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import type { Interval, Region } from "../../src/volume/region";
import type { Grid } from "../../src/diagnose/diagnosis";
import type { BenchNetwork } from "./networks";

/** How a prediction is done. */
export interface Way {
  /** Tiles per axis, in the order of the axes of the image. */
  readonly cuts: readonly (readonly AxisTile[])[];
  readonly perTile: boolean;
  /** Whether the network's output is brought back to intensities. */
  readonly undo: boolean;
}

const PERCENTILES = [2, 99.8] as const;

/** One call on the whole image. */
export function predictWhole(
  net: BenchNetwork,
  image: Volume<Float32Array>,
  undo: boolean,
): Promise<Volume<Float32Array>> {
  const cuts = image.shape.map((n): AxisTile[] => [{ read: [0, n], keep: [0, n], write: [0, n] }]);
  return predictTiles(net, image, { cuts, perTile: false, undo });
}

/** Tile by tile, kept parts put together; the image is not changed. */
export async function predictTiles(
  net: BenchNetwork,
  image: Volume<Float32Array>,
  way: Way,
): Promise<Volume<Float32Array>> {
  const out = allocateVolume("float32", image.shape, image.axes) as Volume<Float32Array>;
  const whole = percentileRange(image.data, ...PERCENTILES);
  for (const tile of multiplyAxes(way.cuts)) {
    const part = cutRegion(image, tile.read) as Volume<Float32Array>;
    const [low, high] = way.perTile ? percentileRange(part.data, ...PERCENTILES) : whole;
    const input = part.data.map((value) => (value - low) / (high - low + 1e-20));
    const result = await net.session.run(makeVolume(input, [1, ...part.shape], `C${image.axes}`));
    const kept = result.data.subarray(0, part.data.length);
    const values = way.undo ? kept.map((value) => value * (high - low) + low) : kept;
    copyRegion(
      makeVolume(values, part.shape, image.axes),
      tile.keep,
      out,
      tile.write.map(([start]) => start),
    );
  }
  return out;
}

/** Tiles on the network's grid with this overlap, as CSBDeep cuts them. */
export function alignedCuts(length: number, tiles: number, block: number, overlapBlocks: number): AxisTile[] {
  return planAxis({ length, tiles, block, overlapBlocks });
}

/** Tiles of `size` px every `step` px, the last one shifted back, `overlap` px cropped at inner borders. */
export function steppedCuts(length: number, size: number, step: number, overlap: number): AxisTile[] {
  const tiles: AxisTile[] = [];
  let written = 0;
  for (let start = 0; written < length; start += step) {
    const isLast = start + size >= length;
    const from = isLast ? Math.max(0, length - size) : start;
    const end = isLast ? length : from + size - overlap;
    tiles.push({
      read: [from, Math.min(length, from + size)],
      keep: [written - from, end - from],
      write: [written, end],
    });
    written = end;
  }
  return tiles;
}

/** First px after every inner border. */
export function seamsOfCut(cut: readonly AxisTile[]): number[] {
  return cut.slice(1).map((tile) => tile.write[0]);
}

/** Period and offset of a cut; null with fewer than two seams. */
export function gridOfCut(cut: readonly AxisTile[]): Grid | null {
  const seams = seamsOfCut(cut);
  return seams.length < 2 ? null : { period: seams[1] - seams[0], offset: seams[0] };
}

/** How visible a mark is. */
export interface Strength {
  /** p99 of |tiled − untiled| in the two px beside every seam, as a fraction of the range of the untiled. */
  readonly ofRange: number;
  /** The same over the p99 of |step| of the untiled across the seams. */
  readonly ofGradient: number;
  /** The same over the mean |step| of the untiled across the seams. */
  readonly ofMeanGradient: number;
}

/** Compares a tiled with the untiled prediction along seams, by axis index. */
export function strengthAlong(
  tiled: Volume,
  untiled: Volume,
  seams: readonly (readonly number[])[],
): Strength {
  const errors: number[] = [];
  const steps: number[] = [];
  seams.forEach((positions, axis) => {
    for (const p of positions) {
      const band: Region = untiled.shape.map((n, i): Interval => (i === axis ? [p - 1, p + 1] : [0, n]));
      const [a, b] = [cutRegion(tiled, band).data, cutRegion(untiled, band).data];
      const inner = untiled.shape.slice(axis + 1).reduce((product, n) => product * n, 1);
      for (let i = 0; i < b.length; i++) {
        errors.push(Math.abs(a[i] - b[i]));
        if (Math.floor(i / inner) % 2 === 1) steps.push(Math.abs(b[i] - b[i - inner]));
      }
    }
  });
  const [low, high] = percentileRange(untiled.data, 0.1, 99.9);
  const p99 = (values: readonly number[]): number =>
    values.length === 0 ? 0 : percentileRange(Float64Array.from(values), 0, 99)[1];
  const error = p99(errors);
  return {
    ofRange: high > low ? error / (high - low) : 0,
    ofGradient: error / (p99(steps) + 1e-30),
    ofMeanGradient: error / (steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length) + 1e-30),
  };
}
