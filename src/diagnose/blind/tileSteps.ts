/**
 * Steps of gain and offset across seams: the mark of tiles that were normalised each for itself.
 *
 * Where each tile has its own gain and offset, the step across a seam is a linear function of the brightness there,
 * the same along the whole side of a tile. Where tiles saw too little around them the step varies along the seam.
 * @module
 */
import type { Interval } from "../../volume/region";
import { robustSpread } from "./robust";
import { spread } from "./sample";

/** Part of the energy of steps that gain and offset must explain. */
export const EXPLAINED = 0.55;
/** Planes without a seam that tell how large steps are anyway, px from the seam. */
const CONTROLS = [-7, -5, 5, 7];
/** The step is measured once more so far from the seam, where what a missing context did has faded. */
const FAR = 4;
const FAR_CONTROLS = [-12, 12];
/** Part of the explained step that must last until there. */
export const LASTING = 0.4;
const SHORTEST = 12;

/** Steps over wider and wider gaps, px on either side, are compared with the same elsewhere in the tiles beside. */
const GAPS = [4, 6, 8] as const;
const MOST_ELSEWHERE = 12;
const FEWEST_ELSEWHERE = 4;
/** Lines of a side that are fitted; more say the same. */
const MOST_LINES = 256;

/** Energies summed over sides of tiles. */
export interface StepEnergy {
  /** Squares of steps at the seams beyond those beside them. */
  readonly beyond: number;
  /** The part of it that is a linear function of the brightness. */
  readonly explained: number;
  /** What gain and offset explain of the same steps measured some px away from the seams. */
  readonly lasting: number;
  /** Largest |mean step| of a side, units of the stack. */
  readonly largest: number;
  /** Root of the mean square step beyond those beside it, units of the stack. */
  readonly typical: number;
  /**
   * Sum over sides of the rank, 0…1, that steps over a gap have among such steps elsewhere in the two tiles, and the
   * number of sides. Only what holds for whole tiles outlasts the gap.
   */
  readonly ranks: number;
  readonly sides: number;
}

/**
 * Measures the steps across seams, side by side.
 *
 * @param values    lines along the axis, line after line, `length` px each
 * @param seams     positions on the axis
 * @param crossings lines at which tiles end in the other direction
 */
export function stepEnergy(
  values: Float64Array,
  length: number,
  { seams, crossings }: { readonly seams: readonly number[]; readonly crossings: readonly number[] },
): StepEnergy {
  const lines = values.length / length;
  const ends = [0, ...crossings.filter((line) => line > 0 && line < lines), lines];
  let [beyond, explained, lasting, largest, pixels] = [0, 0, 0, 0, 0];
  let [ranks, sides] = [0, 0];
  for (const [s, seam] of seams.entries()) {
    const tiles = [seams[s - 1] ?? 0, seams[s + 1] ?? length] as const;
    for (let i = 0; i + 1 < ends.length; i++) {
      const side = { from: ends[i], to: ends[i + 1] };
      if (side.to - side.from < SHORTEST) continue;
      const near = beyondControls(values, length, { p: seam, ...side, away: 0 });
      const far = beyondControls(values, length, { p: seam, ...side, away: FAR });
      const rank = rankOverGaps(values, { ...side, p: seam, away: 0 }, { length, tiles });
      if (rank !== null) [ranks, sides] = [ranks + rank, sides + 1];
      if (near === null || far === null) continue;
      const { here } = near;
      beyond += near.energy;
      explained += near.explained;
      lasting += far.explained;
      largest = Math.max(largest, Math.abs(here.mean));
      pixels += here.n;
    }
  }
  return {
    beyond,
    explained,
    lasting,
    largest,
    typical: Math.sqrt(Math.max(0, beyond) / Math.max(1, pixels)),
    ranks,
    sides,
  };
}

/** The energies of two places together. */
export function addEnergies(a: StepEnergy, b: StepEnergy): StepEnergy {
  return {
    beyond: a.beyond + b.beyond,
    explained: a.explained + b.explained,
    lasting: a.lasting + b.lasting,
    largest: Math.max(a.largest, b.largest),
    typical: Math.max(a.typical, b.typical),
    ranks: a.ranks + b.ranks,
    sides: a.sides + b.sides,
  };
}

/** By how many standard deviations steps over gaps rank higher at seams than elsewhere; 0 when nothing was compared. */
export function outlasting({ ranks, sides }: Pick<StepEnergy, "ranks" | "sides">): number {
  return sides === 0 ? 0 : (ranks / sides - 0.5) * Math.sqrt(12 * sides);
}

/** Mean rank over {@link GAPS}; null where the tiles are too short. */
function rankOverGaps(
  values: Float64Array,
  side: Side,
  { length, tiles }: { readonly length: number; readonly tiles: Interval },
): number | null {
  const ranks = GAPS.flatMap((away) => {
    const here = fitSteps(values, length, { ...side, away });
    const room = away + 3;
    const elsewhere = [
      ...placesWithin(tiles[0] + room, side.p - room),
      ...placesWithin(side.p + room, tiles[1] - room),
    ]
      .map((p) => fitSteps(values, length, { ...side, p, away }))
      .filter((fit) => fit !== null);
    if (here === null || elsewhere.length < FEWEST_ELSEWHERE) return [];
    return [elsewhere.filter((fit) => fit.explained < here.explained).length / elsewhere.length];
  });
  return ranks.length === 0 ? null : ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
}

/** Some of the places from `first` to `last`, evenly spread. */
function placesWithin(first: number, last: number): number[] {
  return last < first ? [] : spread(last - first + 1, MOST_ELSEWHERE / 2).map((i) => first + i);
}

interface Fit {
  /** Σ step². */
  readonly energy: number;
  /** Part of it that `offset + slope · brightness` explains. */
  readonly explained: number;
  readonly mean: number;
  readonly n: number;
}

/** A side of a tile: lines `from`…`to` at plane `p`; how many px beside it are left out. */
interface Side {
  readonly p: number;
  readonly from: number;
  readonly to: number;
  readonly away: number;
}

function beyondControls(
  values: Float64Array,
  length: number,
  side: Side,
): { here: Fit; energy: number; explained: number } | null {
  const here = fitSteps(values, length, side);
  const others = (side.away === 0 ? CONTROLS : FAR_CONTROLS)
    .map((off) => fitSteps(values, length, { ...side, p: side.p + off }))
    .filter((fit) => fit !== null);
  if (here === null || others.length === 0) return null;
  const mean = (of: (fit: Fit) => number): number =>
    others.reduce((sum, fit) => sum + of(fit), 0) / others.length;
  return {
    here,
    energy: here.energy - mean((fit) => fit.energy),
    explained: here.explained - mean((fit) => fit.explained),
  };
}

function fitSteps(values: Float64Array, length: number, { p, from, to, away }: Side): Fit | null {
  if (p - away < 2 || p + away + 1 >= length) return null;
  const steps: number[] = [];
  const levels: number[] = [];
  const every = Math.ceil((to - from) / MOST_LINES);
  for (let line = from; line < to; line += every) {
    const at = line * length + p;
    const left = (values[at - away - 1] + values[at - away - 2]) / 2;
    const right = (values[at + away] + values[at + away + 1]) / 2;
    if (!Number.isFinite(left + right)) continue;
    steps.push(right - left);
    levels.push((left + right) / 2);
  }
  if (steps.length < SHORTEST) return null;
  // A few bright objects on the seam must not decide.
  const most = 6 * robustSpread(steps);
  const kept = steps.map((step) => (most > 0 ? Math.max(-most, Math.min(most, step)) : step));
  const n = kept.length;
  const mean = kept.reduce((sum, step) => sum + step, 0) / n;
  const level = levels.reduce((sum, value) => sum + value, 0) / n;
  let [energy, cross, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    energy += kept[i] ** 2;
    cross += (kept[i] - mean) * (levels[i] - level);
    square += (levels[i] - level) ** 2;
  }
  return { energy, explained: n * mean * mean + (square > 0 ? (cross * cross) / square : 0), mean, n };
}
