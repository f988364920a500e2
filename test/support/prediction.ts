import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import { quietJob } from "../../src/job";
import type { Job } from "../../src/job";
import { predict } from "../../src/predict/predict";
import type { PredictionResult } from "../../src/predict/record";
import type { PixelSize } from "../../src/stack/stack";
import { createStackFile } from "../../src/stack/tiffWrite";
import { tiffReader } from "../../src/stack/tiff";
import { dtypeOf } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
import { wholeRegion } from "../../src/volume/region";
import type { Volume } from "../../src/volume/volume";

export const SAMPLE = join(import.meta.dirname, "../../media/sample");
export const CARE_2D = join(SAMPLE, "models/care2d");
export const CARE_3D = join(SAMPLE, "models/care3d");

/** A folder that is removed by `dispose`. */
export function temporaryFolder(): { path: string; dispose: () => void } {
  const path = mkdtempSync(join(tmpdir(), "tilewright-test-"));
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a volume (axes a subset of TZCYX in that order) as a stack. */
export async function writeStack(
  path: string,
  volume: Volume,
  pixelSize: PixelSize | null = null,
): Promise<string> {
  const { axes, shape, data } = volume;
  const writer = await createStackFile(path, {
    axes,
    shape,
    dtype: dtypeOf(data),
    pixelSize,
    channels: [],
    format: "ome",
  });
  await writer.write(
    volume,
    shape.map(() => 0),
    quietJob(),
  );
  await writer.close();
  return path;
}

/** Reads a stack whole. */
export async function readStack(path: string): Promise<Volume> {
  const stack = await tiffReader.open(path, quietJob());
  try {
    return await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  } finally {
    await stack.close();
  }
}

/** Predicts in this process. */
export function predictHere(
  input: string,
  model: string,
  out: string,
  options: Record<string, unknown> = {},
  job: Job = quietJob(),
): Promise<PredictionResult> {
  return predict(
    { input, model, out, options: { engine: "cpu", overwrite: true, ...options } },
    builtinRegistries(),
    { retiled: 0 },
    job,
  );
}

/** Largest |a − b| ÷ (max a − min a). */
export function relativeDifference(a: PixelArray, b: PixelArray): number {
  let low = Infinity;
  let high = -Infinity;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    low = Math.min(low, a[i]);
    high = Math.max(high, a[i]);
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= most)) most = difference;
  }
  return most / (high - low);
}
