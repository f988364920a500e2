/**
 * Random networks that keep the size of their input: what the analysis is tried on.
 * @module
 */
import type { Network, SpatialPads } from "../../src/network/graph";
import { kernelSpan } from "../../src/network/rates";
import { NetworkBuilder, seededRandom } from "./networks";

/** What a random network may contain. */
export interface RandomForm {
  readonly spatialAxes: string;
  readonly seed: number;
  /** Kernels below their stride leave holes in transposed convolutions. */
  readonly holes: boolean;
  /** Padding by reflection or edge values inside the network. */
  readonly mirrors: boolean;
  /** Largest product of the strides of one path. */
  readonly maxBlock: number;
}

class RandomNetwork {
  readonly build: NetworkBuilder;

  constructor(readonly form: RandomForm) {
    this.build = new NetworkBuilder(form.spatialAxes, seededRandom(form.seed), true);
  }

  whole(low: number, high: number): number {
    return low + Math.floor(this.build.random() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)];
  }

  chance(p: number): boolean {
    return this.build.random() < p;
  }

  perAxis<T>(make: (axis: number) => T): T[] {
    return Array.from(this.form.spatialAxes, (_, axis) => make(axis));
  }

  split(total: number): readonly [number, number] {
    const before = this.whole(0, total);
    return [before, total - before];
  }

  channels(): number {
    return this.whole(1, 2);
  }

  /** A convolution that keeps the length, its padding split anyhow. */
  sameConv(from: string): string {
    const kernel = this.perAxis(() => this.whole(1, 4));
    const dilations = this.perAxis(() => (this.chance(0.3) ? this.whole(2, 3) : 1));
    const pads = kernel.map((k, axis) => this.split(dilations[axis] * (k - 1)));
    return this.build.conv(from, this.channels(), kernel, { dilations, pads });
  }

  samePool(from: string): string {
    const kernel = this.perAxis(() => this.whole(1, 3));
    const pads = kernel.map((k) => this.split(k - 1));
    return this.build.pool(from, this.pick(["maxPool", "averagePool"]), {
      kernel,
      strides: this.build.ones(),
      pads,
      countPadding: this.chance(0.5),
    });
  }

  padThenCrop(from: string): string {
    const mode = this.form.mirrors ? this.pick(["constant", "reflect", "edge"] as const) : "constant";
    const pads = this.perAxis(() => [this.whole(0, 2), this.whole(0, 2)] as const);
    const x = this.build.pad(from, pads, mode);
    if (this.chance(0.5))
      return this.build.crop(
        x,
        pads.map(([before, after]) => this.split(before + after)),
      );
    const kernel = pads.map(([before, after]) => before + after + 1);
    return this.build.conv(x, this.channels(), kernel, { pads: kernel.map(() => [0, 0] as const) });
  }

  /** What is mirrored at a border is read from far inside when px are shifted against each other. */
  shiftedMirror(from: string): string {
    const far = this.perAxis(() => this.whole(0, 4));
    const mode = this.pick(["reflect", "edge"] as const);
    const pads = far.map((n): readonly [number, number] => (this.chance(0.5) ? [0, n] : [n, 0]));
    const seen = this.build.conv(
      from,
      this.channels(),
      far.map((n) => n + 1),
      { pads },
    );
    const forward = this.chance(0.5);
    const turned = (n: number): readonly [number, number] => (forward ? [n, 0] : [0, n]);
    const shift = this.perAxis(() => this.whole(1, 4));
    const x = this.build.pad(seen, shift.map(turned), mode);
    return this.build.crop(
      x,
      shift.map((n) => [turned(n)[1], turned(n)[0]] as const),
    );
  }

  pointwise(from: string): string {
    switch (this.whole(0, 3)) {
      case 0:
        return this.build.affine(from);
      case 1:
        return this.build.activation(from, "relu");
      case 2:
        return this.build.activation(from, "softplus");
      default:
        return this.build.activation(from, "leakyRelu", { alpha: 0.1 });
    }
  }

  branch(from: string): string {
    const other = this.step(from);
    if (this.chance(0.5)) return this.build.concat(this.step(from), other);
    return this.build.binary(this.pick(["add", "maximum"]), this.squeeze(from), this.squeeze(other));
  }

  squeeze(from: string): string {
    return this.build.channelsOf(from) === 1 ? from : this.build.conv(from, 1, this.build.ones());
  }

  /** Any operation that keeps the length. */
  step(from: string): string {
    if (this.form.mirrors && this.chance(0.15)) return this.shiftedMirror(from);
    switch (this.whole(0, 6)) {
      case 0:
        return this.samePool(from);
      case 1:
        return this.padThenCrop(from);
      case 2:
        return this.pointwise(from);
      default:
        return this.sameConv(from);
    }
  }

  /** Padding with which a kernel of `span` at `stride` divides a multiple of the stride evenly. */
  evenPads(span: number, stride: number): readonly [number, number] {
    return this.split(this.whole(Math.max(0, span - stride), span - 1));
  }

  down(from: string, strides: readonly number[]): string {
    if (this.chance(0.5)) {
      const kernel = strides.map((s) => Math.max(1, s + this.whole(-1, 1)));
      const pads = kernel.map((k, axis) => this.evenPads(k, strides[axis]));
      const fits = pads.every(([before, after], axis) => Math.max(before, after) < kernel[axis]);
      if (fits)
        return this.build.pool(from, this.pick(["maxPool", "averagePool"]), { kernel, strides, pads });
    }
    const kernel = strides.map((s) => this.whole(1, s + 2));
    const dilations = this.perAxis(() => (this.chance(0.2) ? 2 : 1));
    const pads = kernel.map((k, axis) => this.evenPads(kernelSpan(k, dilations[axis]), strides[axis]));
    return this.build.conv(from, this.channels(), kernel, { strides, dilations, pads });
  }

  transposed(from: string, strides: readonly number[]): string {
    const kernel = strides.map((s) => this.whole(this.form.holes ? 1 : s, s + 2));
    const dilations = this.perAxis(() => (this.form.holes && this.chance(0.2) ? 2 : 1));
    const outputPadding = strides.map((s, axis) => {
      const missing = s - kernelSpan(kernel[axis], dilations[axis]);
      return missing > 0 ? missing : this.whole(0, s - 1);
    });
    const pads: SpatialPads = strides.map((s, axis) =>
      this.split(kernelSpan(kernel[axis], dilations[axis]) + outputPadding[axis] - s),
    );
    return this.build.convTranspose(from, this.channels(), kernel, {
      strides,
      dilations,
      outputPadding,
      pads,
    });
  }

  up(from: string, factors: readonly number[]): string {
    switch (this.whole(0, 2)) {
      case 0:
        return this.build.upsample(from, factors, "nearest");
      case 1:
        return this.build.upsample(from, factors, "linear");
      default:
        return this.transposed(from, factors);
    }
  }

  level(from: string, room: number): string {
    const limit = Math.min(3, room);
    const strides = this.perAxis(() => this.whole(1, limit));
    if (this.chance(0.15)) {
      const fine = this.up(from, strides);
      return this.down(this.step(fine), strides);
    }
    const inner = this.stages(this.down(from, strides), Math.floor(room / Math.max(...strides)));
    const back = this.up(inner, strides);
    return this.chance(0.6) ? this.build.concat(back, from) : back;
  }

  stages(from: string, room: number): string {
    let x = from;
    const count = this.whole(1, 3);
    for (let n = 0; n < count; n++) {
      if (room >= 2 && this.chance(0.5)) x = this.level(x, room);
      else if (this.chance(0.25)) x = this.branch(x);
      else x = this.step(x);
    }
    return x;
  }
}

/** A random network of one input and one output channel, positive weights, the output as large as the input. */
export function randomNetwork(form: RandomForm): Network {
  const random = new RandomNetwork(form);
  const x = random.stages(random.build.input(1), form.maxBlock);
  return random.build.build(random.build.conv(x, 1, random.build.ones()));
}
