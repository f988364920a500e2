/**
 * How fast an engine is here: one convolution, timed.
 * @module
 */
import { isAbort } from "../errors";
import type { Job } from "../job";
import type { Network, Tensor } from "../network/graph";
import { makeVolume } from "../volume/volume";
import type { Engine } from "./engine";

const CHANNELS = 16;
const SIDE = 128;
const KERNEL = 3;
const RUNS = 3;
const PATIENCE_MS = 2000;

function probe(): Network {
  const weights = (outputs: number, inputs: number): Tensor => ({
    shape: [outputs, inputs, KERNEL, KERNEL],
    data: Float32Array.from(
      { length: outputs * inputs * KERNEL ** 2 },
      (_, i) => Math.sin(i) / (inputs * KERNEL),
    ),
  });
  const conv = {
    op: "conv",
    strides: [1, 1],
    dilations: [1, 1],
    pads: [
      [1, 1],
      [1, 1],
    ],
    groups: 1,
  } as const;
  return {
    spatialAxes: "YX",
    inputs: [{ name: "x", channels: 1 }],
    outputs: [{ name: "y", channels: 1 }],
    nodes: [
      { ...conv, name: "widen", inputs: ["x"], output: "a", weight: weights(CHANNELS, 1) },
      { ...conv, name: "mix", inputs: ["a"], output: "b", weight: weights(CHANNELS, CHANNELS) },
      { ...conv, name: "mix again", inputs: ["b"], output: "c", weight: weights(CHANNELS, CHANNELS) },
      { ...conv, name: "narrow", inputs: ["c"], output: "y", weight: weights(1, CHANNELS) },
    ],
  };
}

/**
 * Operations per second on a small network (2 per multiply-add), best of two runs after a first that
 * compiles (of the first alone when it takes seconds); 0 when the engine fails. Takes some milliseconds, on software graphics drivers a second.
 */
export async function measureSpeed(engine: Engine, job: Job): Promise<number> {
  const operations = 2 * SIDE ** 2 * KERNEL ** 2 * (2 * CHANNELS + 2 * CHANNELS ** 2);
  try {
    const session = await engine.load(probe(), job);
    const input = makeVolume(new Float32Array(SIDE ** 2).fill(1), [1, SIDE, SIDE], "CYX");
    let best = Infinity;
    for (let run = 0; run < RUNS; run++) {
      const start = performance.now();
      await session.run(input);
      const elapsed = performance.now() - start;
      if (run > 0 || elapsed > PATIENCE_MS) best = Math.min(best, elapsed);
      // The first run compiles shaders; one that takes seconds is a driver in software.
      if (elapsed > PATIENCE_MS) break;
    }
    await session.dispose();
    return (1000 * operations) / best;
  } catch (error) {
    if (isAbort(error)) throw error;
    return 0;
  }
}
