/**
 * @module
 * A MultiRes U-Net for volumes with the topology of the network of the forum's case and random weights: the author's
 * weights are not published. Four pools of 2 in all axes; every block three 3×3×3 convolutions in a row beside a 1×1×1
 * shortcut; skip paths of 4, 3, 2 and 1 convolutions with shortcuts; transposed convolutions of 2×2×2; batch
 * normalisation; sigmoid. The script multiplies by 255 afterwards: here the network does that.
 */
import type { Network, NetworkNode, Tensor } from "../../src/network/graph";
import { normal, randomStream, type RandomStream } from "../sample/random";

/** How wide the network is, and how its last layer is set. */
export interface MultiResOptions {
  readonly seed: number;
  /** Filters of the first level; doubled on each of the four below. */
  readonly filters: number;
  /** What is multiplied to and added to the last convolution, so that random weights do not saturate the sigmoid. */
  readonly gain: number;
  readonly shift: number;
}

const LEVELS = 4;
const ONES = [1, 1, 1];
const TWOS = [2, 2, 2];
/** The block's filters are 1.67 times those of its level, split 1 : 2 : 3 over its three convolutions. */
const ALPHA = 1.67;
/** How much of a deeper level comes up, so that what is near counts for more than what is far. */
const DEEP = 0.5;

/** What nearly flat kernels are made of: the value of each tap of a channel, and how much taps vary. */
interface Flat {
  readonly fanIn: number;
  readonly tap: number;
  readonly vary: number;
}

/** Builds the network; input `image`, one channel, ZYX. */
export function multiResUnet(options: MultiResOptions): Network {
  const build = new Build(randomStream(options.seed, "weights"));
  const skips: string[] = [];
  let at = "image";
  for (let level = 0; level < LEVELS; level++) {
    at = build.block(at, options.filters * 2 ** level);
    skips.push(build.skipPath(at, options.filters * 2 ** level, LEVELS - level));
    at = build.pool(at);
  }
  at = build.block(at, options.filters * 2 ** LEVELS);
  for (let level = LEVELS - 1; level >= 0; level--) {
    at = build.concat(build.up(at, options.filters * 2 ** level), skips[level]);
    at = build.block(at, options.filters * 2 ** level);
  }
  at = build.scaled(build.conv(at, 1, 1), options.gain, options.shift);
  const output = build.scaled(build.activated(at, "sigmoid"), 255, 0);
  return {
    spatialAxes: "ZYX",
    inputs: [{ name: "image", channels: 1 }],
    outputs: [{ name: output, channels: 1 }],
    nodes: build.nodes,
  };
}

/** Adds nodes; every method returns the tensor it writes. */
class Build {
  readonly nodes: NetworkNode[] = [];
  readonly #channels = new Map<string, number>([["image", 1]]);
  readonly #random: RandomStream;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  block(from: string, filters: number): string {
    const width = ALPHA * filters;
    const one = this.normed(from, Math.max(1, Math.round(width / 6)), 3);
    const two = this.normed(one, Math.max(1, Math.round(width / 3)), 3);
    const three = this.normed(two, Math.max(1, Math.round(width / 2)), 3);
    const joined = this.concat(one, two, three);
    const shortcut = this.batchNorm(this.conv(from, this.#of(joined), 1));
    return this.activated(
      this.batchNorm(this.#add({ op: "binary", kind: "add", inputs: [joined, shortcut] }, this.#of(joined))),
      "relu",
    );
  }

  skipPath(from: string, filters: number, length: number): string {
    let at = from;
    for (let i = 0; i < length; i++) {
      const shortcut = this.batchNorm(this.conv(at, filters, 1));
      const sum = this.#add(
        { op: "binary", kind: "add", inputs: [this.normed(at, filters, 3), shortcut] },
        filters,
      );
      at = this.batchNorm(this.activated(sum, "relu"));
    }
    return at;
  }

  conv(from: string, filters: number, kernel: number): string {
    const shape = [filters, this.#of(from), kernel, kernel, kernel];
    const side = (kernel - 1) / 2;
    return this.#add(
      {
        op: "conv",
        inputs: [from],
        weight: this.#smooth(shape, { fanIn: this.#of(from), tap: kernel ** -3, vary: 0.2 }),
        strides: ONES,
        dilations: ONES,
        pads: ONES.map(() => [side, side] as const),
        groups: 1,
      },
      filters,
    );
  }

  normed(from: string, filters: number, kernel: number): string {
    return this.activated(this.batchNorm(this.conv(from, filters, kernel)), "relu");
  }

  /** Moving statistics, folded: a scale near 1 and a shift near 0 for each channel. */
  batchNorm(from: string): string {
    const channels = this.#of(from);
    const scale = this.#weights([channels], 0.1);
    scale.data.forEach((value, i) => (scale.data[i] = 1 + value));
    return this.#add(
      { op: "affine", inputs: [from], scale, shift: this.#weights([channels], 0.1) },
      channels,
    );
  }

  scaled(from: string, scale: number, shift: number): string {
    const one = (value: number): Tensor => ({ shape: [1], data: Float32Array.of(value) });
    return this.#add({ op: "affine", inputs: [from], scale: one(scale), shift: one(shift) }, 1);
  }

  activated(from: string, kind: "relu" | "sigmoid"): string {
    return this.#add({ op: "activation", kind, inputs: [from] }, this.#of(from));
  }

  pool(from: string): string {
    const pads = TWOS.map(() => [0, 0] as const);
    return this.#add(
      { op: "maxPool", inputs: [from], kernel: TWOS, strides: TWOS, pads, countPadding: false },
      this.#of(from),
    );
  }

  up(from: string, filters: number): string {
    return this.#add(
      {
        op: "convTranspose",
        inputs: [from],
        weight: this.#smooth([this.#of(from), filters, ...TWOS], {
          fanIn: this.#of(from),
          tap: DEEP,
          vary: 0.02,
        }),
        strides: TWOS,
        dilations: ONES,
        pads: TWOS.map(() => [0, 0] as const),
        outputPadding: [0, 0, 0],
        groups: 1,
      },
      filters,
    );
  }

  concat(...from: string[]): string {
    return this.#add(
      { op: "concat", inputs: from },
      from.reduce((sum, name) => sum + this.#of(name), 0),
    );
  }

  #of(name: string): number {
    return this.#channels.get(name) ?? 1;
  }

  #weights(shape: readonly number[], sd: number): Tensor {
    const data = new Float32Array(shape.reduce((product, length) => product * length, 1));
    for (let i = 0; i < data.length; i++) data[i] = sd * normal(this.#random);
    return { shape, data };
  }

  /**
   * Kernels of one sign each, nearly flat, so that pictures stay pictures: a random mixture of channels, and taps that
   * vary a little.
   */
  #smooth(shape: readonly number[], { fanIn, tap, vary }: Flat): Tensor {
    const taps = shape[2] * shape[3] * shape[4];
    const data = new Float32Array(shape[0] * shape[1] * taps);
    for (let i = 0; i < data.length; i += taps) {
      const mixture = Math.sqrt(2 / fanIn) * normal(this.#random);
      for (let k = 0; k < taps; k++) data[i + k] = mixture * tap * (1 + vary * normal(this.#random));
    }
    return { shape, data };
  }

  #add(node: Unnamed<NetworkNode>, channels: number): string {
    const name = `${node.op}_${this.nodes.length}`;
    this.nodes.push({ ...node, name, output: name });
    this.#channels.set(name, channels);
    return name;
  }
}

type Unnamed<N extends NetworkNode> = N extends NetworkNode ? Omit<N, "name" | "output"> : never;
