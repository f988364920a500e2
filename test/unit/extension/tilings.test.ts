import { expect, test } from "vitest";
import { gridOf, tilingOf } from "../../../extension/tilings";
import type { Tiling, TilingPlace } from "../../../extension/tilings";
import type { TileGrid } from "../../../src/protocol/viewer";
import { planFor } from "../../support/plans";
import type { PlanTest } from "../../support/plans";

const lengthsOf = (z: number, y: number, x: number): TilingPlace["lengths"] => ({ t: 1, c: 1, z, y, x });

function gridFor(wish: PlanTest, place: TilingPlace): TileGrid | null {
  const plan: unknown = JSON.parse(JSON.stringify(planFor(wish)));
  const tiling = tilingOf(plan);
  expect(tiling).not.toBeNull();
  return gridOf("plan: care", tiling as Tiling, place);
}

const FORUM: PlanTest = {
  axes: "ZYX",
  shape: [31, 1024, 1024],
  wishes: { tiles: [1, 3, 4] },
};

test("the written parts of the cuts cover the image without gap or overlap, and lie inside what is right", () => {
  const grid = gridFor(FORUM, { of: "input", lengths: lengthsOf(31, 1024, 1024) });
  expect(grid?.cuts.y).toHaveLength(3);
  expect(grid?.cuts.x).toHaveLength(4);
  for (const list of [grid?.cuts.y ?? [], grid?.cuts.x ?? []]) {
    let end = 0;
    for (const { read, keep, write } of list) {
      expect(write[0]).toBe(end);
      end = write[1];
      expect(keep[0]).toBeLessThanOrEqual(write[0]);
      expect(keep[1]).toBeGreaterThanOrEqual(write[1]);
      expect(read[0]).toBeLessThanOrEqual(keep[0]);
      expect(read[1]).toBeGreaterThanOrEqual(keep[1]);
    }
    expect(end).toBe(1024);
  }
  expect(grid?.context).toEqual({ z: 22, y: 22, x: 22 });
  expect(grid?.name).toBe("plan: care");
});

test("an axis in one piece has no cuts, whatever its padding", () => {
  const grid = gridFor(FORUM, { of: "input", lengths: lengthsOf(31, 1024, 1024) });
  expect(grid?.cuts.z).toBeUndefined();
});

test("with less overlap than the network needs, what is right ends before what is written", () => {
  const wish = { ...FORUM, wishes: { tiles: [1, 3, 4], overlap: [0, 8, 8] } };
  const grid = gridFor(wish, { of: "input", lengths: lengthsOf(31, 1024, 1024) });
  const [first, second] = grid?.cuts.y ?? [];
  // The tile is read to 8 px beyond what it writes; 22 px further in, on the grid of 4, all context is there.
  expect(first.read[1] - first.write[1]).toBe(8);
  expect(first.keep).toEqual([0, Math.floor((first.read[1] - 22) / 4) * 4]);
  expect(second.keep[0]).toBe(second.write[0] - 8 + 24);
  expect(first.keep[1]).toBeLessThan(first.write[1]);
});

test("padding before the image moves the tiles, and reading reaches over its ends", () => {
  const wish: PlanTest = { axes: "YX", shape: [101, 64], wishes: { tiles: [2, 1], padExtra: [8, 8] } };
  const plan = planFor(wish);
  const grid = gridFor(wish, { of: "input", lengths: lengthsOf(1, 101, 64) });
  const list = grid?.cuts.y ?? [];
  expect(plan.padding[0][0]).toBeGreaterThanOrEqual(8);
  expect(list[0].read[0]).toBe(-plan.padding[0][0]);
  expect(list[0].write[0]).toBe(0);
  expect(list.at(-1)?.write[1]).toBe(101);
  expect(list.at(-1)?.read[1]).toBe(101 + plan.padding[0][1]);
});

test("a part of a stack is drawn where it lies in the input, and from 0 in the result", () => {
  const wish: PlanTest = {
    axes: "YX",
    shape: [400, 300],
    parts: { Y: [100, 300] },
    wishes: { tiles: [2, 1] },
  };
  const over = gridFor(wish, { of: "input", lengths: lengthsOf(1, 400, 300) });
  const result = gridFor(wish, { of: "result", lengths: lengthsOf(1, 200, 300) });
  const ends = (grid: TileGrid | null): unknown => grid?.cuts.y?.map(({ write }) => write);
  expect(over?.cuts.y?.[0].write[0]).toBe(100);
  expect(over?.cuts.y?.at(-1)?.write[1]).toBe(300);
  expect(ends(result)).toEqual(over?.cuts.y?.map(({ write: [a, b] }) => [a - 100, b - 100]));
  expect(over?.cuts.y?.[0].read[0]).toBe(76);
  expect(result?.cuts.y?.[0].read[0]).toBe(-24);
});

test("slices that the network takes one by one are cuts of one slice each", () => {
  const wish: PlanTest = { axes: "ZYX", shape: [5, 64, 64], each: "Z", wishes: { tiles: [1, 2, 2] } };
  const grid = gridFor(wish, { of: "input", lengths: lengthsOf(5, 64, 64) });
  expect(grid?.cuts.z).toHaveLength(5);
  expect(grid?.cuts.z?.[3]).toEqual({ read: [3, 4], keep: [3, 4], write: [3, 4] });
});

test("a stack of other lengths has no tiles of this plan", () => {
  for (const lengths of [lengthsOf(31, 1024, 512), lengthsOf(30, 1024, 1024), lengthsOf(1, 1024, 1024)])
    expect(gridFor(FORUM, { of: "input", lengths })).toBeNull();
  expect(gridFor({ axes: "YX", shape: [64, 64] }, { of: "input", lengths: lengthsOf(7, 64, 64) })).toBeNull();
});

const DAMAGED: Readonly<Record<string, (plan: Record<string, unknown>) => unknown>> = {
  "no object": () => 5,
  "no axes": (plan) => ({ ...plan, axes: 3 }),
  "strange axes": (plan) => ({ ...plan, axes: "QYX" }),
  "no tiles": (plan) => ({ ...plan, tiles: [] }),
  "tiles that are no tiles": (plan) => ({ ...plan, tiles: [null] }),
  "tiles of other axes": (plan) => ({ ...plan, tiles: [{ read: [[0, 1]], write: [[0, 1]] }] }),
  "intervals backwards": (plan) => ({
    ...plan,
    tiles: [{ read: Array(3).fill([9, 3]), write: Array(3).fill([9, 3]) }],
  }),
  "lengths that are text": (plan) => ({ ...plan, shape: ["31", "1024", "1024"] }),
  "a block of nothing": (plan) => ({ ...plan, block: [0, 0, 0] }),
  "no padding": (plan) => ({ ...plan, padding: undefined }),
  fractions: (plan) => ({ ...plan, context: [0.5, 0.5, 0.5] }),
  "more tiles than can be looked at": (plan) => ({ ...plan, tiles: Array(200_001).fill({}) }),
};

test.each(Object.entries(DAMAGED))("a record with %s is no tiling, and no error", (_, damage) => {
  const plan = JSON.parse(JSON.stringify(planFor(FORUM))) as Record<string, unknown>;
  expect(tilingOf(plan)).not.toBeNull();
  expect(tilingOf(damage(plan))).toBeNull();
});
