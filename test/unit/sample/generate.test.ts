import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CAMERA, generateSample } from "../../../tools/sample/generate";
import { expNegative, naturalLog, normal, poisson, randomStream } from "../../../tools/sample/random";

interface GeneratedInput {
  generate?: { seed: number; shape: [number, number, number]; kind: "mixed" };
  plane?: number;
  sha256: string;
}
interface GoldenIndex {
  cases: { id: string; input: GeneratedInput }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../golden/csbdeep/index.json", import.meta.url), "utf8"),
) as GoldenIndex;

function sha256(data: Uint16Array): string {
  return createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");
}

function moments(values: number[]): { mean: number; variance: number } {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

describe("the sample generator", () => {
  const inputs = new Map(
    golden.cases.flatMap(({ input }) => (input.generate ? [[input.sha256, input.generate]] : [])),
  );

  test.each([...inputs])("gives the voxels CSBDeep was run on, bit for bit (%s)", (hash, options) => {
    expect(sha256(generateSample(options).noisy)).toBe(hash);
  });

  test("gives the voxels of the bundled stack for its seed", () => {
    const sample = generateSample({ seed: 2026, shape: [24, 256, 256] });
    const plane = golden.cases.find(({ input }) => input.plane === 11);
    const whole = golden.cases.find(({ id }) => id === "3d-stack");
    expect(sha256(sample.noisy)).toBe(whole?.input.sha256);
    expect(sha256(sample.noisy.subarray(11 * 256 * 256, 12 * 256 * 256))).toBe(plane?.input.sha256);
  });

  test("changes with the seed and with the kind", () => {
    const shape = [4, 96, 96] as const;
    const hashes = [
      generateSample({ seed: 1, shape }),
      generateSample({ seed: 2, shape }),
      generateSample({ seed: 1, shape, kind: "nuclei" }),
      generateSample({ seed: 1, shape, kind: "filaments" }),
    ].map((sample) => sha256(sample.noisy));
    expect(new Set(hashes).size).toBe(4);
  });

  test("records noise whose variance is that of the camera: read noise² + gain² · photons", () => {
    const { clean, noisy } = generateSample({ seed: 3, shape: [4, 128, 128] });
    const normalised = Array.from(clean, (expected, i) => {
      const photons = (expected - CAMERA.offset) / CAMERA.gain;
      // Rounding to whole counts adds a twelfth.
      const variance = CAMERA.readNoise ** 2 + CAMERA.gain ** 2 * photons + 1 / 12;
      return (noisy[i] - expected) / Math.sqrt(variance);
    });
    const { mean, variance } = moments(normalised);
    expect(mean).toBeCloseTo(0, 1);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });

  test("refuses a shape that is not positive integers or is absurdly large", () => {
    expect(() => generateSample({ seed: 1, shape: [0, 4, 4] })).toThrow(RangeError);
    expect(() => generateSample({ seed: 1, shape: [1, 4.5, 4] })).toThrow(RangeError);
    expect(() => generateSample({ seed: 1, shape: [1e4, 1e4, 1e4] })).toThrow(RangeError);
  });
});

describe("the random numbers of the sample", () => {
  test.each([0.2, 3, 15.9, 16.1, 90])("are Poisson with mean and variance %d", (expected) => {
    const random = randomStream(5, "test");
    const { mean, variance } = moments(Array.from({ length: 40000 }, () => poisson(random, expected)));
    const tolerance = 6 * Math.sqrt(expected / 40000);
    expect(Math.abs(mean - expected)).toBeLessThan(tolerance);
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.06 + tolerance);
  });

  test("are normal with mean 0 and variance 1", () => {
    const random = randomStream(6, "test");
    const { mean, variance } = moments(Array.from({ length: 40000 }, () => normal(random)));
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
  });

  test("use an exponential and a logarithm right to 1e-11", () => {
    for (let x = 1e-9; x < 40; x = x * 1.7 + 1e-3) {
      expect(Math.abs(expNegative(x) / Math.exp(-x) - 1)).toBeLessThan(1e-11);
      expect(Math.abs(naturalLog(Math.exp(-x)) + x)).toBeLessThan(1e-11 * (1 + x));
    }
  });
});
