import { expect, test } from "vitest";
import type { TileCut, TileGrid } from "../../../src/protocol/viewer";
import { bordersIn, tileAt, tileCount, tileTexts } from "../../../webview/overlay/tiles";

const lengths = { t: 1, z: 10, c: 1, y: 100, x: 90 };
const cut = (start: number, stop: number, context: number): TileCut => ({
  read: [start - context, stop + context],
  keep: [start, stop],
  write: [start, stop],
});
const grid: TileGrid = {
  name: "plan",
  cuts: { z: [cut(0, 5, 2), cut(5, 10, 2)], x: [cut(0, 30, 8), cut(30, 60, 8), cut(60, 90, 8)] },
  context: { z: 2, x: 8 },
};

test("tiles are counted row by row over z, y and x, from 1", () => {
  expect(tileCount(grid)).toBe(6);
  expect(tileAt(grid, { z: 0, y: 50, x: 0 }, lengths)?.number).toBe(1);
  expect(tileAt(grid, { z: 4.9, y: 0, x: 89 }, lengths)?.number).toBe(3);
  expect(tileAt(grid, { z: 5, y: 99, x: 30 }, lengths)?.number).toBe(5);
  expect(tileAt(grid, { z: 9, y: 99, x: 89 }, lengths)?.number).toBe(6);
});

test("a border belongs to the tile that begins there, and outside of the image there is none", () => {
  expect(tileAt(grid, { z: 0, y: 0, x: 29.99 }, lengths)?.cuts.x.write).toEqual([0, 30]);
  expect(tileAt(grid, { z: 0, y: 0, x: 30 }, lengths)?.cuts.x.write).toEqual([30, 60]);
  expect(tileAt(grid, { z: 0, y: 0, x: 90 }, lengths)).toBeNull();
  expect(tileAt(grid, { z: 0, y: 100, x: 0 }, lengths)).toBeNull();
});

test("an axis that is not cut belongs to every tile as a whole", () => {
  expect(tileAt(grid, { z: 0, y: 50, x: 0 }, lengths)?.cuts.y.read).toEqual([0, 100]);
});

test("where tiles wrote the same pixels the last one is meant", () => {
  const shifted: TileGrid = { name: "run", cuts: { x: [cut(0, 50, 0), cut(40, 90, 0)] }, context: {} };
  expect(tileAt(shifted, { z: 0, y: 0, x: 45 }, lengths)?.number).toBe(2);
});

test("a tile tells its number, sizes along the cut axes and context", () => {
  const tile = tileAt(grid, { z: 0, y: 0, x: 40 }, lengths);
  expect(tile).not.toBeNull();
  if (tile === null) return;
  expect(tileTexts(tile, grid)).toEqual([
    "Tile 2 of 6",
    "reads z 9 × x 46 px",
    "keeps z 5 × x 30 px",
    "writes z 5 × x 30 px",
    "context z 2, x 8 px",
  ]);
});

test("only borders inside of an interval are drawn, each once", () => {
  expect(bordersIn(grid.cuts.x ?? [], [0, 90], 0)).toEqual([0, 30, 60, 90]);
  expect(bordersIn(grid.cuts.x ?? [], [10, 70], 0)).toEqual([30, 60]);
});

test("borders of very many tiles are thinned out to what a screen can show", () => {
  const many = Array.from({ length: 10_000 }, (_, index) => cut(index * 2, index * 2 + 2, 1));
  const borders = bordersIn(many, [0, 20_000], 40);
  expect(borders.length).toBe(501);
  expect(borders.slice(0, 3)).toEqual([0, 40, 80]);
});
