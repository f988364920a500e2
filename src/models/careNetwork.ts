/**
 * CARE's U-Net as a {@link Network}, from a configuration and Keras weights.
 *
 * Layer names, order and the two heads are those of `csbdeep.nets.common_unet` and
 * `csbdeep.internals.blocks.unet_block` (CSBDeep 0.8.1), with batch normalisation and one network per
 * channel as in N2V 0.3.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Network, NetworkNode, Tensor } from "../network/graph";
import type { CareConfig } from "./careConfig";
import type { KerasWeights, LayerWeights } from "./keras/hdf5";

/** CSBDeep adds this to the scale of probabilistic networks. */
const SCALE_EPSILON = 1e-3;
const POOL = 2;

/**
 * Builds the network.
 *
 * @throws {TilewrightError} `model.missingWeight`, `model.wrongShape`, naming file, layer, expected and found
 */
export function buildCareNetwork(config: CareConfig, weights: KerasWeights): Network {
  return new UNetBuilder(config, weights).build();
}

/** Number at the end of an automatic layer name; a name without one comes first (`conv2d` < `conv2d_1`). */
function creationOrder(name: string): number {
  const counter = /_(\d+)$/.exec(name)?.[1];
  return counter === undefined ? 0 : Number(counter);
}

class UNetBuilder {
  readonly #config: CareConfig;
  readonly #weights: KerasWeights;
  readonly #nodes: NetworkNode[] = [];
  readonly #rank: number;
  /** Automatically named batch normalisations, in the order in which the layers were made. */
  readonly #normalizations: string[];
  readonly #heads: string[];
  /** Filters are checked against CSBDeep's rule; N2V's own block deviates from it on the way up. */
  readonly #strictFilters: boolean;

  constructor(config: CareConfig, weights: KerasWeights) {
    this.#config = config;
    this.#weights = weights;
    this.#rank = config.axes.length - 1;
    const named = (pattern: RegExp): string[] =>
      [...weights.layers.keys()]
        .filter((name) => pattern.test(name))
        .sort((a, b) => creationOrder(a) - creationOrder(b));
    this.#normalizations = named(/^batch_normalization(_|$)/);
    this.#heads = named(/^(?!.*(down_level|middle|up_level)_\d)(?!batch_normalization)/).filter((name) =>
      this.#isHead(name),
    );
    this.#strictFilters = !config.batchNorm;
  }

  build(): Network {
    const { axes, channelsIn, channelsOut, probabilistic, netPerChannel } = this.#config;
    const single = this.#weights.layers.has("channel_0down_level_0_no_0") ? "channel_0" : "";
    const output = netPerChannel ? this.#netPerChannel() : this.#headed("input", channelsIn, single);
    const total = probabilistic ? 2 * channelsOut : channelsOut;
    return {
      spatialAxes: axes.slice(0, -1),
      inputs: [{ name: "input", channels: channelsIn }],
      outputs: [{ name: output, channels: total }],
      nodes: this.#nodes,
    };
  }

  #netPerChannel(): string {
    const outputs = Array.from({ length: this.#config.channelsIn }, (_, channel) => {
      const input = `channel_${channel}`;
      this.#nodes.push({
        op: "sliceChannels",
        name: input,
        inputs: ["input"],
        output: input,
        start: channel,
        stop: channel + 1,
      });
      return this.#headed(input, 1, `channel_${channel}`);
    });
    this.#nodes.push({ op: "concat", name: "channels", inputs: outputs, output: "channels" });
    return "channels";
  }

  /** U-Net, head, residual, last activation and, for probabilistic networks, the scale. */
  #headed(input: string, channelsIn: number, prefix: string): string {
    const { probabilistic, residual, lastActivation, netPerChannel } = this.#config;
    const channelsOut = netPerChannel ? 1 : this.#config.channelsOut;
    const features = this.#unet(input, channelsIn, prefix);
    let mean = this.#head(features, channelsOut, "mean");
    if (residual)
      mean = this.#add({ op: "binary", kind: "add", name: "add", inputs: [mean, input], output: "add" });
    if (lastActivation !== "linear") mean = this.#activate(mean, lastActivation, `${mean} ${lastActivation}`);
    if (!probabilistic) return mean;
    const raw = this.#head(features, channelsOut, "scale");
    const positive = this.#activate(raw, "softplus", `${raw} softplus`);
    const scale = this.#add({
      op: "affine",
      name: "scale",
      inputs: [positive],
      output: "scale",
      scale: filled(channelsOut, 1),
      shift: filled(channelsOut, SCALE_EPSILON),
    });
    return this.#add({
      op: "concat",
      name: "mean and scale",
      inputs: [mean, scale],
      output: "mean and scale",
    });
  }

  #unet(input: string, channelsIn: number, prefix: string): { name: string; channels: number } {
    const { depth, firstFilters } = this.#config;
    const filters = (level: number): number => firstFilters * 2 ** Math.max(0, level);
    const every = Array.from({ length: this.#rank }, () => POOL);
    let layer = { name: input, channels: channelsIn };
    const skips: { name: string; channels: number }[] = [];
    for (let level = 0; level < depth; level++) {
      layer = this.#block(layer, `${prefix}down_level_${level}_no_0`, filters(level));
      layer = this.#block(layer, `${prefix}down_level_${level}_no_1`, filters(level));
      skips.push(layer);
      const pads = every.map(() => [0, 0] as const);
      const name = `${prefix}max_${level}`;
      this.#nodes.push({
        op: "maxPool",
        name,
        inputs: [layer.name],
        output: name,
        kernel: every,
        strides: every,
        pads,
        countPadding: false,
      });
      layer = { name, channels: layer.channels };
    }
    layer = this.#block(layer, `${prefix}middle_0`, filters(depth));
    layer = this.#block(layer, `${prefix}middle_2`, filters(depth - 1));
    for (let level = depth - 1; level >= 0; level--) {
      const up = `${prefix}up_sampling_${level}`;
      const joined = `${prefix}concatenate_${level}`;
      const skip = skips[level];
      this.#nodes.push({
        op: "upsample",
        name: up,
        mode: "nearest",
        inputs: [layer.name],
        output: up,
        factors: every,
      });
      this.#nodes.push({ op: "concat", name: joined, inputs: [up, skip.name], output: joined });
      layer = { name: joined, channels: layer.channels + skip.channels };
      layer = this.#block(layer, `${prefix}up_level_${level}_no_0`, filters(level));
      layer = this.#block(layer, `${prefix}up_level_${level}_no_2`, filters(level - 1));
    }
    return layer;
  }

  /** Convolution, batch normalisation where the network has it, ReLU. */
  #block(
    input: { name: string; channels: number },
    layerName: string,
    filters: number,
  ): { name: string; channels: number } {
    const { kernel, batchNorm } = this.#config;
    const layer = this.#layer(
      layerName,
      input.channels,
      this.#strictFilters ? `${filters} filters` : "a convolution",
    );
    const found = layer.get("kernel")?.shape.at(-1) ?? filters;
    const channels = this.#strictFilters ? filters : found;
    this.#convolution(layer, layerName, {
      input: input.name,
      channelsIn: input.channels,
      channelsOut: channels,
      kernel,
    });
    const normalized = batchNorm ? this.#normalize(layerName, channels) : layerName;
    return { name: this.#activate(normalized, "relu", `${layerName} relu`), channels };
  }

  #head(
    features: { name: string; channels: number },
    channelsOut: number,
    meaning: "mean" | "scale",
  ): string {
    const name = this.#heads.shift();
    if (name === undefined) {
      throw new TilewrightError(
        "model.missingWeight",
        `${this.#weights.file}: the final 1×1 convolution (${meaning}) is missing, expected one from ${features.channels} to ${channelsOut} channels`,
        "the weights belong to another configuration, or the file is incomplete",
      );
    }
    const layer = this.#layer(name, features.channels, "the final convolution");
    this.#convolution(layer, name, {
      input: features.name,
      channelsIn: features.channels,
      channelsOut,
      kernel: 1,
    });
    return name;
  }

  #isHead(name: string): boolean {
    const shape = this.#weights.layers.get(name)?.get("kernel")?.shape;
    return shape?.length === this.#rank + 2 && shape.slice(0, this.#rank).every((length) => length === 1);
  }

  #convolution(
    layer: LayerWeights,
    name: string,
    how: { input: string; channelsIn: number; channelsOut: number; kernel: number },
  ): void {
    const every = <T>(value: T): T[] => Array.from({ length: this.#rank }, () => value);
    const half = (how.kernel - 1) / 2;
    const weight = this.#weight(layer, name, "kernel", [
      ...every(how.kernel),
      how.channelsIn,
      how.channelsOut,
    ]);
    this.#nodes.push({
      op: "conv",
      name,
      inputs: [how.input],
      output: name,
      weight: channelsFirst(weight),
      bias: this.#weight(layer, name, "bias", [how.channelsOut]),
      strides: every(1),
      dilations: every(1),
      pads: every([half, half] as const),
      groups: 1,
    });
  }

  /** Folds gamma, beta, mean and variance into one factor and one offset per channel, in float64. */
  #normalize(input: string, channels: number): string {
    const name = this.#normalizations.shift();
    if (name === undefined) {
      throw new TilewrightError(
        "model.missingWeight",
        `${this.#weights.file}: the batch normalisation after layer "${input}" is missing`,
        "the weights belong to another configuration, or the file is incomplete",
      );
    }
    const layer = this.#layer(name, channels, "a batch normalisation");
    const part = (weight: string): Float32Array => this.#weight(layer, name, weight, [channels]).data;
    const [gamma, beta, mean, variance] = [
      part("gamma"),
      part("beta"),
      part("moving_mean"),
      part("moving_variance"),
    ];
    const factors = Array.from(gamma, (g, i) => g / Math.sqrt(variance[i] + this.#config.batchNormEpsilon));
    this.#nodes.push({
      op: "affine",
      name,
      inputs: [input],
      output: name,
      scale: { shape: [channels], data: Float32Array.from(factors) },
      shift: {
        shape: [channels],
        data: Float32Array.from(factors, (factor, i) => beta[i] - mean[i] * factor),
      },
    });
    return name;
  }

  #activate(input: string, kind: "relu" | "softplus", output: string): string {
    return this.#add({ op: "activation", kind, name: output, inputs: [input], output });
  }

  #add(node: NetworkNode): string {
    this.#nodes.push(node);
    return node.output;
  }

  #layer(name: string, channelsIn: number, what: string): LayerWeights {
    const layer = this.#weights.layers.get(name);
    if (layer !== undefined) return layer;
    throw new TilewrightError(
      "model.missingWeight",
      `${this.#weights.file}: layer "${name}" is missing, expected ${what} on ${channelsIn} channels`,
      "the weights belong to another configuration, or the file is incomplete",
    );
  }

  #weight(layer: LayerWeights, layerName: string, weight: string, shape: readonly number[]): Tensor {
    const tensor = layer.get(weight);
    if (tensor === undefined) {
      throw new TilewrightError(
        "model.missingWeight",
        `${this.#weights.file}: layer "${layerName}" has no weight "${weight}", expected one of shape ${shape.join("×")}`,
        "the weights belong to another configuration, or the file is incomplete",
      );
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((length, axis) => length !== shape[axis])) {
      throw new TilewrightError(
        "model.wrongShape",
        `${this.#weights.file}: layer "${layerName}", weight "${weight}": expected shape ${shape.join("×")}, found ${tensor.shape.join("×")}`,
        "the weights belong to another configuration than config.json describes",
      );
    }
    return tensor;
  }
}

function filled(length: number, value: number): Tensor {
  return { shape: [length], data: new Float32Array(length).fill(value) };
}

/** Keras' `[…kernel, in, out]` as `[out, in, …kernel]`. */
function channelsFirst(weight: Tensor): Tensor {
  const kernel = weight.shape.slice(0, -2);
  const [channelsIn, channelsOut] = weight.shape.slice(-2);
  const taps = kernel.reduce((product, length) => product * length, 1);
  const data = new Float32Array(weight.data.length);
  for (let tap = 0; tap < taps; tap++) {
    for (let input = 0; input < channelsIn; input++) {
      const row = (tap * channelsIn + input) * channelsOut;
      for (let out = 0; out < channelsOut; out++)
        data[(out * channelsIn + input) * taps + tap] = weight.data[row + out];
    }
  }
  return { shape: [channelsOut, channelsIn, ...kernel], data };
}
