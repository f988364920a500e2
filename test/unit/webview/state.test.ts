import { expect, test } from "vitest";
import type { StackDescription, ViewerPreferences } from "../../../src/protocol/viewer";
import { actionOf } from "../../../webview/keyboard";
import { greyOf } from "../../../webview/renderer";
import {
  formatFacts,
  formatPosition,
  formatValue,
  initialState,
  restoreState,
  savedSeries,
  stepPlane,
  withLimits,
} from "../../../webview/state";

const lengths = { t: 3, z: 31, c: 2, y: 100, x: 200 };
const preferences: ViewerPreferences = {
  contrast: "auto",
  keepContrast: true,
  engine: "auto",
  canPredict: true,
};
const description: StackDescription = {
  name: "a.tif",
  series: { index: 0, count: 1 },
  axes: "TZCYX",
  shape: [3, 31, 2, 100, 200],
  lengths,
  dtype: "uint16",
  storedDtype: "uint16",
  pixelSize: { x: 0.1, y: 0.1, z: 0.3, unit: "µm" },
  channels: [],
  compression: "lzw",
  flavour: "imagej",
  warnings: [],
};

test("a stack opens at its middle slice, whole", () => {
  expect(initialState(lengths, preferences)).toMatchObject({ plane: { t: 0, z: 15, c: 0 }, view: null });
});

test("a remembered state comes back as it was", () => {
  const state = withLimits(
    {
      ...initialState(lengths, preferences),
      plane: { t: 2, z: 30, c: 1 },
      view: { centerX: 1, centerY: 2, zoom: 3 },
    },
    { low: 5, high: 9 },
  );
  expect(restoreState(structuredClone(state), lengths, preferences)).toEqual(state);
});

test("a remembered plane that a smaller file no longer has is moved inside it", () => {
  const state = { ...initialState(lengths, preferences), plane: { t: 2, z: 30, c: 1 } };
  expect(restoreState(state, { ...lengths, z: 10, c: 1 }, preferences).plane).toEqual({ t: 2, z: 9, c: 0 });
});

test.each([
  undefined,
  null,
  7,
  "x",
  {},
  { plane: null },
  { plane: { z: "a" }, view: { zoom: -1 }, limits: 3 },
])("a remembered state that is %j does no harm", (saved) => {
  const state = restoreState(saved, lengths, preferences);
  expect(state.plane.z).toBeGreaterThanOrEqual(0);
  expect(state.view).toBeNull();
  expect(state.limits).toEqual({});
});

test("a remembered series is used as long as the file has it", () => {
  expect(savedSeries({ series: 2 }, 3)).toBe(2);
  for (const saved of [{ series: 3 }, { series: -1 }, { series: "1" }, {}, null])
    expect(savedSeries(saved, 3)).toBeNull();
});

test("steps stop at the ends of the stack", () => {
  const plane = { t: 0, z: 30, c: 0 };
  expect(stepPlane(plane, "z", 1, lengths)).toEqual(plane);
  expect(stepPlane(plane, "z", -100, lengths).z).toBe(0);
  expect(stepPlane(plane, "c", 1, lengths).c).toBe(1);
});

test("typed limits hold for the channel that is shown and are kept from then on", () => {
  const state = withLimits(
    { ...initialState(lengths, preferences), keepContrast: false },
    { low: 1, high: 2 },
  );
  expect(state.limits).toEqual({ "0": { low: 1, high: 2 } });
  expect(state.keepContrast).toBe(true);
});

test("values, places and facts are written for people", () => {
  expect(formatValue(65_535)).toBe("65535");
  expect(formatValue(0.123456789)).toBe("0.123457");
  expect(formatValue(NaN)).toBe("NaN");
  expect(formatPosition(description, { t: 1, z: 12, c: 0 }, { x: 340, y: 2 })).toBe(
    "t 1  z 12  c 0  y 2  x 340   (3.6, 0.2, 34 µm)",
  );
  expect(
    formatPosition({ ...description, pixelSize: null, axes: "YX" }, { t: 0, z: 0, c: 0 }, { x: 1, y: 2 }),
  ).toBe("y 2  x 1");
  expect(formatFacts(description)).toBe(
    "TZCYX 3 × 31 × 2 × 100 × 200  ·  uint16  ·  0.3 × 0.1 × 0.1 µm  ·  ImageJ TIFF, lzw",
  );
});

test("grey levels run from black at the low limit to white at the high one, also upside down", () => {
  expect([0, 10, 15, 20, 99].map((value) => greyOf(value, { low: 10, high: 20 }))).toEqual([
    0, 0, 128, 255, 255,
  ]);
  expect([10, 20].map((value) => greyOf(value, { low: 20, high: 10 }))).toEqual([255, 0]);
  expect([4, 5, 6].map((value) => greyOf(value, { low: 5, high: 5 }))).toEqual([0, 128, 255]);
});

test("Fiji's keys step through slices, and other keys are left alone", () => {
  const done: string[] = [];
  const actions = {
    step: (axis: string, by: number) => done.push(`${axis}${by}`),
    jump: (axis: string, to: string) => done.push(`${axis} ${to}`),
    zoomBy: () => done.push("zoom"),
    fit: () => done.push("fit"),
    oneToOne: () => done.push("1:1"),
    autoContrast: () => done.push("auto"),
  };
  for (const key of [".", ",", "ArrowRight", "c", "T", "0", "1", "a", "+", "End"]) actionOf(key, actions)?.();
  expect(done).toEqual(["z1", "z-1", "z1", "c1", "t-1", "fit", "1:1", "auto", "zoom", "z last"]);
  expect(actionOf("Escape", actions)).toBeNull();
  expect(actionOf("toString", actions)).toBeNull();
});
