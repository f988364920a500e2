import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type * as Library from "../../src/index";

const ROOT = join(import.meta.dirname, "../..");
const { exports: entries } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: { ".": { types: string; import: string } };
};
const built = join(ROOT, entries["."].import);

let library: typeof Library;
beforeAll(async () => {
  if (!existsSync(built)) throw new Error(`${entries["."].import} is missing; run "npm run build" first`);
  library = (await import(pathToFileURL(built).href)) as typeof Library;
});

test("the built library exports these names and no others, each with a declaration", () => {
  const names = [
    "TilewrightError",
    "careOverlap",
    "divisiblePadding",
    "percentileRange",
    "planAxis",
    "planTiles",
  ];
  expect(Object.keys(library).sort()).toEqual(names);
  const declarations = readFileSync(join(ROOT, entries["."].types), "utf8");
  for (const name of names) expect(declarations).toMatch(new RegExp(`\\b${name}\\b`));
});

test("the built library loads no engine and no image reader", () => {
  const text = readFileSync(built, "utf8");
  for (const name of ["onnxruntime-node", "geotiff", "jsfive", "protobufjs", '"vscode"'])
    expect(text).not.toContain(name);
});

describe("planAxis", () => {
  test("cuts the Y axis of the forum's stack as CSBDeep does", () => {
    expect(library.planAxis({ length: 1024, tiles: 3, block: 4, overlapBlocks: 6 })).toEqual([
      { read: [0, 376], keep: [0, 352], write: [0, 352] },
      { read: [328, 704], keep: [24, 352], write: [352, 680] },
      { read: [648, 1024], keep: [32, 376], write: [680, 1024] },
    ]);
  });

  test("keeps the number of tiles when asked to", () => {
    expect(
      library.planAxis({ length: 40, tiles: 3, block: 4, overlapBlocks: 1, guarantee: "count" }),
    ).toEqual([
      { read: [0, 16], keep: [0, 12], write: [0, 12] },
      { read: [8, 28], keep: [4, 16], write: [12, 24] },
      { read: [20, 40], keep: [4, 20], write: [24, 40] },
    ]);
  });

  const good = { length: 64, tiles: 2, block: 4, overlapBlocks: 1 };
  test.each([
    ["length", { length: 66 }, "66"],
    ["length", { length: 0 }, "0"],
    ["length", { length: NaN }, "NaN"],
    ["tiles", { tiles: 0 }, "0"],
    ["tiles", { tiles: 1.5 }, "1.5"],
    ["tiles", { tiles: Infinity }, "Infinity"],
    ["block", { block: -4 }, "-4"],
    ["overlapBlocks", { overlapBlocks: -1 }, "-1"],
    ["guarantee", { guarantee: "n_tiles" as "count" }, "n_tiles"],
  ])("a %s that makes no sense (%j) is a RangeError that names it", (name, wrong, value) => {
    const act = (): unknown => library.planAxis({ ...good, ...wrong });
    expect(act).toThrow(RangeError);
    expect(act).toThrow(name);
    expect(act).toThrow(value);
  });
});

describe("planTiles", () => {
  test("is the product of the axes with the last axis fastest", () => {
    const tiles = library.planTiles({
      shape: [32, 1024, 1024],
      tiles: [1, 3, 4],
      blocks: [4, 4, 4],
      overlapBlocks: [6, 6, 6],
    });
    expect(tiles).toHaveLength(12);
    expect(tiles[1]).toEqual({
      read: [
        [0, 32],
        [0, 376],
        [244, 536],
      ],
      keep: [
        [0, 32],
        [0, 352],
        [24, 268],
      ],
      write: [
        [0, 32],
        [0, 352],
        [268, 512],
      ],
    });
  });

  test("lists of different lengths are a RangeError that names the list", () => {
    const act = (): unknown =>
      library.planTiles({ shape: [8, 8], tiles: [1], blocks: [1, 1], overlapBlocks: [0, 0] });
    expect(act).toThrow(RangeError);
    expect(act).toThrow(/tiles has 1 entries, the shape 2/);
  });
});

describe("careOverlap", () => {
  test.each([
    [{ depth: 2, kernel: 3 }, 22],
    [{ depth: 3, kernel: 3 }, 46],
    [{ depth: 4, kernel: 3 }, 94],
    [{ depth: 2, kernel: 5 }, 43],
    [{ depth: 2, kernel: 3, pool: 4 }, 58],
    [{ depth: 3, kernel: 5, pool: 1 }, 28],
  ])("%j is %d", (request, px) => expect(library.careOverlap(request)).toBe(px));

  test.each([
    { depth: 6, kernel: 3 },
    { depth: 2, kernel: 4 },
    { depth: 2, kernel: 3, pool: 3 },
    { depth: 5, kernel: 3, pool: 4 },
    { depth: 1.5, kernel: 3 },
  ])("%j is a RangeError that names depth, kernel and pool", (request) => {
    const act = (): unknown => library.careOverlap(request);
    expect(act).toThrow(RangeError);
    expect(act).toThrow(`depth ${request.depth}, kernel ${request.kernel}`);
  });
});

describe("percentileRange", () => {
  test("interpolates between order statistics and leaves NaN and infinities out", () => {
    expect(library.percentileRange(Uint16Array.of(30, 0, 20, 10, 40), 10, 95)).toEqual([4, 38]);
    expect(library.percentileRange(Float32Array.of(NaN, 1, Infinity, 3, -Infinity), 0, 50)).toEqual([1, 2]);
    expect(library.percentileRange(Float64Array.of(1e-300, -1e300, 0), 0, 100)).toEqual([-1e300, 1e-300]);
  });

  test.each([
    [50, 50],
    [60, 40],
    [-1, 50],
    [0, 101],
    [NaN, 50],
  ])("percentiles %d and %d are a RangeError", (low, high) => {
    expect(() => library.percentileRange(Uint8Array.of(1, 2), low, high)).toThrow(RangeError);
  });

  test("data without a finite value are a RangeError", () => {
    expect(() => library.percentileRange(Float32Array.of(NaN), 2, 98)).toThrow(RangeError);
    expect(() => library.percentileRange(new Uint8Array(0), 2, 98)).toThrow(RangeError);
  });
});

describe("divisiblePadding", () => {
  test.each([
    [31, 4, [0, 1]],
    [32, 4, [0, 0]],
    [29, 4, [1, 2]],
    [1, 16, [7, 8]],
  ])("%d to a multiple of %d is %j", (length, block, padding) => {
    expect(library.divisiblePadding(length, block)).toEqual(padding);
  });

  test.each([
    [0, 4, "length"],
    [5, 0, "block"],
    [2.5, 4, "length"],
  ])("length %d and block %d are a RangeError that names the %s", (length, block, name) => {
    expect(() => library.divisiblePadding(length, block)).toThrow(RangeError);
    expect(() => library.divisiblePadding(length, block)).toThrow(name);
  });
});
