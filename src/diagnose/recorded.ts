/**
 * From the run: how well neighbouring tiles agreed, pooled per plane between tiles. Two tiles can agree and both be
 * wrong: this is a disagreement, never a proof.
 * @module
 */
import type { SeamFigures } from "./diagnosis";
import { seamPositions, wholeBlocks, writtenStart } from "./places";
import type { RecordedSeam, RunFacts } from "./run";

/**
 * One entry per planned seam position, worst disagreement of all tile pairs along it.
 *
 * @param range of the stack, its units; figures are fractions of it. Null or 0: they stay null
 * @returns in the order of the plan's axes, then by position; px of the written stack
 */
export function recordedSeams(run: RunFacts, range: number | null): SeamFigures[] {
  const { plan } = run;
  const starts = writtenStart(plan);
  const found = new Map<string, RecordedSeam[]>();
  for (const seam of run.seams) {
    const key = `${seam.axis} ${seam.position}`;
    const others = found.get(key);
    if (others === undefined) found.set(key, [seam]);
    else others.push(seam);
  }
  return [...plan.axes].flatMap((axis, i) =>
    seamPositions(plan, i).map((position): SeamFigures => {
      const pairs = found.get(`${axis} ${position}`) ?? [];
      const measured = range !== null && range > 0 && pairs.length > 0;
      return {
        axis,
        position: position - starts[i],
        known: true,
        disagreement: measured ? pairs.reduce((most, { max }) => Math.max(most, max), 0) / range : null,
        profile: measured ? pooledProfile(pairs, position, range) : null,
        excess: null,
        pValue: null,
        error: null,
      };
    }),
  );
}

/** Mean of the profiles of all tile pairs along one plane. */
function pooledProfile(
  pairs: readonly RecordedSeam[],
  position: number,
  range: number,
): SeamFigures["profile"] {
  const start = pairs.reduce((least, { profileStart }) => Math.min(least, profileStart), Infinity);
  const stop = pairs.reduce(
    (most, { profileStart, profile }) => Math.max(most, profileStart + profile.length),
    start,
  );
  const sums = new Float64Array(stop - start);
  const counts = new Uint32Array(stop - start);
  for (const { profile, profileStart } of pairs) {
    profile.forEach((value, px) => {
      sums[profileStart - start + px] += value;
      counts[profileStart - start + px]++;
    });
  }
  const mean = [...sums].map((sum, px) => (counts[px] === 0 ? 0 : sum / counts[px] / range));
  return mean.length === 0 ? null : { start: start - position, mean };
}

/** Largest disagreement across an axis, of all axes when `axis` is null; null when none was recorded. */
export function worstDisagreement(seams: readonly SeamFigures[], axis: string | null): number | null {
  return seams.reduce<number | null>(
    (worst, seam) =>
      seam.disagreement === null || (axis !== null && seam.axis !== axis)
        ? worst
        : Math.max(worst ?? 0, seam.disagreement),
    null,
  );
}

/**
 * Largest disagreement that should not be there: at seams where both tiles had their whole context. With an overlap
 * of no more than the context, the two px that are compared at a seam are one px outside of what one of the tiles keeps,
 * and may differ although everything that was kept is right.
 *
 * @param axis letter; null: all
 */
export function unexpectedDisagreement(
  { plan }: RunFacts,
  seams: readonly SeamFigures[],
  axis: string | null,
): number {
  const sure = seams.filter((seam) => {
    const i = plan.axes.indexOf(seam.axis);
    return i >= 0 && plan.overlap[i] >= wholeBlocks(plan.context[i], plan.block[i]) + plan.block[i];
  });
  return worstDisagreement(sure, axis) ?? 0;
}
