import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planAxis } from "../../../src/tiling/axis";
import { blendWeights } from "../../../src/tiling/blend";
import { careOverlap } from "../../../src/tiling/careOverlap";
import { divisiblePadding, sourceIndex } from "../../../src/tiling/padding";

describe("CSBDeep's overlap", () => {
  test("is 22, 46 and 94 px for depth 2, 3 and 4 with kernel 3, 43 for depth 2 with kernel 5", () => {
    expect([2, 3, 4].map((depth) => careOverlap({ depth, kernel: 3 }))).toEqual([22, 46, 94]);
    expect(careOverlap({ depth: 2, kernel: 5 })).toBe(43);
    expect(careOverlap({ depth: 2, kernel: 3, pool: 4 })).toBe(58);
    expect(careOverlap({ depth: 3, kernel: 5, pool: 1 })).toBe(28);
  });

  test.each([
    [{ depth: 0, kernel: 3 }],
    [{ depth: 6, kernel: 3 }],
    [{ depth: 2, kernel: 4 }],
    [{ depth: 2, kernel: 3, pool: 3 }],
    [{ depth: 5, kernel: 3, pool: 4 }],
    [{ depth: 1.5, kernel: 3 }],
    [{ depth: 2, kernel: 3, pool: NaN }],
  ])("has no entry for %o", (question) => {
    expect(() => careOverlap(question)).toThrow(RangeError);
    expect(() => careOverlap(question)).toThrow(
      new RegExp(`depth ${question.depth}, kernel ${question.kernel}`),
    );
  });
});

describe("blending weights", () => {
  const axis = fc
    .record({
      blocks: fc.integer({ min: 2, max: 60 }),
      block: fc.integer({ min: 1, max: 8 }),
      tiles: fc.integer({ min: 1, max: 12 }),
      overlapBlocks: fc.integer({ min: 0, max: 6 }),
      guarantee: fc.constantFrom("size" as const, "count" as const),
    })
    .map(({ blocks, block, ...rest }) => ({ length: blocks * block, block, ...rest }));

  test("sum to 1 at every px and are never negative, however the tiles overlap", () => {
    fc.assert(
      fc.property(axis, fc.constantFrom("linear" as const, "gaussian" as const), (a, mode) => {
        const reads = planAxis(a).map(({ read }) => read);
        const sums = new Float64Array(a.length);
        for (const [i, weights] of blendWeights(reads, mode).entries()) {
          expect(weights).toHaveLength(reads[i][1] - reads[i][0]);
          expect(weights.every((weight) => weight >= 0)).toBe(true);
          weights.forEach((weight, px) => (sums[reads[i][0] + px] += weight));
        }
        expect(sums.every((sum) => Math.abs(sum - 1) < 1e-12)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("ramp linearly over the px two tiles share", () => {
    const [left, right] = blendWeights(
      [
        [0, 6],
        [3, 9],
      ],
      "linear",
    );
    expect([...left]).toEqual([1, 1, 1, 0.75, 0.5, 0.25].map((w) => expect.closeTo(w, 12)));
    expect([...right]).toEqual([0.25, 0.5, 0.75, 1, 1, 1].map((w) => expect.closeTo(w, 12)));
  });
});

describe("padding", () => {
  test("is the least that makes a length a multiple of the block, the odd px after", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 64 }), (length, block) => {
        const [before, after] = divisiblePadding(length, block);
        expect((length + before + after) % block).toBe(0);
        expect(before + after).toBeLessThan(block);
        expect(after - before === 0 || after - before === 1).toBe(true);
      }),
    );
    expect(() => divisiblePadding(0, 4)).toThrow(/length .* 0/);
    expect(() => divisiblePadding(4, 0.5)).toThrow(/block .* 0.5/);
  });

  test.each([
    ["reflect", [3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1]],
    ["symmetric", [2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0]],
    ["edge", [0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3]],
    ["zero", [-1, -1, -1, 0, 1, 2, 3, -1, -1, -1, -1]],
  ] as const)("%s continues four px as numpy does", (mode, expected) => {
    expect(expected.map((_, i) => sourceIndex(i - 3, 4, mode))).toEqual(expected);
  });

  test("of one px repeats it, whatever the distance", () => {
    for (const index of [-7, -1, 1, 9]) expect(sourceIndex(index, 1, "reflect")).toBe(0);
  });
});
