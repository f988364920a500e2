/**
 * Columns and order of the seam table. Pure.
 * @module
 */
import type { SeamFigures } from "../../src/diagnose/diagnosis";
import { fractionText, numberText, probabilityText } from "../../src/diagnose/words";

/** One column of the table. */
export interface SeamColumn {
  readonly id: "axis" | "position" | "known" | "disagreement" | "excess" | "pValue" | "error";
  readonly head: string;
  /** What the figures are, for the tool tip. */
  readonly title: string;
  readonly isNumber: boolean;
  /** Which way the table is sorted first when its heading is pressed. */
  readonly first: Direction;
  readonly text: (seam: SeamFigures) => string;
}

/** Ways to sort. */
export type Direction = "ascending" | "descending";

/** What the table is sorted by. */
export interface SeamOrder {
  readonly column: SeamColumn["id"];
  readonly direction: Direction;
}

/** The columns of the table. */
export const SEAM_COLUMNS: readonly SeamColumn[] = [
  {
    id: "axis",
    head: "Axis",
    title: "The axis that the seam lies across",
    isNumber: false,
    first: "ascending",
    text: ({ axis }) => axis,
  },
  {
    id: "position",
    head: "Position",
    title: "First px after the seam",
    isNumber: true,
    first: "ascending",
    text: ({ position }) => String(position),
  },
  {
    id: "known",
    head: "From",
    title: "Whether the plan says that tiles meet here, or only the pixels do",
    isNumber: false,
    first: "ascending",
    text: ({ known }) => (known ? "plan" : "pixels"),
  },
  {
    id: "disagreement",
    head: "Disagreement",
    title: "Largest difference of the two tiles at their last kept px, part of the range",
    isNumber: true,
    first: "descending",
    text: ({ disagreement }) => fractionText(disagreement),
  },
  {
    id: "error",
    head: "Error",
    title: "Largest error at the probes of this seam, part of the range",
    isNumber: true,
    first: "descending",
    text: ({ error }) => fractionText(error),
  },
  {
    id: "excess",
    head: "Excess",
    title: "Step across the seam over those beside it, robust standard deviations",
    isNumber: true,
    first: "descending",
    text: ({ excess }) => numberText(excess),
  },
  {
    id: "pValue",
    head: "p",
    title: "Probability of such an excess without a seam, corrected for the number of planes tried",
    isNumber: true,
    first: "ascending",
    text: ({ pValue }) => probabilityText(pValue),
  },
];

/** The order in which the table comes first: what was measured best, worst first. */
export function firstOrder(seams: readonly SeamFigures[]): SeamOrder {
  const column = (["error", "disagreement", "excess"] as const).find((id) =>
    seams.some((seam) => seam[id] !== null),
  );
  return column === undefined
    ? { column: "position", direction: "ascending" }
    : { column, direction: "descending" };
}

/** The order after a heading was pressed: the other way round when it was sorted by it already. */
export function nextOrder(now: SeamOrder, column: SeamColumn["id"]): SeamOrder {
  const first = SEAM_COLUMNS.find(({ id }) => id === column)?.first ?? "ascending";
  if (now.column !== column) return { column, direction: first };
  return { column, direction: now.direction === "ascending" ? "descending" : "ascending" };
}

/** Seams in an order; those without the figure come last either way, equal ones by axis and position. */
export function sortedSeams(seams: readonly SeamFigures[], { column, direction }: SeamOrder): SeamFigures[] {
  const sign = direction === "ascending" ? 1 : -1;
  return [...seams].sort((a, b) => {
    const [left, right] = [a[column], b[column]];
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1;
    } else if (left !== right) {
      return sign * (left < right ? -1 : 1);
    }
    return a.axis === b.axis ? a.position - b.position : a.axis < b.axis ? -1 : 1;
  });
}
