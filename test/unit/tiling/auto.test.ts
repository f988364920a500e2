import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { autoTiles } from "../../../src/tiling/auto";
import type { AutoAxis } from "../../../src/tiling/auto";
import { planAxis } from "../../../src/tiling/axis";
import { planFor } from "../../support/plans";

/** Memory of a tile that grows with every axis, like an engine's. */
const bytes = (shape: readonly number[]): number =>
  1000 + 40 * shape.reduce((size, length) => size * length, 1);

/** Every number of tiles on every axis, through the tiler itself. */
function bruteForce(axes: readonly AutoAxis[], limit: number): { kept: number; count: number } | null {
  const perAxis = axes.map((axis) => {
    const most = axis.tileable ? axis.length / axis.block : 1;
    return Array.from({ length: most }, (_, i) => {
      const overlapBlocks = i === 0 ? 0 : axis.overlapBlocks;
      const tiles = planAxis({ length: axis.length, tiles: i + 1, block: axis.block, overlapBlocks });
      return { tiles: tiles.length, size: tiles[0].read[1] - tiles[0].read[0] };
    });
  });
  let best: { kept: number; count: number } | null = null;
  const walk = (axis: number, size: number[], kept: number, count: number): void => {
    if (axis === axes.length) {
      if (bytes(size) > limit) return;
      if (
        best === null ||
        kept > best.kept + 1e-12 ||
        (Math.abs(kept - best.kept) <= 1e-12 && count < best.count)
      ) {
        best = { kept, count };
      }
      return;
    }
    for (const choice of perAxis[axis]) {
      const fraction = axes[axis].length / (choice.tiles * choice.size);
      walk(axis + 1, [...size, choice.size], kept * fraction, count * choice.tiles);
    }
  };
  walk(0, [], 1, 1);
  return best;
}

const axis = fc
  .record({
    blocks: fc.integer({ min: 1, max: 40 }),
    block: fc.constantFrom(1, 2, 4, 8),
    overlapBlocks: fc.integer({ min: 0, max: 5 }),
    tileable: fc.boolean(),
  })
  .map(({ blocks, block, ...rest }) => ({ length: blocks * block, block, ...rest }));

describe("auto tiles", () => {
  test("keep the largest fraction that fits, as trying every number of tiles on every axis finds it", () => {
    fc.assert(
      fc.property(
        fc.array(axis, { minLength: 1, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (axes, share) => {
          const limit = 1000 + share * bytes(axes.map(({ length }) => length));
          const found = autoTiles(axes, bytes, limit);
          const best = bruteForce(axes, limit);
          expect(found.fits).toBe(best !== null);
          if (best === null) return;
          expect(found.bytes).toBeLessThanOrEqual(limit);
          expect(found.keptFraction).toBeCloseTo(best.kept, 9);
          expect(found.tiles.reduce((count, tiles) => count * tiles, 1)).toBe(best.count);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("prefer more tiles of a better shape to fewer of a worse one", () => {
    // 16 × 48 blocks, overlap 3, at most 150 blocks a tile: 3 tiles of 16 × 20 need more than that.
    const axes = [16, 48].map((length) => ({ length, block: 1, overlapBlocks: 3, tileable: true }));
    const flat = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);
    fc.assert(
      fc.property(fc.integer({ min: 49, max: 700 }), (limit) => {
        const best = bruteForce(axes, 1000 + 40 * limit);
        const found = autoTiles(axes, flat, limit);
        expect(found.keptFraction).toBeCloseTo(best?.kept ?? NaN, 9);
        expect(found.tiles[0] * found.tiles[1]).toBe(best?.count);
      }),
      { numRuns: 650 },
    );
  });

  test("are what the tiler makes of them: asked for that many tiles it cuts that size", () => {
    fc.assert(
      fc.property(axis, fc.double({ min: 0, max: 1, noNaN: true }), (one, share) => {
        const found = autoTiles([one], bytes, share * bytes([one.length]));
        const overlapBlocks = found.tiles[0] === 1 ? 0 : one.overlapBlocks;
        const tiles = planAxis({
          length: one.length,
          tiles: found.tiles[0],
          block: one.block,
          overlapBlocks,
        });
        expect(tiles).toHaveLength(found.tiles[0]);
        expect(tiles[0].read[1] - tiles[0].read[0]).toBe(found.size[0]);
      }),
      { numRuns: 1000 },
    );
  });

  test("leave an image whole that fits", () => {
    const plan = planFor({ axes: "YX", shape: [512, 512], wishes: { tiles: "auto" }, memoryLimit: 2 ** 30 });
    expect(plan.count).toBe(1);
    expect(plan.keptFraction).toBe(1);
  });

  test("say so when not even the smallest tiles fit", () => {
    const plan = planFor({ axes: "YX", shape: [512, 512], wishes: { tiles: "auto" }, memoryLimit: 100 });
    expect(plan.warnings.map(({ code }) => code)).toContain("over-memory");
    expect(plan.exact).toBe(true);
  });

  test("of a volume of 512 × 2048 × 2048 with small blocks are found in seconds", () => {
    const started = performance.now();
    const found = autoTiles(
      [512, 2048, 2048].map((length) => ({ length, block: 1, overlapBlocks: 3, tileable: true })),
      bytes,
      bytes([64, 256, 256]),
    );
    expect(found.fits).toBe(true);
    expect(performance.now() - started).toBeLessThan(8000);
  });
});
