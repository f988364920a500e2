import fc from "fast-check";
import { expect, test } from "vitest";
import {
  clampZoom,
  covers,
  fitView,
  panBy,
  pixelAt,
  placementOf,
  snapRegion,
  stepsFor,
  toImage,
  toScreen,
  visibleRegion,
  zoomAt,
} from "../../../webview/draw/geometry";

const length = fc.integer({ min: 1, max: 50_000 });
const size = fc.record({ width: length, height: length });
const screen = fc.record({
  width: fc.integer({ min: 1, max: 4000 }),
  height: fc.integer({ min: 1, max: 4000 }),
});
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const place = fc.record({ x: fraction, y: fraction });
const drag = fc.record({ x: fc.integer(), y: fc.integer() });
const tall = fc.double({ min: 0.2, max: 5, noNaN: true });
const zoom = fc.double({ min: 0.001, max: 64, noNaN: true });
const view = fc.record({
  centerX: fc.double({ min: 0, max: 5000, noNaN: true }),
  centerY: fc.double({ min: 0, max: 5000, noNaN: true }),
  zoom,
});

test("the fitting view shows every pixel of the image", () => {
  fc.assert(
    fc.property(size, screen, (image, window) => {
      expect(visibleRegion(placementOf(fitView(image, window)), window, image)).toEqual({
        y: [0, image.height],
        x: [0, image.width],
      });
    }),
  );
});

test("zooming keeps the image place under the pointer where it is", () => {
  const shapes = fc.record({ window: screen, stretch: tall });
  fc.assert(
    fc.property(view, zoom, shapes, place, (before, wanted, { window, stretch }, part) => {
      const pointer = { x: part.x * window.width, y: part.y * window.height };
      const fixed = toImage(placementOf(before, stretch), window, pointer);
      const after = zoomAt(before, wanted, pointer, { screen: window, tall: stretch });
      const again = toScreen(placementOf(after, stretch), window, fixed);
      expect(again.x).toBeCloseTo(pointer.x, 4);
      expect(again.y).toBeCloseTo(pointer.y, 4);
    }),
  );
});

test("panning never loses the image", () => {
  fc.assert(
    fc.property(view, size, screen, drag, (before, image, window, by) => {
      expect(visibleRegion(placementOf(panBy(before, by, image)), window, image)).not.toBeNull();
    }),
  );
});

test("what is asked for covers what is visible and stays inside the image", () => {
  fc.assert(
    fc.property(view, size, screen, tall, (shown, image, window, stretch) => {
      const placement = placementOf(shown, stretch);
      const visible = visibleRegion(placement, window, image);
      fc.pre(visible !== null);
      const step = stepsFor(placement, 1);
      const asked = snapRegion(visible, step, image);
      expect(covers(asked, visible)).toBe(true);
      expect(covers({ y: [0, image.height], x: [0, image.width] }, asked)).toBe(true);
      expect(asked.x[0] % step.x).toBe(0);
      expect([...asked.y, ...asked.x].every(Number.isInteger)).toBe(true);
    }),
  );
});

test("steps are multiples of 1/16, never coarser than the screen, and 1 from 1:1 upwards", () => {
  const stepAt = (zoom: number, ratio: number): number =>
    stepsFor({ centerX: 0, centerY: 0, zoomX: zoom, zoomY: 1 }, ratio).x;
  expect(stepAt(1, 1)).toBe(1);
  expect(stepAt(8, 1)).toBe(1);
  expect(stepAt(0.5, 1)).toBe(2);
  expect(stepAt(0.5, 2)).toBe(1);
  expect(stepAt(0.1, 1)).toBe(10);
  expect(stepAt(0.35, 1)).toBe(2.8125);
  fc.assert(
    fc.property(zoom, (shown) => {
      const step = stepAt(shown, 1);
      expect(Number.isInteger(step * 16)).toBe(true);
      expect(step).toBeLessThanOrEqual(Math.max(1, 1 / shown + 1e-6));
      expect(step).toBeGreaterThan(Math.max(1, 1 / shown) - 1 / 16 - 1e-6);
    }),
  );
});

test("the pixels of a screen that shows part of a large image are at most 1.2 times those on the screen", () => {
  const window = { width: 1024, height: 1024 };
  const image = { width: 100_000, height: 100_000 };
  fc.assert(
    fc.property(fc.double({ min: 0.02, max: 4, noNaN: true }), place, (shown, part) => {
      const placement = placementOf({
        centerX: 30_000 + part.x * 40_000,
        centerY: 30_000 + part.y * 40_000,
        zoom: shown,
      });
      const visible = visibleRegion(placement, window, image)!;
      const step = stepsFor(placement, 1);
      const { y, x } = snapRegion(visible, step, image);
      const samples = ((y[1] - y[0]) / step.y) * ((x[1] - x[0]) / step.x);
      const onScreen = shown <= 1 ? 1024 ** 2 : (1024 / shown + 1) ** 2;
      expect(samples / onScreen).toBeLessThan(shown <= 1 ? 1.2 : 1.5);
    }),
  );
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
