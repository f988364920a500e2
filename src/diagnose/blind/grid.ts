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
/** A single plane counts at most this much, standard deviations, so that one alone makes no grid. */
const MOST_SCORE = 5;
/** What a member of a grid must have to speak for it; of true seams of development images nine in ten have less or more. */
const WORTH = 1.2;
/**
 * Sum over the members, divided by the root of their number, that a grid of 3, 4, 5 and more seams needs: there are
 * more grids of few seams, and few seams are sooner alike by chance.
 */
const CONVINCING = [7, 6.3, 5.3] as const;
/** The same without its strongest member. */
const WITHOUT_STRONGEST = 4.5;
const FEWEST_SEAMS = 3;
/** Planes from which grids are made up. */
const STARTS = 64;

interface Candidate extends Grid {
  readonly gain: number;
}

/**
 * The grid that the excesses of an axis speak for most.
 *
 * @param score   excess of every plane; NaN where not measured
 * @param certain planes that are seams each for itself
 * @returns null when no grid is convincing
 */
export function findGrid(score: Float64Array, certain: readonly number[]): Grid | null {
  const middle = middles(score);
  let best: Candidate | null = null;
  for (const { period, residue } of combsOf(middle)) {
    for (let offset = residue; offset < Math.min(score.length, 3 * period); offset += period) {
      if (offset < period / 2) continue;
      const candidate = judge(middle, { period, offset });
      if (candidate !== null && candidate.gain > (best?.gain ?? 0)) best = candidate;
    }
  }
  if (best !== null) return centred(score, best);
  const [first, second] = certain;
  return certain.length === 2 && second - first >= SMALLEST_PERIOD
    ? { period: second - first, offset: first }
    : null;
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

/** Worth of each factor of two that period and offset share: tiles of networks start on multiples of 2, 4, 8, 16. */
const EVEN = 1;
const MOST_EVEN = 16;
/** Worth of tiles without overlap, whose seams are at multiples of the period: such seams are the plainest. */
const BARE = 1.5;

/** Log2 of the largest power of two, up to 16, that divides both. */
function sharedTwos({ period, offset }: Grid): number {
  let twos = 0;
  while (2 ** (twos + 1) <= MOST_EVEN && (period | offset) % 2 ** (twos + 1) === 0) twos++;
  return twos;
}

/** The grid next to this one whose members are best in the middle of what the seams left. */
function centred(score: Float64Array, { period, offset }: Grid): Grid {
  let best = { period, offset, fit: -Infinity };
  for (let other = period - 1; other <= period + 1; other++) {
    for (let shift = -3; shift <= 3; shift++) {
      const start = offset + shift;
      if (start < 1) continue;
      let [fit, members] = [0, 0];
      for (let p = start; p < score.length; p += other, members++) fit += symmetricScore(score, p);
      fit =
        fit / members + EVEN * sharedTwos({ period: other, offset: start }) + (start === other ? BARE : 0);
      if (fit > best.fit) best = { period: other, offset: start, fit };
    }
  }
  return { period: best.period, offset: best.offset };
}

function judge(score: Float64Array, { period, offset }: Grid): Candidate | null {
  let [sum, members, strongest] = [0, 0, 0];
  let gain = 0;
  let last = offset;
  for (let p = offset; p < score.length; p += period) {
    last = p;
    if (Number.isNaN(score[p])) continue;
    const counted = Math.max(-2, Math.min(MOST_SCORE, score[p]));
    sum += counted;
    gain += counted - WORTH;
    strongest = Math.max(strongest, counted);
    members++;
  }
  if (members < FEWEST_SEAMS || score.length - last > Math.max(offset, period)) return null;
  const enough =
    sum / Math.sqrt(members) > CONVINCING[Math.min(members - FEWEST_SEAMS, 2)] &&
    (sum - strongest) / Math.sqrt(members - 1) > WITHOUT_STRONGEST;
  return enough ? { period, offset, gain } : null;
}
