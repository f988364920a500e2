import { expect, test } from "vitest";
import { checkFits } from "../../../extension/layerFit";
import type { Sized } from "../../../extension/layerFit";

const stack = (name: string, [z, y, x]: readonly [number, number, number]): Sized => ({
  name,
  lengths: { t: 1, c: 1, z, y, x },
});

test("stacks with as many rows and columns lie over each other, whatever their slices", () => {
  expect(() => checkFits(stack("a.tif", [24, 256, 300]), stack("b.tif", [1, 256, 300]))).not.toThrow();
});

test("other stacks do not, and both sizes are told", () => {
  for (const size of [
    [24, 256, 256],
    [24, 300, 256],
    [256, 24, 300],
  ] as const) {
    expect(() => checkFits(stack("a.tif", [24, 256, 300]), stack("b.tif", size))).toThrow(
      `b.tif has ${size[1]} × ${size[2]} px (Y × X), a.tif has 256 × 300 px (Y × X): they do not lie over each other`,
    );
  }
});
