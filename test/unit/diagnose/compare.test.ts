import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { compareStacks } from "../../../src/diagnose/compare";
import { structuralSimilarity } from "../../../src/diagnose/similarity";
import { quietJob } from "../../../src/job";
import { tiffReader } from "../../../src/stack/tiff/read";
import { makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import { temporaryFolder, writeStack } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

let count = 0;
async function compare(a: Volume, b: Volume) {
  const open = async (volume: Volume) =>
    tiffReader.open({ path: await writeStack(join(folder.path, `${count++}.tif`), volume) }, quietJob());
  const [first, second] = [await open(a), await open(b)];
  try {
    return await compareStacks(first, second, quietJob());
  } finally {
    await first.close();
    await second.close();
  }
}

const HEIGHT = 23;
const WIDTH = 31;
const A = Float32Array.from({ length: HEIGHT * WIDTH }, (_, i) =>
  Math.round(100 + 60 * Math.sin((i % WIDTH) / 5) + 40 * Math.cos(Math.floor(i / WIDTH) / 7)),
);
const B = A.map((value, i) => value + Math.floor(((i * i * 7 + 39 * i + 3) % 251) / 10));

describe("comparing stacks", () => {
  test("gives the numbers computed by hand", async () => {
    // Differences 0 0 3 / 0 4 0, and 0 0 0 / 0 0 1; A goes from 0 to 10.
    const a = makeVolume(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10), [2, 2, 3], "ZYX");
    const b = makeVolume(Float32Array.of(0, 1, 5, 3, 0, 5, 6, 7, 8, 9, 10, 11), [2, 2, 3], "ZYX");
    const rms = Math.sqrt((9 + 16 + 1) / 12);
    expect(await compare(a, b)).toEqual({
      max: 4,
      mean: expect.closeTo(8 / 12, 12),
      rms: expect.closeTo(rms, 12),
      psnr: expect.closeTo(20 * Math.log10(10 / rms), 12),
      ssim: null,
      perAxisProfile: {
        Z: [7 / 6, 1 / 6].map((mean) => expect.closeTo(mean, 12)),
        Y: [3 / 6, 5 / 6].map((mean) => expect.closeTo(mean, 12)),
        X: [0, 1, 1].map((mean) => expect.closeTo(mean, 12)),
      },
      worst: { position: { Z: 0, Y: 1, X: 1 }, a: 4, b: 0 },
      range: 10,
    });
  });

  test("of equal stacks finds nothing, similarity 1", async () => {
    const a = makeVolume(A, [HEIGHT, WIDTH], "YX");
    expect(await compare(a, a)).toMatchObject({
      max: 0,
      mean: 0,
      rms: 0,
      psnr: null,
      ssim: expect.closeTo(1, 12),
    });
  });

  test("gives the similarity and PSNR of scikit-image 0.26.0 (structural_similarity, peak_signal_noise_ratio, data_range 200)", async () => {
    const { ssim, psnr } = await compare(
      makeVolume(A, [HEIGHT, WIDTH], "YX"),
      makeVolume(B, [HEIGHT, WIDTH], "YX"),
    );
    expect(ssim).toBeCloseTo(0.8876070462527711, 9);
    expect(psnr).toBeCloseTo(22.560913094358114, 9);
  });

  test("does not mind axes of length 1", async () => {
    const flat = makeVolume(A, [HEIGHT, WIDTH], "YX");
    expect((await compare(makeVolume(A, [1, HEIGHT, WIDTH], "ZYX"), flat)).max).toBe(0);
    expect((await compare(flat, makeVolume(A, [1, HEIGHT, WIDTH], "CYX"))).max).toBe(0);
  });

  test("refuses stacks of different shape, naming both", async () => {
    const other = makeVolume(new Float32Array(12), [3, 4], "YX");
    await expect(compare(makeVolume(A, [HEIGHT, WIDTH], "YX"), other)).rejects.toMatchObject({
      code: "compare.shape",
      message: expect.stringMatching(/YX 23×31 and YX 3×4/),
    });
  });

  test("takes NaN and Infinity as equal to themselves only", async () => {
    const at = (value: number) => makeVolume(Float32Array.of(0, value, 5, 9), [2, 2], "YX");
    expect(await compare(at(NaN), at(NaN))).toMatchObject({ max: 0, range: 9 });
    expect(await compare(at(Infinity), at(Infinity))).toMatchObject({ max: 0, range: 9 });
    for (const [a, b] of [
      [NaN, 1],
      [Infinity, 1],
      [Infinity, -Infinity],
      [1, NaN],
    ]) {
      await expect(compare(at(a), at(b))).rejects.toMatchObject({ code: "compare.notFinite" });
    }
  });

  test("with a constant reference has no PSNR and no similarity", async () => {
    const flat = makeVolume(new Float32Array(100).fill(4), [10, 10], "YX");
    const other = makeVolume(new Float32Array(100).fill(5), [10, 10], "YX");
    expect(await compare(flat, other)).toMatchObject({ max: 1, psnr: null, ssim: null, range: 0 });
  });
});

describe("structural similarity", () => {
  test("equals scikit-image 0.26.0 on noise and on a negative", () => {
    const noise = (seed: number) =>
      Float64Array.from({ length: 49 }, (_, i) => (i * i * 7 + seed * i * 13 + seed) % 251);
    expect(structuralSimilarity(noise(1), noise(2), 7, 245)).toBeCloseTo(-0.02597423239036322, 9);
    const high = Math.max(...A) + Math.min(...A);
    expect(
      structuralSimilarity(
        A,
        A.map((value) => high - value),
        WIDTH,
        200,
      ),
    ).toBeCloseTo(-0.5733324367412806, 9);
  });

  test("is none for a plane that is too small or not finite", () => {
    expect(structuralSimilarity(new Float32Array(36), new Float32Array(36), 6, 1)).toBeNull();
    const broken = A.slice();
    broken[0] = NaN;
    expect(structuralSimilarity(A, broken, WIDTH, 200)).toBeNull();
  });
});
