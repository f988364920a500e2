import { describe, expect, test } from "vitest";
import { explainPlan } from "../../../src/tiling/explain";
import { planFor } from "../../support/plans";
import type { PlanTest } from "../../support/plans";

const codes = (test: PlanTest): string[] => planFor(test).warnings.map(({ code }) => code);

describe("the forum's question: 31 × 1024 × 1024, tiles 1,3,4, CARE of depth 2 and kernel 3", () => {
  const plan = planFor({ axes: "ZYX", shape: [31, 1024, 1024], wishes: { tiles: [1, 3, 4] } });
  const text = explainPlan(plan, { padding: "reflect", modelName: "care" });
  const line = (start: string): string => text.split("\n").find((one) => one.startsWith(start)) ?? "";

  test("z 31 becomes 32 by one reflected slice, and is not cut", () => {
    expect(line("Z ")).toMatch(/31 → 32 by one reflected slice/);
    expect(line("Z ")).toMatch(/Uncut/);
  });

  test("Y tiles have 376 px, X tiles 292, three and four of them", () => {
    expect(line("Y ")).toMatch(/1024 px, no padding needed\. 3 tiles of 376 px/);
    expect(line("X ")).toMatch(/1024 px, no padding needed\. 4 tiles of 292 px/);
  });

  test("24 px are discarded per side, 48 shared by neighbours", () => {
    for (const axis of ["Y ", "X "]) expect(line(axis)).toMatch(/24 px discarded per side, 48 px shared/);
  });

  test("there are 12 network calls", () => {
    expect(plan.count).toBe(12);
    expect(text).toMatch(/^ZYX 31 × 1024 × 1024, model care: 12 network calls\./);
  });

  test("it says why: block 4, context 22, rounded up to overlap 24", () => {
    expect(text).toMatch(
      /Why the overlap is that size:\n {2}ZYX: block 4 px, context 22 px → overlap 24 px\./,
    );
    expect(text).toMatch(/depends on up to 22 px beyond it/);
    expect(text).toMatch(/shifts by its block of 4 px/);
    expect(text).toMatch(/rounded up to whole blocks/);
    expect(text).toMatch(/the tiled prediction equals the untiled one/);
    expect(text).toMatch(/CSBDeep's table says Z 22, Y 22, X 22 px/);
  });

  test("it says which fraction of the work is overlap: computed from the tiles, not from the text", () => {
    const computed = 12 * 32 * 376 * 292;
    const kept = 32 * 1024 * 1024;
    expect(plan.keptFraction).toBeCloseTo(kept / computed, 12);
    expect(text).toContain(`${((1 - kept / computed) * 100).toFixed(1)} % of the work is overlap`);
  });

  test("every cut axis is drawn, one row per tile, kept px as '='", () => {
    expect(text.split("\n").filter((one) => /^ {3}\|[ =-]{60}\| {2}reads/.test(one))).toHaveLength(3 + 4);
    expect(text).toMatch(/reads {4}0… 376 {2}keeps {4}0… 352/);
    expect(text).toMatch(/reads {2}648…1024 {2}keeps {2}680…1024/);
  });

  test("no line is longer than 110 columns except sentences that wrap", () => {
    for (const one of text.split("\n").filter((row) => row.includes("|")))
      expect(one.length).toBeLessThanOrEqual(110);
  });

  test("it is exact and has nothing to warn about", () => {
    expect(plan.exact).toBe(true);
    expect(plan.warnings).toEqual([]);
  });
});

describe("values that cannot work", () => {
  test.each<[string, PlanTest, string, RegExp]>([
    [
      "no tiles",
      { axes: "YX", shape: [64, 64], wishes: { tiles: [0, 1] } },
      "tiling.badValue",
      /tiles on axis Y .* 0/,
    ],
    [
      "half a tile",
      { axes: "YX", shape: [64, 64], wishes: { tiles: [1, 2.5] } },
      "tiling.badValue",
      /axis X .* 2\.5/,
    ],
    [
      "a negative overlap",
      { axes: "YX", shape: [64, 64], wishes: { overlap: [-4, 0] } },
      "tiling.badValue",
      /overlap on axis Y .* -4/,
    ],
    [
      "block 0",
      { axes: "YX", shape: [64, 64], wishes: { block: [4, 0] } },
      "tiling.badValue",
      /block on axis X .* 0/,
    ],
    [
      "tile size 0",
      { axes: "YX", shape: [64, 64], wishes: { tileSize: [0, 64] } },
      "tiling.badValue",
      /tile size on axis Y .* 0/,
    ],
    [
      "negative extra padding",
      { axes: "YX", shape: [64, 64], wishes: { padExtra: [-1, 0] } },
      "tiling.badValue",
      /extra padding on axis Y/,
    ],
    [
      "tiles no larger than twice the overlap",
      { axes: "YX", shape: [256, 256], wishes: { tileSize: [48, 128] } },
      "tiling.tileTooSmall",
      /axis Y: tile size 48 .* twice the overlap of 24 px, at least 52/,
    ],
    [
      "tiled channels",
      { axes: "CYX", shape: [2, 64, 64], wishes: { tiles: [2, 1, 1] } },
      "tiling.notTileable",
      /axis C .* every tile needs all channels/,
    ],
    [
      "tiles on an axis the network lacks",
      { axes: "ZYX", shape: [9, 64, 64], each: "Z", wishes: { tiles: [3, 1, 1] } },
      "tiling.notTileable",
      /axis Z .* no Z axis, each of its 9 entries/,
    ],
  ])("%s is an error that names it", (_, wanted, code, message) => {
    expect(() => planFor(wanted)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }) as Error,
    );
  });

  test("CSBDeep's overlap for a network outside its table is an error", async () => {
    const { makePlan } = await import("../../../src/tiling/plan");
    const axis = { axis: "X", length: 64, role: "tiled", block: 3, context: 5, careOverlap: null } as const;
    expect(() =>
      makePlan({
        axes: [axis],
        wishes: { tiles: [2], overlap: "care", block: "auto", guarantee: "size" },
        blockers: [],
        bytes: () => 1,
        memoryLimit: 1,
      }),
    ).toThrow(expect.objectContaining({ code: "tiling.noCareOverlap" }) as Error);
  });
});

describe("values that work but are not exact", () => {
  const image = { axes: "YX", shape: [250, 250] };

  test("an overlap below the context says what is needed", () => {
    const plan = planFor({ ...image, wishes: { tiles: [3, 1], overlap: [16, 16] } });
    expect(plan.exact).toBe(false);
    expect(plan.warnings).toMatchObject([
      { code: "overlap-below-context", axis: "Y", fix: expect.stringContaining("24") },
    ]);
  });

  test("block 1 warns when a tile starts off the network's grid, naming where", () => {
    const plan = planFor({ ...image, wishes: { tiles: [3, 1], block: [1, 1] } });
    const misaligned = plan.tiles.map(({ read }) => read[0][0]).find((px) => px % 4 !== 0);
    expect(misaligned).toBeDefined();
    expect(plan.exact).toBe(false);
    expect(plan.warnings.find(({ code }) => code === "block-misaligned")?.message).toContain(
      `at ${misaligned} px`,
    );
  });

  test("block 1 is said to be exact by luck when every tile happens to start on the grid", () => {
    // 248 px, 2 tiles of overlap 22: 146 px each, the second starts at 102. With 240 px of overlap 20: 140, 100.
    const plan = planFor({ axes: "X", shape: [240], context: 20, wishes: { tiles: [2], block: [1] } });
    expect(plan.tiles.map(({ read }) => read[0][0])).toEqual([0, 100]);
    expect(plan.exact).toBe(true);
    expect(plan.warnings.map(({ code, message }) => [code, message])).toEqual([
      ["block-misaligned", expect.stringContaining("happen to start on the network's grid")],
    ]);
  });

  test("a larger block that is a multiple of the network's is exact, also where it does not divide the length", () => {
    const plan = planFor({ ...image, wishes: { tiles: [3, 3], block: [16, 16] } });
    expect(plan.paddedShape).toEqual([252, 252]);
    expect(plan.overlap).toEqual([32, 32]);
    expect(plan.exact).toBe(true);
    expect(Math.max(...plan.tiles.map(({ read }) => read[0][1]))).toBe(252);
  });

  test("extra padding is named as invented pixels", () => {
    expect(codes({ ...image, wishes: { padExtra: [8, 0] } })).toEqual(["extra-padding"]);
  });

  test("a network with global reach warns when it is cut, not when it is whole", () => {
    expect(codes({ ...image, blockers: ["layer gap: global"] })).toEqual([]);
    expect(codes({ ...image, blockers: ["layer gap: global"], wishes: { tiles: [2, 1] } })).toContain(
      "not-exact-network",
    );
  });

  test("tiles that are mostly overlap are said to be", () => {
    expect(codes({ ...image, wishes: { tiles: [30, 30] } })).toContain("mostly-overlap");
  });
});

describe("a part of the image", () => {
  test("is computed with the full context around it, on the network's grid", () => {
    const plan = planFor({ axes: "YX", shape: [1000, 1000], parts: { Y: [501, 602] } });
    expect(plan.computed).toEqual([
      [500 - 24, 604 + 24],
      [0, 1000],
    ]);
    expect(plan.wanted).toEqual([
      [501, 602],
      [0, 1000],
    ]);
    expect(plan.exact).toBe(true);
  });

  test("at the border of the image needs nothing beyond it", () => {
    const plan = planFor({ axes: "X", shape: [1002], parts: { X: [0, 100] } });
    expect(plan.padding).toEqual([[1, 1]]);
    expect(plan.computed).toEqual([[0, 104 + 24]]);
    expect(plan.wanted).toEqual([[1, 101]]);
  });

  test("with too small an overlap is not exact, even when it is one tile", () => {
    expect(codes({ axes: "X", shape: [1000], parts: { X: [400, 500] }, wishes: { overlap: [8] } })).toEqual([
      "overlap-below-context",
    ]);
  });

  test("of tiles keeps only tiles that hold something wanted", () => {
    const plan = planFor({
      axes: "ZYX",
      shape: [20, 512, 512],
      each: "Z",
      parts: { Z: [3, 5], Y: [100, 140] },
      wishes: { tiles: [1, 1, 2] },
    });
    expect(plan.count).toBe(2 * 2);
    expect(plan.tiles.map(({ read }) => read[0][0])).toEqual([3, 3, 4, 4]);
  });
});

test("lengths that the model file fixes decide the tile size", async () => {
  const { makePlan } = await import("../../../src/tiling/plan");
  const axis = (letter: string, length: number) =>
    ({ axis: letter, length, role: "tiled", block: 4, context: 22, careOverlap: 22 }) as const;
  const plan = makePlan({
    axes: [axis("Y", 500), axis("X", 500)],
    wishes: { tiles: "auto", overlap: "auto", block: "auto", guarantee: "size" },
    blockers: [],
    fixedShape: [256, 256],
    bytes: () => 1,
    memoryLimit: 2,
  });
  expect(plan.tiles.every(({ read }) => read.every(([start, stop]) => stop - start === 256))).toBe(true);
});

test("an image smaller than the length that the model file fixes is padded to it", async () => {
  const { makePlan } = await import("../../../src/tiling/plan");
  const axis = (letter: string, length: number) =>
    ({ axis: letter, length, role: "tiled", block: 4, context: 22, careOverlap: 22 }) as const;
  const plan = makePlan({
    axes: [axis("Y", 101), axis("X", 300)],
    wishes: { tiles: "auto", overlap: "auto", block: "auto", guarantee: "size" },
    blockers: [],
    fixedShape: [256, 256],
    bytes: () => 1,
    memoryLimit: 2,
  });
  expect(plan.padding[0]).toEqual([77, 78]);
  expect(plan.tiles.every(({ read }) => read.every(([start, stop]) => stop - start === 256))).toBe(true);
});
