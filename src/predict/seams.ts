/**
 * Seams: how well neighbouring tiles agree where both were computed.
 *
 * The overlap is computed anyway; before it is thrown away, what two tiles say about the same pixels is
 * compared. That is a disagreement, not a proof: two tiles can agree and both be wrong.
 * @module
 */
import type { RecordedSeam } from "../diagnose/run";
import type { Plan } from "../tiling/plan";
import type { Tile } from "../tiling/tiles";
import type { Region } from "../volume/region";
import { shapeSize } from "../volume/region";
import type { Volume } from "../volume/volume";
import { cutCovered } from "./covered";

/** Memory for the profiles that wait to be compared, bytes; beyond it every n-th line is kept. */
const SAMPLE_BYTES = 64 * 2 ** 20;

/** What a tile leaves for its next neighbour on one axis. */
interface Waiting {
  readonly before: number;
  /** The last kept px of each of the two tiles, complete. */
  readonly pair: Volume<Float32Array>;
  /** All shared px, thinned to the memory limit. */
  readonly shared: Volume<Float32Array>;
}

/** Compares tiles as they come, in the order of the plan. */
export class SeamRecorder {
  readonly #plan: Plan;
  readonly #byStart: ReadonlyMap<string, number>;
  readonly #waiting = new Map<string, Waiting>();
  readonly #step: number;

  /**
   * A recorder that has seen no tile.
   *
   * @param channels of the network's output
   */
  constructor(plan: Plan, channels: number) {
    this.#plan = plan;
    this.#byStart = new Map(plan.tiles.map((tile, i) => [keyOf(tile.write), i]));
    this.#step = Math.max(1, Math.ceil(waitingBytes(plan, channels) / SAMPLE_BYTES));
  }

  /**
   * Takes one tile's output.
   *
   * @param index  of the tile in the plan
   * @param output whole output of the network for it, axes `C` + spatial, units of the written stack; not changed
   * @returns the seams between this tile and earlier ones
   */
  add(index: number, output: Volume<Float32Array>): RecordedSeam[] {
    const seams: RecordedSeam[] = [];
    for (const [axis, role] of this.#plan.roles.entries()) {
      if (role !== "tiled") continue;
      const waiting = this.#waiting.get(`${index}/${axis}`);
      if (waiting !== undefined) seams.push(this.#compare(index, axis, waiting, output));
      this.#waiting.delete(`${index}/${axis}`);
      this.#keep(index, axis, output);
    }
    return seams;
  }

  #compare(index: number, axis: number, waiting: Waiting, output: Volume<Float32Array>): RecordedSeam {
    const tile = this.#plan.tiles[index];
    const shared = this.#sharedRegion(waiting.before, index, axis);
    const along = output.axes.indexOf(this.#plan.axes[axis]);
    const pair = cutCovered(output, tile.read, pairRegion(shared, tile, axis), this.#plan.axes);
    const profile = thin(cutCovered(output, tile.read, shared, this.#plan.axes), along, this.#step);
    return {
      axis: this.#plan.axes[axis],
      position: tile.write[axis][0],
      tiles: [waiting.before, index],
      max: largestDifference(waiting.pair, pair),
      profile: meanDifferences(waiting.shared, profile, along),
      profileStart: shared[axis][0],
    };
  }

  #keep(index: number, axis: number, output: Volume<Float32Array>): void {
    const tile = this.#plan.tiles[index];
    const next = this.#byStart.get(keyOf(tile.write, axis, tile.write[axis][1]));
    if (next === undefined) return;
    const shared = this.#sharedRegion(index, next, axis);
    if (shared[axis][0] >= shared[axis][1]) return;
    const along = output.axes.indexOf(this.#plan.axes[axis]);
    this.#waiting.set(`${next}/${axis}`, {
      before: index,
      pair: cutCovered(output, tile.read, pairRegion(shared, this.#plan.tiles[next], axis), this.#plan.axes),
      shared: thin(cutCovered(output, tile.read, shared, this.#plan.axes), along, this.#step),
    });
  }

  /** What both tiles computed across their border: shared px along `axis`, kept px along the others. */
  #sharedRegion(before: number, index: number, axis: number): Region {
    const first = this.#plan.tiles[before];
    const second = this.#plan.tiles[index];
    return second.write.map((write, i) =>
      i === axis ? ([second.read[i][0], first.read[i][1]] as const) : write,
    );
  }
}

/** The px on both sides of the border, as far as both tiles computed them. */
function pairRegion(shared: Region, second: Tile, axis: number): Region {
  const border = second.write[axis][0];
  return shared.map(([start, stop], i) =>
    i === axis
      ? ([Math.max(start, border - 1), Math.min(stop, border + 1)] as const)
      : ([start, stop] as const),
  );
}

/** Most bytes of shared px that wait at one time. */
function waitingBytes(plan: Plan, channels: number): number {
  const face = plan.computed.map(([start, stop], axis) => (plan.roles[axis] === "tiled" ? stop - start : 1));
  return plan.roles.reduce((sum, role, axis) => {
    if (role !== "tiled" || plan.tilesPerAxis[axis] === 1) return sum;
    return sum + (shapeSize(face) / face[axis]) * 2 * plan.overlap[axis] * channels * 4;
  }, 0);
}

function keyOf(write: Region, axis?: number, start?: number): string {
  return write.map((interval, i) => (i === axis ? start : interval[0])).join(",");
}

/** Every `step`-th px along the longest spatial axis other than `along`; the first axis is C. */
function thin(volume: Volume<Float32Array>, along: number, step: number): Volume<Float32Array> {
  if (step === 1) return volume;
  const axis = [...volume.shape.keys()]
    .filter((i) => i !== 0 && i !== along)
    .reduce((best, i) => (volume.shape[i] > (volume.shape[best] ?? 0) ? i : best), -1);
  if (axis < 0) return volume;
  const length = volume.shape[axis];
  const inner = shapeSize(volume.shape.slice(axis + 1));
  const outer = shapeSize(volume.shape.slice(0, axis));
  const kept = Math.ceil(length / step);
  const data = new Float32Array(outer * kept * inner);
  for (let o = 0; o < outer; o++) {
    for (let k = 0; k < kept; k++) {
      const from = (o * length + k * step) * inner;
      data.set(volume.data.subarray(from, from + inner), (o * kept + k) * inner);
    }
  }
  return { data, shape: volume.shape.map((n, i) => (i === axis ? kept : n)), axes: volume.axes };
}

function largestDifference(a: Volume<Float32Array>, b: Volume<Float32Array>): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b.data[i]);
    if (difference > largest) largest = difference;
  }
  return largest;
}

/** Mean |a − b| at each px along one axis. */
function meanDifferences(a: Volume<Float32Array>, b: Volume<Float32Array>, along: number): number[] {
  const length = a.shape[along];
  const inner = shapeSize(a.shape.slice(along + 1));
  const sums = new Float64Array(length);
  for (let i = 0; i < a.data.length; i++) {
    const difference = Math.abs(a.data[i] - b.data[i]);
    if (!Number.isNaN(difference)) sums[Math.floor(i / inner) % length] += difference;
  }
  return [...sums].map((sum) => (sum * length) / a.data.length);
}
