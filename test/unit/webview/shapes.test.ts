import { expect, test } from "vitest";
import type { StackDescription } from "../../../src/protocol/viewer";
import {
  formatLength,
  formatRectangle,
  gripAt,
  lineFacts,
  movedLine,
  movedRectangle,
  spanOf,
} from "../../../webview/shapes";
import { initialState } from "../../../webview/state";
import type { ViewerState } from "../../../webview/state";

const lengths = { t: 1, z: 5, c: 1, y: 100, x: 200 };
const description: StackDescription = {
  name: "a.tif",
  series: { index: 0, count: 1 },
  axes: "ZYX",
  shape: [5, 100, 200],
  lengths,
  dtype: "uint16",
  storedDtype: "uint16",
  pixelSize: { x: 0.5, y: 0.5, z: 1, unit: "µm" },
  channels: [],
  compression: "none",
  flavour: "plain",
  warnings: [],
};
const fresh = initialState(description, {
  contrast: "auto",
  keepContrast: false,
  engine: "auto",
  canPredict: true,
});
const line = { from: { x: 10, y: 10 }, to: { x: 50, y: 40 } };
const rectangle = { y: [20, 60], x: [100, 160] } as const;

/** Two screen px per px; px (100, 50) is in the middle of the screen. */
const scene = (state: Partial<ViewerState>) => ({
  state: { ...fresh, ...state },
  screen: { width: 400, height: 200 },
  placement: { centerX: 100, centerY: 50, zoomX: 2, zoomY: 2 },
});

test("ends of the line and corners of the rectangle are taken hold of with every tool", () => {
  const both = scene({ line, rectangle, tool: "move" });
  expect(gripAt({ x: 20, y: 20 }, both)).toBe("from");
  expect(gripAt({ x: 104, y: 84 }, both)).toBe("to");
  expect(gripAt({ x: 202, y: 41 }, both)).toBe("nw");
  expect(gripAt({ x: 318, y: 118 }, both)).toBe("se");
  expect(gripAt({ x: 260, y: 80 }, both)).toBeNull();
  expect(gripAt({ x: 60, y: 50 }, both)).toBeNull();
});

test("all of a line or rectangle is taken hold of with its own tool only", () => {
  expect(gripAt({ x: 60, y: 50 }, scene({ line, tool: "line" }))).toBe("line");
  expect(gripAt({ x: 60, y: 70 }, scene({ line, tool: "line" }))).toBeNull();
  expect(gripAt({ x: 60, y: 50 }, scene({ line, tool: "rectangle" }))).toBeNull();
  expect(gripAt({ x: 260, y: 80 }, scene({ rectangle, tool: "rectangle" }))).toBe("rectangle");
  expect(gripAt({ x: 340, y: 80 }, scene({ rectangle, tool: "rectangle" }))).toBeNull();
});

test("the border of a swipe is taken hold of within 6 px, in no other comparison", () => {
  const swipe = { layer: 1, mode: "swipe", at: 0.25, limit: null } as const;
  expect(gripAt({ x: 106, y: 150 }, scene({ comparison: swipe }))).toBe("swipe");
  expect(gripAt({ x: 107, y: 150 }, scene({ comparison: swipe }))).toBeNull();
  expect(gripAt({ x: 100, y: 150 }, scene({ comparison: { ...swipe, mode: "blend" } }))).toBeNull();
});

test("dragging an end moves that end, dragging the line moves both", () => {
  const by = { x: 5, y: -3 };
  expect(movedLine(line, "from", by)).toEqual({ from: { x: 15, y: 7 }, to: line.to });
  expect(movedLine(line, "line", by)).toEqual({ from: { x: 15, y: 7 }, to: { x: 55, y: 37 } });
});

test("a rectangle moves by whole pixels, keeps its size and stays inside", () => {
  expect(movedRectangle(rectangle, "rectangle", { x: 3.4, y: -2.6 }, lengths)).toEqual({
    y: [17, 57],
    x: [103, 163],
  });
  expect(movedRectangle(rectangle, "rectangle", { x: 500, y: -500 }, lengths)).toEqual({
    y: [0, 40],
    x: [140, 200],
  });
});

test("a corner that is dragged past the opposite one turns the rectangle over", () => {
  expect(movedRectangle(rectangle, "se", { x: 10, y: 10 }, lengths)).toEqual({ y: [20, 70], x: [100, 170] });
  expect(movedRectangle(rectangle, "nw", { x: 80, y: 0 }, lengths)).toEqual({ y: [20, 60], x: [160, 180] });
});

test("an interval has at least one pixel and none outside", () => {
  expect(spanOf(5.2, 5.2, 10)).toEqual([5, 6]);
  expect(spanOf(8.5, 2.5, 10)).toEqual([2, 9]);
  expect(spanOf(-4, -2, 10)).toEqual([0, 1]);
  expect(spanOf(12, 30, 10)).toEqual([9, 10]);
});

test("a line's length is in px and in the file's units, its angle counter-clockwise", () => {
  const facts = lineFacts(line, description);
  expect(facts).toEqual({
    length: 50,
    physical: { length: 25, unit: "µm" },
    angle: (Math.atan2(-30, 40) * 180) / Math.PI,
  });
  expect(formatLength(facts)).toBe("50 px · 25 µm");
  expect(lineFacts(line, { ...description, pixelSize: null }).physical).toBeNull();
});

test("sizes of pixels that are not square count in length and angle", () => {
  const tall = { ...description, pixelSize: { x: 1, y: 2, z: null, unit: "nm" } };
  const upright = { from: { x: 0, y: 3 }, to: { x: 0, y: 0 } };
  expect(lineFacts(upright, tall)).toEqual({ length: 3, physical: { length: 6, unit: "nm" }, angle: 90 });
});

test("a rectangle's size is its width and height", () => {
  expect(formatRectangle(rectangle, description)).toBe("60 × 40 px · 30 × 20 µm");
  expect(formatRectangle(rectangle, { ...description, pixelSize: null })).toBe("60 × 40 px");
});
