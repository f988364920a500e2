/**
 * Regular grids of seams: weak ones add up.
 *
 * Inner tiles keep equal lengths. The first is longer by the overlap that it does not share, the last has what is left,
 * at most as much as the first.
 * @module
 */
import type { Grid } from "../diagnosis";
import { LARGEST_LATTICE } from "./lattice";

/** Tiles keep more px than this; shorter periods are JPEG's blocks and the like. */
export const SMALLEST_PERIOD = LARGEST_LATTICE + 4;
/** The first tile keeps less than so many times as much as the others. */
export const MOST_OFFSET = 3;
/** A single plane counts at most this much, standard deviations, so that one alone makes no grid. */
const MOST_SCORE = 5;
/** What a member of a grid must have to speak for it; of true seams of development images nine in ten have less or more. */
const WORTH = 1.2;
const FEWEST_SEAMS = 3;
/** What a seam leaves is strongest up to so many px beside it. */
const REACH = 4;
/** Planes from which grids are made up. */
const STARTS = 64;

/**
 * The grid that the excesses of an axis speak for most, whether or not they convince.
 *
 * @param score excess of every plane; NaN where not measured
 */
export function likeliestGrid(score: Float64Array): Grid | null {
  const middle = middles(score);
  let best: Grid | null = null;
  let most = 0;
  for (const { period, residue } of combsOf(middle)) {
    for (let offset = residue; offset < Math.min(score.length, MOST_OFFSET * period); offset += period) {
      if (offset < period - REACH) continue;
      const { sum, members } = sumOver(middle, { period, offset });
      const gain = sum - WORTH * members;
      if (members >= FEWEST_SEAMS && gain > most) [best, most] = [{ period, offset }, gain];
    }
  }
  return best;
}

/** Of a grid, so many members must stand out, and by so much: a few strong ones can be found in a grid of any image. */
const MOST_MEMBERS = 0.6;
const STANDS_OUT = 0.5;

/** Sum of the excesses of a grid's members over the root of their number; 0 when too many of them have none. */
export function weightOf(score: Float64Array, grid: Grid): number {
  const { sum, members, standOut } = sumOver(middles(score), grid);
  return standOut < MOST_MEMBERS * members ? 0 : sum / Math.sqrt(Math.max(1, members));
}

/** Over the members that were measured; none of a grid whose last tile would be larger than any other. */
function sumOver(
  score: Float64Array,
  { period, offset }: Grid,
): { readonly sum: number; readonly members: number; readonly standOut: number } {
  let [sum, members, standOut, last] = [0, 0, 0, offset];
  for (let p = offset; p < score.length; p += period) {
    last = p;
    if (Number.isNaN(score[p])) continue;
    sum += Math.max(-2, Math.min(MOST_SCORE, score[p]));
    members++;
    if (score[p] > STANDS_OUT) standOut++;
  }
  if (score.length - last > Math.max(offset, period)) return { sum: 0, members: 0, standOut: 0 };
  return { sum, members, standOut };
}

/** Where tiles saw padding, both of their last px are off and the step between them is not: then the planes beside it count. */
function middles(score: Float64Array): Float64Array {
  return score.map((z, p) => {
    const beside = (score[p - 1] + score[p + 1]) / 2;
    return beside > z ? beside : z;
  });
}

/** Periods and residues of all pairs of the planes that stand out most, and of halves and thirds of their distances. */
function combsOf(score: Float64Array): { readonly period: number; readonly residue: number }[] {
  const starts = Array.from(score.keys())
    .filter((p) => score[p] > 0)
    .sort((a, b) => score[b] - score[a])
    .slice(0, STARTS)
    .sort((a, b) => a - b);
  const combs = new Map<string, { period: number; residue: number }>();
  starts.forEach((from, i) => {
    for (const to of starts.slice(i + 1)) {
      for (const parts of [1, 2, 3]) {
        const period = (to - from) / parts;
        if (!Number.isInteger(period) || period < SMALLEST_PERIOD) continue;
        combs.set(`${period} ${from % period}`, { period, residue: from % period });
      }
    }
  });
  return [...combs.values()];
}

/**
 * How well a seam fits between px p − 1 and p. What a seam leaves is symmetric about it: a step bends the line at the
 * planes beside it as well, and where tiles saw padding instead of neighbours both of their last px are off.
 */
export function symmetricScore(score: Float64Array, p: number): number {
  const gentle = (z: number): number =>
    z > 4 ? 4 * (1 + Math.log(z / 4)) : z > -1 ? z : Number.isNaN(z) ? 0 : -1;
  return gentle(score[p]) + 0.75 * (gentle(score[p - 1]) + gentle(score[p + 1]));
}

/** Worth of an even period and offset, and of each further factor of two that they share: networks pool by 2, 4, 8, 16. */
const EVEN = 4;
const MORE_EVEN = 1;
const MOST_EVEN = 16;
/** Worth of tiles without overlap, whose seams are at multiples of the period: such seams are the plainest. */
const BARE = 2;

/** What speaks against another period than that at which the strongest places lie. */
const OTHER_PERIOD = 2;

function worthOf({ period, offset }: Grid): number {
  let twos = 0;
  while (2 ** (twos + 1) <= MOST_EVEN && (period | offset) % 2 ** (twos + 1) === 0) twos++;
  return (twos > 0 ? EVEN + MORE_EVEN * (twos - 1) : 0) + (offset === period ? BARE : 0);
}

/**
 * The grid next to this one whose members are best in the middle of what the seams left. The first tile keeps at least
 * as much as the others.
 */
export function centredGrid(score: Float64Array, { period, offset }: Grid): Grid {
  let best = { period, offset, fit: -Infinity };
  for (let other = period - 1; other <= period + 1; other++) {
    for (let shift = -REACH; shift <= REACH; shift++) {
      const start = offset + shift;
      if (start < other) continue;
      let [fit, members] = [0, 0];
      for (let p = start; p < score.length; p += other, members++) fit += symmetricScore(score, p);
      fit = fit / members + worthOf({ period: other, offset: start }) - (other === period ? 0 : OTHER_PERIOD);
      if (fit > best.fit) best = { period: other, offset: start, fit };
    }
  }
  return { period: best.period, offset: best.offset };
}
