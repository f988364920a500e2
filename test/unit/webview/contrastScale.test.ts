import fc from "fast-check";
import { expect, test } from "vitest";
import {
  GAMMA_RANGE,
  axisOf,
  barHeights,
  finestStep,
  gammaAt,
  gammaShare,
  keyStep,
  moveLimit,
  shareOf,
  valueAt,
} from "../../../webview/panels/contrastScale";

const axis = { from: 100, to: 1100 };

test("a place over the histogram and the value there are each other's inverse", () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (from, length, share) => {
        const drawn = { from, to: from + length };
        expect(shareOf(valueAt(share, drawn), drawn)).toBeCloseTo(share, 6);
      },
    ),
  );
  expect(shareOf(350, axis)).toBe(0.25);
  expect(valueAt(0.25, axis)).toBe(350);
});

test("limits beyond the axis lie at its ends", () => {
  expect(shareOf(-5, axis)).toBe(0);
  expect(shareOf(5000, axis)).toBe(1);
});

test("the axis has all values and both limits, but limits far away do not squeeze the histogram", () => {
  expect(axisOf(axis, null)).toEqual(axis);
  expect(axisOf(axis, { low: 0, high: 1200 })).toEqual({ from: 0, to: 1200 });
  expect(axisOf(axis, { low: 1200, high: 0 })).toEqual({ from: 0, to: 1200 });
  expect(axisOf(axis, { low: -1e9, high: 1e9 })).toEqual({ from: -900, to: 2100 });
});

test("a constant picture, and one without any finite value, have an axis of some length", () => {
  expect(axisOf({ from: 7, to: 7 }, null)).toEqual({ from: 6.5, to: 7.5 });
  expect(axisOf({ from: 60000, to: 60000 }, null)).toEqual({ from: 59400, to: 60600 });
  expect(axisOf({ from: Number.NaN, to: Number.NaN }, null)).toEqual({ from: -0.5, to: 0.5 });
});

test("markers of integers stay on integers unless there are few of them", () => {
  expect(finestStep(axis, true)).toBe(1);
  expect(finestStep({ from: 0, to: 65535 }, true)).toBe(1);
  expect(finestStep({ from: 0, to: 1 }, true)).toBe(0.001);
  expect(finestStep({ from: 0, to: 0.5 }, false)).toBe(0.0001);
});

test("an arrow key moves a marker by a hundredth of the axis, and at least by one step", () => {
  expect(keyStep({ from: 0, to: 65535 }, 1)).toBe(655);
  expect(keyStep({ from: 0, to: 25 }, 1)).toBe(1);
});

test("a marker stops at the other one and at the ends of the axis", () => {
  const room = { axis, finest: 1 };
  const limits = { low: 200, high: 400 };
  expect(moveLimit(limits, "low", 250.4, room)).toEqual({ low: 250, high: 400 });
  expect(moveLimit(limits, "low", 900, room)).toEqual({ low: 399, high: 400 });
  expect(moveLimit(limits, "high", 50, room)).toEqual({ low: 200, high: 201 });
  expect(moveLimit(limits, "high", 9999, room)).toEqual({ low: 200, high: 1100 });
});

test("inverted limits stay inverted while they are moved", () => {
  const room = { axis, finest: 1 };
  const inverted = { low: 400, high: 200 };
  expect(moveLimit(inverted, "low", 150, room)).toEqual({ low: 201, high: 200 });
  expect(moveLimit(inverted, "high", 700, room)).toEqual({ low: 400, high: 399 });
});

test("moved limits have no digits that nobody asked for", () => {
  const moved = moveLimit({ low: 0, high: 1 }, "low", 0.30000000000000004, {
    axis: { from: 0, to: 1 },
    finest: 0.001,
  });
  expect(moved.low).toBe(0.3);
});

test("equal ways on the gamma slider are equal factors", () => {
  expect(gammaShare(GAMMA_RANGE.from)).toBe(0);
  expect(gammaShare(GAMMA_RANGE.to)).toBe(1);
  const way = gammaShare(0.4) - gammaShare(0.2);
  expect(gammaShare(4) - gammaShare(2)).toBeCloseTo(way, 10);
});

test("the gamma slider goes from 0.1 to 5, has exactly 1, and each of its steps changes gamma", () => {
  const gammas = Array.from({ length: 201 }, (_, step) => gammaAt(step / 200));
  expect(gammas[0]).toBe(0.1);
  expect(gammas[200]).toBe(5);
  expect(gammas).toContain(1);
  expect(new Set(gammas).size).toBe(201);
  gammas.forEach((gamma, step) => expect(Math.round(gammaShare(gamma) * 200)).toBe(step));
});

test("one bar that is far higher than the others is cut off, the others keep their proportions", () => {
  expect(barHeights([1000, 10, 20], false)).toEqual([1, 10 / 30, 20 / 30]);
  expect(barHeights([30, 10, 28], false)).toEqual([1, 10 / 30, 28 / 30]);
});

test("logarithmic bars show single pixels beside a million", () => {
  const [one, none, million] = barHeights([1, 0, 1e6], true);
  expect(million).toBe(1);
  expect(none).toBe(0);
  expect(one).toBeCloseTo(Math.log(2) / Math.log(1e6 + 1), 10);
});

test("a histogram without counts, or with a single bar, can be drawn", () => {
  expect(barHeights([0, 0], false)).toEqual([0, 0]);
  expect(barHeights([0, 5], false)).toEqual([0, 1]);
});
