/**
 * Intensities before and after the network: measured once over the whole stack, applied per tile.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Normalization } from "../models/model";
import { PercentileSearch } from "./percentiles";
import type { Dtype, PixelArray } from "../volume/pixels";

/** `y = (x − offset) / divisor` before the network, `x = factor · y + offset` after it. */
export interface IntensityMap {
  readonly offset: number;
  readonly divisor: number;
  readonly factor: number;
}

/** The maps of one run, for its record: one per channel, or one list of them per time point. */
export interface MeasuredNormalization {
  readonly mode: Normalization["mode"];
  readonly undo: boolean;
  /** `[group][channel]`; one group for scope `stack`, one per time point for `frame`. */
  readonly maps: readonly (readonly IntensityMap[])[];
  /** NaN and infinite pixels that were left out. */
  readonly ignored: number;
}

/** Whether a normalisation is undone after the network. */
export function isUndone(normalization: Normalization): boolean {
  return normalization.mode !== "none" && normalization.undo;
}

const IDENTITY: IntensityMap = { offset: 0, divisor: 1, factor: 1 };

/** Hands every pixel of one channel of one group over, piece by piece; called once per pass. */
export type PixelPasses = (give: (data: PixelArray) => void) => Promise<void>;

/**
 * Measures one map per channel.
 *
 * @param pixels one entry per channel
 * @returns maps in channel order, and how many pixels were not finite
 * @see CSBDeep 0.8.1 `PercentileNormalizer`; Noise2Void `(x − mean) / sd`
 */
export async function measureChannels(
  normalization: Normalization,
  dtype: Dtype,
  pixels: readonly PixelPasses[],
  job: Job,
): Promise<{ maps: IntensityMap[]; ignored: number }> {
  const maps: IntensityMap[] = [];
  let ignored = 0;
  for (const [channel, passes] of pixels.entries()) {
    job.signal.throwIfAborted();
    const measured = await measureChannel(normalization, dtype, passes, channel);
    maps.push(measured.map);
    ignored += measured.ignored;
  }
  return { maps, ignored };
}

async function measureChannel(
  normalization: Normalization,
  dtype: Dtype,
  passes: PixelPasses,
  channel: number,
): Promise<{ map: IntensityMap; ignored: number }> {
  switch (normalization.mode) {
    case "none":
      return { map: IDENTITY, ignored: 0 };
    case "fixed":
      return { map: fixedMap(normalization.means, normalization.sds, channel), ignored: 0 };
    case "percentile":
    case "minmax": {
      const isMinMax = normalization.mode === "minmax";
      const range = isMinMax ? [0, 100] : [normalization.low, normalization.high];
      const search = new PercentileSearch(dtype, range);
      do await passes((data) => search.add(data));
      while (search.endPass());
      const { values, ignored, count } = search.result();
      requirePixels(count);
      return { map: rangeMap(values[0], values[1], isMinMax ? 1e-6 : 1e-20), ignored };
    }
    case "zscore": {
      const moments = new Moments();
      await passes((data) => moments.add(data));
      requirePixels(moments.count);
      const { mean, sd } = moments.result();
      return { map: { offset: mean, divisor: sd + 1e-6, factor: sd + 1e-6 }, ignored: moments.ignored };
    }
  }
}

/** The map that sends `low` to 0 and `high` to 1; CSBDeep's float32 arithmetic, `epsilon` guards a constant image. */
export function rangeMap(low: number, high: number, epsilon = 1e-20): IntensityMap {
  const offset = Math.fround(low);
  const factor = Math.fround(Math.fround(high) - offset);
  return { offset, divisor: Math.fround(factor + epsilon), factor };
}

/**
 * Normalises pixels.
 *
 * @param data stored pixels, not changed
 * @param out  as long as `data`, takes the result; new memory when left out
 * @returns `out`
 */
export function applyMap(
  data: PixelArray,
  map: IntensityMap,
  out: Float32Array = new Float32Array(data.length),
): Float32Array {
  const { offset, divisor } = map;
  if (offset === 0 && divisor === 1) {
    out.set(data);
    return out;
  }
  for (let i = 0; i < out.length; i++) out[i] = Math.fround(Math.fround(data[i]) - offset) / divisor;
  return out;
}

/**
 * Undoes a normalisation in place.
 *
 * @param data    network output of one channel, changed
 * @param isScale whether it is a width (Laplace scale) and not an intensity: then no offset is added
 */
export function undoMap(data: Float32Array, map: IntensityMap, isScale: boolean): void {
  const { factor } = map;
  const offset = isScale ? 0 : map.offset;
  for (let i = 0; i < data.length; i++) data[i] = Math.fround(factor * data[i]) + offset;
}

function fixedMap(means: readonly number[], sds: readonly number[], channel: number): IntensityMap {
  if (channel >= means.length || channel >= sds.length) {
    throw new TilewrightError(
      "model.normalization",
      `the model knows means of ${means.length} channels, the image has a channel ${channel + 1}`,
      "choose another normalisation, such as percentile:2,99.8",
    );
  }
  return {
    offset: Math.fround(means[channel]),
    divisor: Math.fround(sds[channel]),
    factor: Math.fround(sds[channel]),
  };
}

function requirePixels(count: number): void {
  if (count === 0) {
    throw new TilewrightError(
      "normalization.noPixels",
      "the image has no finite pixel to measure intensities from",
      "check the image, or choose normalisation none",
    );
  }
}

/** Mean and population standard deviation of streamed pixels, with a shift against cancellation. */
class Moments {
  count = 0;
  ignored = 0;
  #shift = 0;
  #sum = 0;
  #squares = 0;

  add(data: PixelArray): void {
    for (const value of data) {
      if (!Number.isFinite(value)) {
        this.ignored++;
        continue;
      }
      if (this.count === 0) this.#shift = value;
      const distance = value - this.#shift;
      this.#sum += distance;
      this.#squares += distance * distance;
      this.count++;
    }
  }

  result(): { mean: number; sd: number } {
    const mean = this.#sum / this.count;
    return {
      mean: this.#shift + mean,
      sd: Math.sqrt(Math.max(0, this.#squares / this.count - mean * mean)),
    };
  }
}
