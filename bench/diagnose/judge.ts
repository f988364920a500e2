/**
 * One case judged: what the diagnosis says, whether that is right, and what the baselines say.
 * @module
 */
import { measureBlind } from "../../src/diagnose/blind/blind";
import type { Cause } from "../../src/diagnose/diagnosis";
import { quietJob } from "../../src/job";
import { wholeRegion } from "../../src/volume/region";
import { seededRandom } from "../../test/support/networks";
import { autocorrelationPeak, gradientAtSeams } from "./baselines";
import type { Case, Planted } from "./cases";

/** What was said of the grid of an axis. */
export interface JudgedGrid {
  readonly found: boolean;
  /** Period and offset. */
  readonly right: boolean;
  /** Seams that count as planted each for itself. */
  readonly shown: number;
}

/** What a mode of diagnosis is measured by. */
export interface Judgement {
  readonly name: string;
  readonly kind: string;
  readonly seed: number;
  readonly network: string;
  readonly planted: readonly Planted[];
  readonly alarm: boolean;
  readonly causes: readonly Cause[];
  /** Each axis with at least four seams. */
  readonly grids: readonly JudgedGrid[];
  /** Whether seams were found, not only other marks. */
  readonly stitched: boolean;
  /** Of `Truth.strength`: the smaller of error ÷ gradient and error ÷ 2 % of the range; null without. */
  readonly strength: number | null;
  readonly hadPower: boolean;
  /** Larger is more suspicious: the diagnosis, the gradient at the seams, the autocorrelation. */
  readonly scores: readonly [number, number, number];
}

const LEAST_OF_RANGE = 0.02;
/** Seams of an axis whose grid is judged. */
export const FEWEST_SEAMS = 4;

/** Judges a case from its pixels alone. */
export async function judgeBlind(one: Case): Promise<Judgement> {
  const { stack, truth } = one;
  const measured = await measureBlind(stack, {}, quietJob());
  const volume = await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  const largest = Math.max(
    0,
    ...Object.values(measured.excess).flatMap((profile) => profile.map((z) => z ?? 0)),
  );
  const alarm = measured.findings.length > 0;
  return {
    name: one.name,
    kind: one.kind,
    seed: one.seed,
    network: one.run?.network.name ?? "",
    planted: truth.planted,
    alarm,
    causes: [...new Set(measured.findings.map(({ cause }) => cause))],
    grids: Object.entries(truth.grid).flatMap(([axis, grid]) => {
      if (grid === null || truth.seams[axis].length < FEWEST_SEAMS) return [];
      const found = measured.grid[axis] ?? null;
      const right = found !== null && found.period === grid.period && found.offset === grid.offset;
      return [{ found: found !== null, right, shown: truth.shown[axis] }];
    }),
    stitched: measured.seams.length > 0,
    strength:
      truth.strength === null
        ? null
        : Math.min(truth.strength.ofGradient, truth.strength.ofRange / LEAST_OF_RANGE),
    hadPower: measured.hadPower,
    // What is found counts more than any single plane; within either the largest excess decides.
    scores: [
      (alarm ? 1000 : 0) + largest,
      gradientAtSeams(volume, seamsFor(one)),
      autocorrelationPeak(volume),
    ],
  };
}

/** The seams of a case; for one without, those that a tiling of it could have had. */
function seamsFor({ truth, seed, stack }: Case): Readonly<Record<string, readonly number[]>> {
  if (Object.values(truth.seams).some((positions) => positions.length > 0)) return truth.seams;
  const random = seededRandom(seed + 1);
  const { canonicalAxes, canonicalShape } = stack.facts;
  const period = 24 + Math.floor(random() * 60);
  return Object.fromEntries(
    [...canonicalAxes].map((axis, i) => [
      axis,
      "YX".includes(axis)
        ? Array.from({ length: Math.floor((canonicalShape[i] - 1) / period) }, (_, k) => (k + 1) * period)
        : [],
    ]),
  );
}
