/**
 * Display limits of a plane.
 * @module
 */
import type { ContrastLimits, ContrastMethod } from "../../src/protocol/viewer";
import { dtypeOf, dtypeRange } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";

const BINS = 256;
const PERCENTILE_BINS = 65_536;
const AUTO_THRESHOLD = 5000;
const LOW_PERCENTILE = 0.3;
const HIGH_PERCENTILE = 99.7;

interface Extremes {
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
}

/**
 * Chooses the limits between which a plane is shown; the pixels are not changed, NaN and infinities do
 * not count.
 *
 * @param repeat for `auto`: how often Auto was pressed before, 0…9
 * @returns limits in units of the pixels; a plane without finite pixels gives 0…1
 * @see ImageJ 1.54 `ij/plugin/frame/ContrastAdjuster.java`, `autoAdjust`
 */
export function chooseContrast(data: PixelArray, method: ContrastMethod, repeat = 0): ContrastLimits {
  const extremes = findExtremes(data);
  const { min, max, notFinite } = extremes;
  if (data.length === notFinite) return { low: 0, high: 1, min: 0, max: 0, notFinite };
  if (method === "minmax" || min === max) return { low: min, high: max, ...extremes };
  const [low, high] =
    method === "auto" ? autoLimits(data, extremes, repeat) : percentileLimits(data, extremes);
  return { low, high, ...extremes };
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

function histogram(data: PixelArray, [from, to]: readonly [number, number], bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  const scale = bins / (to - from);
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value)) continue;
    const bin = Math.floor((value - from) * scale);
    counts[bin < 0 ? 0 : bin >= bins ? bins - 1 : bin]++;
  }
  return counts;
}

/** 8-bit pictures have one bin a value, all others 256 bins between smallest and largest value. */
function autoLimits(data: PixelArray, { min, max, notFinite }: Extremes, repeat: number): [number, number] {
  const isByte = dtypeOf(data) === "uint8" || dtypeOf(data) === "int8";
  const [first, last] = isByte ? dtypeRange(dtypeOf(data)) : [min, max];
  const counts = histogram(data, isByte ? [first, last + 1] : [min, max], BINS);
  const pixels = data.length - notFinite;
  const ignored = pixels / 10;
  const threshold = pixels / (AUTO_THRESHOLD / 2 ** repeat);
  const counted = (bin: number): boolean => counts[bin] <= ignored && counts[bin] > threshold;
  let lowBin = 0;
  while (lowBin < BINS && !counted(lowBin)) lowBin++;
  let highBin = BINS - 1;
  while (highBin >= 0 && !counted(highBin)) highBin--;
  if (highBin < lowBin) return [min, max];
  const width = isByte ? 1 : (last - first) / BINS;
  const low = first + lowBin * width;
  const high = first + highBin * width;
  return low === high ? [min, max] : [low, high];
}

/** Exact for 8- and 16-bit integers, else to 1/65536 of the range. */
function percentileLimits(data: PixelArray, { min, max, notFinite }: Extremes): [number, number] {
  const counts = histogram(data, [min, max], PERCENTILE_BINS);
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
  const low = valueBelow(LOW_PERCENTILE);
  const high = valueBelow(HIGH_PERCENTILE);
  return low < high ? [low, high] : [min, max];
}
