import fc from "fast-check";
import type { InferenceSession } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { loadRuntime } from "../../../src/engines/onnxruntime";
import type { ActivationNode, GlobalNode, Network, NetworkNode, Tensor } from "../../../src/network/graph";
import { canRunOnPlanes } from "../../../src/network/onnx/planes";
import { writeOnnx } from "../../../src/network/onnx/write";
import type { OnnxTarget, WriteOptions } from "../../../src/network/onnx/write";
import { splitConcatenations } from "../../../src/network/rewrite/concat";
import { networkBlock } from "../../../src/network/rates";
import { validateNetwork } from "../../../src/network/shapes";
import { runOnce } from "../../support/interpreter";
import { careUnet, seededRandom } from "../../support/networks";
import { randomNetwork } from "../../support/random-networks";
import { relativeDifference } from "../../support/npy";

/** Runs ONNX bytes on ONNX Runtime's CPU provider, whatever target they were written for. */
async function runOnnx(
  bytes: Uint8Array,
  input: { channels: number; spatial: readonly number[]; data: Float64Array },
) {
  const { InferenceSession, Tensor } = await loadRuntime();
  const options: InferenceSession.SessionOptions = { intraOpNumThreads: 1, logSeverityLevel: 4 };
  const session = await InferenceSession.create(bytes, options);
  const dims = [1, input.channels, ...input.spatial];
  const output = (
    await session.run({ [session.inputNames[0]]: new Tensor("float32", Float32Array.from(input.data), dims) })
  )[session.outputNames[0]];
  await session.release();
  return { shape: output.dims.slice(1), data: output.data as Float32Array };
}

/** Largest difference between ONNX Runtime and the float64 interpreter, as a fraction of the range. */
async function error(
  network: Network,
  spatial: readonly number[],
  target: OnnxTarget = "cpu",
  options: WriteOptions = {},
) {
  const random = seededRandom(5);
  const { channels } = network.inputs[0];
  const length = spatial.reduce((product, n) => product * n, channels);
  const input = {
    channels,
    spatial,
    data: Float64Array.from({ length }, () => Math.fround(random() * 4 - 2)),
  };
  const expected = runOnce(network, input);
  const found = await runOnnx(writeOnnx(network, target, options), input);
  expect(found.shape).toEqual([expected.channels, ...expected.spatial]);
  return relativeDifference(found.data, expected.data);
}

const random = seededRandom(11);
const tensor = (shape: readonly number[], low = -1, high = 1): Tensor => ({
  shape,
  data: Float32Array.from(
    { length: shape.reduce((product, n) => product * n, 1) },
    () => low + (high - low) * random(),
  ),
});

/** A network of a single operation on `channels` channels. */
function single(
  node: Record<string, unknown>,
  spatialAxes: string,
  channels: number,
  outputs = channels,
): Network {
  return {
    spatialAxes,
    inputs: [{ name: "x", channels }],
    outputs: [{ name: "y", channels: outputs }],
    nodes: [{ name: "layer", inputs: ["x"], output: "y", ...node } as unknown as NetworkNode],
  };
}

const AXES = { 1: "X", 2: "YX", 3: "ZYX" } as const;
const SHAPES = { 1: [12], 2: [8, 12], 3: [4, 6, 8] } as const;
type Rank = 1 | 2 | 3;
const every = <T>(rank: Rank, value: T): T[] => Array.from({ length: rank }, () => value);

describe("every operation of the graph means the same to ONNX Runtime as to the float64 interpreter", () => {
  const kinds: (Partial<ActivationNode> & { kind: ActivationNode["kind"] })[] = [
    { kind: "linear" },
    { kind: "relu" },
    { kind: "leakyRelu", alpha: 0.3 },
    { kind: "prelu", slope: tensor([3]) },
    { kind: "elu", alpha: 0.7 },
    { kind: "selu" },
    { kind: "sigmoid" },
    { kind: "hardSigmoid", alpha: 0.2, beta: 0.4 },
    { kind: "tanh" },
    { kind: "softplus" },
    { kind: "softmax" },
    { kind: "clip", range: [-0.5, 1] },
    { kind: "exp" },
    { kind: "abs" },
  ];
  test.each(kinds)("activation $kind", async (activation) => {
    for (const rank of [2, 3] as const) {
      const network = single({ op: "activation", ...activation }, AXES[rank], 3);
      expect(await error(network, SHAPES[rank])).toBeLessThan(1e-6);
      expect(await error(network, SHAPES[rank], "cpu", { onPlanes: true })).toBeLessThan(1e-6);
    }
  });

  test.each([2, 3] as const)("pooling, padding, cropping, scaling in %i axes", async (rank) => {
    const pads = every(rank, [1, 0] as const);
    const nodes = [
      { op: "maxPool", kernel: every(rank, 3), strides: every(rank, 2), pads, countPadding: false },
      { op: "averagePool", kernel: every(rank, 2), strides: every(rank, 1), pads, countPadding: false },
      { op: "averagePool", kernel: every(rank, 2), strides: every(rank, 1), pads, countPadding: true },
      { op: "pad", mode: "constant", value: 0.7, pads },
      { op: "pad", mode: "reflect", value: 0, pads: every(rank, [2, 1] as const) },
      { op: "pad", mode: "edge", value: 0, pads: every(rank, [2, 1] as const) },
      { op: "crop", crops: every(rank, [1, 0] as const) },
      { op: "crop", crops: every(rank, [0, 2] as const) },
      { op: "affine", scale: tensor([3]), shift: tensor([3]) },
    ];
    for (const node of nodes)
      expect(await error(single(node, AXES[rank], 3), SHAPES[rank])).toBeLessThan(1e-6);
    const slice = single({ op: "sliceChannels", start: 1, stop: 3 }, AXES[rank], 3, 2);
    expect(await error(slice, SHAPES[rank])).toBe(0);
  });

  test.each(["nearest", "linear", "linearAligned"] as const)("upsampling, %s", async (mode) => {
    for (const rank of [2, 3] as const) {
      const factors = [3, 2, 4].slice(0, rank);
      expect(
        await error(single({ op: "upsample", mode, factors }, AXES[rank], 2), SHAPES[rank]),
      ).toBeLessThan(1e-6);
    }
  });

  test("arithmetic of two tensors, one of them with a single channel", async () => {
    for (const kind of ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const) {
      const network: Network = {
        ...single({ op: "binary", kind, inputs: ["x", "one"] }, "YX", 3),
        nodes: [
          { op: "sliceChannels", name: "slice", inputs: ["x"], output: "part", start: 0, stop: 1 },
          { op: "activation", kind: "exp", name: "positive", inputs: ["part"], output: "one" },
          { op: "binary", kind, name: "layer", inputs: ["x", "one"], output: "y" },
        ],
      };
      expect(await error(network, [6, 8])).toBeLessThan(1e-6);
    }
  });

  test("operations that see everything", async () => {
    const nodes: Partial<GlobalNode>[] = [
      { type: "InstanceNormalization", attributes: { epsilon: 1e-3 }, constants: [tensor([4]), tensor([4])] },
      {
        type: "GroupNormalization",
        attributes: { epsilon: 1e-3, num_groups: 2 },
        constants: [tensor([4]), tensor([4])],
      },
      { type: "GlobalAveragePool", attributes: {}, constants: [] },
      { type: "GlobalMaxPool", attributes: {}, constants: [] },
    ];
    for (const node of nodes) {
      for (const rank of [2, 3] as const) {
        expect(await error(single({ op: "global", ...node }, AXES[rank], 4), SHAPES[rank])).toBeLessThan(
          1e-5,
        );
      }
    }
  });

  test("group normalisation with one scale per group, as opset 18 has it, is that with the scale repeated", async () => {
    const [scale, shift] = [tensor([2]), tensor([2])];
    const repeated = ({ data }: Tensor): Tensor => ({
      shape: [4],
      data: Float32Array.of(data[0], data[0], data[1], data[1]),
    });
    const network = (constants: readonly Tensor[]): Network =>
      single({ op: "global", type: "GroupNormalization", attributes: { num_groups: 2 }, constants }, "YX", 4);
    const input = {
      channels: 4,
      spatial: [4, 6],
      data: Float64Array.from({ length: 96 }, (_, i) => Math.fround(Math.sin(i * i))),
    };
    const expected = runOnce(network([repeated(scale), repeated(shift)]), input).data;
    const found = await runOnnx(writeOnnx(network([scale, shift])), input);
    expect(relativeDifference(found.data, expected)).toBeLessThan(1e-5);
  });

  test("a network that hands its input through", async () => {
    const network: Network = {
      spatialAxes: "YX",
      inputs: [{ name: "x", channels: 2 }],
      outputs: [{ name: "x", channels: 2 }],
      nodes: [],
    };
    expect(await error(network, [4, 4])).toBe(0);
    const through: Network = {
      ...network,
      outputs: [{ name: "y", channels: 2 }],
      nodes: [{ op: "activation", kind: "linear", name: "l", inputs: ["x"], output: "y" }],
    };
    expect(await error(through, [4, 4])).toBe(0);
  });
});

const convolution = fc.record({
  rank: fc.constantFrom(2 as const, 3 as const),
  groups: fc.constantFrom(1, 2),
  bias: fc.boolean(),
  kernel: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 3, maxLength: 3 }),
  strides: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 3 }),
  dilations: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 3, maxLength: 3 }),
  pads: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 })), {
    minLength: 3,
    maxLength: 3,
  }),
});

describe("convolutions of any form", () => {
  test("plain, on planes and without groups give the same as the float64 interpreter", async () => {
    await fc.assert(
      fc.asyncProperty(convolution, async ({ rank, groups, bias, kernel, strides, dilations, pads }) => {
        const weight = tensor([4, 4 / groups, ...kernel.slice(0, rank)]);
        const spatial = [9, 10, 11].slice(0, rank);
        const [k, s, d, p] = [kernel, strides, dilations, pads].map((list) =>
          (list as number[]).slice(0, rank),
        );
        const node = {
          op: "conv",
          weight,
          ...(bias ? { bias: tensor([4]) } : {}),
          strides: s,
          dilations: d,
          pads: p,
          groups,
        };
        const network = single(node, AXES[rank], 4);
        expect(k.length).toBe(rank);
        expect(await error(network, spatial)).toBeLessThan(1e-6);
        expect(await error(network, spatial, "cpu", { onPlanes: true })).toBeLessThan(1e-6);
        expect(await error(network, spatial, "webgpu")).toBeLessThan(1e-6);
      }),
      { numRuns: 40 },
    );
  });

  test("transposed ones, also without the operator WebGPU lacks", async () => {
    const extra = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        convolution,
        extra,
        async ({ rank, groups, bias, kernel, strides, dilations, pads }, outputPadding) => {
          const take = <T>(list: readonly T[]): T[] => list.slice(0, rank);
          // ONNX wants the extra output shorter than the stride, and something must be left of the output.
          const extras = take(outputPadding).map((n, axis) => Math.min(n, strides[axis] - 1));
          const fitting = take(pads).map(([before, after], axis) =>
            kernel[axis] > 1 || strides[axis] > 1 ? [before, after] : [0, 0],
          );
          const weight = tensor([4, 4 / groups, ...take(kernel)]);
          const node = {
            op: "convTranspose",
            weight,
            ...(bias ? { bias: tensor([4]) } : {}),
            strides: take(strides),
            dilations: take(dilations),
            pads: fitting,
            outputPadding: extras,
            groups,
          };
          const network = single(node, AXES[rank], 4);
          const spatial = [5, 6, 7].slice(0, rank);
          expect(await error(network, spatial)).toBeLessThan(1e-6);
          expect(await error(network, spatial, "webgpu")).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 40 },
    );
  });

  test.each([[[2, 2, 2]], [[1, 2, 3]], [[4, 1, 2]]])("transposed with kernel = stride %j", async (kernel) => {
    const node = {
      op: "convTranspose",
      weight: tensor([3, 5, ...kernel]),
      bias: tensor([5]),
      strides: kernel,
      dilations: [1, 1, 1],
      pads: every(3, [0, 0]),
      outputPadding: [0, 0, 0],
      groups: 1,
    };
    expect(await error(single(node, "ZYX", 3, 5), [3, 4, 5], "webgpu")).toBeLessThan(1e-6);
  });

  test("the WebGPU file of a 3-D network has neither ConvTranspose nor groups", () => {
    const node = {
      op: "convTranspose",
      weight: tensor([4, 2, 3, 3, 3]),
      strides: [2, 2, 2],
      dilations: [1, 1, 1],
      pads: every(3, [1, 1]),
      outputPadding: [1, 1, 1],
      groups: 2,
    };
    const text = (target: OnnxTarget): string =>
      Buffer.from(writeOnnx(single(node, "ZYX", 4), target)).toString("latin1");
    expect(text("cpu")).toContain("ConvTranspose");
    expect(text("webgpu")).not.toContain("ConvTranspose");
  });
});

describe("whole networks", () => {
  test("random networks give the float64 interpreter's output in all forms", async () => {
    let onPlanes = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const spatialAxes = AXES[((seed % 3) + 1) as Rank];
      const network = randomNetwork({
        spatialAxes,
        seed,
        holes: seed % 2 === 0,
        mirrors: false,
        maxBlock: 8,
      });
      const spatial = networkBlock(network).map((block) => block * Math.max(2, Math.ceil(16 / block)));
      expect(await error(network, spatial), `seed ${seed}`).toBeLessThan(1e-5);
      expect(await error(network, spatial, "webgpu"), `seed ${seed}, webgpu`).toBeLessThan(1e-5);
      if (canRunOnPlanes(network)) onPlanes++;
      expect(await error(network, spatial, "cpu", { onPlanes: true }), `seed ${seed}, planes`).toBeLessThan(
        1e-5,
      );
    }
    expect(onPlanes).toBeGreaterThan(0);
  });

  test("a CARE U-Net without its concatenations, on planes, is the same network", async () => {
    for (const spatialAxes of ["YX", "ZYX"]) {
      const network = careUnet({ spatialAxes });
      const channels = validateNetwork(network);
      const split = splitConcatenations(network, (name) => channels.get(name)!);
      expect(network.nodes.some(({ op }) => op === "concat")).toBe(true);
      expect(split.nodes.some(({ op }) => op === "concat")).toBe(false);
      const spatial = spatialAxes.length === 2 ? [16, 24] : [8, 12, 16];
      const input = {
        channels: 1,
        spatial,
        data: Float64Array.from({ length: spatial.reduce((a, b) => a * b) }, (_, i) => Math.sin(i)),
      };
      const expected = runOnce(network, input).data;
      expect(relativeDifference(runOnce(split, input).data, expected)).toBeLessThan(1e-12);
      expect(await error(split, spatial, "cpu", { onPlanes: true })).toBeLessThan(1e-6);
    }
  });

  test("concatenations that anything but a plain convolution reads, or that are an output, stay", () => {
    const network = careUnet();
    const joined = network.nodes.find(({ op }) => op === "concat")!;
    const channels = validateNetwork(network);
    const watched = {
      ...network,
      outputs: [...network.outputs, { name: joined.output, channels: channels.get(joined.output)! }],
    };
    const split = splitConcatenations(watched, (name) => channels.get(name)!);
    expect(split.nodes).toContain(joined);
  });
});
