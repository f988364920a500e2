import { describe, expect, test } from "vitest";
import { measureBlind } from "../../../src/diagnose/blind/blind";
import { quietJob } from "../../../src/job";
import { makeVolume } from "../../../src/volume/volume";
import { SIDE, measure, scene, stitched, waves } from "../../support/blindScenes";
import { seededRandom } from "../../support/networks";
import { stackOf } from "../../support/stacks";

describe("blind diagnosis", () => {
  test("finds the period and offset of a stitched image", async () => {
    const { grid, findings, seams } = await measure(stitched(scene(1), { period: 48, offset: 56 }, 0.3), [
      SIDE,
      SIDE,
    ]);
    expect(grid).toEqual({ X: { period: 48, offset: 56 }, Y: null });
    expect(seams.map(({ axis, position }) => `${axis}${position}`)).toEqual(["X56", "X104", "X152", "X200"]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ axis: "X", certainty: "measured", where: { X: [55, 201] } });
    expect(findings[0].evidence).toContain("every 48 px in X from 56");
  });

  test.each([2, 3, 4, 5, 6])("finds nothing in an image without seams (%i)", async (seed) => {
    const { findings, grid, hadPower } = await measure(scene(seed), [SIDE, SIDE]);
    expect(findings).toEqual([]);
    expect(grid).toEqual({ X: null, Y: null });
    expect(hadPower).toBe(true);
  });

  test("gives figures of planned seams whether they are seen or not, corrected for their number alone", async () => {
    const { seams } = await measure(scene(7), [SIDE, SIDE], { X: [64, 128] });
    expect(seams.map(({ position, known }) => [position, known])).toEqual([
      [64, true],
      [128, true],
    ]);
    for (const { excess, pValue } of seams) {
      expect(excess).not.toBeNull();
      expect(pValue).toBeGreaterThan(0.001);
    }
  });

  test("calls one gain and offset a tile normalisation, with its size", async () => {
    const data = scene(8).map((value, i) => (i % SIDE < 128 ? value : 0.8 * value + 0.9));
    const { findings } = await measure(data, [SIDE, SIDE]);
    expect(findings.map(({ cause }) => cause)).toEqual(["tile-normalization"]);
    expect(findings[0].magnitude).toBeGreaterThan(0.05);
  });

  test("finds seams across Y and Z as across X", async () => {
    const [depth, height, width] = [64, 96, 96];
    const data = waves(9, [depth, height, width]).map((value, i) => {
      const [z, y] = [Math.floor(i / (height * width)), Math.floor(i / width) % height];
      return value + (z >= 32 ? 1 : 0) + (y >= 48 ? 1 : 0);
    });
    const { seams } = await measure(data, [depth, height, width], {}, "ZYX");
    expect(seams.map(({ axis, position }) => `${axis}${position}`)).toEqual(["Z32", "Y48"]);
  });

  test("finds a missing tile, and does not call its borders seams", async () => {
    const data = scene(10);
    for (let y = 64; y < 128; y++) data.fill(0, y * SIDE + 128, y * SIDE + 192);
    const { findings } = await measure(data, [SIDE, SIDE]);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ cause: "missing-tile", where: { Y: [64, 128], X: [128, 192] } });
  });

  test("finds a tile of NaN in the slice where it is", async () => {
    const data = Float32Array.from([...scene(11), ...scene(12)]);
    for (let y = 0; y < 64; y++) data.fill(NaN, SIDE * SIDE + y * SIDE, SIDE * SIDE + y * SIDE + 64);
    const { findings } = await measure(data, [2, SIDE, SIDE], {}, "ZYX");
    expect(findings.map(({ cause, where }) => ({ cause, where }))).toEqual([
      { cause: "missing-tile", where: { Y: [0, 64], X: [0, 64], Z: [1, 2] } },
    ]);
  });

  test("finds integers that wrapped around, and not those that were clamped", async () => {
    const bright = scene(13).map((value) => Math.max(0, 75 * value));
    const wrapped = await measure(Uint8Array.from(bright), [SIDE, SIDE]);
    expect(wrapped.findings.map(({ cause }) => cause)).toContain("integer-wrap");
    const clamped = Uint8Array.from(bright, (value) => Math.min(255, value));
    expect((await measure(clamped, [SIDE, SIDE])).findings).toEqual([]);
  });

  test("does not take magnified images for tiles", async () => {
    const small = scene(14, 64, 64);
    const large = Float32Array.from(
      { length: SIDE * SIDE },
      (_, i) => small[(i >> 10) * 64 + ((i % SIDE) >> 2)],
    );
    expect((await measure(large, [SIDE, SIDE])).findings).toEqual([]);
  });

  test("does not search labels for seams, and says so", async () => {
    const labels = Uint16Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIDE), i % SIDE];
      return 1 + ((Math.floor(y / 40) * 37 + Math.floor(x / 40) * 11) % 29);
    });
    const { findings, notes } = await measure(labels, [SIDE, SIDE]);
    expect(findings).toEqual([]);
    expect(notes.join(" ")).toContain("labels");
  });

  test("takes bars for a pattern of the image", async () => {
    const bars = scene(25).map((value, i) => value + (Math.floor((i % SIDE) / 24) % 2));
    const { findings, notes } = await measure(bars, [SIDE, SIDE]);
    expect(findings).toEqual([]);
    expect(notes.join(" ")).toContain("repeats regularly");
  });

  test("does not take the borders of a missing tile for steps of whole tiles", async () => {
    const random = seededRandom(27);
    const data = scene(27);
    for (let y = 0; y < SIDE; y++)
      for (const x of [63, 64, 127, 128, 191, 192]) data[y * SIDE + x] += 1.6 * (random() - 0.5);
    for (let y = 64; y < 128; y++) data.fill(0, y * SIDE + 128, y * SIDE + 192);
    const { findings } = await measure(data, [SIDE, SIDE]);
    expect(findings.map(({ cause }) => cause)).toEqual(["missing-tile", "unknown"]);
  });

  test("takes the borders of a montage for what they are", async () => {
    const fields = [scene(21, 128), scene(22, 128)];
    const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIDE), i % SIDE];
      return fields[x < 128 ? 0 : 1][y * 128 + (x % 128)];
    });
    const { findings, notes } = await measure(data, [SIDE, SIDE]);
    expect(findings).toEqual([]);
    expect(notes.join(" ")).toContain("montage");
  });

  test("does not call what ends with an object a seam", async () => {
    const data = scene(23);
    for (let y = 90; y < 166; y++) for (let x = 80; x < 176; x++) data[y * SIDE + x] += 4;
    const { findings, notes } = await measure(data, [SIDE, SIDE]);
    expect(findings).toEqual([]);
    expect(notes.join(" ")).toContain("not along all of the image");
  });

  test("does not call bright writing on a dark gradient integers that wrapped around", async () => {
    const drawing = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIDE), i % SIDE];
      return y > 10 && y < 32 && x > 12 && x % 9 < 3 ? 255 : Math.floor(y / 4);
    });
    expect((await measure(drawing, [SIDE, SIDE])).findings).toEqual([]);
  });

  test("does not call a part of a saturated sky a missing tile", async () => {
    const random = seededRandom(24);
    const data = scene(24);
    for (let y = 60; y < 140; y++) {
      const wide = y < 92 || y >= 108;
      const [left, right] = wide
        ? [90 - Math.floor(9 * random()), 150 + Math.floor(20 * random())]
        : [100, 132];
      for (let x = left; x < right; x++) data[y * SIDE + x] = 9;
    }
    const { findings } = await measure(data, [SIDE, SIDE]);
    expect(findings.map(({ cause }) => cause)).not.toContain("missing-tile");
  });
});

describe("blind diagnosis of what is hardly an image", () => {
  const nothing = { findings: [], seams: [], hadPower: false };

  test.each([
    ["one pixel", Float32Array.of(3), [1, 1]],
    ["one row", Float32Array.from({ length: 500 }, (_, i) => Math.sin(i)), [1, 500]],
    ["one column", Float32Array.from({ length: 500 }, (_, i) => Math.sin(i)), [500, 1]],
    ["a constant", new Uint8Array(128 * 128).fill(9), [128, 128]],
    ["nothing but NaN", new Float32Array(128 * 128).fill(NaN), [128, 128]],
    ["nothing but Infinity", new Float32Array(128 * 128).fill(Infinity), [128, 128]],
  ])("finds nothing in %s", async (_, data, shape) => {
    expect(await measure(data, shape)).toMatchObject(nothing);
  });

  test("reports no number that JSON cannot hold", async () => {
    const data = Float64Array.from(scene(15), (value) => value * 1e300);
    for (let i = 0; i < data.length; i += 997) data[i] = i % 2 === 0 ? NaN : -Infinity;
    const measured = await measure(data, [SIDE, SIDE]);
    expect(JSON.parse(JSON.stringify(measured))).toEqual(measured);
  });

  test("finds the same grid in values as far from zero as their type allows", async () => {
    const data = stitched(scene(16), { period: 40, offset: 40 }, 0.4);
    const far = Int32Array.from(data, (value) => 2_000_000_000 + Math.round(1000 * value));
    expect((await measure(far, [SIDE, SIDE])).grid).toEqual((await measure(data, [SIDE, SIDE])).grid);
  });

  test("stops when its job is aborted", async () => {
    const stack = stackOf(makeVolume(scene(17), [SIDE, SIDE], "YX"));
    await expect(measureBlind(stack, {}, quietJob(AbortSignal.abort()))).rejects.toThrow(/abort/i);
  });
});
