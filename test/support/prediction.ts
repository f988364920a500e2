import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import { quietJob } from "../../src/job";
import type { Job } from "../../src/job";
import { predict } from "../../src/predict/predict";
import type { PredictionResult } from "../../src/predict/record";
import type { PixelSize } from "../../src/stack/stack";
import { createStackFile } from "../../src/stack/tiff/write";
import { openStack } from "../../src/stack/open";
import { allocatePixels, dtypeOf } from "../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../src/volume/pixels";
import { shapeSize, wholeRegion } from "../../src/volume/region";
import { makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { seededRandom } from "./networks";

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
  const stack = await openStack({ path }, builtinRegistries().readers.all(), quietJob());
  try {
    return await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  } finally {
    await stack.close();
  }
}

/** Predicts in this process. */
// eslint-disable-next-line max-params -- reads like the command line
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

/** Tiny networks with random weights (depth 1, block 2, context 8 px): fast, and any seam is visible. */
export const KERAS = join(import.meta.dirname, "../golden/keras-layouts");
export const TINY_2D = join(KERAS, "care2d/keras2");
export const TINY_3D_PROBABILISTIC = join(KERAS, "care3d-probabilistic/keras2");
export const TINY_2_CHANNELS = join(KERAS, "n2v2d-batch-norm/keras2");

/** A smooth image with noise on it, the same for the same seed; integers stay between 0 and 255. */
export function noisyVolume(
  axes: string,
  shape: readonly number[],
  dtype: Dtype = "uint16",
  seed = 1,
): Volume {
  const random = seededRandom(seed);
  const data = allocatePixels(dtype, shapeSize(shape));
  const width = shape[shape.length - 1];
  for (let i = 0; i < data.length; i++) {
    const wave = Math.sin((i % width) / 9) + Math.cos(Math.floor(i / width) / 7);
    data[i] = Math.round(100 + 30 * wave + 60 * random());
  }
  return makeVolume(data, shape, axes);
}

/** The bytes of a file as one hash, for byte-for-byte comparisons. */
export function hashFile(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Names and bytes of all files of a folder as one hash; lines of JSON with one of the `ignored` keys do not count. */
export function hashFolder(path: string, ignored: readonly string[] = []): string {
  const hash = createHash("sha256");
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map(({ parentPath, name }) => join(parentPath, name)).sort()) {
    const lines = /json$|\.z\w+$/.test(file) ? readFileSync(file, "utf8").split("\n") : null;
    const kept = lines
      ?.filter((line) => !ignored.some((key) => line.trim().startsWith(`"${key}":`)))
      .join("\n");
    hash.update(file.slice(path.length)).update(kept ?? readFileSync(file));
  }
  return hash.digest("hex");
}
