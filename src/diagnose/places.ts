/**
 * Where the padded image of a run lies in the stack that was written, and where its tiles meet.
 * @module
 */
import type { Plan } from "../tiling/plan";
import type { Interval, Region } from "../volume/region";
import type { Grid } from "./diagnosis";

/**
 * First px of the padded image that was written, per axis of the plan: what is subtracted from px of the padded
 * image to get px of the written stack.
 */
export function writtenStart(plan: Plan): number[] {
  return plan.wanted.map(([start], i) => Math.max(start, plan.padding[i][0]));
}

/** The part of the padded image that was written, without padding. */
export function writtenRegion(plan: Plan): Region {
  const starts = writtenStart(plan);
  return plan.wanted.map(([, stop], i): Interval => [
    starts[i],
    Math.min(stop, plan.padding[i][0] + plan.shape[i]),
  ]);
}

/** Whether the network sees this axis and tiles, or the end of a wanted part, cut it. */
export function isCut(plan: Plan, axis: number): boolean {
  const [start, stop] = plan.computed[axis];
  return (
    plan.roles[axis] === "tiled" && (plan.tilesPerAxis[axis] > 1 || stop - start < plan.paddedShape[axis])
  );
}

/**
 * Where tiles meet, px of the padded image, in increasing order.
 *
 * @param axis index in `plan.axes`
 */
export function seamPositions(plan: Plan, axis: number): number[] {
  if (plan.roles[axis] !== "tiled") return [];
  const [first, end] = writtenRegion(plan)[axis];
  const starts = new Set<number>();
  for (const { write } of plan.tiles) {
    if (write[axis][0] > first && write[axis][0] < end) starts.add(write[axis][0]);
  }
  return [...starts].sort((a, b) => a - b);
}

/** {@link seamPositions} of every axis that has some, by axis letter, px of the written stack. */
export function knownSeams(plan: Plan): Record<string, number[]> {
  const starts = writtenStart(plan);
  const known: Record<string, number[]> = {};
  for (const [i, axis] of [...plan.axes].entries()) {
    const positions = seamPositions(plan, i).map((px) => px - starts[i]);
    if (positions.length > 0) known[axis] = positions;
  }
  return known;
}

/** The grid of planned seams by axis letter; null where they are fewer than two or not at equal distances. */
export function plannedGrids(
  known: Readonly<Record<string, readonly number[]>>,
): Record<string, Grid | null> {
  const grids = Object.entries(known).map(([axis, [offset, second, ...others]]) => {
    const period = second - offset;
    const isRegular = period > 0 && others.every((px, i) => px === offset + (i + 2) * period);
    return [axis, isRegular ? { period, offset } : null] as const;
  });
  return Object.fromEntries(grids);
}

/** px per axis under whose multiples `px` is rounded up. */
export function wholeBlocks(px: number, block: number): number {
  return Math.ceil(px / block) * block;
}
