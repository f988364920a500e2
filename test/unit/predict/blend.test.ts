import { describe, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { createTileOutput } from "../../../src/predict/output";
import type { StackWriter } from "../../../src/stack/stack";
import type { Plan } from "../../../src/tiling/plan";
import { shapeSize } from "../../../src/volume/region";
import type { Dtype } from "../../../src/volume/pixels";
import { allocateVolume, copyRegion, cutRegion, makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import { planFor } from "../../support/plans";
import type { PlanTest } from "../../support/plans";

/** A stack in memory that counts how often each pixel is written. */
function memoryWriter(axes: string, shape: readonly number[], dtype: Dtype) {
  const pixels = allocateVolume(dtype, shape, axes);
  const times = new Uint8Array(shapeSize(shape));
  const counted = makeVolume(times, shape, axes);
  const writer: StackWriter = {
    path: "memory",
    bytes: 0,
    write: (volume, at) => {
      const region = volume.shape.map((length) => [0, length] as const);
      copyRegion(volume, region, pixels, at);
      const more = cutRegion(
        counted,
        volume.shape.map((length, i) => [at[i], at[i] + length] as const),
      );
      more.data.forEach((n, i) => (more.data[i] = n + 1));
      copyRegion(more, region, counted, at);
      return Promise.resolve();
    },
    complete: () => Promise.resolve(),
    flush: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { writer, pixels, times };
}

/** Puts the tiles of a network that answers with its input together again. */
async function identity(
  plan: Plan,
  image: Volume<Float32Array>,
  blend: "crop" | "linear" | "gaussian",
  dtype: Dtype = "float32",
) {
  const offset = plan.padding.map(([before]) => before);
  const shape = plan.wanted.map(
    ([start, stop], i) => Math.min(stop, offset[i] + plan.shape[i]) - Math.max(start, offset[i]),
  );
  const { writer, pixels, times } = memoryWriter(plan.axes, shape, dtype);
  const output = createTileOutput({ plan, writer, axes: plan.axes, dtype }, blend, 1);
  const spatial = [...plan.axes].filter((_, i) => plan.roles[i] === "tiled").join("");
  for (const [index, { read }] of plan.tiles.entries()) {
    const tile = cutRegion(image, read) as Volume<Float32Array>;
    const lengths = read.filter((_, i) => plan.roles[i] === "tiled").map(([start, stop]) => stop - start);
    await output.put(index, makeVolume(tile.data, [1, ...lengths], `C${spatial}`), quietJob());
  }
  await output.finish(quietJob());
  return { pixels, times, clamped: output.clamped };
}

function padded(plan: Plan): Volume<Float32Array> {
  const data = new Float32Array(shapeSize(plan.paddedShape)).map((_, i) => 100 + 50 * Math.sin(i));
  return makeVolume(data, plan.paddedShape, plan.axes);
}

describe("tiles put together", () => {
  test.each<[string, PlanTest]>([
    ["rows and columns", { axes: "YX", shape: [90, 100], context: 8, wishes: { tiles: [3, 3] } }],
    ["one row", { axes: "YX", shape: [40, 100], context: 8, wishes: { tiles: [1, 4] } }],
    [
      "uneven tiles that share starts",
      { axes: "YX", shape: [64, 40], context: 20, wishes: { tiles: [8, 2], guarantee: "count" } },
    ],
    ["a volume", { axes: "ZYX", shape: [40, 40, 36], context: 4, wishes: { tiles: [3, 2, 2] } }],
    [
      "slices looped over",
      { axes: "ZYX", shape: [3, 50, 40], each: "Z", context: 8, wishes: { tiles: [1, 2, 2] } },
    ],
    [
      "a part",
      {
        axes: "YX",
        shape: [90, 100],
        context: 8,
        parts: { Y: [13, 71], X: [50, 51] },
        wishes: { tiles: [3, 1] },
      },
    ],
    [
      "padding cut off again",
      { axes: "YX", shape: [41, 43], block: 16, context: 5, wishes: { tiles: [2, 2] } },
    ],
  ])("of %s give the image back, cropped or blended, every px written once", async (_, planTest) => {
    const plan = planFor(planTest);
    const image = padded(plan);
    const kept = plan.wanted.map(
      ([start, stop], i) =>
        [Math.max(start, plan.padding[i][0]), Math.min(stop, plan.padding[i][0] + plan.shape[i])] as const,
    );
    const wanted = cutRegion(image, kept).data as Float32Array;
    for (const blend of ["crop", "linear", "gaussian"] as const) {
      const { pixels, times } = await identity(plan, image, blend);
      expect(times.every((n) => n === 1)).toBe(true);
      const most = wanted.reduce((worst, value, i) => Math.max(worst, Math.abs(value - pixels.data[i])), 0);
      expect(most).toBeLessThanOrEqual(blend === "crop" ? 0 : 1e-4);
    }
  });

  test("are rounded half to even and clamped to the pixel type; only what does not fit after rounding is counted", async () => {
    const plan = planFor({ axes: "X", shape: [8], context: 0 });
    const data = Float32Array.of(-0.4, -0.6, 0.5, 1.5, 255.4, 255.6, 300, NaN);
    const { pixels, clamped } = await identity(plan, makeVolume(data, [8], "X"), "crop", "uint8");
    expect([...pixels.data]).toEqual([0, 0, 0, 2, 255, 255, 255, 0]);
    expect(clamped).toBe(3);
  });
});
