import { expect, test } from "vitest";
import type { PlanePixels } from "../../../src/protocol/viewer";
import { commonParts } from "../../../webview/pixels/align";
import { differenceFacts, scaleEnd } from "../../../webview/pixels/differences";

/** Pixels of rows and columns `from`…`to`, each value 10 · row + column + `more`. */
function square(from: number, to: number, more = 0, step = 1): PlanePixels {
  const width = Math.ceil((to - from) / step);
  const data = Float32Array.from({ length: width * width }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    return 10 * (from + row * step) + from + column * step + more;
  });
  const region = { y: [from, to], x: [from, to] } as const;
  return { plane: { t: 0, z: 0, c: 0 }, region, step: { y: step, x: step }, width, height: width, data };
}

test("differences are those of the same places, whatever regions the pictures have", () => {
  const all = { y: [0, 8], x: [0, 8] } as const;
  expect(differenceFacts(square(0, 8), square(2, 6, 3), all)).toEqual({ count: 16, rms: 3, largest: 3 });
  expect(differenceFacts(square(0, 8), square(0, 8, -2), { y: [0, 2], x: [4, 8] })).toEqual({
    count: 8,
    rms: 2,
    largest: 2,
  });
});

test("differences of coarse samples count the samples of the region", () => {
  const facts = differenceFacts(square(0, 8, 0, 2), square(4, 8, 1, 2), { y: [0, 8], x: [0, 8] });
  expect(facts).toEqual({ count: 4, rms: 1, largest: 1 });
});

test("what is not finite, and pictures on other grids, have no difference", () => {
  const broken = square(0, 2);
  broken.data[0] = Number.NaN;
  broken.data[1] = Infinity;
  const all = { y: [0, 8], x: [0, 8] } as const;
  expect(differenceFacts(broken, square(0, 2, 5), all)).toEqual({ count: 2, rms: 5, largest: 5 });
  expect(differenceFacts(square(0, 8), square(0, 8, 1, 2), all).count).toBe(0);
});

test("pictures of different regions are cut to what both have, and the cut is remembered", () => {
  const [wide, narrow] = [square(0, 8), square(2, 6, 1)];
  const [a, b] = commonParts(wide, narrow);
  expect(b).toBe(narrow);
  expect(a.region).toEqual({ y: [2, 6], x: [2, 6] });
  expect([a.width, a.height]).toEqual([4, 4]);
  expect([...a.data]).toEqual([...narrow.data].map((value) => value - 1));
  expect(commonParts(wide, narrow)[0]).toBe(a);
  expect(commonParts(wide, wide)).toEqual([wide, wide]);
});

test("a scale ends at the largest difference, and somewhere where nothing differs", () => {
  expect(scaleEnd(differenceFacts(square(0, 8), square(0, 8, -4)))).toBe(4);
  expect(scaleEnd(differenceFacts(square(0, 8), square(0, 8)))).toBe(1);
});
