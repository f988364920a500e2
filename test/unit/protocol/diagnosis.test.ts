import { describe, expect, test } from "vitest";
import { checkFigure, checkFinding, checkFormat, checkPlace } from "../../../src/protocol/diagnosis";

const stack = { axes: "ZYX", shape: [4, 30, 40] };
const refusal = expect.objectContaining({ code: "viewer.badMessage" }) as unknown;

function refused(check: () => unknown): void {
  let thrown: unknown;
  try {
    check();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toEqual(refusal);
}

describe("the panel of a diagnosis", () => {
  test("may name a finding that there is", () => {
    expect(checkFinding(2, 3)).toBe(2);
    for (const value of [3, -1, 0.5, "0", null, undefined, NaN, { valueOf: () => 0 }])
      refused(() => checkFinding(value, 3));
    refused(() => checkFinding(0, 0));
  });

  test("may name a plot that there is", () => {
    expect(checkFigure("excess-y", ["excess-x", "excess-y"])).toBe("excess-y");
    for (const value of ["../x", "", 0, null, ["excess-y"]]) refused(() => checkFigure(value, ["excess-y"]));
  });

  test("may ask for HTML or Markdown", () => {
    expect(checkFormat("html")).toBe("html");
    for (const value of ["pdf", "HTML", null, 1]) refused(() => checkFormat(value));
  });

  test("may name a place inside the stack", () => {
    expect(checkPlace({}, stack)).toEqual({});
    expect(checkPlace({ Z: [0, 4], X: [39, 40] }, stack)).toEqual({ Z: [0, 4], X: [39, 40] });
  });

  test.each([
    null,
    [],
    "Y",
    { C: [0, 1] },
    { ZY: [0, 1] },
    { "": [0, 1] },
    { Y: [0, 31] },
    { Y: [-1, 3] },
    { Y: [3, 3] },
    { Y: [0.5, 3] },
    { Y: [0] },
    { Y: "03" },
    { Y: [0, NaN] },
    { Y: null },
    Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`A${i}`, [0, 1]])),
  ])("may not name the place %j", (place) => refused(() => checkPlace(place, stack)));
});
