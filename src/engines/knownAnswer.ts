/**
 * A question whose answer is known: before a device is trusted it runs two tiny networks.
 *
 * Drivers and runtimes exist that return wrong numbers without any error (3-D pooling and transposed
 * convolution in particular), so success of a call proves nothing.
 * @module
 */
import { TilewrightError } from "../errors";
import { quietJob } from "../job";
import type { Network, NetworkNode, Tensor } from "../network/graph";
import { makeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import type { Engine } from "./engine";

/** Largest accepted difference, as a fraction of the answer's range. */
const TOLERANCE = 1e-4;

/** A question and its answer. */
export interface KnownAnswer {
  readonly network: Network;
  readonly input: Volume<Float32Array>;
  /** Row-major, computed in float64. */
  readonly expected: readonly number[];
}

/** Small multiples of 1/8: exact in float32, so that the answer has no rounding of its own. */
function eighths(shape: readonly number[], step: number): Tensor {
  const length = shape.reduce((total, n) => total * n, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => (((i * step + 3) % 11) - 5) / 8) };
}

/** Makes whole pooling windows negative: a known fault of some runtimes shows only there. */
const NEGATIVE_FIRST: Tensor = { shape: [2], data: Float32Array.of(-3, 0.25) };

function transposedConvolution(stride: readonly number[]): NetworkNode {
  return {
    op: "convTranspose",
    name: "transposed",
    inputs: ["d"],
    output: "f",
    weight: eighths([2, 1, ...stride], 3),
    bias: eighths([1], 1),
    strides: stride,
    dilations: stride.map(() => 1),
    pads: stride.map(() => [0, 0] as const),
    outputPadding: stride.map(() => 0),
    groups: 1,
  };
}

/**
 * Convolution, pooling of negative values, upsampling, transposed convolution, concatenation, residual: the
 * operations of a U-Net, in `rank` spatial axes.
 */
function probeNetwork(rank: 2 | 3, transposed: boolean): Network {
  const every = <T>(value: T): T[] => Array.from({ length: rank }, () => value);
  const conv = { op: "conv", strides: every(1), dilations: every(1), groups: 1 } as const;
  const same = every([1, 1] as const);
  const none = every([0, 0] as const);
  const nodes: NetworkNode[] = [
    {
      ...conv,
      name: "first",
      inputs: ["x"],
      output: "a",
      weight: eighths([2, 1, ...every(3)], 7),
      bias: NEGATIVE_FIRST,
      pads: same,
    },
    {
      op: "maxPool",
      name: "pool",
      inputs: ["a"],
      output: "b",
      kernel: every(2),
      strides: every(2),
      pads: none,
      countPadding: false,
    },
    {
      ...conv,
      name: "second",
      inputs: ["b"],
      output: "c",
      weight: eighths([2, 2, ...every(3)], 5),
      bias: eighths([2], 6),
      pads: same,
    },
    { op: "activation", name: "relu", kind: "relu", inputs: ["c"], output: "d" },
    { op: "upsample", name: "up", mode: "nearest", inputs: ["d"], output: "e", factors: every(2) },
    ...(transposed ? [transposedConvolution(every(2))] : []),
    { op: "concat", name: "join", inputs: transposed ? ["e", "f", "a"] : ["e", "a"], output: "g" },
    {
      ...conv,
      name: "last",
      inputs: ["g"],
      output: "h",
      weight: eighths([1, transposed ? 5 : 4, ...every(1)], 2),
      pads: none,
    },
    { op: "binary", name: "residual", kind: "add", inputs: ["h", "x"], output: "y" },
  ];
  return {
    spatialAxes: rank === 2 ? "YX" : "ZYX",
    inputs: [{ name: "x", channels: 1 }],
    outputs: [{ name: "y", channels: 1 }],
    nodes,
  };
}

function question(network: Network, shape: readonly number[], expected: readonly number[]): KnownAnswer {
  const data = Float32Array.from(expected, (_, i) => (((i * 5) % 13) - 6) / 4);
  return { network, input: makeVolume(data, [1, ...shape], `C${network.spatialAxes}`), expected };
}

/** The answers were computed in exact rational arithmetic from the definitions of the operations. */
export const KNOWN_ANSWERS: readonly KnownAnswer[] = [
  question(
    probeNetwork(2, true),
    [4, 6],
    [
      -3.4674072265625, -0.748779296875, -1.35546875, -2.26953125, -0.6505126953125, -1.0574951171875,
      -2.5692138671875, -1.7655029296875, -2.38671875, -0.6484375, -1.0308837890625, -2.6734619140625,
      -1.59375, -5.109375, -0.95068359375, -1.459228515625, -2.63427734375, -0.588134765625, -0.46875,
      -3.57421875, -1.1240234375, -3.9306640625, -0.6474609375, -0.8056640625,
    ],
  ),
  question(
    probeNetwork(3, true),
    [4, 4, 4],
    [
      -4.272705078125, -2.128173828125, 0.198486328125, -2.922607421875, -2.0106201171875, -2.741455078125,
      -0.8604736328125, -0.852294921875, -3.27734375, -3.03515625, -0.53515625, -2.046875, -1.58984375,
      -2.38671875, -1.890625, -0.8984375, -4.292236328125, -2.749267578125, -1.645263671875, -2.110107421875,
      -1.7762451171875, -3.155517578125, -3.0518798828125, -1.649169921875, -3.1796875, -0.046875, -3.6640625,
      -3.1640625, -1.47265625, -2.59375, -2.1328125, 0.0703125, -2.30126953125, 0.3443603515625,
      -3.018798828125, -2.94384765625, -0.2193603515625, -2.469970703125, -0.7364501953125, -3.753662109375,
      -1.328857421875, 0.370361328125, -3.69921875, -0.95703125, -0.3800048828125, -1.016357421875,
      -3.03515625, -1.43359375, -2.1680908203125, -0.5888671875, -3.1201171875, -0.705322265625,
      -3.297119140625, -3.3250732421875, -0.6893310546875, -4.09716796875, -1.078857421875, -1.352294921875,
      -1.5, -0.9296875, -2.3721923828125, -2.981201171875, -0.78125, -2.26171875,
    ],
  ),
  // Without the transposed convolution a 3-D network runs on planes: other operators, asked for separately.
  question(
    probeNetwork(3, false),
    [4, 4, 4],
    [
      -3.0478515625, -1.2353515625, -0.4755859375, -1.6865234375, -1.6337890625, 0.5458984375, -0.7255859375,
      -0.6630859375, -1.2421875, -0.0390625, -0.90625, -1.671875, -0.3359375, -1.53125, -0.734375, -0.6796875,
      -1.6181640625, -0.0556640625, 0.4619140625, -1.0458984375, -1.2197265625, -0.8369140625, -0.1396484375,
      -0.9287109375, -0.15625, -0.859375, -1.5859375, 0.3046875, -0.078125, -0.2421875, -0.7578125, 1.375,
      -0.431640625, -0.876953125, -1.8916015625, -0.8994140625, -0.611328125, -0.408203125, -1.4462890625,
      -2.5869140625, -0.2646484375, -2.8740234375, 0.6015625, 0.109375, 0.3369140625, -1.7255859375,
      0.5390625, -1.7421875, -0.345703125, 0.123046875, -1.4384765625, -1.3837890625, -3.095703125,
      -0.181640625, -1.7822265625, -1.2900390625, -0.9208984375, 0.5869140625, -0.5625, -1.125, -2.5068359375,
      -0.8740234375, 0.1640625, -1.09375,
    ],
  ),
];

/**
 * Runs the known-answer networks; resolves when every number is right. The engine is disposed of.
 *
 * @throws {TilewrightError} `engine.wrongAnswer`, or what the engine throws
 */
export async function checkKnownAnswer(engine: Engine): Promise<void> {
  try {
    for (const { network, input, expected } of KNOWN_ANSWERS) {
      const session = await engine.load(network, quietJob());
      try {
        compare(engine, (await session.run(input)).data, expected);
      } finally {
        await session.dispose();
      }
    }
  } finally {
    await engine.dispose();
  }
}

function compare(engine: Engine, found: Float32Array, expected: readonly number[]): void {
  const limit = TOLERANCE * (Math.max(...expected) - Math.min(...expected));
  const wrong = expected.findIndex((value, i) => !(Math.abs(value - found[i]) <= limit));
  if (wrong >= 0 || found.length !== expected.length) {
    throw new TilewrightError(
      "engine.wrongAnswer",
      `${engine.name} on ${engine.device} computes wrong numbers: a small test network gave ${found[wrong]} instead of ${expected[wrong]}`,
      "use another engine, or update the driver",
    );
  }
}
