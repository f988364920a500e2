/**
 * Display limits and histogram of a picture.
 * @module
 */
import { USUAL_PERCENTILES } from "../../src/protocol/viewer";
import type { ContrastLimits, ContrastMethod, Histogram, Percentiles } from "../../src/protocol/viewer";
import { dtypeOf, dtypeRange, isFloat } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";

const BINS = 256;
const PERCENTILE_BINS = 65_536;
const AUTO_THRESHOLD = 5000;

interface Extremes {
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
}

/**
 * Chooses the limits between which a picture is shown; the pixels are not changed, NaN and infinities do
 * not count.
 *
 * @param asked `repeat`, for `auto`: how often Auto was pressed before, 0…9, default 0; `percentiles`, for
 *   `percentile`: default {@link USUAL_PERCENTILES}
 * @returns limits in units of the pixels; a picture without finite pixels gives 0…1
 * @see ImageJ 1.54 `ij/plugin/frame/ContrastAdjuster.java`, `autoAdjust`
 */
export function chooseContrast(
  data: PixelArray,
  method: ContrastMethod,
  asked: { readonly repeat?: number; readonly percentiles?: Percentiles } = {},
): ContrastLimits {
  const { repeat = 0, percentiles = USUAL_PERCENTILES } = asked;
  const extremes = findExtremes(data);
  const { min, max, notFinite } = extremes;
  if (data.length === notFinite) return { low: 0, high: 1, min: 0, max: 0, notFinite };
  if (method === "minmax" || min === max) return { low: min, high: max, ...extremes };
  const [low, high] =
    method === "auto" ? autoLimits(data, extremes, repeat) : percentileLimits(data, extremes, percentiles);
  return { low, high, ...extremes };
}

/**
 * Counts how often values occur. Bins of 8-bit pixels hold one value each over the whole range of the type, those of
 * other integers between which less than 256 lie at most one; NaN and infinities do not count.
 */
export function makeHistogram(data: PixelArray): Histogram {
  const { min, max, notFinite } = findExtremes(data);
  if (data.length === notFinite) {
    return { from: 0, to: 1, counts: new Uint32Array(BINS), min: 0, max: 0, notFinite };
  }
  const [from, to] = histogramRange(data, min, max);
  return { from, to, counts: countValues(data, [from, to], BINS), min, max, notFinite };
}

function histogramRange(data: PixelArray, min: number, max: number): readonly [number, number] {
  const dtype = dtypeOf(data);
  if (isByte(data)) return [dtypeRange(dtype)[0], dtypeRange(dtype)[1] + 1];
  if (!isFloat(dtype) && max - min < BINS) return [min, max + 1];
  if (min < max) return [min, max];
  const width = Math.max(1, Math.abs(min) * 2 ** -20);
  return Number.isFinite(min + width) ? [min, min + width] : [min - width, min];
}

function isByte(data: PixelArray): boolean {
  return data.BYTES_PER_ELEMENT === 1;
}

function findExtremes(data: PixelArray): Extremes {
  let min = Infinity;
  let max = -Infinity;
  let notFinite = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value)) {
      notFinite++;
      continue;
    }
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max, notFinite };
}

function countValues(data: PixelArray, [from, to]: readonly [number, number], bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  // Halves of doubles that lie further apart than the largest double do not.
  const unit = Number.isFinite(to - from) ? 1 : 0.5;
  const [start, scale] = [from * unit, bins / (to * unit - from * unit)];
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value)) continue;
    const bin = Math.floor((value * unit - start) * scale);
    counts[bin >= bins ? bins - 1 : bin > 0 ? bin : 0]++;
  }
  return counts;
}

/** 8-bit pictures have one bin a value, all others 256 bins between smallest and largest value. */
function autoLimits(data: PixelArray, { min, max, notFinite }: Extremes, repeat: number): [number, number] {
  const [first, last] = isByte(data) ? dtypeRange(dtypeOf(data)) : [min, max];
  const counts = countValues(data, isByte(data) ? [first, last + 1] : [min, max], BINS);
  const pixels = data.length - notFinite;
  const ignored = pixels / 10;
  const threshold = pixels / (AUTO_THRESHOLD / 2 ** repeat);
  const counted = (bin: number): boolean => counts[bin] <= ignored && counts[bin] > threshold;
  let lowBin = 0;
  while (lowBin < BINS && !counted(lowBin)) lowBin++;
  let highBin = BINS - 1;
  while (highBin >= 0 && !counted(highBin)) highBin--;
  if (highBin < lowBin) return [min, max];
  const width = isByte(data) ? 1 : (last - first) / BINS;
  const low = first + lowBin * width;
  const high = first + highBin * width;
  return low < high && Number.isFinite(high - low) ? [low, high] : [min, max];
}

/** Exact for 8- and 16-bit integers, else to 1/65536 of the range. */
function percentileLimits(
  data: PixelArray,
  { min, max, notFinite }: Extremes,
  percentiles: Percentiles,
): [number, number] {
  const counts = countValues(data, [min, max], PERCENTILE_BINS);
  const pixels = data.length - notFinite;
  const width = (max - min) / PERCENTILE_BINS;
  const valueBelow = (percent: number): number => {
    const wanted = (pixels * percent) / 100;
    let seen = 0;
    for (let bin = 0; bin < PERCENTILE_BINS; bin++) {
      seen += counts[bin];
      if (seen >= wanted) return min + (bin + (seen > wanted ? 0 : 1)) * width;
    }
    return max;
  };
  const low = valueBelow(percentiles.low);
  const high = valueBelow(percentiles.high);
  return low < high ? [low, high] : [min, max];
}
