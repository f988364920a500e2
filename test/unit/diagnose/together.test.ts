import { describe, expect, test } from "vitest";
import type { Finding, SeamFigures } from "../../../src/diagnose/diagnosis";
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
      seen[1],
    ]);
  });
});

describe("what the pixels show", () => {
  const nothingCleared = (): boolean => false;

  test("becomes evidence of the finding that explains it, and no second finding", () => {
    const caused = [finding("overlap-too-small", "X")];
    const { findings, notes } = findingsTogether(
      caused,
      [finding("unknown", "X", "every 85 px")],
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

  test("across another axis stays a finding", () => {
    const caused = [finding("overlap-too-small", "X")];
    const { findings } = findingsTogether(caused, [finding("unknown", "Y")], null, nothingCleared);
    expect(findings.map(({ cause }) => cause)).toEqual(["overlap-too-small", "unknown"]);
  });

  test("becomes a note where the tiles of the run cannot have made it", () => {
    const { findings, notes } = findingsTogether(
      [],
      [finding("unknown", "Y", "every 64 px")],
      null,
      (axis) => axis === "Y",
    );
    expect(findings).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^every 64 px.*look at the input/)]);
  });

  test("of values and not of seams stays a finding whatever the plan says", () => {
    const seen = [finding("integer-wrap", null), finding("missing-tile", null)];
    const { findings } = findingsTogether([finding("overlap-too-small", "X")], seen, null, () => true);
    expect(findings.map(({ cause }) => cause)).toEqual(["overlap-too-small", "integer-wrap", "missing-tile"]);
  });
});
