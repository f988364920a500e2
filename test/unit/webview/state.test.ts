import { expect, test } from "vitest";
import { levelOf } from "../../../webview/draw/renderer";
import { History } from "../../../webview/history";
import { KEY_TABLE, entryOf } from "../../../webview/keys";
import type { KeyActions } from "../../../webview/keys";
import { keyName } from "../../../webview/panels/keyNames";
import { restoreState, savedSeries } from "../../../webview/restore";
import { initialLayerLook, initialState, shownChannels, stepPlane, withLimits } from "../../../webview/state";
import type { ViewerState } from "../../../webview/state";
import { formatFacts, formatPosition, formatValue } from "../../../webview/texts";
import { description, lengths, preferences } from "./shownStack";

test("a stack opens at its middle slice, whole", () => {
  expect(initialState(description, preferences)).toMatchObject({ plane: { t: 0, z: 15, c: 0 }, view: null });
});

test("a remembered state comes back as it was", () => {
  const state = withLimits(
    {
      ...initialState(description, preferences),
      plane: { t: 2, z: 30, c: 1 },
      view: { centerX: 1, centerY: 2, zoom: 3 },
    },
    1,
    { low: 5, high: 9 },
  );
  expect(restoreState(structuredClone(state), description, preferences)).toEqual(state);
});

test("a remembered plane that a smaller file no longer has is moved inside it", () => {
  const state = { ...initialState(description, preferences), plane: { t: 2, z: 30, c: 1 } };
  expect(
    restoreState(state, { ...description, lengths: { ...lengths, z: 10, c: 1 } }, preferences).plane,
  ).toEqual({ t: 2, z: 9, c: 0 });
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
  const state = restoreState(saved, description, preferences);
  expect(state.plane.z).toBeGreaterThanOrEqual(0);
  expect(state.view).toBeNull();
  expect(state.channels.map(({ limits }) => limits)).toEqual([null, null]);
});

test("remembered percentiles come back, and the usual ones in place of nonsense", () => {
  const state = initialState(description, preferences);
  const restored = (percentiles: unknown): unknown =>
    restoreState({ ...state, percentiles }, description, preferences).percentiles;
  expect(restored({ low: 5, high: 60 })).toEqual({ low: 5, high: 60 });
  for (const nonsense of [
    undefined,
    { low: 60, high: 5 },
    { low: -1, high: 5 },
    { low: 0, high: 101 },
    [1, 2],
  ])
    expect(restored(nonsense)).toEqual({ low: 0.3, high: 99.7 });
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
  const state = withLimits({ ...initialState(description, preferences), keepContrast: false }, 0, {
    low: 1,
    high: 2,
  });
  expect(state.channels.map(({ limits }) => limits)).toEqual([{ low: 1, high: 2 }, null]);
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

test("levels run from 0 at the low limit to 255 at the high one, also upside down, and bend with gamma", () => {
  const level = (value: number, low: number, high: number, gamma = 1): number =>
    levelOf(value, { limits: { low, high }, gamma });
  expect([0, 10, 15, 20, 99].map((value) => level(value, 10, 20))).toEqual([0, 0, 128, 255, 255]);
  expect([10, 20].map((value) => level(value, 20, 10))).toEqual([255, 0]);
  expect([4, 5, 6].map((value) => level(value, 5, 5))).toEqual([0, 128, 255]);
  expect([-Infinity, Infinity].map((value) => level(value, 10, 20))).toEqual([0, 255]);
  expect([0, 25, 100].map((value) => level(value, 0, 100, 0.5))).toEqual([0, 128, 255]);
});

/** Actions that write down what was done. */
function recordedActions(done: string[]): KeyActions {
  return new Proxy({} as KeyActions, {
    get:
      (_, name: string) =>
      (...args: readonly unknown[]) =>
        done.push([name, ...args].join(" ")),
  });
}

test("Fiji's keys step through slices, and other keys are left alone", () => {
  const done: string[] = [];
  const actions = recordedActions(done);
  for (const key of [".", ",", "ArrowRight", "c", "T", "0", "1", "a", "End", "Ctrl+z", "3"])
    entryOf(key)?.run(actions, key.replace("Ctrl+", ""));
  expect(done).toEqual([
    "step z 1",
    "step z -1",
    "step z 1",
    "step c 1",
    "step t -1",
    "fit",
    "oneToOne",
    "autoContrast",
    "jump z last",
    "undo",
    "toggleChannel 1",
  ]);
  expect(entryOf("F1")).toBeNull();
  expect(entryOf("Ctrl+a")).toBeNull();
  expect(entryOf("toString")).toBeNull();
});

test("no key does two things, and all have a name for people", () => {
  const keys = Object.values(KEY_TABLE)
    .flat()
    .flatMap((entry) => entry.keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(["c", "C", "Ctrl+z", "Ctrl+Z", "ArrowRight", "?"].map(keyName)).toEqual([
    "C",
    "Shift+C",
    "Ctrl+Z",
    "Ctrl+Shift+Z",
    "→",
    "?",
  ]);
});

test("channels come in the file's colours as a composite, else gray one by one", () => {
  const colored = {
    ...description,
    channels: [
      { name: "a", color: "#ff0000" },
      { name: "b", color: "#00ff00" },
    ],
  };
  const state = initialState(colored, preferences);
  expect(state.mode).toBe("composite");
  expect(state.channels.map(({ lut }) => lut)).toEqual(["#ff0000", "#00ff00"]);
  expect(shownChannels(state)).toEqual([0, 1]);
  const plain = initialState(description, preferences);
  expect(plain.mode).toBe("gray");
  expect(shownChannels({ ...plain, plane: { t: 0, z: 0, c: 1 } })).toEqual([1]);
});

test("everything that was chosen comes back, except what cannot be", () => {
  const chosen: ViewerState = {
    ...initialState(description, preferences),
    isOrthogonal: true,
    projection: { method: "mean", z: [3, 7] },
    mode: "composite",
    line: { from: { y: 1.5, x: 2 }, to: { y: 3, x: 4 } },
    rectangle: { y: [1, 5], x: [2, 9] },
    layers: { "2": { ...initialLayerLook(description), opacity: 0.25 } },
    comparison: { layer: 2, mode: "difference", at: 0.25, limit: 12 },
    side: "measure",
    hiddenLabels: [3, 70000],
    pickedLabel: 5,
  };
  expect(restoreState(structuredClone(chosen), description, preferences)).toEqual(chosen);
  const smaller = { ...description, lengths: { t: 1, z: 1, c: 1, y: 4, x: 4 } };
  const restored = restoreState(structuredClone(chosen), smaller, preferences);
  expect(restored).toMatchObject({ projection: null, rectangle: null, isOrthogonal: false });
  expect(restored.channels).toHaveLength(1);
});

test("undo goes back over changes of one kind at once, and redo comes again", () => {
  let now = 0;
  const history = new History<number>(() => now);
  history.leave(0, "zoom");
  now = 100;
  history.leave(1, "zoom");
  now = 200;
  history.leave(2, "contrast");
  now = 5000;
  history.leave(3, "contrast");
  expect(history.undo(4)).toBe(3);
  expect(history.undo(3)).toBe(2);
  expect(history.undo(2)).toBe(0);
  expect(history.undo(0)).toBeNull();
  expect([history.redo(0), history.redo(2), history.redo(3), history.redo(4)]).toEqual([2, 3, 4, null]);
  history.undo(4);
  history.leave(9, "pan");
  expect(history.canRedo).toBe(false);
});
