import { describe, expect, test } from "vitest";
import type { SeamFigures } from "../../../src/diagnose/diagnosis";
import { SEAM_COLUMNS, firstOrder, nextOrder, sortedSeams } from "../../../webview/diagnosis/seamOrder";
import { EMPTY, MARKED, manySeams } from "../../support/diagnosis";

const seam = (axis: string, position: number, disagreement: number | null): SeamFigures => ({
  ...MARKED.seams[0],
  ...{ axis, position, disagreement, known: disagreement !== null },
});
const seams = [
  seam("Y", 64, 0.5),
  seam("X", 8, null),
  seam("Y", 9, 0.5),
  seam("X", 100, 0.7),
  seam("Y", 8, null),
];
const names = (sorted: readonly SeamFigures[]): string[] =>
  sorted.map(({ axis, position }) => `${axis}${position}`);

describe("the seam table", () => {
  test("sorts numbers as numbers, and equal ones by axis and position", () => {
    expect(names(sortedSeams(seams, { column: "position", direction: "ascending" }))).toEqual([
      ...["X8", "Y8", "Y9", "Y64", "X100"],
    ]);
    expect(names(sortedSeams(seams, { column: "axis", direction: "descending" }))).toEqual([
      ...["Y8", "Y9", "Y64", "X8", "X100"],
    ]);
  });

  test.each(["ascending", "descending"] as const)("puts what was not measured last, %s", (direction) => {
    const sorted = names(sortedSeams(seams, { column: "disagreement", direction }));
    expect(sorted.slice(3)).toEqual(["X8", "Y8"]);
    expect(sorted.slice(0, 3)).toEqual(
      direction === "ascending" ? ["Y9", "Y64", "X100"] : ["X100", "Y9", "Y64"],
    );
  });

  test("keeps every seam, whatever it is sorted by", () => {
    const { seams: many } = manySeams(300);
    for (const { id: column } of SEAM_COLUMNS)
      expect(names(sortedSeams(many, { column, direction: "descending" })).sort()).toEqual(
        names(many).sort(),
      );
  });

  test("comes sorted by what was measured best, worst first", () => {
    expect(firstOrder(MARKED.seams)).toEqual({ column: "error", direction: "descending" });
    const recorded = MARKED.seams.map((one) => ({ ...one, error: null }));
    expect(firstOrder(recorded).column).toBe("disagreement");
    expect(firstOrder(EMPTY.seams)).toEqual({ column: "position", direction: "ascending" });
  });

  test("turns around when the heading it is sorted by is pressed, and begins with what is asked most", () => {
    const first = nextOrder({ column: "axis", direction: "descending" }, "error");
    expect(first).toEqual({ column: "error", direction: "descending" });
    expect(nextOrder(first, "error")).toEqual({ column: "error", direction: "ascending" });
    expect(nextOrder(first, "pValue").direction).toBe("ascending");
  });

  test("says in words what was not measured", () => {
    const texts = SEAM_COLUMNS.map(({ text }) =>
      text({ ...seam("Y", 9, null), excess: null, pValue: null, error: null }),
    );
    expect(texts).toEqual(["Y", "9", "pixels", "–", "–", "–", "–"]);
  });
});
