/**
 * Which grid of an axis convinces. Thresholds were chosen on development images.
 * @module
 */
import type { Interval } from "../../volume/region";
import type { Grid } from "../diagnosis";
import type { Excess, ExcessTally } from "./excess";
import {
  MOST_OFFSET,
  SMALLEST_PERIOD,
  centredGrid,
  gridAround,
  gridOfPeriod,
  likeliestGrid,
  likeliestOffset,
  seamsOf,
  weightOf,
} from "./grid";
import type { Print } from "./prints";

/** What single seams must have of {@link ExcessTally.lasting}: they go on as far as tiles do. */
export const LASTS = 1.05;

/** What a grid must have of {@link ExcessTally.lasting} and of {@link weightOf}. */
interface Least {
  readonly lasting: number;
  readonly weight: number;
}

/** The less it goes on along its seams, the more it must stand out. */
const ALONE: readonly Least[] = [
  { lasting: 1.5, weight: 6.2 },
  { lasting: 0.5, weight: 6.4 },
];
/** Where the other axis is stitched, or a tile is missing, there probably is a grid. */
const EXPECTED: readonly Least[] = [
  { lasting: 0.3, weight: 5.2 },
  { lasting: 0.1, weight: 6.3 },
  { lasting: -0.5, weight: 7.7 },
];
/** The same two where lines are not independent of each other. */
const DEPENDENT: readonly Least[] = [{ lasting: 0.6, weight: 8.2 }];
const DEPENDENT_EXPECTED: readonly Least[] = [{ lasting: 0.6, weight: 7 }];
/** Where a missing tile begins and ends with the others, few grids are left to choose from. */
const AROUND_MISSING: readonly Least[] = [
  { lasting: -0.5, weight: 5 },
  { lasting: 0.3, weight: 3.5 },
  { lasting: 0.8, weight: 1.8 },
];
/** Where its tiles print. */
const PRINTED: readonly Least[] = [{ lasting: 1, weight: 1.5 }];
const PRINTED_EXPECTED: readonly Least[] = [{ lasting: 0, weight: 3 }];

/** {@link Print.likeness} from which something repeats. */
export const REPEATS = 0.35;
/** The same where a grid is expected, or one of nearly this period stands out. */
const REPEATS_EXPECTED = 0.25;
/** The same without more evidence, where a grid is expected. */
const SURELY_REPEATS = 0.5;

/** What there is to judge by, beside the excesses. */
export interface Evidence {
  /** Planes that are seams each for itself. */
  readonly certain: readonly number[];
  readonly print: Print | null;
  /** Whether the other axis is stitched, or a tile is missing. */
  readonly expected: boolean;
  /** Where missing tiles begin and end, px of the axis. */
  readonly missing: readonly Interval[];
}

/** The grid of an axis; null when none is convincing. */
export function convincingGrid(
  tally: ExcessTally,
  { score, independent }: Excess,
  evidence: Evidence,
): Grid | null {
  const { certain, print, expected, missing } = evidence;
  const convinces = (grid: Grid | null, enough: readonly Least[]): grid is Grid => {
    if (grid === null) return false;
    const members = seamsOf(grid, score.length);
    const weight = weightOf(tally.excess(members).score, grid);
    const lasting = tally.lasting(members);
    return enough.some((least) => lasting > least.lasting && weight > least.weight);
  };
  const period = print !== null && print.likeness > REPEATS_EXPECTED ? print.period : null;
  if (missing.length > 0) {
    const around = gridAround(score, missing, period);
    if (convinces(around, AROUND_MISSING)) return around;
  }
  const first = likeliestGrid(score);
  const grid =
    first === null ? null : likeliestOffset(tally.excess(seamsOf(first, score.length)).score, first);
  const usual = expected ? EXPECTED : ALONE;
  if (convinces(grid, independent ? usual : expected ? DEPENDENT_EXPECTED : DEPENDENT)) {
    const agrees = period !== null && Math.abs(period - grid.period) <= 1;
    if (agrees && print !== null && print.likeness > SURELY_REPEATS)
      return gridOfPeriod(score, period) ?? grid;
    return centredGrid(score, grid, agrees ? period : grid.period);
  }
  const printed = print === null ? null : gridOfPeriod(score, print.period);
  if (print !== null && printed !== null) {
    if (expected && print.likeness > SURELY_REPEATS) return printed;
    if (expected && period !== null && convinces(printed, PRINTED_EXPECTED)) return printed;
    if (print.isOfTiles && print.likeness > REPEATS && convinces(printed, PRINTED)) return printed;
  }
  return pairOf(tally, certain);
}

/** Two seams that are sure make a grid, with others beyond them that are not. */
function pairOf(tally: ExcessTally, certain: readonly number[]): Grid | null {
  const [first, second] = certain;
  const pair = { period: second - first, offset: first };
  const isPair =
    certain.length === 2 &&
    pair.period >= SMALLEST_PERIOD &&
    first >= pair.period &&
    first < MOST_OFFSET * pair.period;
  if (!isPair || tally.lasting(certain) <= LASTS) return null;
  return likeliestOffset(tally.excess(certain).score, pair, 2);
}
