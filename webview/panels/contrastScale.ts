/**
 * From values to places in the histogram and back; gamma on a logarithmic slider. Pure.
 * @module
 */
import type { Histogram } from "../../src/protocol/viewer";
import type { Limits } from "../draw/renderer";

/** Values at the left and at the right end of a plot; `from` < `to`. */
export interface ValueAxis {
  readonly from: number;
  readonly to: number;
}

/** One of the two limits. */
export type LimitEnd = keyof Limits;

/** The range of gamma. */
export const GAMMA_RANGE = { from: 0.1, to: 5 } as const;

const NEAR_ONE = 0.012;
/** In parts of the axis: a key press, and the finest place of a marker. */
const KEY_STEP = 1 / 100;
const FINEST = 1 / 1000;
/** From so many integers on, markers stay on integers. */
const MANY_INTEGERS = 20;

/** The axis that shows all values and both limits, as far as those are not more than its length away. */
export function axisOf({ from, to }: Pick<Histogram, "from" | "to">, limits: Limits | null): ValueAxis {
  const isEmpty = !(to > from);
  const middle = Number.isFinite(from) ? from : 0;
  const half = Math.max(0.5, Math.abs(middle) * 0.01);
  const base = isEmpty ? { from: middle - half, to: middle + half } : { from, to };
  if (limits === null) return base;
  const length = base.to - base.from;
  const ends = [limits.low, limits.high].map((value) =>
    Math.min(base.to + length, Math.max(base.from - length, value)),
  );
  return { from: Math.min(base.from, ...ends), to: Math.max(base.to, ...ends) };
}

/** Where a value lies on an axis: 0 at its left end, 1 at its right; values beyond lie at the end. */
export function shareOf(value: number, { from, to }: ValueAxis): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}

/** The value at a place of an axis, 0…1. */
export function valueAt(share: number, { from, to }: ValueAxis): number {
  return from + (to - from) * Math.min(1, Math.max(0, share));
}

/** The finest step of a marker: integers stay integers unless there are few of them. */
export function finestStep({ from, to }: ValueAxis, isWhole: boolean): number {
  if (isWhole && to - from >= MANY_INTEGERS) return 1;
  return Number(`1e${Math.floor(Math.log10((to - from) * FINEST))}`);
}

/** How far an arrow key moves a marker: a hundredth of the axis, in whole finest steps. */
export function keyStep(axis: ValueAxis, finest: number): number {
  return Math.max(1, Math.round(((axis.to - axis.from) * KEY_STEP) / finest)) * finest;
}

/** Limits with one end moved to a value of the axis; it does not pass the other end. */
export function moveLimit(
  limits: Limits,
  end: LimitEnd,
  value: number,
  { axis, finest }: { readonly axis: ValueAxis; readonly finest: number },
): Limits {
  const rounded = Number((Math.round(value / finest) * finest).toPrecision(12));
  const inside = value <= axis.from ? axis.from : value >= axis.to ? axis.to : rounded;
  const isLeft = (end === "low") === limits.low <= limits.high;
  const other = end === "low" ? limits.high : limits.low;
  const moved = isLeft ? Math.min(inside, other - finest) : Math.max(inside, other + finest);
  return { ...limits, [end]: Number(moved.toPrecision(12)) };
}

/** Where a gamma lies on its slider: 0…1, equal distances are equal factors. */
export function gammaShare(gamma: number): number {
  const { from, to } = GAMMA_RANGE;
  return shareOf(Math.log(gamma / from), { from: 0, to: Math.log(to / from) });
}

/** The gamma at a place of its slider, three digits; exactly 1 close to it. */
export function gammaAt(share: number): number {
  const { from, to } = GAMMA_RANGE;
  const gamma = from * (to / from) ** Math.min(1, Math.max(0, share));
  return Math.abs(gamma - 1) < NEAR_ONE ? 1 : Number(gamma.toPrecision(3));
}

/**
 * Heights 0…1 of bars. Linear: one bar that is far higher than all others, such as that of the background, is cut off
 * at one and a half times the second, as ImageJ does. Logarithmic: of 1 + count.
 */
export function barHeights(counts: ArrayLike<number>, isLog: boolean): number[] {
  const bars = Array.from(counts, (count) => (isLog ? Math.log1p(count) : count));
  let [first, second] = [0, 0];
  for (const bar of bars) {
    if (bar > first) [first, second] = [bar, first];
    else if (bar > second) second = bar;
  }
  const top = isLog || second === 0 ? first : Math.min(first, 1.5 * second);
  return bars.map((bar) => (top === 0 ? 0 : Math.min(1, bar / top)));
}
