import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../src/builtins";
import { quietJob } from "../../src/job";
import { loadModel } from "../../src/models/load";
import { analyseNetwork } from "../../src/network/analysis";
import { writeOnnx } from "../../src/network/onnx/write";
import { diagnoseFiles } from "../../src/predict/diagnoseRun";
import { Sessions } from "../../src/predict/sessions";
import { makeVolume } from "../../src/volume/volume";
import { multiResUnet } from "../../tools/case-z-halo/network";
import { readNpy } from "../support/npy";
import { predictHere, temporaryFolder, writeStack } from "../support/prediction";
import { hasShared, sharedPath } from "../support/shared";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);

/** Largest error of sigmoid output by overlap, tiles of 128 px on the real test image: tiling-facts §12. */
const KNOWN: readonly (readonly [overlap: number, error: number])[] = [
  [0, 0.627],
  [8, 0.248],
  [16, 0.0531],
  [24, 0.0143],
  [32, 0.00248],
  [40, 1.37e-4],
  [48, 2.3e-6],
];

describe.skipIf(!hasShared)("a trained network for nuclei", () => {
  test("has the error against overlap that was measured of it with other means", async () => {
    const path = sharedPath("models", "unet2d_nuclei_broad_onnx", "weights.onnx");
    const { network } = await loadModel(path, builtinRegistries().modelFormats.all(), quietJob());
    writeFileSync(at("nuclei.onnx"), writeOnnx(network)); // of any size: the file fixes 512 px
    const image = readNpy(sharedPath("models", "unet2d_nuclei_broad_onnx", "test_input.npy"));
    const input = await writeStack(at("in.tif"), makeVolume(Float32Array.from(image.data), [512, 512], "YX"));
    const options = { tiles: "4,4", guarantee: "count", overlap: 40 };
    await predictHere(input, at("nuclei.onnx"), at("out.tif"), options);
    const sessions = new Sessions(builtinRegistries());
    const request = { file: at("out.tif"), run: at("out.tif.run.json"), model: at("nuclei.onnx") };
    const found = await diagnoseFiles(request, sessions, quietJob());
    await sessions.dispose();
    const curve = new Map((found.probe?.curve ?? []).map(({ overlap, max }) => [overlap.X, max]));
    for (const [overlap, error] of KNOWN) {
      // The largest of some places is at most that of all, and not much less.
      expect(curve.get(overlap), `overlap ${overlap}`).toBeLessThan(1.02 * error);
      expect(curve.get(overlap), `overlap ${overlap}`).toBeGreaterThan(error / 30);
    }
    expect(curve.get(56)).toBeLessThan(1e-6);
    expect(found.findings[0]?.evidence).toMatch(/exact are 56 px, with 40 px the largest error/);
    // 40 px leave 0.014 % of the range at worst: certain from geometry, and no mark.
    expect(found.verdict).toBe("seamless");
    expect(found.probe?.recommended.find(({ tolerance }) => tolerance === 1e-3)?.overlap?.overlap.X).toBe(40);
  });
});

describe("the network of the forum's case", () => {
  test("has block 16 and needs 141 px, in every axis", () => {
    const network = multiResUnet({ seed: 11, filters: 4, gain: 1, shift: 0 });
    const { block, context, exactTiling } = analyseNetwork(network);
    expect({ block, context: context.map(({ aligned }) => aligned), exactTiling }).toEqual({
      block: [16, 16, 16],
      context: [141, 141, 141],
      exactTiling: true,
    });
    expect(context.map(({ left }) => left)).toEqual([153, 153, 153]);
  });
});
