/**
 * From the excesses of an axis to its seams.
 * @module
 */
import type { Interval } from "../../volume/region";
import type { Grid, SeamFigures } from "../diagnosis";
import type { Excess, ExcessTally } from "./excess";
import { LASTS, REPEATS, convincingGrid } from "./convincing";
import { seamsOf, symmetricScore } from "./grid";
import { looksLikeMontage, looksLikePattern, looksLikeWave } from "./impostors";
import type { Print } from "./prints";

/** Probability, corrected for the number of planes tried, below which a plane counts as a seam. */
export const RARE = 0.0005;
/** One or two places repeat nothing. */
const FEWEST_REPEATS = 3;
/** A seam also bends the lines at the planes beside it: one seam for so many px. */
const ONE_SEAM = 4;
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
  /** What repeats along the axis, from tile to tile if there are any; null when nothing does. */
  readonly print: Print | null;
  readonly notes: readonly string[];
}

/**
 * Finds the seams and their grid; what only looks like seams becomes a note.
 *
 * @param context.known    planned seams, px
 * @param context.lattice  natural period of the image along either of X and Y, px: blocks of codecs are squares
 * @param context.print    what repeats along the axis
 * @param context.expected whether there probably is a grid: the other axis is stitched, or a tile is missing
 * @param context.missing  where missing tiles begin and end, px of the axis
 */
export function seamsAlong(
  axis: string,
  tally: ExcessTally,
  {
    known,
    lattice,
    print,
    expected,
    missing,
  }: {
    readonly known: readonly number[];
    readonly lattice: number;
    readonly print: Print | null;
    readonly expected: boolean;
    readonly missing: readonly Interval[];
  },
): AxisSeams {
  const usual = tally.excess();
  const certain = certainSeams(usual);
  const grid = convincingGrid(tally, usual, { certain, print, expected, missing });
  const members = grid === null ? [] : seamsOf(grid, tally.length);
  const beside = certain.filter((p) => !members.some((m) => Math.abs(m - p) < ONE_SEAM));
  const all = [...beside, ...members];
  const goesOn = (positions: readonly number[]): boolean => tally.lasting(positions) > LASTS;
  const found = [...beside.filter((p) => goesOn([p])), ...members].sort((a, b) => a - b);
  const isPrinted = print !== null && print.isOfTiles && print.period === grid?.period;
  const why = expected || isPrinted ? null : impostor(tally, { found, certain, grid, lattice });
  const excess = grid === null || why !== null ? usual : tally.excess(members);
  const left = all.filter((p) => !found.includes(p));
  const note = (positions: readonly number[], what: string): string =>
    `Across ${axis} at ${listed(positions)} px: ${what}.`;
  const kept = why === null ? found : [];
  const positions = [...new Set([...kept, ...known])].sort((a, b) => a - b);
  return {
    axis,
    score: excess.score,
    seams: positions.map((p) => figuresAt(axis, p, { excess, known })),
    found: kept,
    grid: why === null ? grid : null,
    print: print !== null && print.likeness > REPEATS ? print : null,
    notes: [...(why === null ? [] : [note(found, why)]), ...(left.length > 0 ? [note(left, ENDS)] : [])],
  };
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
    return `the image is made of blocks of ${lattice} px, as JPEG and the upsampling of networks leave them; not counted as seams`;
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
