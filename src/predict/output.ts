/**
 * Putting tiles back: from the network's output on a tile to pixels in the written stack.
 * @module
 */
import type { Job } from "../job";
import type { StackWriter } from "../stack/stack";
import { blendWeights } from "../tiling/blend";
import type { BlendMode } from "../tiling/blend";
import type { Plan } from "../tiling/plan";
import type { Tile } from "../tiling/tiles";
import { convertPixels, dtypeRange } from "../volume/pixels";
import type { Dtype } from "../volume/pixels";
import type { Interval, Region } from "../volume/region";
import { intersectRegions, regionShape, regionSize, shapeSize, stridesOf } from "../volume/region";
import { makeVolume, transposeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import { cutCovered } from "./covered";
import { undoMap } from "./normalize";
import type { IntensityMap } from "./normalize";

/** Takes the outputs of the tiles of a plan, in order. */
export interface TileOutput {
  /** Writes what is kept of tile `index`; `output` has axes `C` + spatial and is not changed afterwards. */
  put(index: number, output: Volume<Float32Array>, job: Job): Promise<void>;
  /** Writes what was held back. */
  finish(job: Job): Promise<void>;
  /** Values that did not fit into the pixel type and were clamped. */
  readonly clamped: number;
}

/** Where tiles go. */
export interface OutputTarget {
  readonly plan: Plan;
  readonly writer: StackWriter;
  /** Axes of the written stack. */
  readonly axes: string;
  readonly dtype: Dtype;
}

/** An output for the given way of joining tiles. */
export function createTileOutput(target: OutputTarget, blend: BlendMode, channels: number): TileOutput {
  return blend === "crop" ? new CroppedOutput(target) : new BlendedOutput(target, blend, channels);
}

/**
 * Undoes the normalisation of a network output in place.
 *
 * @param maps         per channel; null leaves the values as they are
 * @param meanChannels channels that are intensities; those after them are scales
 */
export function restoreIntensities(
  output: Volume<Float32Array>,
  maps: readonly IntensityMap[] | null,
  meanChannels: number,
): void {
  if (maps === null) return;
  const size = shapeSize(output.shape.slice(1));
  for (let c = 0; c < output.shape[0]; c++) {
    const isScale = c >= meanChannels;
    undoMap(output.data.subarray(c * size, (c + 1) * size), maps[isScale ? c - meanChannels : c], isScale);
  }
}

/**
 * Writes a region of the padded image into the stack, without what is not wanted.
 *
 * @param pixels axes `C` + spatial, not changed
 * @param place  `covers`: what of the padded image `pixels` holds, in the order of the plan's axes; `region`: what of
 *   that is written, all of it when left out
 * @returns how many values were clamped to the pixel type
 */
export async function writePadded(
  target: OutputTarget,
  pixels: Volume<Float32Array>,
  place: { readonly covers: Region; readonly region?: Region },
  job: Job,
): Promise<number> {
  const { plan, writer, axes, dtype } = target;
  const { covers, region = covers } = place;
  const image = plan.shape.map((length, i): Interval => [plan.padding[i][0], plan.padding[i][0] + length]);
  const wanted = intersectRegions(intersectRegions(region, plan.wanted), image);
  if (regionSize(wanted) === 0) return 0;
  const kept = transposeVolume(cutCovered(pixels, covers, wanted, plan.axes), axes);
  const at = [...axes].map((letter) => {
    const axis = plan.axes.indexOf(letter);
    if (letter === "C" || axis < 0) return 0;
    return wanted[axis][0] - Math.max(plan.wanted[axis][0], image[axis][0]);
  });
  const clamped = countOutside(kept.data, dtype);
  await writer.write(makeVolume(convertPixels(kept.data, dtype), kept.shape, axes), at, job);
  return clamped;
}

/** Crop and copy: every pixel comes from one tile. */
class CroppedOutput implements TileOutput {
  readonly #target: OutputTarget;
  clamped = 0;

  constructor(target: OutputTarget) {
    this.#target = target;
  }

  async put(index: number, output: Volume<Float32Array>, job: Job): Promise<void> {
    const { read, write } = this.#target.plan.tiles[index];
    this.clamped += await writePadded(this.#target, output, { covers: read, region: write }, job);
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Weighted sums where tiles overlap. Sums are held for one row of tiles along the first cut axis and
 * written when no later tile reaches them.
 */
class BlendedOutput implements TileOutput {
  readonly #target: OutputTarget;
  /** Per axis: weights of a tile by where it starts to write; two tiles may read the same. */
  readonly #weights: ReadonlyMap<number, Float64Array>[];
  readonly #slow: number;
  readonly #channels: number;
  #held: { covers: Region; sums: Volume<Float32Array> } | null = null;
  clamped = 0;

  constructor(target: OutputTarget, blend: "linear" | "gaussian", channels: number) {
    this.#target = target;
    this.#channels = channels;
    const { plan } = target;
    this.#weights = plan.roles.map((role, axis) => weightsAlong(plan, axis, role === "tiled" ? blend : null));
    this.#slow = Math.max(
      0,
      plan.roles.findIndex((role, axis) => role === "tiled" && plan.tilesPerAxis[axis] > 1),
    );
  }

  async put(index: number, output: Volume<Float32Array>, job: Job): Promise<void> {
    const tile = this.#target.plan.tiles[index];
    await this.#flush(tile.read, job);
    this.#hold(tile.read, output.axes);
    this.#addWeighted(tile, output);
  }

  async finish(job: Job): Promise<void> {
    await this.#flush(null, job);
  }

  /** Writes what no tile from `next` on can reach. */
  async #flush(next: Region | null, job: Job): Promise<void> {
    const held = this.#held;
    if (held === null) return;
    const [start, stop] = held.covers[this.#slow];
    const until =
      next !== null && this.#sameLoop(next, held.covers) ? Math.min(stop, next[this.#slow][0]) : stop;
    if (until <= start) return;
    const done = held.covers.map((interval, axis): Interval =>
      axis === this.#slow ? [start, until] : interval,
    );
    this.clamped += await writePadded(this.#target, held.sums, { covers: held.covers, region: done }, job);
    const rest = held.covers.map((interval, axis): Interval =>
      axis === this.#slow ? [until, stop] : interval,
    );
    this.#held =
      until >= stop
        ? null
        : { covers: rest, sums: cutCovered(held.sums, held.covers, rest, this.#target.plan.axes) };
  }

  #sameLoop(next: Region, covers: Region): boolean {
    return this.#target.plan.roles.every(
      (role, axis) => role !== "each" || next[axis][0] === covers[axis][0],
    );
  }

  /** Makes room for a tile: all of the image across, from what is held to the tile's end along the slow axis. */
  #hold(read: Region, axes: string): void {
    const { plan } = this.#target;
    const start = this.#held?.covers[this.#slow][0] ?? read[this.#slow][0];
    const end = Math.max(this.#held?.covers[this.#slow][1] ?? 0, read[this.#slow][1]);
    if (this.#held !== null && this.#held.covers[this.#slow][1] === end) return;
    const covers = plan.computed.map((interval, axis): Interval => {
      if (axis === this.#slow) return [start, end];
      return plan.roles[axis] === "each" ? read[axis] : interval;
    });
    const shape = this.#shapeOf(covers, axes);
    const sums = makeVolume(new Float32Array(shapeSize(shape)), shape, axes);
    if (this.#held !== null) this.#copyHeld(this.#held, { covers, sums });
    this.#held = { covers, sums };
  }

  #copyHeld(
    from: { covers: Region; sums: Volume<Float32Array> },
    to: { covers: Region; sums: Volume<Float32Array> },
  ): void {
    const inTarget = this.#inside(from.covers, to.covers, to.sums.axes);
    addInto(from.sums, to.sums, inTarget, null);
  }

  #addWeighted({ read, write }: Tile, output: Volume<Float32Array>): void {
    const held = this.#held;
    if (held === null) return;
    const weights = [...output.axes].map((letter) => {
      const axis = this.#target.plan.axes.indexOf(letter);
      if (letter === "C" || axis < 0) return null;
      return this.#weights[axis].get(write[axis][0]) ?? null;
    });
    addInto(output, held.sums, this.#inside(read, held.covers, output.axes), weights);
  }

  #inside(region: Region, covers: Region, axes: string): number[] {
    return [...axes].map((letter) => {
      const axis = this.#target.plan.axes.indexOf(letter);
      return letter === "C" || axis < 0 ? 0 : region[axis][0] - covers[axis][0];
    });
  }

  #shapeOf(covers: Region, axes: string): number[] {
    const lengths = regionShape(covers);
    return [...axes].map((letter) => {
      if (letter === "C") return this.#channels;
      const axis = this.#target.plan.axes.indexOf(letter);
      return axis < 0 ? 1 : lengths[axis];
    });
  }
}

/** Weights along one axis, by where a tile starts to write; 1 where `blend` is null. */
function weightsAlong(
  plan: Plan,
  axis: number,
  blend: "linear" | "gaussian" | null,
): Map<number, Float64Array> {
  const reads = new Map(plan.tiles.map(({ read, write }) => [write[axis][0], read[axis]] as const));
  const starts = [...reads.keys()].sort((a, b) => a - b);
  const inOrder = starts.map((start) => reads.get(start) ?? ([0, 0] as const));
  const weights =
    blend === null
      ? inOrder.map(([start, stop]) => new Float64Array(stop - start).fill(1))
      : blendWeights(inOrder, blend);
  return new Map(starts.map((start, i) => [start, weights[i]]));
}

/** Adds `source`, weighted along each axis, into `target` at `at`. */
function addInto(
  source: Volume<Float32Array>,
  target: Volume<Float32Array>,
  at: readonly number[],
  weights: readonly (Float64Array | null)[] | null,
): void {
  const to = stridesOf(target.shape);
  const last = source.shape.length - 1;
  let from = 0;
  const walk = (axis: number, base: number, weight: number): void => {
    for (let i = 0; i < source.shape[axis]; i++) {
      const place = base + (at[axis] + i) * to[axis];
      const w = weight * (weights?.[axis]?.[i] ?? 1);
      if (axis === last) target.data[place] += w * source.data[from++];
      else walk(axis + 1, place, w);
    }
  };
  walk(0, 0, 1);
}

function countOutside(data: Float32Array, dtype: Dtype): number {
  const [min, max] = dtypeRange(dtype);
  if (min === -Infinity) return 0;
  let outside = 0;
  for (const value of data) if (value < min - 0.5 || value > max + 0.5) outside++; // what rounding brings inside fits
  return outside;
}
