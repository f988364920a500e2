/**
 * Where a plan cuts the written stack, so that what is written can be laid out accordingly.
 * @module
 */
import type { Plan } from "../tiling/plan";

/**
 * Distances that all tiles start to write at multiples of.
 *
 * @param axes of the written stack
 * @returns px per axis, in the order of `axes`; 0 where the plan does not cut
 */
export function writeGrid(plan: Plan, axes: string): number[] {
  return [...axes].map((letter) => {
    const axis = plan.axes.indexOf(letter);
    if (axis < 0) return 0;
    const first = Math.max(plan.wanted[axis][0], plan.padding[axis][0]);
    const starts = plan.tiles.map(({ write }) => Math.max(0, write[axis][0] - first));
    return starts.reduce(commonDivisor, 0);
  });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
