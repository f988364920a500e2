/**
 * At which values the levels of a display scale begin. `levelOf` is monotone, so 255 bounds say as much as it does:
 * comparing with them gives the very same levels without a division or a power for each pixel.
 * @module
 */
import type { PixelArray } from "../../src/volume/pixels";
import type { Lut } from "./luts";
import { levelOf } from "./renderer";
import type { Scale } from "./renderer";

const LEVELS = 255;
const KEPT_BOUNDS = 32;
const CELLS = 4096;

/**
 * `bounds[k - 1]` is the smallest double whose rank is at least k = 1…255, ascending. The rank is the level, or 255
 * minus the level for a negative (`falling`).
 */
export interface LevelBounds {
  readonly bounds: Float64Array;
  readonly falling: boolean;
}

const kept = new Map<string, LevelBounds>();

/** The bounds of a scale; the same memory for the same scale, not to be changed. */
export function boundsOf(scale: Scale): LevelBounds {
  const { low, high } = scale.limits;
  const key = `${low} ${high} ${scale.gamma}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const falling = low > high;
  const rank = (value: number): number => (falling ? LEVELS - levelOf(value, scale) : levelOf(value, scale));
  const bounds = new Float64Array(LEVELS);
  let below = Math.min(low, high);
  const above = low === high ? nextUp(high) : Math.max(low, high);
  for (let k = 1; k <= LEVELS; k++) {
    if (rank(below) < k) below = firstFrom(below, above, (value) => rank(value) >= k);
    bounds[k - 1] = below;
  }
  const made = { bounds, falling };
  kept.set(key, made);
  if (kept.size > KEPT_BOUNDS) kept.delete(kept.keys().next().value ?? "");
  return made;
}

/** How many of the bounds a value reaches that is not NaN. */
export function rankIn({ bounds }: LevelBounds, value: number): number {
  let rank = 0;
  for (let step = 128; step > 0; step >>= 1) if (bounds[rank + step - 1] <= value) rank += step;
  return rank;
}

/**
 * A fast `rankIn` of a scale: begins at the rank of the cell of values that a value is in, of which there are 4096, and
 * counts up from there.
 */
export function rankFinder(scale: Scale): (value: number) => number {
  const levels = boundsOf(scale);
  const { bounds } = levels;
  const low = Math.min(scale.limits.low, scale.limits.high);
  const span = Math.abs(scale.limits.high - scale.limits.low);
  if (!(span > 0 && span < Infinity)) return (value) => rankIn(levels, value);
  // One cell lower than it is, so that rounding of the cell's number cannot begin too high.
  const firstOf = Uint8Array.from({ length: CELLS }, (_, cell) =>
    rankIn(levels, low + ((cell - 1) / CELLS) * span),
  );
  return (value) => {
    const cell = ((value - low) / span) * CELLS;
    if (!(cell >= 0)) return 0;
    if (cell >= CELLS) return LEVELS;
    let rank = firstOf[cell | 0];
    while (rank < LEVELS && bounds[rank] <= value) rank++;
    return rank;
  };
}

/** A LUT by rank: the other way round for a negative. */
export function lutByRank(lut: Lut, falling: boolean): Lut {
  return falling ? lut.slice().reverse() : lut;
}

/** Colours of all values of an 8- or 16-bit type, in the order of their bits read as an unsigned integer. */
export function colorsOfAll(data: PixelArray, lut: Lut, { bounds, falling }: LevelBounds): Uint32Array {
  const size = 2 ** (8 * data.BYTES_PER_ELEMENT);
  const signed = data instanceof Int8Array || data instanceof Int16Array;
  const smallest = signed ? -size / 2 : 0;
  const table = new Uint32Array(size);
  let rank = 0;
  for (let value = smallest; value < smallest + size; value++) {
    while (rank < LEVELS && bounds[rank] <= value) rank++;
    table[value & (size - 1)] = lut[falling ? LEVELS - rank : rank];
  }
  return table;
}

/** Number by which an object is known: the same for the same memory. */
export function numberOf(thing: object): number {
  const known = numbers.get(thing);
  if (known !== undefined) return known;
  numbers.set(thing, ++lastNumber);
  return lastNumber;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** The smallest double in (below, above] that fits; `below` does not, `above` does. */
function firstFrom(below: number, above: number, fits: (value: number) => boolean): number {
  let [low, high] = [below, above];
  for (;;) {
    const middle = low / 2 + high / 2;
    if (!(middle > low && middle < high)) break;
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const asDouble = new Float64Array(1);
const asBits = new BigInt64Array(asDouble.buffer);

/** The double after a finite one. */
function nextUp(value: number): number {
  if (value === 0) return Number.MIN_VALUE;
  asDouble[0] = value;
  asBits[0] += value > 0 ? 1n : -1n;
  return asDouble[0];
}
