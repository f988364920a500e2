/**
 * Exact percentiles of streamed pixels in bounded memory, for every pixel type.
 *
 * Values are mapped to whole numbers that sort the same way and cut into digits of 16 bits. The first
 * pass makes one 65 536-bin histogram of the highest digit; each further pass looks only inside the
 * bins that hold a wanted order statistic. 8- and 16-bit pixels need one pass, 32-bit ones two, float64
 * four.
 * @module
 */
import { bytesPerPixel } from "../volume/pixels";
import type { Dtype, PixelArray } from "../volume/pixels";
import { dtypeOf } from "../volume/pixels";

const BINS = 65_536;

/** What a search found. */
export interface PercentileResult {
  /** One value per percentile asked for; NaN when there was no finite pixel. */
  readonly values: readonly number[];
  /** Finite pixels seen. */
  readonly count: number;
  /** NaN, +Infinity and −Infinity pixels; they are left out. */
  readonly ignored: number;
}

interface Wanted {
  /** Rank among pixels that share the prefix, 0-based. */
  rank: number;
  /** The digits found so far but the last, as one number of at most 48 bits. */
  prefix: number;
  /** The digit found in the last pass. */
  digit: number;
}

/** Finds percentiles of pixels that come in pieces; the same pieces must come again in every pass. */
export class PercentileSearch {
  readonly #dtype: Dtype;
  readonly #percentiles: readonly number[];
  readonly #digits: number;
  #pass = 0;
  #count = 0;
  #ignored = 0;
  #wanted: Wanted[] = [];
  #histograms = new Map<number, Float64Array>();

  /**
   * A search before its first pass.
   *
   * @param dtype       of every piece
   * @param percentiles each 0…100
   * @throws {RangeError} for a percentile outside 0…100
   */
  constructor(dtype: Dtype, percentiles: readonly number[]) {
    for (const p of percentiles) {
      if (!(p >= 0 && p <= 100)) throw new RangeError(`a percentile lies between 0 and 100, found ${p}`);
    }
    this.#dtype = dtype;
    this.#percentiles = percentiles;
    this.#digits = Math.max(1, bytesPerPixel(dtype) / 2);
    this.#histograms.set(0, new Float64Array(BINS));
  }

  /** Takes one piece into account; `data` is not changed. */
  add(data: PixelArray): void {
    if (this.#digits === 1) this.#addNarrow(data);
    else if (this.#digits === 2) this.#addWide(data);
    else this.#addDouble(data as Float64Array);
  }

  /** Ends a pass. @returns whether all pieces must be added once more */
  endPass(): boolean {
    if (this.#pass === 0) this.#wanted = this.#ranks().map((rank) => ({ rank, prefix: 0, digit: 0 }));
    if (this.#count > 0) for (const wanted of this.#wanted) this.#descend(wanted);
    this.#pass++;
    if (this.#count === 0 || this.#pass === this.#digits) return false;
    for (const wanted of this.#wanted) wanted.prefix = wanted.prefix * BINS + wanted.digit;
    this.#histograms = new Map(this.#wanted.map(({ prefix }) => [prefix, new Float64Array(BINS)]));
    return true;
  }

  /** The percentiles, by linear interpolation between order statistics (numpy's default, CSBDeep's rule). */
  result(): PercentileResult {
    const values = this.#percentiles.map((p, i) => {
      if (this.#count === 0) return NaN;
      const place = ((this.#count - 1) * p) / 100;
      const low = valueOf(this.#wanted[2 * i], this.#dtype);
      const high = valueOf(this.#wanted[2 * i + 1], this.#dtype);
      return between(low, high, place - Math.floor(place));
    });
    return { values, count: this.#count, ignored: this.#ignored };
  }

  #ranks(): number[] {
    return this.#percentiles.flatMap((p) => {
      const low = Math.floor(((this.#count - 1) * p) / 100);
      return [low, Math.min(low + 1, this.#count - 1)];
    });
  }

  #descend(wanted: Wanted): void {
    const histogram = this.#histograms.get(wanted.prefix);
    if (histogram === undefined) return;
    let bin = 0;
    while (bin < BINS - 1 && wanted.rank >= histogram[bin]) wanted.rank -= histogram[bin++];
    wanted.digit = bin;
  }

  #addNarrow(data: PixelArray): void {
    const histogram = this.#histograms.get(0);
    if (histogram === undefined) return;
    const offset = narrowOffset(this.#dtype);
    for (let i = 0; i < data.length; i++) histogram[data[i] + offset]++;
    if (this.#pass === 0) this.#count += data.length;
  }

  #addWide(data: PixelArray): void {
    const keys = sortableKeys(data);
    const first = this.#pass === 0;
    const isFloat = this.#dtype === "float32";
    const only = this.#histograms.get(0);
    for (let i = 0; i < keys.length; i++) {
      if (isFloat && !Number.isFinite(data[i])) {
        if (first) this.#ignored++;
        continue;
      }
      const key = keys[i];
      if (first) {
        if (only !== undefined) only[key >>> 16]++;
        this.#count++;
      } else {
        const histogram = this.#histograms.get(key >>> 16);
        if (histogram !== undefined) histogram[key & 0xffff]++;
      }
    }
  }

  #addDouble(data: Float64Array): void {
    for (const value of data) {
      if (!Number.isFinite(value)) {
        if (this.#pass === 0) this.#ignored++;
        continue;
      }
      const [high, low] = doubleKey(value);
      const digits = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff];
      let prefix = 0;
      for (let d = 0; d < this.#pass; d++) prefix = prefix * BINS + digits[d];
      const histogram = this.#histograms.get(prefix);
      if (histogram !== undefined) histogram[digits[this.#pass]]++;
      if (this.#pass === 0) this.#count++;
    }
  }
}

/**
 * The `lo` and `hi` percentile of an array, with linear interpolation between order statistics.
 *
 * @param data not changed; NaN and Infinity are left out
 * @param lo   0…100
 * @param hi   0…100, larger than `lo`
 * @throws {RangeError} for percentiles that make no sense or data without a finite value
 * @see numpy `percentile`, as used by CSBDeep 0.8.1 `PercentileNormalizer`
 */
export function percentileRange(data: PixelArray, lo: number, hi: number): [number, number] {
  if (!(lo < hi)) throw new RangeError(`lo must be smaller than hi, found lo ${lo}, hi ${hi}`);
  const search = new PercentileSearch(dtypeOf(data), [lo, hi]);
  do search.add(data);
  while (search.endPass());
  const { values, count } = search.result();
  if (count === 0) throw new RangeError("data has no finite value");
  return [values[0], values[1]];
}

/** Linear interpolation, `fraction` 0…1; also where `high − low` is more than a float64 can hold. */
function between(low: number, high: number, fraction: number): number {
  const distance = high - low;
  return Number.isFinite(distance) ? low + fraction * distance : low * (1 - fraction) + high * fraction;
}

function narrowOffset(dtype: Dtype): number {
  if (dtype === "int8") return 128;
  return dtype === "int16" ? 32_768 : 0;
}

/** Unsigned 32-bit numbers that sort like the pixels; IEEE bits with the sign bit flipped, negatives inverted. */
function sortableKeys(data: PixelArray): Uint32Array {
  if (data instanceof Uint32Array) return data;
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const keys = new Uint32Array(data.length);
  if (data instanceof Int32Array) {
    for (let i = 0; i < keys.length; i++) keys[i] = bits[i] ^ 0x80000000;
  } else {
    for (let i = 0; i < keys.length; i++) keys[i] = bits[i] & 0x80000000 ? ~bits[i] : bits[i] | 0x80000000;
  }
  return keys;
}

const scratch = new DataView(new ArrayBuffer(8));

function doubleKey(value: number): [high: number, low: number] {
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const low = scratch.getUint32(4);
  return high & 0x80000000 ? [~high >>> 0, ~low >>> 0] : [(high | 0x80000000) >>> 0, low];
}

function valueOf({ prefix, digit }: Wanted, dtype: Dtype): number {
  if (dtype === "float64") return doubleOf(Math.floor(prefix / BINS), (prefix % BINS) * BINS + digit);
  const key = prefix * BINS + digit;
  if (dtype === "float32") {
    scratch.setUint32(0, key >= 2 ** 31 ? key - 2 ** 31 : ~key >>> 0);
    return scratch.getFloat32(0);
  }
  if (dtype === "int32") return key - 2 ** 31;
  return key - narrowOffset(dtype);
}

function doubleOf(high: number, low: number): number {
  const negative = high < 2 ** 31;
  scratch.setUint32(0, negative ? ~high >>> 0 : high - 2 ** 31);
  scratch.setUint32(4, negative ? ~low >>> 0 : low);
  return scratch.getFloat64(0);
}
