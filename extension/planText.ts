/**
 * A plan in the words of a list: a line for each thing that can be changed, and for each warning.
 * @module
 */
import type { PlanReply } from "../src/protocol/prediction";
import type { Plan } from "../src/tiling/plan";
import { durationText } from "./progressText";

/** "12 tiles of Z 32 × Y 376 × X 292 px, about 40 s on CPU". */
export function planHeadline(plan: Plan, { estimatedSeconds, engine }: PlanReply): string {
  const size = tileSize(plan);
  const tiles = plan.count === 1 ? `one tile of ${size}` : `${plan.count} tiles of ${size}`;
  const time = estimatedSeconds === null ? null : `about ${durationText(Math.max(1, estimatedSeconds))}`;
  const where = engine === null ? null : `on ${engine.device}`;
  return [tiles, [time, where].filter((part) => part !== null).join(" ")]
    .filter((part) => part !== "")
    .join(", ");
}

/** "Z 1, Y 3, X 4". */
export function tilesText(plan: Plan): string {
  return perAxis(plan, (i) => (plan.roles[i] === "whole" ? null : String(plan.tilesPerAxis[i])));
}

/** "Y 24 px, X 24 px (needed 22)": only axes that are cut have an overlap that matters. */
export function overlapText(plan: Plan): string {
  const used = perAxis(plan, (i) =>
    plan.tilesPerAxis[i] > 1 && plan.roles[i] === "tiled" ? `${plan.overlap[i]} px` : null,
  );
  if (used === "") return "none, no axis is cut";
  const needed = perAxis(plan, (i) =>
    plan.tilesPerAxis[i] > 1 && plan.roles[i] === "tiled" ? `${plan.context[i]}` : null,
  );
  return `${used} (needed: ${needed})`;
}

/** "ZYX 31 × 1024 × 1024". */
export function shapeText(plan: Pick<Plan, "axes" | "shape">): string {
  return `${plan.axes} ${plan.shape.join(" × ")}`;
}

/** How much of the work is overlap, and whether the result is exact. */
export function exactnessText(plan: Plan): string {
  if (plan.count === 1) return "the whole stack in one piece";
  const overlap = `${Math.round((1 - plan.keptFraction) * 100)} % of the work is overlap`;
  return plan.exact
    ? `same result as without tiles; ${overlap}`
    : `not the same result as without tiles; ${overlap}`;
}

/**
 * Whether a text is a wish for tiles or an overlap: one of `words`, a number, a number for each axis, or
 * numbers by axis.
 *
 * @returns null when it is, else what to enter
 */
export function checkWish(text: string, axes: string, words: readonly string[]): string | null {
  const wish = text.trim();
  if (words.includes(wish)) return null;
  const example = [...axes].map((axis) => (axis === "Y" || axis === "X" ? "2" : "1")).join(",");
  const advice = `${words.join(", ")}, a number for each of ${axes} such as ${example}, or by axis such as Y=2,X=2`;
  const parts = wish.split(",").map((part) => part.trim());
  if (parts.every((part) => /^\d+$/.test(part))) {
    return parts.length === axes.length || parts.length === 1
      ? null
      : `${parts.length} numbers for ${axes.length} axes: ${advice}`;
  }
  const byAxis = parts.map((part) => /^([A-Za-z])=\d+$/.exec(part)?.[1].toUpperCase());
  return byAxis.every((axis) => axis !== undefined && axes.includes(axis)) ? null : `Enter ${advice}`;
}

function tileSize(plan: Plan): string {
  const longest = plan.tiles[0].read.map((_, axis) =>
    Math.max(...plan.tiles.map(({ read }) => read[axis][1] - read[axis][0])),
  );
  return `${longest.join(" × ")} px`;
}

function perAxis(plan: Plan, text: (axis: number) => string | null): string {
  const parts = [...plan.axes].flatMap((axis, i) => {
    const value = text(i);
    return value === null ? [] : [`${axis} ${value}`];
  });
  return parts.join(", ");
}
