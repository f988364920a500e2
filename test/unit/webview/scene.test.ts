import { expect, test } from "vitest";
import type { Layer, PlanePixels, StackDescription, ViewerPreferences } from "../../../src/protocol/viewer";
import type { Cooked, Ingredient, Moment, Shown } from "../../../webview/scene";
import { aspectOf, framesOf, ingredientsOf, panePlacement } from "../../../webview/scene";
import { initialLayerLook, initialState } from "../../../webview/state";
import type { Comparison, ViewerState } from "../../../webview/state";

const description: StackDescription = {
  name: "a.tif",
  series: { index: 0, count: 1 },
  axes: "ZCYX",
  shape: [9, 2, 40, 60],
  lengths: { t: 1, z: 9, c: 2, y: 40, x: 60 },
  dtype: "uint16",
  storedDtype: "uint16",
  pixelSize: { x: 0.5, y: 0.5, z: 2, unit: "µm" },
  channels: [
    { name: "a", color: "#ff0000" },
    { name: "b", color: "#00ff00" },
  ],
  compression: "none",
  flavour: "ome",
  warnings: [],
};
const preferences: ViewerPreferences = {
  contrast: "auto",
  keepContrast: false,
  engine: "auto",
  canPredict: true,
};
const flat: Layer = {
  layer: 3,
  description: { ...description, lengths: { t: 1, z: 1, c: 1, y: 40, x: 60 }, dtype: "float32" },
};
const shown: Shown = { description, layers: [flat] };
const start = initialState(description, preferences);
const compared = (mode: Comparison["mode"], at = 0.25): ViewerState => ({
  ...start,
  comparison: { layer: 3, mode, at, limit: null },
});
const short = ({ role, source, limitSource }: Ingredient): string => {
  const { section, projection } = source;
  const cut = section === undefined ? "" : ` ${section.direction}${section.at}`;
  const over = projection === undefined ? "" : ` ${projection.method}`;
  return `${role} ${source.layer ?? 0}:z${source.plane.z}c${source.plane.c}${cut}${over} of z${limitSource.plane.z}`;
};

test("a composite has every visible channel, a single channel only the one in hand", () => {
  expect(ingredientsOf(start, "xy", shown).map(short)).toEqual(["own 0:z4c0 of z4", "own 0:z4c1 of z4"]);
  expect(ingredientsOf({ ...start, mode: "gray" }, "xy", shown).map(short)).toEqual(["own 0:z4c0 of z4"]);
  const hidden = { ...start, channels: [{ ...start.channels[0], visible: false }, start.channels[1]] };
  expect(ingredientsOf(hidden, "xy", shown).map(short)).toEqual(["own 0:z4c1 of z4"]);
});

test("sections cut where the cursor is and have the limits of the plane", () => {
  const state = { ...start, mode: "gray", cursor: { y: 7, x: 11 } } as const;
  expect(ingredientsOf(state, "xz", shown).map(short)).toEqual(["own 0:z4c0 xz7 of z4"]);
  expect(ingredientsOf(state, "yz", shown).map(short)).toEqual(["own 0:z4c0 yz11 of z4"]);
});

test("a layer that lacks slices or channels repeats those it has, and is not projected over slices it lacks", () => {
  const state: ViewerState = {
    ...start,
    mode: "gray",
    projection: { method: "max", z: [0, 9] },
    layers: { "3": initialLayerLook(flat.description) },
  };
  expect(ingredientsOf(state, "xy", shown).map(short)).toEqual(["own 0:z4c0 max of z4", "over 3:z0c0 of z0"]);
});

test("a comparison shows the other stack with the same limits, and not laid over the picture as well", () => {
  const state = { ...compared("swipe"), layers: { "3": initialLayerLook(flat.description) } };
  expect(ingredientsOf(state, "xy", shown).map(short)).toEqual([
    "own 0:z4c0 of z4",
    "own 0:z4c1 of z4",
    "other 3:z0c0 of z4",
    "other 3:z0c0 of z4",
  ]);
});

const pixels = (values: readonly number[]): PlanePixels => ({
  plane: start.plane,
  region: { y: [0, 1], x: [0, values.length] },
  step: { y: 1, x: 1 },
  width: values.length,
  height: 1,
  data: Float32Array.from(values),
});

function framesWith(state: ViewerState, moment: Partial<Moment> = {}) {
  const cooked = ingredientsOf(state, "xy", shown).map((one): Cooked => ({
    ...one,
    pixels: pixels(one.role === "own" ? [1, 2, NaN] : [4, -2, 7]),
    shownLimits: { low: 0, high: 10 },
  }));
  const placement = { centerX: 0, centerY: 0, zoomX: 1, zoomY: 1 };
  return framesOf(cooked, placement, 200, {
    width: 100,
    comparison: state.comparison,
    isOther: false,
    hiddenLabels: new Set(),
    pickedLabel: null,
    ...moment,
  });
}

test("a swipe shows one stack left of its border and the other right of it", () => {
  expect(framesWith(compared("swipe")).map(({ columns, layers }) => [columns, layers.length])).toEqual([
    [[0, 50], 2],
    [[50, 200], 2],
  ]);
});

test("stacks beside each other have half of the pane each, and the same place in the middle of it", () => {
  const frames = framesWith(compared("beside"));
  expect(frames.map(({ columns, placement }) => [columns, placement.centerX])).toEqual([
    [[0, 100], 25],
    [[100, 200], -25],
  ]);
  expect(frames.map(({ layers }) => layers[0].pixels.data[0])).toEqual([1, 4]);
});

test("a blend shares the light between both, a flicker shows one of them", () => {
  expect(framesWith(compared("blend"))[0].layers.map(({ opacity }) => opacity)).toEqual([
    0.75, 0.75, 0.25, 0.25,
  ]);
  expect(framesWith(compared("flicker"))[0].layers[0].pixels.data[0]).toBe(1);
  expect(framesWith(compared("flicker"), { isOther: true })[0].layers[0].pixels.data[0]).toBe(4);
});

test("a difference has a scale of its own, as large on both sides, and leaves NaN out", () => {
  const [{ layers }] = framesWith(compared("difference"));
  expect(layers).toMatchObject([{ kind: "difference", scale: { limits: { low: -4, high: 4 }, gamma: 1 } }]);
});

test("voxels are drawn to scale, and nonsense in the file is not believed", () => {
  expect(aspectOf(description)).toEqual({ y: 1, z: 4 });
  expect(aspectOf({ ...description, pixelSize: { x: 0.5, y: null, z: 1e9, unit: "µm" } })).toEqual({
    y: 1,
    z: 50,
  });
  expect(aspectOf({ ...description, pixelSize: null })).toEqual({ y: 1, z: 1 });
});

test("sections follow the view of the planes, and show all slices when they fit", () => {
  const view = { centerX: 30, centerY: 20, zoom: 2 };
  const place = { aspect: { y: 1, z: 4 }, z: 7, depth: 9 };
  expect(panePlacement("xz", view, { ...place, screen: { width: 300, height: 100 } })).toEqual({
    centerX: 30,
    centerY: 4.5,
    zoomX: 2,
    zoomY: 8,
  });
  expect(panePlacement("yz", view, { ...place, screen: { width: 40, height: 100 } })).toEqual({
    centerX: 7.5,
    centerY: 20,
    zoomX: 8,
    zoomY: 2,
  });
});
