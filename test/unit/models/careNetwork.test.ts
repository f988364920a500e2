import { describe, expect, test } from "vitest";
import { parseCareConfig } from "../../../src/models/careConfig";
import { buildCareNetwork } from "../../../src/models/careNetwork";
import type { KerasWeights, LayerWeights } from "../../../src/models/keras/hdf5";
import type { Network, Tensor } from "../../../src/network/graph";
import { runOnce } from "../../support/interpreter";
import { seededRandom } from "../../support/networks";

const random = seededRandom(3);
const tensor = (...shape: number[]): Tensor => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random() - 0.5),
});
const convolution = (kernel: number, from: number, to: number): LayerWeights =>
  new Map([
    ["kernel", tensor(kernel, kernel, from, to)],
    ["bias", tensor(to)],
  ]);

/** Weights of a depth-1 U-Net with 2 filters on `channels` channels, layer names after `prefix`. */
function unet(prefix: string, channels: number, head: string): [string, LayerWeights][] {
  return [
    [`${prefix}down_level_0_no_0`, convolution(3, channels, 2)],
    [`${prefix}down_level_0_no_1`, convolution(3, 2, 2)],
    [`${prefix}middle_0`, convolution(3, 2, 4)],
    [`${prefix}middle_2`, convolution(3, 4, 2)],
    [`${prefix}up_level_0_no_0`, convolution(3, 4, 2)],
    [`${prefix}up_level_0_no_2`, convolution(3, 2, 2)],
    [head, convolution(1, 2, 1)],
  ];
}

const build = (layers: readonly [string, LayerWeights][], config: Record<string, unknown>): Network => {
  const weights: KerasWeights = { file: "weights.h5", layers: new Map(layers) };
  const base = { axes: "YXC", unet_n_depth: 1, unet_kern_size: 3, unet_n_first: 2, unet_residual: false };
  return buildCareNetwork(parseCareConfig({ ...base, ...config }, "config.json"), weights);
};

const image = (channels: number): { channels: number; spatial: number[]; data: Float64Array } => ({
  channels,
  spatial: [8, 6],
  data: Float64Array.from({ length: channels * 48 }, (_, i) => Math.sin(i * i)),
});

describe("the network of a CARE folder", () => {
  test("Noise2Void with one network per channel runs each network on its own channel", () => {
    // The counter of the heads is a number: conv2d_10 was made after conv2d_9.
    const first = unet("channel_0", 1, "conv2d_9");
    const second = unet("channel_1", 1, "conv2d_10");
    const n2v = { n_channel_in: 2, n_channel_out: 2, batch_norm: false, single_net_per_channel: true };
    const both = runOnce(build([...second, ...first], n2v), image(2)).data;
    for (const [channel, layers] of [first, second].entries()) {
      const plain = layers.map(
        ([name, weights]) => [name.replace(/^channel_\d/, ""), weights] as [string, LayerWeights],
      );
      const part = { ...image(1), data: image(2).data.slice(channel * 48, (channel + 1) * 48) };
      const alone = runOnce(build(plain, {}), part).data;
      expect([...both.slice(channel * 48, (channel + 1) * 48)]).toEqual([...alone]);
    }
  });

  test("Noise2Void with one channel keeps the prefix in its layer names", () => {
    const layers = unet("channel_0", 1, "conv2d");
    const plain = layers.map(
      ([name, weights]) => [name.replace(/^channel_0/, ""), weights] as [string, LayerWeights],
    );
    const found = runOnce(build(layers, { batch_norm: false, single_net_per_channel: true }), image(1)).data;
    expect([...found]).toEqual([...runOnce(build(plain, {}), image(1)).data]);
  });

  test("of two heads the one made first is the mean, by number and not by name", () => {
    const layers = unet("", 1, "conv2d_9");
    const scale = convolution(1, 2, 1);
    const network = build([["conv2d_10", scale], ...layers], { probabilistic: true });
    const mean = runOnce(build(layers, {}), image(1)).data;
    expect([...runOnce(network, image(1)).data.slice(0, 48)]).toEqual([...mean]);
    expect(Math.min(...runOnce(network, image(1)).data.slice(48))).toBeGreaterThanOrEqual(0.001);
  });

  test("a residual network adds its input before the last activation", () => {
    const layers = unet("", 1, "conv2d");
    const plain = runOnce(build(layers, {}), image(1)).data;
    const residual = runOnce(
      build(layers, { unet_residual: true, unet_last_activation: "relu" }),
      image(1),
    ).data;
    expect([...residual]).toEqual([...plain].map((x, i) => Math.max(0, x + image(1).data[i])));
  });

  test("residual is the default when channels match, and not otherwise", () => {
    const defaults = (channelsOut: number): boolean =>
      parseCareConfig({ axes: "YXC", n_channel_in: 1, n_channel_out: channelsOut }, "config.json").residual;
    expect([defaults(1), defaults(2)]).toEqual([true, false]);
  });
});
