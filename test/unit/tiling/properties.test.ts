import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planAxis, planAxisBySize } from "../../../src/tiling/axis";
import type { AxisTile } from "../../../src/tiling/axis";
import { planTiles } from "../../../src/tiling/tiles";
import { shapeSize } from "../../../src/volume/region";
import { allocateVolume, copyRegion, cutRegion, makeVolume } from "../../../src/volume/volume";
import { planFor } from "../../support/plans";

const axis = fc
  .record({
    blocks: fc.integer({ min: 1, max: 60 }),
    block: fc.integer({ min: 1, max: 16 }),
    tiles: fc.integer({ min: 1, max: 70 }),
    overlapBlocks: fc.integer({ min: 0, max: 8 }),
    guarantee: fc.constantFrom("size" as const, "count" as const),
  })
  .map(({ blocks, block, ...rest }) => ({ length: blocks * block, block, ...rest }));

/** What is wrong with the tiles of one axis; nothing when all is well. */
function faults(tiles: readonly AxisTile[], length: number, block: number, overlap: number): string[] {
  const found: string[] = [];
  const check = (holds: boolean, what: string, i: number): void => {
    if (!holds) found.push(`tile ${i}: ${what}`);
  };
  let written = 0;
  for (const [i, { read, keep, write }] of tiles.entries()) {
    check(write[0] === written && write[1] > write[0], "does not go on where the one before ended", i);
    written = write[1];
    check(
      read[0] + keep[0] === write[0] && read[0] + keep[1] === write[1],
      "keeps what it does not write",
      i,
    );
    check(read[0] >= 0 && read[1] <= length, "reads outside", i);
    check(
      [...read, ...keep, ...write].every((px) => px % block === 0),
      "is off the grid",
      i,
    );
    check(i === 0 || write[0] - read[0] >= Math.min(overlap, write[0]), "has too little overlap before", i);
    check(
      i === tiles.length - 1 || read[1] - write[1] >= Math.min(overlap, length - write[1]),
      "has too little overlap after",
      i,
    );
  }
  if (written !== length) found.push(`written up to ${written} of ${length}`);
  return found;
}

describe("one axis", () => {
  test("is partitioned by what is written, read on the block grid, with the overlap asked for at every inner border", () => {
    fc.assert(
      fc.property(axis, (a) => {
        expect(faults(planAxis(a), a.length, a.block, a.overlapBlocks * a.block)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  test("keeps the number of tiles with guarantee count, the size of tiles with guarantee size", () => {
    fc.assert(
      fc.property(axis, (a) => {
        const tiles = planAxis(a);
        if (a.guarantee === "count") expect(tiles).toHaveLength(Math.min(a.tiles, a.length / a.block));
        else expect(new Set(tiles.map(({ read }) => read[1] - read[0])).size).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  test("with guarantee size has the number of tiles nearest to the wish that any tile size gives", () => {
    fc.assert(
      fc.property(axis, ({ length, block, tiles, overlapBlocks }) => {
        const blocks = length / block;
        let least = Infinity;
        for (let size = 2 * overlapBlocks + 1; size <= Math.max(blocks, 2 * overlapBlocks + 1); size++) {
          const count = planAxisBySize({ length, size: size * block, block, overlapBlocks }).length;
          least = Math.min(least, Math.abs(count - tiles));
        }
        const found = planAxis({ length, block, tiles, overlapBlocks });
        expect(Math.abs(found.length - tiles)).toBe(least);
      }),
      { numRuns: 500 },
    );
  });

  test("cut by size has no longer tile than asked, and as few of them as possible", () => {
    fc.assert(
      fc.property(axis, fc.integer({ min: 1, max: 40 }), (a, more) => {
        const size = (2 * a.overlapBlocks + more) * a.block;
        const tiles = planAxisBySize({ ...a, size });
        expect(faults(tiles, a.length, a.block, a.overlapBlocks * a.block)).toEqual([]);
        expect(tiles.every(({ read }) => read[1] - read[0] === Math.min(size, a.length))).toBe(true);
        const reach = (count: number): number => count * size - (count - 1) * 2 * a.overlapBlocks * a.block;
        if (tiles.length > 1) expect(reach(tiles.length - 1)).toBeLessThan(a.length);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["length 0", { length: 0, tiles: 1, block: 1, overlapBlocks: 0 }, /length .* 0/],
    [
      "a length that is no multiple of the block",
      { length: 10, tiles: 1, block: 4, overlapBlocks: 0 },
      /10 .*block 4/,
    ],
    ["no tiles", { length: 8, tiles: 0, block: 4, overlapBlocks: 0 }, /tiles .* 0/],
    ["half a tile", { length: 8, tiles: 1.5, block: 4, overlapBlocks: 0 }, /tiles .* 1.5/],
    ["a negative overlap", { length: 8, tiles: 1, block: 4, overlapBlocks: -1 }, /overlapBlocks .* -1/],
    [
      "more tiles than a list can hold",
      { length: 1e12, tiles: 1e10, block: 4, overlapBlocks: 1 },
      /tiles: .* at most 4194304/,
    ],
    ["NaN as block", { length: 8, tiles: 1, block: NaN, overlapBlocks: 0 }, /block .* NaN/],
  ])("refuses %s with a RangeError that names the value", (_, request, message) => {
    expect(() => planAxis(request)).toThrow(RangeError);
    expect(() => planAxis(request)).toThrow(message);
  });
});

describe("several axes", () => {
  const space = fc.array(axis, { minLength: 1, maxLength: 4 }).map((axes) =>
    axes.map((a) => ({
      ...a,
      length: Math.min(a.length, 8 * a.block),
      overlapBlocks: Math.min(a.overlapBlocks, 2),
    })),
  );

  test("an identity network gives the input back bit for bit, whatever the tiling", () => {
    fc.assert(
      fc.property(space, fc.constantFrom("size" as const, "count" as const), (axes, guarantee) => {
        const shape = axes.map(({ length }) => length);
        fc.pre(shapeSize(shape) <= 40_000);
        const letters = "TZYX".slice(4 - shape.length);
        const data = new Float32Array(shapeSize(shape)).map((_, i) => Math.sin(i) * 1e6);
        const input = makeVolume(data, shape, letters);
        const output = allocateVolume("float32", shape, letters);
        const times = new Uint8Array(data.length);
        const counted = makeVolume(times, shape, letters);
        for (const { read, keep, write } of planTiles({
          shape,
          tiles: axes.map(({ tiles }) => Math.min(tiles, 4)),
          blocks: axes.map(({ block }) => block),
          overlapBlocks: axes.map(({ overlapBlocks }) => overlapBlocks),
          guarantee,
        })) {
          const at = write.map(([start]) => start);
          copyRegion(cutRegion(input, read), keep, output, at);
          const once = cutRegion(counted, write);
          once.data.forEach((n, i) => (once.data[i] = n + 1));
          copyRegion(
            once,
            write.map(([start, stop]) => [0, stop - start] as const),
            counted,
            at,
          );
        }
        expect(times.every((n) => n === 1)).toBe(true);
        expect(
          Buffer.compare(
            Buffer.from(data.buffer),
            Buffer.from((output.data as Float32Array<ArrayBuffer>).buffer),
          ),
        ).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test("lists of different lengths are refused", () => {
    expect(() => planTiles({ shape: [8, 8], tiles: [1], blocks: [1, 1], overlapBlocks: [0, 0] })).toThrow(
      /tiles has 1 entries, the shape 2/,
    );
  });
});

describe("a plan", () => {
  const wish = fc.record({
    length: fc.integer({ min: 30, max: 400 }),
    tiles: fc.integer({ min: 1, max: 6 }),
    block: fc.constantFrom(1, 2, 4, 8, 16),
    context: fc.integer({ min: 0, max: 30 }),
    wishedBlock: fc.option(fc.integer({ min: 1, max: 24 })),
    wishedOverlap: fc.option(fc.integer({ min: 0, max: 40 })),
    guarantee: fc.constantFrom("size" as const, "count" as const),
    part: fc.option(fc.tuple(fc.integer({ min: 0, max: 29 }), fc.integer({ min: 1, max: 400 }))),
  });

  test("writes every wanted px once, reads inside the padded image at lengths the network can run, for any block and part", () => {
    fc.assert(
      fc.property(wish, (w) => {
        const part =
          w.part === null ? undefined : ([w.part[0], Math.min(w.length, w.part[0] + w.part[1])] as const);
        const plan = planFor({
          axes: "X",
          shape: [w.length],
          block: w.block,
          context: w.context,
          ...(part === undefined ? {} : { parts: { X: part } }),
          wishes: {
            tiles: [w.tiles],
            guarantee: w.guarantee,
            ...(w.wishedBlock === null ? {} : { block: [w.wishedBlock] }),
            ...(w.wishedOverlap === null ? {} : { overlap: [w.wishedOverlap] }),
          },
        });
        const written = new Uint8Array(plan.paddedShape[0]);
        for (const { read, keep, write } of plan.tiles) {
          expect(read[0][0]).toBeGreaterThanOrEqual(0);
          expect(read[0][1]).toBeLessThanOrEqual(plan.paddedShape[0]);
          expect((read[0][1] - read[0][0]) % w.block).toBe(0);
          expect(read[0][0] + keep[0][0]).toBe(write[0][0]);
          expect(read[0][0] + keep[0][1]).toBe(write[0][1]);
          for (let px = write[0][0]; px < write[0][1]; px++) written[px]++;
        }
        const [start, stop] = plan.wanted[0];
        expect(written.subarray(start, stop).every((n) => n === 1)).toBe(true);
        if (plan.exact) {
          for (const { read, write } of plan.tiles) {
            expect(read[0][0] % w.block).toBe(0);
            const from = Math.max(start, write[0][0]);
            const to = Math.min(stop, write[0][1]);
            expect(from - read[0][0]).toBeGreaterThanOrEqual(Math.min(w.context, from));
            expect(read[0][1] - to).toBeGreaterThanOrEqual(Math.min(w.context, plan.paddedShape[0] - to));
          }
        }
      }),
      { numRuns: 3000 },
    );
  });
});
