/**
 * A plan in plain language, with one drawing per axis.
 * @module
 */
import type { Plan } from "./plan";
import type { PaddingMode } from "./padding";

const DRAWING_WIDTH = 60;
const MOST_ROWS = 12;

/** What the text can say beyond the plan itself. */
export interface ExplainContext {
  /** Model name, when there is one. */
  readonly modelName?: string;
  readonly padding: PaddingMode;
}

/**
 * Explains a plan: padding, block, overlap and why it is that large, tiles per axis, cost, warnings.
 *
 * @returns several lines, plain text, at most 110 columns
 */
export function explainPlan(plan: Plan, context: ExplainContext): string {
  const lines = [
    `${plan.axes} ${plan.shape.join(" × ")}${context.modelName === undefined ? "" : `, model ${context.modelName}`}: ${plan.count} network ${plan.count === 1 ? "call" : "calls"}.`,
    "",
  ];
  for (let i = 0; i < plan.axes.length; i++) lines.push(...explainAxis(plan, i, context.padding), "");
  lines.push(...explainSize(plan), "", ...explainCost(plan));
  for (const warning of plan.warnings)
    lines.push("", `Warning: ${warning.message}.`, `  To fix: ${warning.fix}.`);
  return lines.join("\n");
}

const nouns: Record<string, readonly [string, string]> = {
  Z: ["slice", "slices"],
  T: ["frame", "frames"],
};
const modeWords: Record<PaddingMode, string> = {
  reflect: "reflected",
  symmetric: "mirrored",
  edge: "repeated",
  zero: "zero",
};

function explainAxis(plan: Plan, i: number, padding: PaddingMode): string[] {
  const axis = plan.axes[i];
  const length = plan.shape[i];
  if (plan.roles[i] === "whole") return [`${axis}  ${length}: every tile holds all channels.`];
  if (plan.roles[i] === "each") {
    const [one, many] = nouns[axis] ?? ["entry", "entries"];
    return [
      `${axis}  ${length}: each ${one} is predicted on its own, ${length} ${length === 1 ? one : many}.`,
    ];
  }
  return [`${axis}  ${paddingSentence(plan, i, padding)} ${cutSentence(plan, i)}`, ...drawAxis(plan, i)];
}

function paddingSentence(plan: Plan, i: number, padding: PaddingMode): string {
  const [before, after] = plan.padding[i];
  if (before + after === 0) return `${plan.shape[i]} px, no padding needed.`;
  const [one, many] = nouns[plan.axes[i]] ?? ["px", "px"];
  const added = before + after;
  const where =
    before === 0 ? "after the last" : after === 0 ? "before the first" : `${before} before, ${after} after`;
  return (
    `${plan.shape[i]} → ${plan.paddedShape[i]} by ${added === 1 ? "one" : added} ${modeWords[padding]} ` +
    `${added === 1 ? one : many} (${where}), so that the length is a multiple of the block ${plan.block[i]}.`
  );
}

function cutSentence(plan: Plan, i: number): string {
  const count = plan.tilesPerAxis[i];
  if (count === 1) return "Uncut.";
  const sizes = [...new Set(axisRows(plan, i).map(({ read }) => read[1] - read[0]))].sort((a, b) => a - b);
  return (
    `${count} tiles of ${sizes.length === 1 ? sizes[0] : `${sizes[0]} to ${sizes[sizes.length - 1]}`} px; ` +
    `${plan.overlap[i]} px discarded per side, ${2 * plan.overlap[i]} px shared by neighbours.`
  );
}

interface Row {
  readonly read: readonly [number, number];
  readonly write: readonly [number, number];
}

/** The distinct tiles along one axis, in order. */
function axisRows(plan: Plan, i: number): Row[] {
  const rows = new Map<number, Row>();
  for (const { read, write } of plan.tiles) rows.set(write[i][0], { read: read[i], write: write[i] });
  return [...rows.values()].sort((a, b) => a.write[0] - b.write[0]);
}

/** One row per tile: `=` kept, `-` read and discarded. */
function drawAxis(plan: Plan, i: number): string[] {
  const length = plan.paddedShape[i];
  const at = (px: number): number => Math.round((px / length) * DRAWING_WIDTH);
  const rows = axisRows(plan, i);
  if (rows.length < 2) return [];
  const digits = String(length).length;
  const number = (px: number): string => String(px).padStart(digits);
  const shown = rows.length <= MOST_ROWS ? rows : [...rows.slice(0, MOST_ROWS - 2), ...rows.slice(-1)];
  const drawn = shown.map(({ read, write }) => {
    const picture =
      " ".repeat(at(read[0])) +
      "-".repeat(at(write[0]) - at(read[0])) +
      "=".repeat(at(write[1]) - at(write[0])) +
      "-".repeat(at(read[1]) - at(write[1]));
    return `   |${picture.padEnd(DRAWING_WIDTH)}|  reads ${number(read[0])}…${number(read[1])}  keeps ${number(write[0])}…${number(write[1])}`;
  });
  if (shown.length < rows.length) drawn.splice(-1, 0, `   … ${rows.length - shown.length} more …`);
  return drawn;
}

function explainSize(plan: Plan): string[] {
  const tiled = plan.axes.split("").flatMap((_, i) => (plan.roles[i] === "tiled" ? [i] : []));
  if (tiled.length === 0) return ["Nothing is tiled."];
  const groups = new Map<string, string>();
  for (const i of tiled) {
    const key = `block ${plan.block[i]} px, context ${plan.context[i]} px → overlap ${plan.overlap[i]} px`;
    groups.set(key, (groups.get(key) ?? "") + plan.axes[i]);
  }
  const lines = ["Why the overlap is that size:"];
  for (const [text, axes] of groups) lines.push(`  ${axes}: ${text}.`);
  const first = tiled[0];
  lines.push(
    `  A pixel at a tile border depends on up to ${plan.context[first]} px beyond it (half the network's receptive field),`,
    `  and the network commutes only with shifts by its block of ${plan.block[first]} px: tiles start and end on that grid,`,
    "  and the overlap is rounded up to whole blocks.",
    plan.exact
      ? "  Both hold here, so the tiled prediction equals the untiled one."
      : "  Not all of that holds here: the tiled prediction differs from the untiled one.",
  );
  if (plan.careOverlap !== null) {
    lines.push(
      `  CSBDeep's table says ${tiled.map((i) => `${plan.axes[i]} ${plan.careOverlap?.[i] ?? "-"}`).join(", ")} px.`,
    );
  }
  return lines;
}

function explainCost(plan: Plan): string[] {
  const percent = (fraction: number): string => (fraction * 100).toFixed(1);
  return [
    `Cost: ${plan.count} network ${plan.count === 1 ? "call" : "calls"}; ${percent(plan.keptFraction)} % of the computed voxels are kept, ` +
      `${percent(1 - plan.keptFraction)} % of the work is overlap.`,
    `Memory: about ${Math.ceil(plan.peakBytes / 2 ** 20)} MiB for one tile.`,
  ];
}
