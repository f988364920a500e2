/**
 * Reading tiles of the padded image: the image is padded once, as a whole, without ever being in memory
 * as a whole.
 * @module
 */
import type { Job } from "../job";
import type { Stack } from "../stack/stack";
import { sourceIndex } from "../tiling/padding";
import type { PaddingMode } from "../tiling/padding";
import type { Plan } from "../tiling/plan";
import type { Interval, Region } from "../volume/region";
import { shapeSize, stridesOf } from "../volume/region";
import { makeVolume, transposeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import type { ImageShape } from "./geometry";
import { applyMap } from "./normalize";
import type { IntensityMap } from "./normalize";

/** Chooses the intensity maps for a tile, one per channel, given its pixels as stored (axes `C` + spatial). */
export type ChooseMaps = (
  pixels: Volume,
  tile: { readonly read: Region },
) => readonly IntensityMap[] | Promise<readonly IntensityMap[]>;

/** Tiles of the padded, normalised image, ready for the network. */
export class PaddedInput {
  readonly #stack: Stack;
  readonly #image: ImageShape;
  readonly #plan: Plan;
  readonly #mode: PaddingMode;
  readonly #tensorAxes: string;

  /**
   * The tiles of one stack under one plan.
   *
   * @param image       the stack's shape with the axes the user gave it
   * @param spatialAxes of the network, in tensor order
   */
  constructor(
    stack: Stack,
    image: ImageShape,
    plan: Plan,
    options: { readonly mode: PaddingMode; readonly spatialAxes: string },
  ) {
    this.#stack = stack;
    this.#image = image;
    this.#plan = plan;
    this.#mode = options.mode;
    this.#tensorAxes = `C${options.spatialAxes}`;
  }

  /**
   * Reads one tile.
   *
   * @param read with respect to the padded image, in the order of the plan's axes
   * @returns float32, normalised, axes `C` + spatial axes of the network, new memory
   */
  async tile(read: Region, choose: ChooseMaps, job: Job): Promise<Volume<Float32Array>> {
    const indices = read.map((interval, i) => this.#sourceIndices(i, interval));
    const stored = await this.#readSource(indices, job);
    const maps = await choose(stored, { read });
    const perChannel = shapeSize(stored.shape.slice(1));
    const normalized = new Float32Array(stored.data.length);
    for (let c = 0; c < stored.shape[0]; c++) {
      const [start, stop] = [c * perChannel, (c + 1) * perChannel];
      applyMap(stored.data.subarray(start, stop), maps[c], normalized.subarray(start, stop));
    }
    return this.#spread(makeVolume(normalized, stored.shape, stored.axes), indices);
  }

  /** Which image pixel stands at each px of a tile's interval; −1 where the padding is zero. */
  #sourceIndices(i: number, [start, stop]: Interval): Int32Array {
    const before = this.#plan.padding[i][0];
    const length = this.#plan.shape[i];
    return Int32Array.from({ length: stop - start }, (_, px) =>
      sourceIndex(start + px - before, length, this.#mode),
    );
  }

  async #readSource(indices: readonly Int32Array[], job: Job): Promise<Volume> {
    const region = [...this.#image.axes].map((axis): Interval => {
      const at = indices[this.#plan.axes.indexOf(axis)];
      const [first, last] = extent(at);
      return [first, last + 1];
    });
    const stored = await readImage(this.#stack, this.#image, region, job);
    return transposeVolume(stored, this.#tensorAxes);
  }

  /** Repeats or zero-fills pixels where the tile reaches into the padding. */
  #spread(source: Volume<Float32Array>, indices: readonly Int32Array[]): Volume<Float32Array> {
    const places = [...source.axes].map((axis) => {
      const i = this.#plan.axes.indexOf(axis);
      const at = i < 0 ? Int32Array.of(0) : indices[i];
      const [first] = extent(at);
      return at.map((index) => (index < 0 ? -1 : index - first));
    });
    const shape = places.map((place) => place.length);
    const isPlain = places.every((place, axis) => place.length === source.shape[axis] && isCounting(place));
    if (isPlain) return source;
    const out = makeVolume(new Float32Array(shapeSize(shape)), shape, source.axes);
    gather(source, places, out);
    return out;
  }
}

/**
 * Reads a region given in the axes of `image`, which may name the dimensions of the stack differently.
 *
 * @param region with respect to `image.shape`
 * @returns axes `image.axes`
 */
export async function readImage(stack: Stack, image: ImageShape, region: Region, job: Job): Promise<Volume> {
  const { canonicalAxes, canonicalShape } = stack.facts;
  if (image.axes === canonicalAxes) return stack.read(region, job);
  const long = [...canonicalShape.keys()].filter((i) => canonicalShape[i] > 1);
  const kept = canonicalShape.length === image.shape.length ? [...canonicalShape.keys()] : long;
  const full = canonicalShape.map((length, i): Interval => {
    const place = kept.indexOf(i);
    return place < 0 ? [0, length] : region[place];
  });
  const { data } = await stack.read(full, job);
  return makeVolume(
    data,
    region.map(([start, stop]) => stop - start),
    image.axes,
  );
}

function extent(indices: Int32Array): [first: number, last: number] {
  let first = Infinity;
  let last = -Infinity;
  for (const index of indices) {
    if (index < 0) continue;
    if (index < first) first = index;
    if (index > last) last = index;
  }
  return last < 0 ? [0, 0] : [first, last];
}

function isCounting(place: Int32Array): boolean {
  return place.every((index, i) => index === i);
}

function gather(
  source: Volume<Float32Array>,
  places: readonly Int32Array[],
  out: Volume<Float32Array>,
): void {
  const from = stridesOf(source.shape);
  const last = places.length - 1;
  const row = places[last];
  let index = 0;
  const walk = (axis: number, base: number): void => {
    if (axis === last) {
      for (const place of row) out.data[index++] = place < 0 ? 0 : source.data[base + place];
      return;
    }
    for (const place of places[axis]) {
      if (place < 0) index += shapeSize(out.shape.slice(axis + 1));
      else walk(axis + 1, base + place * from[axis]);
    }
  };
  walk(0, 0);
}
