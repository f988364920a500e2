/**
 * Regular grids of seams: weak ones add up.
 *
 * Inner tiles keep equal lengths. The first is longer by the overlap that it does not share, the last has what is left,
 * at most as much as the first.
 * @module
 */
import type { Grid } from "../diagnosis";
import type { Interval } from "../../volume/region";
import { LARGEST_LATTICE } from "./lattice";

/** Tiles keep more px than this; shorter periods are JPEG's blocks and the like. */
export const SMALLEST_PERIOD = LARGEST_LATTICE + 4;
/** The first tile keeps at most so many times as much as the others. */
export const MOST_OFFSET = 3;
/** The same of tiles that print: they overlap by little. */
const MOST_OFFSET_OF_PRINTS = 1.5;
/** Few keep so much more; what speaks against a grid for each period beyond. */
const USUAL_OFFSET = 2.25;
const LARGE_OVERLAP = 2;
/** What speaks for a period that is known from elsewhere, and against each seam inside of what is one tile most often. */
const LIKELY = 3;
const SEVERAL_TILES = 4;
/** The last tile is moved back, so that what it prints does not go on at its seam: that counts this much more. */
const LAST = 0.5;
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
  const grids = combsOf(middle).flatMap((comb) => gridsOf(comb, score.length, REACH));
  return bestOf(middle, grids, FEWEST_SEAMS);
}

/**
 * The likeliest of the grids that have the period and the positions of this one: where their first seam is.
 *
 * @param fewest seams that it must have
 */
export function likeliestOffset(
  score: Float64Array,
  { period, offset }: Grid,
  fewest = FEWEST_SEAMS,
): Grid | null {
  const grids = gridsOf({ period, residue: offset % period }, score.length, REACH);
  return bestOf(middles(score), grids, fewest);
}

/**
 * The likeliest grid whose tiles begin and end where these stretches do.
 *
 * @param stretches one tile each, or a few side by side, px of the axis
 * @param likely    the period that something else speaks for; null without
 */
export function gridAround(
  score: Float64Array,
  stretches: readonly Interval[],
  likely: number | null,
): Grid | null {
  const grids = combsAround(stretches[0], score.length).flatMap((comb) => gridsOf(comb, score.length, 0));
  const worth = (grid: Grid): number => {
    const inner = seamsWithin(grid, score.length, stretches);
    return inner === null
      ? -Infinity
      : worthOf(grid) / 2 + (grid.period === likely ? LIKELY : 0) - SEVERAL_TILES * inner;
  };
  return bestOf(middles(score), grids, 2, worth);
}

/**
 * The likeliest grid of this period: its members are best in the middle of what the seams left.
 *
 * @returns null when fewer than three of them were measured
 */
export function gridOfPeriod(score: Float64Array, period: number): Grid | null {
  let best: { readonly grid: Grid; readonly fit: number } | null = null;
  for (let offset = period; offset <= Math.min(score.length, MOST_OFFSET_OF_PRINTS * period); offset++) {
    const grid = { period, offset };
    const members = seamsOf(grid, score.length).filter((p) => !Number.isNaN(score[p]));
    if (members.length < FEWEST_SEAMS) continue;
    const mean = members.reduce((sum, p) => sum + symmetricScore(score, p), 0) / members.length;
    const last = symmetricScore(score, members[members.length - 1]);
    const fit = mean + LAST * (last - mean) + worthOf(grid);
    if (best === null || fit > best.fit) best = { grid, fit };
  }
  return best?.grid ?? null;
}

/** The grid for which most speaks of those with enough seams; null when nothing speaks for any. */
function bestOf(
  score: Float64Array,
  grids: readonly Grid[],
  fewest: number,
  worth: (grid: Grid) => number = () => 0,
): Grid | null {
  let best: Grid | null = null;
  let most = 0;
  for (const grid of grids) {
    const { sum, members } = sumOver(score, grid);
    const overlap = Math.max(0, grid.offset / grid.period - USUAL_OFFSET);
    const gain = sum - WORTH * members - LARGE_OVERLAP * overlap + worth(grid);
    if (members >= fewest && gain > most) [best, most] = [grid, gain];
  }
  return best;
}

interface Comb {
  readonly period: number;
  /** Of the offset, when it is divided by the period. */
  readonly residue: number;
}

/** All grids of a comb whose first tile keeps as much as the others, or up to `less` px less. */
function gridsOf({ period, residue }: Comb, length: number, less: number): Grid[] {
  const grids: Grid[] = [];
  for (let offset = residue; offset <= Math.min(length, MOST_OFFSET * period); offset += period) {
    if (offset >= period - less) grids.push({ period, offset });
  }
  return grids;
}

/** How many seams of a grid lie inside of stretches that begin and end with its tiles; null when one does not. */
function seamsWithin(grid: Grid, length: number, stretches: readonly Interval[]): number | null {
  const seams = seamsOf(grid, length);
  const ends = new Set([0, ...seams, length]);
  if (!stretches.every(([from, to]) => ends.has(from) && ends.has(to))) return null;
  return stretches.reduce((sum, [from, to]) => sum + seams.filter((p) => p > from && p < to).length, 0);
}

/** Of a grid, so many members must stand out, and by so much: a few strong ones can be found in a grid of any image. */
const MOST_MEMBERS = 0.6;
const STANDS_OUT = 0.5;

/** Sum of the excesses of a grid's members over the root of their number; 0 when too many of them have none. */
export function weightOf(score: Float64Array, grid: Grid): number {
  const { sum, members, standOut } = sumOver(middles(score), grid);
  return standOut < MOST_MEMBERS * members ? 0 : sum / Math.sqrt(Math.max(1, members));
}

/**
 * The seams of a grid. Tools cut as many tiles as they need and move the last one back, or let it end early: it keeps at most
 * as much as the first, and there would be one tile less if it kept so much as a period less.
 */
export function seamsOf({ period, offset }: Grid, length: number): number[] {
  const count = 1 + Math.max(0, Math.ceil((length - 2 * offset) / period));
  return Array.from({ length: count }, (_, i) => offset + i * period).filter((p) => p < length);
}

/** Over the members that were measured. */
function sumOver(
  score: Float64Array,
  grid: Grid,
): { readonly sum: number; readonly members: number; readonly standOut: number } {
  let [sum, members, standOut] = [0, 0, 0];
  for (const p of seamsOf(grid, score.length)) {
    if (Number.isNaN(score[p])) continue;
    sum += Math.max(-2, Math.min(MOST_SCORE, score[p]));
    members++;
    if (score[p] > STANDS_OUT) standOut++;
  }
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
function combsOf(score: Float64Array): Comb[] {
  const starts = Array.from(score.keys())
    .filter((p) => score[p] > 0)
    .sort((a, b) => score[b] - score[a])
    .slice(0, STARTS)
    .sort((a, b) => a - b);
  const combs = new Map<string, Comb>();
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

/** Periods and residues of all grids whose tiles begin and end where this stretch does. */
function combsAround([from, to]: Interval, length: number): Comb[] {
  const isInner = from > 0 && to < length;
  const edge = from > 0 ? from : to;
  const periods = isInner
    ? [1, 2, 3].map((parts) => (to - from) / parts).filter(Number.isInteger)
    : Array.from({ length: edge }, (_, i) => i + 1);
  return periods
    .filter((period) => period >= SMALLEST_PERIOD)
    .map((period) => ({ period, residue: edge % period }));
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
 *
 * @param likely the period that something else speaks for
 */
export function centredGrid(score: Float64Array, { period, offset }: Grid, likely = period): Grid {
  let best = { period, offset, fit: -Infinity };
  for (let other = period - 1; other <= period + 1; other++) {
    for (let shift = -REACH; shift <= REACH; shift++) {
      const start = offset + shift;
      if (start < other) continue;
      const members = seamsOf({ period: other, offset: start }, score.length);
      let fit = members.reduce((sum, p) => sum + symmetricScore(score, p), 0);
      fit =
        fit / members.length +
        worthOf({ period: other, offset: start }) -
        (other === likely ? 0 : OTHER_PERIOD);
      if (fit > best.fit) best = { period: other, offset: start, fit };
    }
  }
  return { period: best.period, offset: best.offset };
}
