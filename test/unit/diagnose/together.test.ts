import { describe, expect, test } from "vitest";
import type { Finding, SeamFigures } from "../../../src/diagnose/diagnosis";
import { plannedGrids } from "../../../src/diagnose/places";
import { findingsTogether, seamsTogether } from "../../../src/diagnose/together";

const seam = (axis: string, position: number, more: Partial<SeamFigures> = {}): SeamFigures => ({
  axis,
  position,
  known: true,
  disagreement: null,
  profile: null,
  excess: null,
  pValue: null,
  error: null,
  ...more,
});
const finding = (cause: Finding["cause"], axis: string | null, evidence: string = cause): Finding => ({
  cause,
  certainty: "measured",
  axis,
  where: {},
  magnitude: null,
  evidence,
  cure: { text: "", options: null, command: null },
});

describe("what run and pixels say about a seam", () => {
  test("is one entry", () => {
    const recorded = [seam("Y", 10, { disagreement: 0.1 }), seam("X", 20, { disagreement: 0.2 })];
    const seen = [seam("X", 20, { excess: 7, pValue: 0.001 }), seam("X", 33, { known: false, excess: 9 })];
    expect(seamsTogether(recorded, seen)).toEqual([
      recorded[0],
      { ...recorded[1], excess: 7, pValue: 0.001 },
    ]);
  });

  test("is left out where only a guessed grid puts it beside the planned one", () => {
    const recorded = [seam("X", 20)];
    const guessed = seam("X", 33, { known: false, excess: 0.4, pValue: 1 });
    const certain = seam("X", 47, { known: false, excess: 9, pValue: 0.0001 });
    const unplanned = seam("Y", 33, { known: false, excess: 0.4, pValue: 1 });
    expect(seamsTogether(recorded, [guessed, certain, unplanned])).toEqual([recorded[0], certain, unplanned]);
  });
});

describe("what the pixels show", () => {
  const nothingCleared = (): boolean => false;

  test("becomes evidence of the finding that explains it, and no second finding", () => {
    const caused = [finding("overlap-too-small", "X")];
    const { findings, notes } = findingsTogether(
      { caused, seen: [finding("unknown", "X", "every 85 px")] },
      [],
      null,
      nothingCleared,
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      cause: "overlap-too-small",
      evidence: expect.stringContaining("every 85 px"),
    });
    expect(notes).toEqual([]);
  });

  test.each(["unknown", "tile-normalization"] as const)(
    "is told of the planned seams, not of the grid that the pixels guess (%s)",
    (cause) => {
      const seams = [seam("X", 68, { excess: 6.9 }), seam("X", 128, { excess: 1.3 })];
      const seen = [finding(cause, "X", "every 40 px from 68")];
      const { findings } = findingsTogether(
        { caused: [finding("overlap-too-small", "X")], seen },
        seams,
        null,
        nothingCleared,
      );
      expect(findings).toHaveLength(1);
      expect(findings[0].evidence).toMatch(/in the pixels: the step at X 68 exceeds .* 6\.9 robust/);
      expect(findings[0].evidence).not.toContain("every 40");
    },
  );

  test("elsewhere than at the planned seams is a finding of its own", () => {
    const seen = [finding("unknown", "X", "a step at X 100")];
    const { findings } = findingsTogether(
      { caused: [finding("overlap-too-small", "X")], seen },
      [seam("X", 68, { excess: 0.3 })],
      null,
      nothingCleared,
    );
    expect(findings.map(({ evidence }) => evidence)).toEqual(["overlap-too-small", "a step at X 100"]);
  });

  test("across another axis stays a finding", () => {
    const caused = [finding("overlap-too-small", "X")];
    const { findings } = findingsTogether(
      { caused, seen: [finding("unknown", "Y")] },
      [],
      null,
      nothingCleared,
    );
    expect(findings.map(({ cause }) => cause)).toEqual(["overlap-too-small", "unknown"]);
  });

  test("becomes a note where the tiles of the run cannot have made it", () => {
    const { findings, notes } = findingsTogether(
      { caused: [], seen: [finding("unknown", "Y", "every 64 px")] },
      [],
      null,
      (axis) => axis === "Y",
    );
    expect(findings).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^every 64 px.*look at the input/)]);
  });

  test("of values and not of seams stays a finding whatever the plan says", () => {
    const seen = [finding("integer-wrap", null), finding("missing-tile", null)];
    const { findings } = findingsTogether(
      { caused: [finding("overlap-too-small", "X")], seen },
      [],
      null,
      () => true,
    );
    expect(findings.map(({ cause }) => cause)).toEqual(["overlap-too-small", "integer-wrap", "missing-tile"]);
  });
});

describe("the grid of planned seams", () => {
  test("is their distance and the first of them, where they are regular", () => {
    const known = { Z: [16], Y: [68, 128, 188], X: [68, 128, 200] };
    expect(plannedGrids(known)).toEqual({ Z: null, Y: { period: 60, offset: 68 }, X: null });
  });
});
