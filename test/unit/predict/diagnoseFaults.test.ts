import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import type { Cause, Diagnosis } from "../../../src/diagnose/diagnosis";
import { quietJob } from "../../../src/job";
import { writeOnnx } from "../../../src/network/onnx/write";
import { diagnoseFiles } from "../../../src/predict/diagnoseRun";
import { Sessions } from "../../../src/predict/sessions";
import type { DiagnosisRequest } from "../../../src/protocol/prediction";
import { convertPixels } from "../../../src/volume/pixels";
import { copyRegion, cutRegion, makeVolume } from "../../../src/volume/volume";
import { careUnet } from "../../support/networks";
import { noisyVolume, predictHere, readStack, temporaryFolder, writeStack } from "../../support/prediction";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const MODEL = at("model.onnx");
const OUT = at("out.tif");
let input = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), noisyVolume("YX", [96, 96]));
  writeFileSync(MODEL, writeOnnx(careUnet({ depth: 1, first: 4, seed: 2 })));
});
afterAll(() => folder.dispose());

/** Predicts in 3 × 3 tiles, sets one to a value, diagnoses with record and model. */
async function withTileOf(
  value: number,
  options: Record<string, unknown>,
  more: Partial<DiagnosisRequest> = {},
): Promise<Diagnosis> {
  await predictHere(input, MODEL, OUT, { normalize: "percentile:2,99.8", tiles: "3,3", ...options });
  if (value !== 1) {
    const stack = await readStack(OUT);
    const tile = cutRegion(stack, [
      [32, 64],
      [32, 64],
    ]);
    tile.data.fill(value);
    const all = [
      [0, 32],
      [0, 32],
    ] as const;
    copyRegion(tile, all, stack, [32, 32]);
    await writeStack(OUT, stack);
  }
  const sessions = new Sessions(builtinRegistries());
  try {
    const request = { file: OUT, run: `${OUT}.run.json`, model: MODEL, ...more };
    return await diagnoseFiles(request, sessions, quietJob());
  } finally {
    await sessions.dispose();
  }
}

const sizeOf = ({ findings }: Diagnosis, cause: Cause): number =>
  findings.find((finding) => finding.cause === cause)?.magnitude ?? 0;

describe("a tile that was never written", () => {
  test.each([
    ["zero", 0],
    ["not a number", NaN],
  ])("is named: %s", async (_, value) => {
    const found = await withTileOf(value, {});
    expect(found).toMatchObject({ verdict: "artifacts", findings: [{ cause: "missing-tile" }] });
  });

  test("is told from tiles that were normalised one by one", async () => {
    const right = await withTileOf(1, { normalizeScope: "tile" });
    expect(right.findings.map(({ cause }) => cause)).toEqual(["tile-normalization"]);
    const size = sizeOf(right, "tile-normalization");
    expect(size).toBeGreaterThan(0.01);
    const found = await withTileOf(0, { normalizeScope: "tile" });
    expect(sizeOf(found, "missing-tile")).toBeGreaterThan(0.2);
    expect(sizeOf(found, "tile-normalization")).toBeLessThan(2 * size);
  });
});

test("a stack of another pixel type than its run wrote is not called seamless from the record", async () => {
  await predictHere(input, MODEL, OUT, { normalize: "percentile:2,99.8", tiles: "3,3" });
  const { data, shape } = await readStack(OUT);
  const request = { file: OUT, run: `${OUT}.run.json` };
  const sessions = new Sessions(builtinRegistries());
  expect(await diagnoseFiles(request, sessions, quietJob())).toMatchObject({ verdict: "seamless" });
  // Small enough that nothing wraps: the pixels show nothing.
  const counts = convertPixels(
    data.map((value) => 40 * value + 120),
    "uint8",
  );
  await writeStack(OUT, makeVolume(counts, shape, "YX"));
  const found = await diagnoseFiles(request, sessions, quietJob());
  expect(found.verdict).toBe("undecided");
  expect(found.notes.join(" ")).toContain("The run wrote float32, the stack is uint8");
});

describe("a training patch smaller than the context", () => {
  test("is measured: the same places in patches of that size", async () => {
    const found = await withTileOf(1, { untiled: true }, { trainingPatch: { X: 6 } });
    expect(found.findings).toMatchObject([{ cause: "training-patch", certainty: "certain", axis: "X" }]);
    expect(found.findings[0].magnitude).toBeGreaterThan(0.01);
    expect(found.findings[0].evidence).toContain("in patches of that size the same places differ");
    expect(found.verdict).toBe("artifacts");
    expect(found.summary).toContain("the tiles themselves left no mark");
  });

  test("is nothing to measure where the patches were large enough", async () => {
    const found = await withTileOf(1, { untiled: true }, { trainingPatch: { X: 64 } });
    expect(found).toMatchObject({ verdict: "seamless", findings: [] });
  });
});
