import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { generateSample } from "../../tools/sample/generate";
import type { SampleOptions } from "../../tools/sample/generate";
import { stridesOf } from "../../src/volume/region";
import { makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { predictHere, readStack, SAMPLE, temporaryFolder, writeStack } from "../support/prediction";

const FOLDER = join(import.meta.dirname, "csbdeep");
/** Fraction of the output range; CSBDeep's own float32 differs from float64 by 2e-7. */
const TOLERANCE = 1e-5;

interface Crop {
  readonly origin: number[];
  readonly shape: number[];
  readonly offset: number;
}
interface Case {
  readonly id: string;
  readonly model: string;
  readonly axes: string;
  readonly shape: number[];
  readonly input: {
    readonly sha256: string;
    readonly stack?: string;
    readonly plane?: number;
    readonly generate?: SampleOptions;
  };
  readonly normalizer: { readonly pmin: number; readonly pmax: number } | null;
  readonly nTiles: number[] | null;
  readonly networkCalls: number;
  readonly output: Record<string, number>;
  readonly file: string;
  readonly crops: Crop[];
}
const { cases, weightsSha256 } = JSON.parse(readFileSync(join(FOLDER, "index.json"), "utf8")) as {
  cases: Case[];
  weightsSha256: Record<string, string>;
};

const folder = temporaryFolder();
afterAll(() => folder.dispose());

async function inputOf(c: Case): Promise<Volume> {
  if (c.input.stack !== undefined) {
    const stack = await readStack(join(SAMPLE, "stack.tif"));
    if (c.input.plane === undefined) return stack;
    const size = 256 * 256;
    return makeVolume(stack.data.slice(c.input.plane * size, (c.input.plane + 1) * size), c.shape, c.axes);
  }
  const { noisy } = generateSample(c.input.generate!);
  return makeVolume(noisy, c.shape, c.axes);
}

/** A crop of a stack that was written without its C axis of length 1 has one axis less. */
function cropOf(volume: Volume, crop: Crop): Float64Array {
  const origin = crop.origin.slice(-volume.shape.length);
  const shape = crop.shape.slice(-volume.shape.length);
  const strides = stridesOf(volume.shape);
  const out = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let index = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index += (origin[axis] + (rest % shape[axis])) * strides[axis];
      rest = Math.floor(rest / shape[axis]);
    }
    out[i] = volume.data[index];
  }
  return out;
}

describe("our predictions with CSBDeep's overlap equal CSBDeep's own", () => {
  test.each(Object.entries(weightsSha256))("the weights of %s are those CSBDeep predicted with", (model, sha256) => {
    const bytes = readFileSync(join(SAMPLE, "models", model, "weights_best.h5"));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
  });

  test.each(cases.map((c) => [c.id, c] as const))("%s", async (_, c) => {
    const volume = await inputOf(c);
    if (volume.data.BYTES_PER_ELEMENT === 2 && c.normalizer !== null) {
      const bytes = Buffer.from(volume.data.buffer, volume.data.byteOffset, volume.data.byteLength);
      expect(createHash("sha256").update(bytes).digest("hex")).toBe(c.input.sha256);
    }
    const given =
      c.normalizer === null
        ? makeVolume(Float32Array.from(volume.data, (counts) => Math.fround((counts - 100) / 128)), volume.shape, volume.axes)
        : volume;
    const input = await writeStack(join(folder.path, `${c.id}.tif`), given);
    const out = join(folder.path, `${c.id}.out.tif`);
    const result = await predictHere(input, join(SAMPLE, "models", c.model), out, {
      overlap: "care",
      ...(c.nTiles === null ? { tiles: "auto" } : { tiles: c.axes.startsWith("C") ? c.nTiles.slice(1) : c.nTiles }),
      normalize: c.normalizer === null ? "none" : `percentile:${c.normalizer.pmin},${c.normalizer.pmax}`,
    });
    expect(result.tiles).toBe(c.networkCalls);
    const predicted = await readStack(out);
    const range = c.output["p99.9"] - c.output["p0.1"];
    const golden = readFileSync(join(FOLDER, c.file));
    for (const crop of c.crops) {
      const ours = cropOf(predicted, crop);
      for (let i = 0; i < ours.length; i++) {
        const theirs = golden.readFloatLE(crop.offset + 4 * i);
        expect(Math.abs(ours[i] - theirs) / range, `${c.id} crop ${crop.origin.join()}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});
