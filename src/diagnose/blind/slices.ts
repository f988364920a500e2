/**
 * Slices and time points: their mean and spread, how far they stand out, and lines of pixels across Z.
 * @module
 */
import type { Job } from "../../job";
import { readStackInto } from "../../stack/stack";
import type { Stack } from "../../stack/stack";
import { readableDtype } from "../../stack/stored";
import { allocatePixels } from "../../volume/pixels";
import type { PixelArray } from "../../volume/pixels";
import type { SliceFigures } from "../diagnosis";
import { median, robustSpread } from "./robust";
import { MOST_TIMES, regionOf, spread } from "./sample";
import type { Lengths, SliceSample } from "./sample";

/** Slices on either side that a slice is compared with. */
const REACH = 5;

/** Pixels of a slice that its mean and spread are taken from. */
const MOST_VALUES = 2 ** 15;

interface Sums {
  n: number;
  mean: number;
  squares: number;
}

/** Reads the same part of every slice. */
export class SliceTally {
  readonly #z: Sums[];
  readonly #t: Sums[];
  readonly #columns = new Map<string, Float64Array>();
  readonly #channels: readonly number[];
  readonly #times: readonly number[];

  /** A tally of nothing. */
  constructor(
    readonly lengths: Lengths,
    readonly sample: SliceSample,
  ) {
    const sums = (length: number): Sums[] => Array.from({ length }, () => ({ n: 0, mean: 0, squares: 0 }));
    this.#z = sums(lengths.Z);
    this.#t = sums(lengths.T);
    this.#channels = spread(lengths.C, 8);
    this.#times = spread(lengths.T, MOST_TIMES);
  }

  /** Reads the part of every slice. */
  async read(stack: Stack, job: Job): Promise<void> {
    const { T, Z } = this.lengths;
    const planes: { T: number; Z: number }[] = [];
    for (let t = 0; t < T; t++) for (let z = 0; z < Z; z++) planes.push({ T: t, Z: z });
    const { rows, columns } = this.sample;
    const pixels = (rows[1] - rows[0]) * (columns[1] - columns[0]);
    // The same memory for every slice: making it anew takes longer than reading.
    const values = allocatePixels(readableDtype(stack.facts), pixels);
    for (const [i, plane] of planes.entries()) {
      for (const C of this.#channels) {
        job.signal.throwIfAborted();
        await readStackInto(stack, regionOf(stack, { ...plane, C, rows, columns }), values, job);
        this.#add(values, { ...plane, C });
      }
      job.report({ what: "comparing slices", done: i + 1, total: planes.length, unit: "planes" });
    }
  }

  #add(values: PixelArray, { T, Z, C }: { T: number; Z: number; C: number }): void {
    const own = sumsOf(values);
    join(this.#z[Z], own);
    join(this.#t[T], own);
    if (!this.#times.includes(T)) return;
    const key = `${T} ${C}`;
    const width = this.sample.columns[1] - this.sample.columns[0];
    const { picked } = this.sample;
    let lines = this.#columns.get(key);
    if (lines === undefined) {
      lines = new Float64Array(picked.length * width * this.lengths.Z);
      this.#columns.set(key, lines);
    }
    picked.forEach((row, r) => {
      for (let x = 0; x < width; x++) lines[(r * width + x) * this.lengths.Z + Z] = values[row * width + x];
    });
  }

  /** Lines of pixels along Z, one list for each channel and time point that was followed. */
  columns(): Float64Array[] {
    return [...this.#columns.values()];
  }

  /** Mean, spread and excess of every slice, and of every time point where there are several. */
  figures(): SliceFigures[] {
    const of = (axis: string, all: readonly Sums[]): SliceFigures[] => {
      const means = all.map(({ n, mean }) => (n > 0 ? mean : NaN));
      const excess = standOut(means);
      return all.flatMap((sums, index) =>
        sums.n === 0
          ? []
          : [
              {
                axis,
                index,
                mean: sums.mean,
                sd: Math.sqrt(sums.squares / sums.n),
                excess: Number.isFinite(excess[index]) ? excess[index] : null,
                error: null,
              },
            ],
      );
    };
    return [...(this.lengths.Z > 1 ? of("Z", this.#z) : []), ...(this.lengths.T > 1 ? of("T", this.#t) : [])];
  }
}

/** Of every n-th value, those that are finite. */
function sumsOf(values: PixelArray): Sums {
  const step = Math.max(1, Math.floor(values.length / MOST_VALUES));
  let [n, total, squares] = [0, 0, 0];
  for (let i = 0; i < values.length; i += step) {
    const value = values[i];
    if (value - value !== 0) continue;
    n++;
    total += value;
  }
  const mean = n > 0 ? total / n : 0;
  for (let i = 0; i < values.length; i += step) {
    const off = values[i] - mean;
    if (off - off === 0) squares += off * off;
  }
  return { n, mean, squares };
}

/** Adds what a part says to what all say. */
function join(all: Sums, part: Sums): void {
  const n = all.n + part.n;
  if (n === 0) return;
  const off = part.mean - all.mean;
  all.mean += (off * part.n) / n;
  all.squares += part.squares + (off * off * all.n * part.n) / n;
  all.n = n;
}

/** How far each value lies from the median of its neighbours, robust standard deviations. */
function standOut(values: readonly number[]): number[] {
  const off = values.map((value, i) => {
    const others = values.filter((_, k) => k !== i && Math.abs(k - i) <= REACH);
    return value - median(others);
  });
  const scale = robustSpread(off, 0);
  return off.map((value) => (scale > 0 ? Math.abs(value) / scale : NaN));
}

/** Robust standard deviations by which the first or last slice must be off to be mentioned. */
const ODD_END = 8;
const FEWEST_SLICES = 8;

/** Sentences about first and last slices that stand out from their neighbours; other reasons than tiles are common. */
export function endNotes(slices: readonly SliceFigures[]): string[] {
  return ["Z", "T"].flatMap((axis) => {
    const along = slices.filter((slice) => slice.axis === axis);
    if (along.length < FEWEST_SLICES) return [];
    return [along[0], along[along.length - 1]]
      .filter(({ excess }) => excess !== null && excess > ODD_END)
      .map(
        ({ index, excess }) =>
          `The mean of ${axis} ${index}, an end of the stack, is ${excess!.toFixed(1)} robust standard deviations off its neighbours': how the border was padded, or the specimen.`,
      );
  });
}
