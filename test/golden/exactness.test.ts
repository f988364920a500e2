import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readRecord } from "../../src/predict/record";
import { makeVolume } from "../../src/volume/volume";
import { generateSample } from "../../tools/sample/generate";
import { CARE_2D, CARE_3D, predictHere, readStack, relativeDifference, temporaryFolder, writeStack } from "../support/prediction";
import { hasShared, sharedPath } from "../support/shared";

/** Fraction of the output range: float32 kernels add up in another order for other tile shapes. */
const TOLERANCE = 1e-5;
const ONNX = sharedPath("models", "unet2d_nuclei_broad_onnx", "weights.onnx");

interface Scene {
  readonly name: string;
  readonly model: string;
  readonly axes: string;
  readonly shape: readonly [number, number, number];
  readonly tiles: readonly number[];
  readonly options?: Record<string, unknown>;
}

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const inputs = new Map<string, Promise<string>>();
/** A generated stack, made once per shape. */
function inputFor({ axes, shape }: Scene): Promise<string> {
  const name = `${axes}-${shape.join("x")}`;
  const made =
    inputs.get(name) ??
    writeStack(
      join(folder.path, `${name}.tif`),
      makeVolume(generateSample({ seed: 77, shape }).noisy, axes === "YX" ? shape.slice(1) : shape, axes),
    );
  inputs.set(name, made);
  return made;
}

const references = new Map<string, Promise<string>>();
/** One engine call on the whole padded array, made once per scene. */
async function untiled(scene: Scene, threads: number): Promise<string> {
  const name = `${scene.name}-${threads}`;
  const out = join(folder.path, `${name}-untiled.tif`);
  const input = await inputFor(scene);
  const made =
    references.get(name) ??
    predictHere(input, scene.model, out, { ...scene.options, threads, untiled: true }).then(() => out);
  references.set(name, made);
  return made;
}

async function tiled(scene: Scene, threads: number, more: Record<string, unknown> = {}) {
  const out = join(folder.path, `${scene.name}-${threads}-tiled.tif`);
  const options = { ...scene.options, tiles: scene.tiles, threads, ...more };
  const result = await predictHere(await inputFor(scene), scene.model, out, options);
  const { plan } = await readRecord(result.record);
  return { result, plan, pixels: (await readStack(out)).data };
}

const CARE_2D_PRIME: Scene = { name: "care2d prime", model: CARE_2D, axes: "YX", shape: [1, 509, 521], tiles: [3, 4] };
const CARE_3D_TALL: Scene = { name: "care3d tall", model: CARE_3D, axes: "ZYX", shape: [97, 90, 101], tiles: [3, 3, 3] };
const SCENES: Scene[] = [
  { name: "care2d 1000x1022", model: CARE_2D, axes: "YX", shape: [1, 1000, 1022], tiles: [3, 4] },
  { name: "care2d odd", model: CARE_2D, axes: "YX", shape: [1, 333, 347], tiles: [4, 3] },
  CARE_2D_PRIME,
  CARE_3D_TALL,
  { name: "care3d even", model: CARE_3D, axes: "ZYX", shape: [96, 100, 78], tiles: [4, 3, 3] },
];
const UNET: Scene = {
  name: "onnx u-net",
  model: ONNX,
  axes: "YX",
  shape: [1, 509, 1022],
  tiles: [3, 3],
  options: { normalize: "zscore" },
};

async function checkExact(scene: Scene, threads: number): Promise<void> {
  const { plan, pixels, result } = await tiled(scene, threads);
  scene.tiles.forEach((_, axis) => expect(plan.tilesPerAxis[axis]).toBeGreaterThanOrEqual(3));
  expect(plan.exact).toBe(true);
  expect(result.seams.maxRelative).toBeLessThan(TOLERANCE);
  const reference = await readStack(await untiled(scene, threads));
  expect(relativeDifference(reference.data, pixels)).toBeLessThan(TOLERANCE);
}

describe("tiled prediction equals untiled prediction", () => {
  const runs = SCENES.flatMap((scene) => [1, 2].map((threads) => [scene.name, threads, scene] as const));
  test.each(runs)("%s, threads %i", async (_, threads, scene) => checkExact(scene, threads));

  test.skipIf(!hasShared).each([1, 2])("an ONNX U-Net of fixed size, freed, threads %i", async (threads) => {
    await checkExact(UNET, threads);
  });
});

describe("a tiling that is not exact shows an error, and a warning names it", () => {
  const wrong: [string, Scene, Record<string, unknown>, string, number][] = [
    ["overlap below the context", CARE_2D_PRIME, { overlap: 8 }, "overlap-below-context", 1e-4],
    ["no overlap", CARE_2D_PRIME, { overlap: 0 }, "overlap-below-context", 1e-3],
    ["tiles off the block grid", CARE_2D_PRIME, { block: 1, overlap: 33 }, "block-misaligned", 1e-4],
    ["intensities measured per tile", CARE_2D_PRIME, { normalizeScope: "tile" }, "tile-normalization", 1e-3],
    ["extra padding", CARE_2D_PRIME, { padExtra: 16 }, "extra-padding", 1e-5],
    ["overlap below the context in 3-D", CARE_3D_TALL, { overlap: 4 }, "overlap-below-context", 1e-4],
  ];
  test.each(wrong)("%s", async (...row) => {
    const [, scene, options, code, least] = row;
    const { result, pixels } = await tiled(scene, 2, options);
    expect(result.warnings.map((warning) => warning.code)).toContain(code);
    const reference = await readStack(await untiled(scene, 2));
    expect(relativeDifference(reference.data, pixels)).toBeGreaterThan(least);
  });

  test("an overlap one block below what the context needs is inexact; the context's own is exact", async () => {
    const enough = await tiled(CARE_2D_PRIME, 2, { overlap: 24 });
    const short = await tiled(CARE_2D_PRIME, 2, { overlap: 20 });
    const reference = await readStack(await untiled(CARE_2D_PRIME, 2));
    expect(relativeDifference(reference.data, enough.pixels)).toBeLessThan(TOLERANCE);
    expect(enough.result.warnings).toEqual([]);
    expect(short.result.warnings.map((warning) => warning.code)).toContain("overlap-below-context");
    expect(relativeDifference(reference.data, short.pixels)).toBeGreaterThan(relativeDifference(reference.data, enough.pixels));
  });
});
