import { describe, expect, test } from "vitest";
import { seamsOf } from "../../../src/diagnose/blind/grid";
import { findPrint } from "../../../src/diagnose/blind/prints";
import { SIDE, measure, scene, stitched, waves } from "../../support/blindScenes";
import { seededRandom } from "../../support/networks";

const LINE = { lattice: 1, margin: 16 };

/** The same random values in every tile, larger at its borders, the last tile moved back so that it ends with the image. */
function printOn(data: Float32Array, { period, size }: { period: number; size: number }): Float32Array {
  const random = seededRandom(98);
  const pattern = Array.from({ length: period }, (_, x) => {
    const toBorder = Math.min(x, period - 1 - x);
    return size * (random() - 0.5) * (1 + 2 * Math.exp(-toBorder / 2));
  });
  const last = period * Math.floor((SIDE - 1) / period);
  return data.map((value, i) => {
    const x = i % SIDE;
    return value + pattern[x < last ? x % period : (x - SIDE + period) % period];
  });
}

/** Something smooth that repeats after so many px, whole or not. */
function textureOf(period: number): (p: number) => number {
  const random = seededRandom(92);
  const waves = Array.from({ length: 8 }, (_, k) => ({
    turns: k + 1,
    size: random(),
    phase: 6.3 * random(),
  }));
  return (p) =>
    waves.reduce(
      (sum, { turns, size, phase }) => sum + size * Math.sin((2 * Math.PI * turns * p) / period + phase),
      0,
    );
}

describe("grids of blind diagnosis", () => {
  test("finds seams that lie as close together as they may", async () => {
    const { grid } = await measure(stitched(scene(26), { period: 24, offset: 32 }, 0.25), [SIDE, SIDE]);
    expect(grid.X).toEqual({ period: 24, offset: 32 });
  });

  test.each([
    [{ period: 48, offset: 56 }, 256, [56, 104, 152, 200]],
    [{ period: 48, offset: 56 }, 257, [56, 104, 152, 200, 248]],
    [{ period: 32, offset: 32 }, 96, [32, 64]],
    [{ period: 32, offset: 32 }, 97, [32, 64, 96]],
    [{ period: 32, offset: 80 }, 90, [80]],
  ])("cuts no tile more than needed (%o, %i px)", (grid, length, seams) => {
    expect(seamsOf(grid, length)).toEqual(seams);
  });

  test("sees the first seam of a grid although it has no step", async () => {
    const steps = [0, 0, 0.4, 0.9, 0.3, -0.3, 0.3];
    const data = scene(30).map((value, i) => {
      const x = i % SIDE;
      return value + steps[x < 52 ? 0 : 1 + Math.floor((x - 52) / 34)];
    });
    expect((await measure(data, [SIDE, SIDE])).grid.X).toEqual({ period: 34, offset: 52 });
  });

  test("finds tiles that print the same pattern, and says so", async () => {
    const { grid, findings } = await measure(printOn(scene(31), { period: 36, size: 0.5 }), [SIDE, SIDE]);
    expect(grid).toEqual({ X: { period: 36, offset: 36 }, Y: null });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ axis: "X", cause: "unknown" });
    expect(findings[0].evidence).toMatch(/\d+ % of the pattern repeats after 36 px/);
  });

  test.each([28.4, 36.5, 47.3])("takes what repeats after %d px for a texture", async (period) => {
    const texture = textureOf(period);
    const data = scene(32).map((value, i) => value + 0.4 * texture(i % SIDE));
    expect((await measure(data, [SIDE, SIDE])).findings).toEqual([]);
  });

  test("takes the borders of a missing tile for those of the others", async () => {
    const weak = stitched(scene(38), { period: 36, offset: 44 }, 0.06);
    expect((await measure(weak, [SIDE, SIDE])).grid.X).toBeNull();
    for (let y = 64; y < 128; y++) weak.fill(0, y * SIDE + 116, y * SIDE + 152);
    const { grid } = await measure(weak, [SIDE, SIDE]);
    expect(grid.X).toEqual({ period: 36, offset: 44 });
  });

  test("sees the grid in integers that wrapped around", async () => {
    const bright = stitched(scene(34), { period: 40, offset: 48 }, 0.12).map((value) => 75 * value + 20);
    const { findings, grid } = await measure(Uint8Array.from(bright), [SIDE, SIDE]);
    expect(findings.map(({ cause }) => cause)).toContain("integer-wrap");
    expect(grid.X).toEqual({ period: 40, offset: 48 });
  });

  test("searches images with a dark ground of one value, which labels have too", async () => {
    const clipped = stitched(scene(35), { period: 40, offset: 48 }, 0.3).map((value) =>
      Math.max(0, 60 * (value - 2.3)),
    );
    const { grid, notes } = await measure(Uint8Array.from(clipped), [SIDE, SIDE]);
    expect(notes).toEqual([]);
    expect(grid.X).toEqual({ period: 40, offset: 48 });
  });

  test("follows seams across Z", async () => {
    const [depth, side] = [96, 64];
    const data = waves(36, [depth, side, side]).map((value, i) => {
      const z = Math.floor(i / (side * side));
      return value + [0, 0.5, 1.1, 0.2][Math.floor(z / 24)];
    });
    expect((await measure(data, [depth, side, side], {}, "ZYX")).grid.Z).toEqual({ period: 24, offset: 24 });
  });
});

describe("what repeats along a line", () => {
  const random = seededRandom(91);
  const noise = (length: number): Float64Array => Float64Array.from({ length }, () => random() - 0.5);

  test("is found with its period", () => {
    const pattern = noise(28);
    const line = noise(300).map((value, p) => 0.3 * value + pattern[p % 28]);
    const print = findPrint(line, LINE);
    expect(print).toMatchObject({ period: 28, isOfTiles: true });
    expect(print!.likeness).toBeGreaterThan(0.8);
  });

  test("is of no tiles when its period is no whole number of px", () => {
    const texture = textureOf(28.3);
    const print = findPrint(
      noise(300).map((value, p) => 0.1 * value + texture(p)),
      LINE,
    );
    expect(print?.isOfTiles).toBe(false);
  });

  test("is of no tiles when it hardly shows", () => {
    const pattern = noise(28);
    expect(
      findPrint(
        noise(300).map((_, p) => 0.02 * pattern[p % 28]),
        LINE,
      )?.isOfTiles,
    ).toBe(false);
  });

  test("is nothing of noise, of a constant and of a line without values", () => {
    expect(findPrint(noise(300), LINE)?.likeness ?? 0).toBeLessThan(0.35);
    expect(findPrint(new Float64Array(300), LINE)).toBeNull();
    expect(findPrint(new Float64Array(300).fill(NaN), LINE)).toBeNull();
    expect(findPrint(new Float64Array(2), LINE)).toBeNull();
  });
});
