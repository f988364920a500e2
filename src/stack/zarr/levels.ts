/**
 * The smaller levels of an OME-Zarr image, made from the one before by the mean of 2 × 2 pixels, one chunk at a time.
 * @module
 */
import type { Job } from "../../job";
import { allocatePixels, convertPixels, dtypeOf, dtypeRange, isFloat } from "../../volume/pixels";
import type { PixelArray } from "../../volume/pixels";
import { regionShape, shapeSize, stridesOf } from "../../volume/region";
import type { Interval, Region } from "../../volume/region";
import { makeVolume } from "../../volume/volume";
import type { Volume } from "../../volume/volume";
import type { StackLayout } from "../stack";
import { ZarrArray } from "./array";
import { chunkCounts } from "./layout";
import type { ChannelRanges, ZarrLevel, ZarrPlan } from "./layout";
import { arrayFacts, damaged, readNode } from "./metadata";

/** An image whose full level is written. */
export interface LevelsTarget {
  readonly path: string;
  readonly plan: ZarrPlan;
  readonly layout: StackLayout;
  /** Writes a part of a level, axes in stored order, at `start`. */
  write(level: ZarrLevel, part: Volume, start: readonly number[]): Promise<void>;
}

/**
 * Writes all levels but the first, which is read; doing it again gives the same bytes.
 *
 * @returns smallest and largest finite value per channel; null when no channel has a name or a color
 * @throws {TilewrightError} `stack.decode`, `stack.damaged`; `AbortError`
 */
export async function writeLevels(target: LevelsTarget, job: Job): Promise<ChannelRanges | null> {
  const { plan, layout } = target;
  const [full, ...smaller] = plan.levels;
  const described = layout.channels.some(({ name, color }) => name !== null || color !== null);
  const ranges = described ? new Ranges(plan, layout.channels.length) : null;
  const total = smaller.reduce((sum, level) => sum + shapeSize(chunkCounts(level)), 0);
  let done = 0;
  for (const [i, level] of smaller.entries()) {
    const source = await openLevel(target, plan.levels[i]);
    for (const region of chunkRegions(level)) {
      job.report({ what: "writing overview levels", done: done++, total, unit: "files" });
      const wide = region.map(([start, stop], axis): Interval => {
        const factor = level.factors[axis] / plan.levels[i].factors[axis];
        return [start * factor, Math.min(stop * factor, plan.levels[i].shape[axis])];
      });
      const pixels = await readPart(source, wide, job);
      if (i === 0) ranges?.add(pixels, wide);
      const part = halve(makeVolume(pixels, regionShape(wide), plan.axes), regionShape(region));
      await target.write(
        level,
        part,
        region.map(([start]) => start),
      );
    }
    source.close();
  }
  if (smaller.length === 0 && ranges !== null) {
    const source = await openLevel(target, full);
    for (const region of chunkRegions(full)) ranges.add(await readPart(source, region, job), region);
    source.close();
  }
  return ranges?.found() ?? null;
}

async function openLevel({ path }: LevelsTarget, { name }: ZarrLevel): Promise<ZarrArray> {
  const node = await readNode(path, name);
  if (node === null) throw damaged(path, `its level ${name} is not there`);
  return new ZarrArray(arrayFacts(node));
}

async function readPart(source: ZarrArray, region: Region, job: Job): Promise<PixelArray> {
  const shape = regionShape(region);
  const data = allocatePixels(source.facts.dtype.readsAs, shapeSize(shape));
  await source.readInto(region, { data, strides: stridesOf(shape), asBits: false }, job);
  return data;
}

/** What each chunk of a level covers. */
function* chunkRegions(level: ZarrLevel): Generator<Region> {
  const counts = chunkCounts(level);
  const steps = stridesOf(counts);
  for (let index = 0; index < shapeSize(counts); index++) {
    yield counts.map((count, axis): Interval => {
      const start = (Math.floor(index / steps[axis]) % count) * level.chunkShape[axis];
      return [start, Math.min(start + level.chunkShape[axis], level.shape[axis])];
    });
  }
}

/**
 * Halves rows and columns; at an odd end the mean is that of the pixels there are.
 *
 * @param shape of the result; an axis that has the same length as in the source is not halved
 * @returns integers rounded half to even
 */
export function halve(source: Volume, shape: readonly number[]): Volume {
  const [height, width] = source.shape.slice(-2);
  const [rows, columns] = shape.slice(-2);
  const [down, across] = [rows === height ? 1 : 2, columns === width ? 1 : 2];
  const planes = shapeSize(shape.slice(0, -2));
  const means = new Float64Array(planes * rows * columns);
  let next = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < rows; y++) {
      const lastY = Math.min(y * down + down, height);
      for (let x = 0; x < columns; x++) {
        const lastX = Math.min(x * across + across, width);
        let sum = 0;
        for (let sy = y * down; sy < lastY; sy++) {
          const row = (plane * height + sy) * width;
          for (let sx = x * across; sx < lastX; sx++) sum += source.data[row + sx];
        }
        means[next++] = sum / ((lastY - y * down) * (lastX - x * across));
      }
    }
  }
  return makeVolume(convertPixels(means, dtypeOf(source.data)), shape, source.axes);
}

/** Smallest and largest finite value per channel. */
class Ranges {
  readonly #axis: number;
  readonly #ranges: [number, number][];
  readonly #whole: readonly [number, number];

  constructor({ axes, dtype }: ZarrPlan, channels: number) {
    this.#axis = axes.indexOf("C");
    this.#ranges = Array.from({ length: channels }, () => [Infinity, -Infinity]);
    this.#whole = isFloat(dtype) ? [0, 1] : dtypeRange(dtype);
  }

  add(pixels: PixelArray, region: Region): void {
    const shape = regionShape(region);
    const inner = this.#axis < 0 ? pixels.length : shapeSize(shape.slice(this.#axis + 1));
    const first = this.#axis < 0 ? 0 : region[this.#axis][0];
    const count = this.#axis < 0 ? 1 : shape[this.#axis];
    for (let start = 0, run = 0; start < pixels.length; start += inner, run++) {
      const range = this.#ranges[first + (run % count)];
      for (let i = start; i < start + inner; i++) {
        const value = pixels[i];
        if (value < range[0] && value !== -Infinity) range[0] = value;
        if (value > range[1] && value !== Infinity) range[1] = value;
      }
    }
  }

  found(): ChannelRanges {
    return this.#ranges.map(([min, max]) => (min <= max ? [min, max] : this.#whole));
  }
}
