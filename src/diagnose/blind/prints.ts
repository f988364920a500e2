/**
 * Patterns that repeat from tile to tile: where tiles are hardly larger than what a px sees, their borders show all over them,
 * in every tile alike. What is in the image does not repeat; what its tiles printed on it does, after a whole number of px.
 * @module
 */
import { bendAt } from "./bends";
import { SMALLEST_PERIOD } from "./grid";
import { robustSpread } from "./robust";

/** Bends count up to so many robust standard deviations: a few large ones repeat nothing. */
const MOST_OF_ONE = 3;
/** Longest period that is looked for, and farthest pairs that are compared, px. */
const LONGEST = 1024;
const FARTHEST = 2048;
/** A divisor that repeats nearly as well is the period. */
const NEARLY = 0.6;

/** What a line is like after so many px more or less is natural: smoothness, and lattices. */
const NEARBY = [1, 2, 4, 8];

/** What is in images repeats after some fraction of a px more or less, so that far repeats do not fit; this much must. */
const EXACT = 0.5;
/** Textures repeat more often than tiles are long: in between nothing repeats so much. */
const BETWEEN = 0.45;
/** Fewer px than this after which bends are alike for other reasons. */
const BESIDE = 10;
/** What tiles print is no small thing: root mean square of the bends, in units of the spread of all values. */
const FAINT = 0.07;

/** What repeats along an axis. */
export interface Print {
  /** px. */
  readonly period: number;
  /** How much of what bends repeats after it, and not after some px more or less, 0…1. */
  readonly likeness: number;
  /** Whether textures do not repeat like that: after whole px however often, and not in between. */
  readonly isOfTiles: boolean;
}

/** How alike pairs of px are, −1…1. */
interface Alike {
  /** So many px apart. */
  readonly at: (lag: number) => number;
  /** At all multiples of a period. */
  readonly over: (period: number) => number;
}

/**
 * The period at which a line repeats best; null without any.
 *
 * @param profile mean line of an axis in units of the spread of its values
 * @param context.lattice natural small period, px, that is none of tiles
 * @param context.margin  px at either end that are left out
 */
export function findPrint(
  profile: Float64Array,
  { lattice, margin }: { readonly lattice: number; readonly margin: number },
): Print | null {
  const bends = cappedBends(profile, lattice, margin);
  if (bends === null) return null;
  const alike = likenesses(bends);
  const likeness = (period: number): number => {
    const beside = NEARBY.flatMap((off) => [alike.over(period - off), alike.over(period + off)]);
    return alike.over(period) - Math.max(0, ...beside);
  };
  let [period, best] = [0, 0];
  const longest = Math.min(LONGEST, Math.floor(profile.length / 3));
  for (let other = SMALLEST_PERIOD; other <= longest; other++) {
    const own = likeness(other);
    if (own > best) [period, best] = [other, own];
  }
  if (period === 0) return null;
  const part = [4, 3, 2]
    .map((parts) => period / parts)
    .find((px) => Number.isInteger(px) && px >= SMALLEST_PERIOD && likeness(px) > NEARLY * best);
  const found = part ?? period;
  return { period: found, likeness: likeness(found), isOfTiles: isOfTiles(bends, alike, found) };
}

function isOfTiles(bends: Float64Array, { at }: Alike, period: number): boolean {
  const farthest = period * Math.floor((farthestLag(bends) - 1) / period);
  const exact = at(farthest) - Math.max(at(farthest - 1), at(farthest + 1));
  let between = 0;
  for (let lag = BESIDE; lag < period - BESIDE / 2; lag++) between = Math.max(between, at(lag));
  const kept = bends.filter((bend) => !Number.isNaN(bend));
  const size = Math.sqrt(kept.reduce((sum, bend) => sum + bend * bend, 0) / kept.length);
  return exact > EXACT && between < BETWEEN && size > FAINT;
}

/** Signed bends of a line about what they are at this phase of the lattice; null when it has none. */
function cappedBends(line: Float64Array, lattice: number, margin: number): Float64Array | null {
  const bends = line.map((_, p) => (p < margin || p > line.length - margin ? NaN : bendAt(line, p)));
  for (let phase = 0; phase < lattice; phase++) {
    let [sum, count] = [0, 0];
    for (let p = phase; p < bends.length; p += lattice) {
      if (Number.isNaN(bends[p])) continue;
      sum += bends[p];
      count++;
    }
    for (let p = phase; p < bends.length; p += lattice) bends[p] -= sum / count;
  }
  const spread = robustSpread(bends, 0);
  if (!(spread > 0)) return null;
  const most = MOST_OF_ONE * spread;
  return bends.map((bend) => Math.max(-most, Math.min(most, bend)));
}

/** Pairs are compared up to half the line apart, so that all of it counts. */
function farthestLag(bends: Float64Array): number {
  return Math.min(FARTHEST, Math.floor(bends.length / 2));
}

function likenesses(bends: Float64Array): Alike {
  const sums = Array.from({ length: farthestLag(bends) + 1 }, (_, lag) => pairsAt(bends, lag));
  const share = ({ together, squares }: Pairs): number => (squares > 0 ? together / squares : 0);
  return {
    at: (lag) => share(sums[lag]),
    over: (period) => {
      let [together, squares] = [0, 0];
      for (let lag = period; lag < sums.length; lag += period) {
        together += sums[lag].together;
        squares += sums[lag].squares;
      }
      return share({ together, squares });
    },
  };
}

interface Pairs {
  readonly together: number;
  readonly squares: number;
}

/** Of all pairs so many px apart: sum of products, and of mean squares. */
function pairsAt(bends: Float64Array, lag: number): Pairs {
  let [together, squares] = [0, 0];
  for (let p = lag; p < bends.length; p++) {
    const [a, b] = [bends[p], bends[p - lag]];
    if (Number.isNaN(a + b)) continue;
    together += a * b;
    squares += (a * a + b * b) / 2;
  }
  return { together, squares };
}
