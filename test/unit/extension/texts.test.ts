import { expect, test } from "vitest";
import { checkWish, overlapText, planHeadline, tilesText } from "../../../extension/planText";
import { batchProgressText, durationText, progressText } from "../../../extension/progressText";
import { checkViewReport, checkViewerCommand } from "../../../src/protocol/viewerChecks";
import { makePlan } from "../../../src/tiling/plan";
import type { PlanAxis } from "../../../src/tiling/plan";

const axis = (name: string, length: number): PlanAxis => ({
  axis: name,
  length,
  role: "tiled",
  block: 4,
  context: 22,
  careOverlap: 24,
});

const plan = makePlan({
  axes: [axis("Z", 31), axis("Y", 1024), axis("X", 1024)],
  wishes: { tiles: [1, 3, 4], overlap: "auto", block: "auto", guarantee: "size" },
  blockers: [],
  bytes: () => 0,
  memoryLimit: Infinity,
});

test("the plan of the forum's question is told in one line", () => {
  const reply = { plan, text: "", estimatedSeconds: 100, engine: { name: "onnxruntime", device: "CPU" } };
  expect(planHeadline(plan, reply)).toBe("12 tiles of 32 × 376 × 292 px, about 1 min 40 s on CPU");
  expect(tilesText(plan)).toBe("Z 1, Y 3, X 4");
  expect(overlapText(plan)).toBe("Y 24 px, X 24 px (needed: Y 22, X 22)");
});

test.each(["auto", "3", "1,3,4", "1, 3, 4", "Y=3,X=4", "y=3"])("%s is a wish for tiles", (text) => {
  expect(checkWish(text, "ZYX", ["auto"])).toBeNull();
});

test.each(["", "care", "1,2", "C=2", "Y=", "1.5", "-1", "1,2,3,4"])(
  "%j is none, and says what is",
  (text) => {
    expect(checkWish(text, "ZYX", ["auto"])).toMatch(/auto/);
  },
);

test("progress says what, how far, how fast and how long", () => {
  const progress = {
    what: "predicting",
    done: 3,
    total: 12,
    unit: "tiles",
    perSecond: 0.5,
    secondsLeft: 18,
  } as const;
  expect(progressText(progress)).toBe("3 of 12 tiles · 2.0 s each · 18 s left");
  expect(progressText({ ...progress, perSecond: 4, secondsLeft: 200 })).toBe(
    "3 of 12 tiles · 4.0 tiles/s · 3 min 20 s left",
  );
  expect(progressText({ ...progress, what: "measuring intensities", perSecond: null })).toBe(
    "measuring intensities: 3 of 12 tiles · 18 s left",
  );
  expect(progressText({ ...progress, total: 0, perSecond: null, secondsLeft: null })).toBe("predicting");
});

test("progress of a batch says which file, and how long all will take", () => {
  const within = {
    what: "predicting",
    done: 5,
    total: 9,
    unit: "tiles",
    perSecond: 2,
    secondsLeft: 2,
  } as const;
  const progress = { file: "/data/a.tif", number: 3, files: 12, within, fraction: 0.2, secondsLeft: 240 };
  expect(batchProgressText(progress)).toBe("file 3 of 12, a.tif · 5 of 9 tiles · 4 min left in all");
  expect(batchProgressText({ ...progress, within: null, secondsLeft: null })).toBe("file 3 of 12, a.tif");
});

test.each([
  [0.2, "less than a second"],
  [59.4, "59 s"],
  [120, "2 min"],
  [3600, "1 h"],
  [7500, "2 h 5 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test("a viewer can start its own commands only", () => {
  expect(checkViewerCommand({ command: "predictTiled" })).toBe("predictTiled");
  for (const command of ["workbench.action.quit", "toString", 3, undefined]) {
    expect(() => checkViewerCommand({ command })).toThrow("no command");
  }
});

test("what a viewer claims to show is taken only when the stack has it", () => {
  const lengths = { t: 1, z: 3, c: 1, y: 10, x: 10 };
  const view = {
    plane: { t: 0, z: 2, c: 0 },
    region: { y: [0, 10], x: [5, 10] },
    contrast: { low: 0, high: 1 },
    zoom: 2,
  };
  expect(checkViewReport(view, lengths)).toEqual(view);
  expect(checkViewReport({ ...view, plane: { t: 0, z: 3, c: 0 } }, lengths)).toBeNull();
  expect(checkViewReport({ ...view, region: { y: [0, 11], x: [0, 1] } }, lengths)).toBeNull();
  expect(checkViewReport("view", lengths)).toBeNull();
});
