/**
 * Parts of a run predicted again, each only once, and parts of the written stack to compare them with.
 * @module
 */
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { PaddingMode } from "../../tiling/padding";
import type { Plan } from "../../tiling/plan";
import type { Tile } from "../../tiling/tiles";
import { dtypeRange, isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";
import type { Interval, Region } from "../../volume/region";
import { intersectRegions, regionSize } from "../../volume/region";
import { cutRegion, transposeVolume } from "../../volume/volume";
import type { Volume } from "../../volume/volume";
import { wholeBlocks, writtenStart } from "../places";
import type { Recompute, RunFacts } from "../run";

/** Predictions that are kept for the next box, bytes. */
const KEPT_BYTES = 256 * 2 ** 20;
/** Voxels of whole tiles that are predicted again. */
const MOST_TILE_VOXELS = 24e6;

/** Regions are with respect to the padded image, axes of the plan. */
export class Predictions {
  readonly plan: Plan;
  readonly recompute: Recompute;
  readonly #stack: Stack;
  readonly #kept = new Map<string, Volume<Float32Array>>();
  readonly #tiles = new Set<string>();
  #tileVoxels = 0;
  /** Voxels the network computed so far. */
  voxels = 0;

  /**
   * With nothing predicted yet.
   *
   * @param stack as it was written
   */
  constructor(stack: Stack, plan: Plan, recompute: Recompute) {
    this.#stack = stack;
    this.plan = plan;
    this.recompute = recompute;
  }

  /**
   * The smallest region on the network's grid that gives a box its full context; the whole where a network cannot be
   * tiled.
   *
   * @param within what the network may see; its start is on the grid
   */
  around(box: Region, within: Region): Region {
    const { block, context, blockers } = this.recompute;
    return box.map(([start, stop], i): Interval => {
      if (this.plan.roles[i] !== "tiled") return [start, stop];
      const [first, end] = within[i];
      if (blockers.length > 0) return within[i];
      // A px inside a block sees no further to the left than the first px of its block: only whole blocks matter.
      const reach = wholeBlocks(context[i], block[i]);
      return [
        Math.max(first, first + Math.floor((start - first) / block[i]) * block[i] - reach),
        Math.min(end, first + wholeBlocks(stop - first, block[i]) + reach),
      ];
    });
  }

  /** The padded image, channels as the run wanted them. */
  get whole(): Region {
    return this.plan.paddedShape.map((length, i): Interval =>
      this.plan.roles[i] === "tiled" ? [0, length] : this.plan.computed[i],
    );
  }

  /** What one call on `seen` says about `box`, which lies in it; not to be changed. */
  async predict(
    box: Region,
    seen: Region,
    padding: PaddingMode | undefined,
    job: Job,
  ): Promise<Volume<Float32Array>> {
    const call = (): Promise<Volume<Float32Array>> => this.recompute.predict(seen, padding, job);
    return this.#cut(await this.#once(padding ?? "", seen, call, job), seen, box);
  }

  /**
   * What the tile of a part said about it, with intensities of its own; null where that does not fit into memory or
   * takes too long.
   */
  async predictTile({ tile, part }: TilePart, job: Job): Promise<Volume<Float32Array> | null> {
    const { read } = tile;
    if (!this.#tiles.has(JSON.stringify(read))) {
      if (this.#tileVoxels + regionSize(read) > MOST_TILE_VOXELS || !this.recompute.fits(read)) return null;
      this.#tiles.add(JSON.stringify(read));
      this.#tileVoxels += regionSize(read);
    }
    const call = (): Promise<Volume<Float32Array>> => this.recompute.predictTile(read, job);
    return this.#cut(await this.#once("tile", read, call, job), read, part);
  }

  async #once(
    how: string,
    seen: Region,
    call: () => Promise<Volume<Float32Array>>,
    { signal }: Job,
  ): Promise<Volume<Float32Array>> {
    const key = `${how} ${JSON.stringify(seen)}`;
    let volume = this.#kept.get(key);
    if (volume === undefined) {
      signal.throwIfAborted();
      volume = await call();
      this.voxels += regionSize(seen);
    }
    this.#keep(key, volume);
    return volume;
  }

  /** What stands in the written stack, axes as those of predictions. */
  async written(box: Region, axes: string, job: Job): Promise<Volume> {
    const starts = writtenStart(this.plan);
    const { canonicalAxes, canonicalShape } = this.#stack.facts;
    const region = [...canonicalAxes].map((letter, k): Interval => {
      const i = this.plan.axes.indexOf(letter);
      if (letter === "C" || i < 0) return [0, canonicalShape[k]];
      return [box[i][0] - starts[i], box[i][1] - starts[i]];
    });
    return transposeVolume(await this.#stack.read(region, job), axes);
  }

  #keep(key: string, volume: Volume<Float32Array>): void {
    this.#kept.delete(key);
    this.#kept.set(key, volume);
    let bytes = [...this.#kept.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    for (const [oldest, { data }] of this.#kept) {
      if (bytes <= KEPT_BYTES || oldest === key) break;
      this.#kept.delete(oldest);
      bytes -= data.byteLength;
    }
  }

  #cut(volume: Volume<Float32Array>, seen: Region, box: Region): Volume<Float32Array> {
    const region = [...volume.axes].map((letter, k): Interval => {
      const i = this.plan.axes.indexOf(letter);
      if (letter === "C" || i < 0) return [0, volume.shape[k]];
      return [box[i][0] - seen[i][0], box[i][1] - seen[i][0]];
    });
    return cutRegion(volume, region) as Volume<Float32Array>;
  }
}

/** What the parts of a probe work with. */
export interface Probing {
  readonly run: RunFacts;
  readonly predictions: Predictions;
  /** Of the stack, its units. */
  readonly range: number;
  /** Of the stack. */
  readonly dtype: Dtype;
}

/** A part of a box that one tile wrote. */
export interface TilePart {
  readonly tile: Tile;
  readonly part: Region;
}

/** The parts of a box by the tile that wrote them. */
export function partsOf({ plan }: RunFacts, box: Region): TilePart[] {
  return plan.tiles.flatMap((tile): TilePart[] => {
    const part = intersectRegions(tile.write, box);
    return regionSize(part) === 0 ? [] : [{ tile, part }];
  });
}

/** Difference of two volumes, units of the stack. */
export interface Difference {
  readonly max: number;
  readonly mean: number;
  /** Index of the largest per axis of the volumes. */
  readonly worst: readonly number[];
}

/** How two volumes are compared. */
export interface Comparing {
  /** Of what is written; of two predictions: float32. */
  readonly dtype: Dtype;
  /** A value that is not finite on one side only counts as this. */
  readonly range: number;
  /** Units of an integer type that are no difference; half a unit, which is rounding, when left out. */
  readonly slack?: number;
}

/**
 * Compares what is predicted with what is written: rounding and clamping to the pixel type are no difference.
 *
 * @param predicted of the same shape as `written`
 */
export function differenceOf(
  predicted: Volume<Float32Array>,
  written: Volume,
  { dtype, range, slack: units = 0.5 }: Comparing,
): Difference {
  const [low, high] = dtypeRange(dtype);
  const slack = isFloat(dtype) ? 0 : units;
  let [max, sum, at] = [-1, 0, 0];
  for (let i = 0; i < written.data.length; i++) {
    const value = predicted.data[i];
    const fitting = value < low ? low : value > high ? high : value;
    const apart = Math.abs(fitting - written.data[i]);
    let difference = Math.max(0, apart - slack);
    if (!Number.isFinite(difference)) difference = Object.is(value, written.data[i]) ? 0 : range;
    sum += difference;
    if (difference > max) [max, at] = [difference, i];
  }
  const worst: number[] = [];
  for (let k = written.shape.length - 1, rest = at; k >= 0; k--) {
    worst.unshift(rest % written.shape[k]);
    rest = Math.floor(rest / written.shape[k]);
  }
  return { max: Math.max(0, max), mean: sum / Math.max(1, written.data.length), worst };
}
