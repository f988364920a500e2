import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { cpuEngine } from "../../../src/engines/cpu";
import { quietJob } from "../../../src/job";
import { careFormat } from "../../../src/models/care";
import type { Model } from "../../../src/models/model";
import { makeVolume } from "../../../src/volume/volume";
import { channelsFirst, readNpy, relativeDifference } from "../../support/npy";
import type { NpyArray } from "../../support/npy";
import { hasShared, sharedPath } from "../../support/shared";

const GOLDEN = join(import.meta.dirname, "../../golden/keras-layouts");

/** The network's output for an array with the model's axes (channels last, or none). */
async function runNetwork(model: Model, input: NpyArray): Promise<Float32Array> {
  const axes = `C${model.network.spatialAxes}`;
  const { shape, data } =
    input.shape.length < axes.length
      ? { shape: [1, ...input.shape], data: Float32Array.from(input.data) }
      : channelsFirst(input);
  const engine = await cpuEngine.open({ threads: 2, fastMath: false });
  try {
    const session = await engine.load(model.network, quietJob());
    return (await session.run(makeVolume(data, shape, axes))).data;
  } finally {
    await engine.dispose();
  }
}

const expectedOf = (array: NpyArray, rank: number): ArrayLike<number> =>
  array.shape.length > rank ? channelsFirst(array).data : array.data;

describe.skipIf(!hasShared)("models of the reference material", () => {
  const cases = [
    ["care_synth_2d_d2k5", "net_input.npy", "net_output_ref64.npy"],
    ["care_synth_2d_prob_d2k3_2ch", "net_input.npy", "net_output_ref64.npy"],
    ["care_synth_3d_d2k3", "net_input.npy", "net_output_ref64.npy"],
    ["n2v2d_fiji_bn_unet_d2k3", "blobs_input.npy", "blobs_output_ref64.npy"],
    ["n2v2d_fiji_bn_unet_d2k3", "test_input_YX.npy", "test_output_YX.npy"],
  ] as const;
  test.each(cases)("%s turns %s into %s within 1e-5 of the range", async (id, input, output) => {
    const model = await careFormat.load(sharedPath("models", id), quietJob());
    const found = await runNetwork(model, readNpy(sharedPath("models", id, input)));
    const expected = expectedOf(readNpy(sharedPath("models", id, output)), model.network.spatialAxes.length);
    const d = relativeDifference(found, expected);
    expect(d).toBeLessThan(1e-5);
  });
});

describe("models written by Keras", () => {
  const cases = [
    ["care2d", "keras2"],
    ["care2d", "keras3"],
    ["care2d", "keras3-native"],
    ["care3d-probabilistic", "keras2"],
    ["n2v2d-batch-norm", "keras2"],
    ["n2v2d-batch-norm", "keras3"],
  ] as const;
  test.each(cases)("%s in the %s layout gives Keras' own output", async (id, layout) => {
    const model = await careFormat.load(join(GOLDEN, id, layout), quietJob());
    const found = await runNetwork(model, readNpy(join(GOLDEN, id, "input.npy")));
    const d = relativeDifference(
      found,
      expectedOf(readNpy(join(GOLDEN, id, "output.npy")), model.network.spatialAxes.length),
    );
    expect(d).toBeLessThan(1e-5);
  });
});
