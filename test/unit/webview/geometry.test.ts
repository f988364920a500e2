import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clampZoom,
  covers,
  fitView,
  panBy,
  pixelAt,
  snapRegion,
  stepFor,
  toImage,
  toScreen,
  visibleRegion,
  zoomAt,
} from "../../../webview/geometry";

const length = fc.integer({ min: 1, max: 50_000 });
const size = fc.record({ width: length, height: length });
const screen = fc.record({
  width: fc.integer({ min: 1, max: 4000 }),
  height: fc.integer({ min: 1, max: 4000 }),
});
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const place = fc.record({ x: fraction, y: fraction });
const drag = fc.record({ x: fc.integer(), y: fc.integer() });
const zoom = fc.double({ min: 0.001, max: 64, noNaN: true });
const view = fc.record({
  centerX: fc.double({ min: 0, max: 5000, noNaN: true }),
  centerY: fc.double({ min: 0, max: 5000, noNaN: true }),
  zoom,
});

test("the fitting view shows every pixel of the image", () => {
  fc.assert(
    fc.property(size, screen, (image, window) => {
      expect(visibleRegion(fitView(image, window), window, image)).toEqual({
        y: [0, image.height],
        x: [0, image.width],
      });
    }),
  );
});

test("zooming keeps the image place under the pointer where it is", () => {
  fc.assert(
    fc.property(view, zoom, screen, place, (before, wanted, window, part) => {
      const pointer = { x: part.x * window.width, y: part.y * window.height };
      const fixed = toImage(before, window, pointer);
      const after = zoomAt(before, wanted, pointer, window);
      const again = toScreen(after, window, fixed);
      expect(again.x).toBeCloseTo(pointer.x, 4);
      expect(again.y).toBeCloseTo(pointer.y, 4);
    }),
  );
});

test("panning never loses the image", () => {
  fc.assert(
    fc.property(view, size, screen, drag, (before, image, window, by) => {
      expect(visibleRegion(panBy(before, by, image), window, image)).not.toBeNull();
    }),
  );
});

test("what is asked for covers what is visible and stays inside the image", () => {
  fc.assert(
    fc.property(view, size, screen, fc.integer({ min: 1, max: 40 }), (shown, image, window, step) => {
      const visible = visibleRegion(shown, window, image);
      fc.pre(visible !== null);
      const asked = snapRegion(visible, step, image);
      expect(covers(asked, visible)).toBe(true);
      expect(covers({ y: [0, image.height], x: [0, image.width] }, asked)).toBe(true);
      expect(asked.x[0] % step).toBe(0);
    }),
  );
});

test("no more than the screen can show is asked for, and all of it from 1:1 upwards", () => {
  expect(stepFor(1, 1)).toBe(1);
  expect(stepFor(8, 1)).toBe(1);
  expect(stepFor(0.5, 1)).toBe(2);
  expect(stepFor(0.5, 2)).toBe(1);
  expect(stepFor(0.1, 1)).toBe(10);
  expect(stepFor(0.35, 1)).toBe(2);
});

test("zoom stays between a quarter of the fitting size and 64", () => {
  const image = { width: 1000, height: 1000 };
  const window = { width: 516, height: 516 };
  expect(clampZoom(1000, image, window)).toBe(64);
  expect(clampZoom(0.0001, image, window)).toBeCloseTo(0.125);
});

test("the pixel under a place is the one that contains it, and none outside", () => {
  const image = { width: 10, height: 5 };
  expect(pixelAt({ x: 9.99, y: 4.99 }, image)).toEqual({ x: 9, y: 4 });
  expect(pixelAt({ x: 10, y: 0 }, image)).toBeNull();
  expect(pixelAt({ x: -0.01, y: 0 }, image)).toBeNull();
});
