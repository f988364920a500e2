import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planAxis, tileCount, tileLengthFor } from "../../../src/tiling/axis";
import type { AxisTile, Guarantee } from "../../../src/tiling/axis";
import { careOverlap } from "../../../src/tiling/careOverlap";
import { planTiles } from "../../../src/tiling/tiles";
import type { Tile } from "../../../src/tiling/tiles";
import { hasShared, sharedPath } from "../../support/shared";

const GUARANTEES: Record<string, Guarantee> = { size: "size", n_tiles: "count" };
const guaranteeOf = (name: string): Guarantee => GUARANTEES[name] ?? (name as Guarantee);
const broadcast = (value: number | number[], length: number): number[] =>
  Array.isArray(value) ? value : new Array<number>(length).fill(value);

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly error?: boolean;
  readonly [key: string]: any;
}

const cases: Case[] = hasShared
  ? (JSON.parse(readFileSync(sharedPath("golden", "tilings-public.json"), "utf8")) as { cases: Case[] }).cases
  : [];

const rowOf = (tile: Tile): number[] =>
  tile.read.flatMap((read, axis) => [...read, ...tile.keep[axis], ...tile.write[axis]]);
const sha256 = (rows: readonly (readonly number[])[]): string =>
  createHash("sha256")
    .update(rows.map((row) => row.join(",")).join("\n"))
    .digest("hex");

function planNd(c: Case): Tile[] {
  const n = c.shape.length;
  return planTiles({
    shape: c.shape,
    tiles: broadcast(c.n_tiles, n),
    blocks: broadcast(c.blocks, n),
    overlapBlocks: broadcast(c.overlaps, n),
    guarantee: guaranteeOf(c.guarantee),
  });
}

/** CSBDeep's predict_tiled: axes asked for one tile are not cut; C is never tiled. */
function planCalls(c: Case): number[][] {
  const channel = c.axes.indexOf("C");
  if (c.n_tiles[channel] > 1) throw new RangeError("C cannot be tiled");
  const axes = [...c.shape.keys()].filter((axis) => axis !== channel);
  const tiles = planTiles({
    shape: axes.map((a) => c.shape[a]),
    tiles: axes.map((a) => c.n_tiles[a]),
    blocks: axes.map((a) => c.blocks[a]),
    overlapBlocks: axes.map((a) => (c.n_tiles[a] > 1 ? Math.ceil(c.tile_overlaps_px[a] / c.blocks[a]) : 0)),
  });
  return tiles.map((tile) => tile.read.flatMap((interval) => [...interval]));
}

function checkAxis(c: Case): void {
  const tiles = planAxis({
    length: c.n,
    tiles: c.n_tiles,
    block: c.block,
    overlapBlocks: c.overlap,
    guarantee: guaranteeOf(c.guarantee),
  });
  expect(tiles).toEqual(
    c.tiles.map((t: Record<string, number[]>) => ({ read: t.read, keep: t.crop, write: t.write })),
  );
}

function checkForTiles(c: Case): void {
  expect(tileLengthFor(c.n, c.n_tiles, c.overlap)).toBe(c.requested_size);
  expect(tileCount(c.n, c.size, c.overlap)).toBe(c.count);
  const tiles: AxisTile[] = planAxis({ length: c.n, tiles: c.n_tiles, block: 1, overlapBlocks: c.overlap });
  expect(tiles.map(({ read, write }) => ({ read, write }))).toEqual(c.tiles);
}

function checkNd(c: Case): void {
  const rows = planNd(c).map(rowOf);
  expect(rows).toHaveLength(c.count);
  expect(sha256(rows)).toBe(c.sha256);
}

function checkCalls(c: Case): void {
  const calls = planCalls(c);
  expect(calls).toHaveLength(c.count);
  expect(calls.slice(0, c.calls.length)).toEqual(c.calls);
  expect(sha256(calls)).toBe(c.sha256);
}

const CHECKS: Record<string, (c: Case) => void> = {
  "1d": checkAxis,
  for_n_tiles: checkForTiles,
  nd: checkNd,
  total: (c) => expect(planNd(c)).toHaveLength(c.count),
  predict_tiled: checkCalls,
  tile_overlap: (c) =>
    expect(careOverlap({ depth: c.n_depth, kernel: c.kern_size, pool: c.pool_size })).toBe(c.value),
};

describe.skipIf(!hasShared)("CSBDeep's own tilings", () => {
  test("there are 436 of them", () => expect(cases).toHaveLength(436));
  test.each(cases.map((c) => [`${c.id} ${c.kind}`, c] as const))("%s", (_, c) => {
    if (c.error === true) expect(() => CHECKS[c.kind](c)).toThrow(RangeError);
    else CHECKS[c.kind](c);
  });
});
