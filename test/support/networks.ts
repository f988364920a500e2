/**
 * Networks for tests: a builder, CARE's U-Net and the MultiRes U-Net with random weights.
 * @module
 */
import type {
  ActivationNode,
  BinaryNode,
  Network,
  NetworkNode,
  SpatialPads,
  Tensor,
  UpsampleNode,
} from "../../src/network/graph";

/** Uniform numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Padding that keeps the length of a stride-1 convolution with an odd span. */
export function samePads(
  kernel: readonly number[],
  dilations: readonly number[] = kernel.map(() => 1),
): SpatialPads {
  return kernel.map((k, axis) => {
    const total = dilations[axis] * (k - 1);
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  });
}

/** What a convolution may be given; the rest is "same" and 1. */
export interface FilterOptions {
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly pads?: SpatialPads;
  readonly outputPadding?: readonly number[];
  readonly groups?: number;
  readonly name?: string;
}

/** Builds a network node by node; every method returns the name of the tensor written. */
export class NetworkBuilder {
  readonly nodes: NetworkNode[] = [];
  readonly #channels = new Map<string, number>();
  readonly #rank: number;

  constructor(
    readonly spatialAxes: string,
    readonly random: () => number,
    readonly positive = false,
  ) {
    this.#rank = spatialAxes.length;
  }

  input(channels: number, name = "input"): string {
    this.#channels.set(name, channels);
    return name;
  }

  channelsOf(name: string): number {
    return this.#channels.get(name)!;
  }

  ones(): number[] {
    return Array.from({ length: this.#rank }, () => 1);
  }

  #tensor(shape: readonly number[], spread: number): Tensor {
    const count = shape.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, () =>
      this.positive ? spread * (0.5 + this.random()) : spread * (this.random() * 2 - 1),
    );
    return { shape, data };
  }

  add(node: Omit<NetworkNode, "name" | "output"> & { name?: string }, channels: number): string {
    const name = node.name ?? `${node.op}_${this.nodes.length}`;
    this.nodes.push({ ...node, name, output: name } as NetworkNode);
    this.#channels.set(name, channels);
    return name;
  }

  conv(from: string, channels: number, kernel: readonly number[], options: FilterOptions = {}): string {
    const groups = options.groups ?? 1;
    const fanIn = (this.channelsOf(from) / groups) * kernel.reduce((a, b) => a * b, 1);
    const dilations = options.dilations ?? this.ones();
    return this.add(
      {
        op: "conv",
        name: options.name,
        inputs: [from],
        weight: this.#tensor(
          [channels, this.channelsOf(from) / groups, ...kernel],
          this.positive ? 1 / fanIn : Math.sqrt(3 / fanIn),
        ),
        bias: this.#tensor([channels], 0.1),
        strides: options.strides ?? this.ones(),
        dilations,
        pads: options.pads ?? samePads(kernel, dilations),
        groups,
      } as Omit<NetworkNode, "name" | "output">,
      channels,
    );
  }

  convTranspose(
    from: string,
    channels: number,
    kernel: readonly number[],
    options: FilterOptions = {},
  ): string {
    const groups = options.groups ?? 1;
    return this.add(
      {
        op: "convTranspose",
        name: options.name,
        inputs: [from],
        weight: this.#tensor(
          [this.channelsOf(from), channels / groups, ...kernel],
          1 / this.channelsOf(from),
        ),
        bias: this.#tensor([channels], 0.1),
        strides: options.strides ?? this.ones(),
        dilations: options.dilations ?? this.ones(),
        pads: options.pads ?? kernel.map(() => [0, 0] as const),
        outputPadding: options.outputPadding ?? kernel.map(() => 0),
        groups,
      } as Omit<NetworkNode, "name" | "output">,
      channels,
    );
  }

  pool(
    from: string,
    op: "maxPool" | "averagePool",
    form: {
      kernel: readonly number[];
      strides?: readonly number[];
      pads?: SpatialPads;
      countPadding?: boolean;
    },
  ): string {
    const node = {
      op,
      inputs: [from],
      kernel: form.kernel,
      strides: form.strides ?? form.kernel,
      pads: form.pads ?? form.kernel.map(() => [0, 0] as const),
      countPadding: form.countPadding ?? false,
    };
    return this.add(node, this.channelsOf(from));
  }

  upsample(from: string, factors: readonly number[], mode: UpsampleNode["mode"] = "nearest"): string {
    return this.add(
      { op: "upsample", inputs: [from], mode, factors } as Omit<NetworkNode, "name" | "output">,
      this.channelsOf(from),
    );
  }

  concat(...from: string[]): string {
    return this.add(
      { op: "concat", inputs: from },
      from.reduce((sum, name) => sum + this.channelsOf(name), 0),
    );
  }

  binary(kind: BinaryNode["kind"], a: string, b: string): string {
    const channels = Math.max(this.channelsOf(a), this.channelsOf(b));
    return this.add({ op: "binary", kind, inputs: [a, b] } as Omit<NetworkNode, "name" | "output">, channels);
  }

  activation(from: string, kind: ActivationNode["kind"], more: Partial<ActivationNode> = {}): string {
    const node = { op: "activation", kind, inputs: [from], ...more };
    return this.add(node as Omit<NetworkNode, "name" | "output">, this.channelsOf(from));
  }

  affine(from: string): string {
    const channels = this.channelsOf(from);
    const node = {
      op: "affine",
      inputs: [from],
      scale: this.#tensor([channels], 1),
      shift: this.#tensor([channels], 0.1),
    };
    return this.add(node as Omit<NetworkNode, "name" | "output">, channels);
  }

  pad(from: string, pads: SpatialPads, mode: "constant" | "reflect" | "edge" = "constant"): string {
    return this.add(
      { op: "pad", mode, value: 0, pads, inputs: [from] } as Omit<NetworkNode, "name" | "output">,
      this.channelsOf(from),
    );
  }

  crop(from: string, crops: SpatialPads): string {
    return this.add(
      { op: "crop", crops, inputs: [from] } as Omit<NetworkNode, "name" | "output">,
      this.channelsOf(from),
    );
  }

  build(output: string, inputs: readonly string[] = ["input"]): Network {
    const port = (name: string): { name: string; channels: number } => ({
      name,
      channels: this.channelsOf(name),
    });
    return {
      spatialAxes: this.spatialAxes,
      inputs: inputs.map(port),
      outputs: [port(output)],
      nodes: this.nodes,
    };
  }
}

/** A CARE U-Net's form. */
export interface CareForm {
  readonly spatialAxes?: string;
  readonly depth?: number;
  readonly kernel?: number;
  readonly pool?: number;
  readonly first?: number;
  readonly channelsIn?: number;
  readonly channelsOut?: number;
  readonly residual?: boolean;
  readonly probabilistic?: boolean;
  readonly batchNorm?: boolean;
  readonly upsampling?: UpsampleNode["mode"];
  readonly seed?: number;
}

/** CARE's U-Net with random weights: two convolutions a level, nearest upsampling, concatenation, 1×1 head. */
export function careUnet(form: CareForm = {}): Network {
  const {
    spatialAxes = "YX",
    depth = 2,
    kernel = 3,
    pool = 2,
    first = 4,
    channelsIn = 1,
    channelsOut = 1,
  } = form;
  const build = new NetworkBuilder(spatialAxes, seededRandom(form.seed ?? 1));
  const kernels = build.ones().map(() => kernel);
  const pools = build.ones().map(() => pool);
  const block = (from: string, filters: number): string => {
    let x = build.conv(from, filters, kernels);
    if (form.batchNorm === true) x = build.affine(x);
    return build.activation(x, "relu");
  };
  const input = build.input(channelsIn);
  let x = input;
  const skips: string[] = [];
  for (let level = 0; level < depth; level++) {
    x = block(block(x, first * 2 ** level), first * 2 ** level);
    skips.push(x);
    x = build.pool(x, "maxPool", { kernel: pools });
  }
  x = block(block(x, first * 2 ** depth), first * 2 ** Math.max(0, depth - 1));
  for (let level = depth - 1; level >= 0; level--) {
    x = build.concat(build.upsample(x, pools, form.upsampling ?? "nearest"), skips[level]);
    x = block(block(x, first * 2 ** level), first * 2 ** Math.max(0, level - 1));
  }
  let head = build.conv(x, channelsOut, build.ones());
  if (form.residual === true) head = build.binary("add", head, input);
  if (form.probabilistic !== true) return build.build(head);
  const scale = build.activation(build.conv(x, channelsOut, build.ones()), "softplus");
  return build.build(build.concat(head, scale));
}

/** The MultiRes U-Net for volumes: four levels, three convolutions in a row a block, residual skip paths. */
export function multiResUnet3d(filters = 1): Network {
  const build = new NetworkBuilder("ZYX", seededRandom(5));
  const cube = (n: number): number[] => [n, n, n];
  const conv = (from: string, kernel: number): string =>
    build.activation(build.affine(build.conv(from, filters, cube(kernel))), "relu");
  const block = (from: string): string => {
    const one = conv(from, 3);
    const two = conv(one, 3);
    const three = conv(two, 3);
    const shortcut = build.affine(build.conv(from, 3 * filters, cube(1)));
    return build.activation(build.binary("add", build.concat(one, two, three), shortcut), "relu");
  };
  const skipPath = (from: string, count: number): string => {
    let x = from;
    for (let n = 0; n < count; n++) {
      const shortcut = build.affine(build.conv(x, filters, cube(1)));
      x = build.activation(build.binary("add", conv(x, 3), shortcut), "relu");
    }
    return x;
  };
  let x = build.input(1);
  const skips: string[] = [];
  for (let level = 0; level < 4; level++) {
    x = block(x);
    skips.push(skipPath(x, 4 - level));
    x = build.pool(x, "maxPool", { kernel: cube(2) });
  }
  x = block(x);
  for (let level = 3; level >= 0; level--) {
    x = build.convTranspose(x, filters, cube(2), { strides: cube(2) });
    x = block(build.concat(x, skips[level]));
  }
  return build.build(build.activation(build.conv(x, 1, cube(1)), "sigmoid"));
}
