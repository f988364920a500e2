/**
 * From the excesses of an axis to its seams.
 * @module
 */
import type { Grid, SeamFigures } from "../diagnosis";
import type { Excess, ExcessTally } from "./excess";
import { MOST_OFFSET, SMALLEST_PERIOD, centredGrid, likeliestGrid, symmetricScore, weightOf } from "./grid";
import { looksLikeMontage, looksLikePattern, looksLikeWave } from "./impostors";

/** Probability, corrected for the number of planes tried, below which a plane counts as a seam. */
export const RARE = 0.0005;
/** One or two places repeat nothing. */
const FEWEST_REPEATS = 3;
/** A seam also bends the lines at the planes beside it: one seam for so many px. */
const ONE_SEAM = 4;
/** What single seams must have of {@link ExcessTally.lasting}: they go on as far as tiles do. */
const LASTS = 1.05;
/** What a grid must have of it, and of {@link weightOf}: the less it goes on, the more it must stand out. */
const CONVINCING = [
  { lasting: 1.5, weight: 6.2 },
  { lasting: 0.6, weight: 7.2 },
] as const;
/** The same where the other axis is stitched, or a tile is missing: there probably is a grid. */
const CONVINCING_IF_EXPECTED = [{ lasting: 0.3, weight: 5.2 }] as const;
/** The same where lines are not independent of each other. */
const CONVINCING_ANYWAY = [{ lasting: 0.6, weight: 8.2 }] as const;
/** Blocks of JPEG, alone and with halved colours. */
const SMALLEST_BLOCK = 8;
const ENDS =
  "something stands out there, but not along all of the image: borders of what is in it; not counted as seams";

/** What was found along one axis. */
export interface AxisSeams {
  readonly axis: string;
  readonly score: Float64Array;
  /** Those found, and the known ones. */
  readonly seams: readonly SeamFigures[];
  /** Positions of those found. */
  readonly found: readonly number[];
  readonly grid: Grid | null;
  readonly notes: readonly string[];
}

/**
 * Finds the seams and their grid; what only looks like seams becomes a note.
 *
 * @param context.known   planned seams, px
 * @param context.lattice natural period of the image along either of X and Y, px: blocks of codecs are squares
 */
export function seamsAlong(
  axis: string,
  tally: ExcessTally,
  {
    known,
    lattice,
    expected = false,
  }: { readonly known: readonly number[]; readonly lattice: number; readonly expected?: boolean },
): AxisSeams {
  const excess = tally.excess();
  const { score } = excess;
  const certain = certainSeams(excess);
  const grid = findGrid(tally, excess, { certain, expected });
  const members = grid === null ? [] : membersOf(grid, score.length);
  const beside = certain.filter((p) => !members.some((m) => Math.abs(m - p) < ONE_SEAM));
  const all = [...beside, ...members];
  const goesOn = (positions: readonly number[]): boolean => tally.lasting(positions) > LASTS;
  const found = [...beside.filter((p) => goesOn([p])), ...members].sort((a, b) => a - b);
  const why = impostor(tally, { found, certain, grid, lattice });
  const left = all.filter((p) => !found.includes(p));
  const note = (positions: readonly number[], what: string): string =>
    `Across ${axis} at ${listed(positions)} px: ${what}.`;
  const kept = why === null ? found : [];
  const positions = [...new Set([...kept, ...known])].sort((a, b) => a - b);
  return {
    axis,
    score,
    seams: positions.map((p) => figuresAt(axis, p, { excess, known })),
    found: kept,
    grid: why === null ? grid : null,
    notes: [...(why === null ? [] : [note(found, why)]), ...(left.length > 0 ? [note(left, ENDS)] : [])],
  };
}

/** The grid of an axis; null when none is convincing. */
function findGrid(
  tally: ExcessTally,
  { score, independent }: Excess,
  { certain, expected }: { readonly certain: readonly number[]; readonly expected: boolean },
): Grid | null {
  const grid = likeliestGrid(score);
  if (grid !== null) {
    const members = membersOf(grid, score.length);
    const weight = weightOf(tally.excess(members).score, grid);
    const lasting = tally.lasting(members);
    const enough = !independent ? CONVINCING_ANYWAY : expected ? CONVINCING_IF_EXPECTED : CONVINCING;
    if (enough.some((least) => lasting > least.lasting && weight > least.weight))
      return centredGrid(score, grid);
  }
  const [first, second] = certain;
  const pair = { period: second - first, offset: first };
  const isPair = certain.length === 2 && pair.period >= SMALLEST_PERIOD && first < MOST_OFFSET * pair.period;
  return isPair && tally.lasting(membersOf(pair, score.length)) > LASTS ? pair : null;
}

function impostor(
  tally: ExcessTally,
  {
    found,
    certain,
    grid,
    lattice,
  }: {
    readonly found: readonly number[];
    readonly certain: readonly number[];
    readonly grid: Grid | null;
    readonly lattice: number;
  },
): string | null {
  if (looksLikeMontage(tally, found)) {
    return "the fields on either side have nothing in common, as in a montage of independent images; not counted as seams";
  }
  const isWeak = grid !== null && certain.length === 0;
  if (isWeak && lattice >= SMALLEST_BLOCK && grid.period % lattice === 0 && grid.offset % lattice === 0) {
    return `the image is made of blocks of ${lattice} px, as JPEG leaves them; not counted as seams`;
  }
  if (found.length >= FEWEST_REPEATS && (looksLikeWave(tally, found) || looksLikePattern(tally, found))) {
    return "the image itself repeats regularly, also between these places; not counted as seams";
  }
  return null;
}

/** Planes that are seams each for itself; of neighbouring ones that in the middle. */
function certainSeams({ score, chance, tried }: Excess): number[] {
  const clusters: number[][] = [];
  for (let p = 0; p < score.length; p++) {
    if (!(chance[p] * tried < RARE)) continue;
    const last = clusters.at(-1);
    if (last !== undefined && p - last[last.length - 1] < ONE_SEAM) last.push(p);
    else clusters.push([p]);
  }
  return clusters.map((cluster) => {
    let best = cluster[0];
    for (let p = cluster[0]; p <= cluster[cluster.length - 1]; p++) {
      if (symmetricScore(score, p) > symmetricScore(score, best)) best = p;
    }
    return best;
  });
}

function membersOf({ period, offset }: Grid, length: number): number[] {
  const members: number[] = [];
  for (let p = offset; p < length; p += period) members.push(p);
  return members;
}

function figuresAt(
  axis: string,
  position: number,
  { excess, known }: { readonly excess: Excess; readonly known: readonly number[] },
): SeamFigures {
  const score = excess.score[position];
  const isKnown = known.includes(position);
  const measured = Number.isFinite(score);
  const tries = isKnown ? known.length : excess.tried;
  return {
    axis,
    position,
    known: isKnown,
    disagreement: null,
    profile: null,
    excess: measured ? score : null,
    pValue: measured ? Math.min(1, excess.chance[position] * tries) : null,
    error: null,
  };
}

/** `80, 176, 272`; of many the first ones. */
export function listed(positions: readonly number[]): string {
  const most = 6;
  const shown = positions.slice(0, most).join(", ");
  return positions.length > most ? `${shown}… (${positions.length})` : shown;
}
