import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { readOnnx } from "../../../src/network/onnx/read";
import { runOnce } from "../../support/interpreter";
import type { Values } from "../../support/interpreter";
import { GLOBAL, POINTWISE, random, RESIZING, TINY, weights, KERNELS } from "../../support/onnx-cases";
import type { Case } from "../../support/onnx-cases";
import { floats, ints, onnxFile } from "../../support/onnx-file";
import type { Constant, FileNode } from "../../support/onnx-file";

const FREE: readonly (number | string)[] = ["batch", 2, "height", "width"];
const zeroPads: readonly FileNode[] = [
  ["Shape", ["skip"], ["ss"]],
  ["Shape", ["u"], ["us"]],
  ["Gather", ["ss", "i2"], ["sh"]],
  ["Gather", ["us", "i2"], ["uh"]],
  ["Sub", ["sh", "uh"], ["dh"]],
  ["Div", ["dh", "two"], ["half"]],
  ["Sub", ["dh", "half"], ["rest"]],
  ["Unsqueeze", ["half", "i0"], ["h1"]],
  ["Unsqueeze", ["rest", "i0"], ["r1"]],
  ["Concat", ["zero", "zero", "h1", "zero", "zero", "zero", "r1", "zero"], ["pads"], { axis: 0 }],
];
const SHAPES: readonly Case[] = [
  {
    name: "sizes of an upsampling computed from the shape of a skip",
    input: FREE,
    shape: [1, 2, 8, 12],
    constants: { i2: ints(2, 3), w: weights(2, 2, 3, 3) },
    nodes: [
      ["Conv", ["x", "w"], ["skip"], { pads: [1, 1, 1, 1] }],
      ["MaxPool", ["skip"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }],
      ["Shape", ["skip"], ["s"]],
      ["Gather", ["s", "i2"], ["hw"]],
      ["Shape", ["p"], ["ps"], { end: 2 }],
      ["Concat", ["ps", "hw"], ["sizes"], { axis: 0 }],
      ["Resize", ["p", "", "", "sizes"], ["u"], { mode: "linear" }],
      ["Concat", ["u", "skip"], ["y"], { axis: 1 }],
    ],
  },
  {
    name: "sizes computed as twice the shape, floored",
    input: FREE,
    shape: [1, 2, 8, 12],
    constants: {
      e2: ints(2),
      i2: { ...ints(2), dims: [] },
      i3: { ...ints(3), dims: [] },
      i0: ints(0),
      k: floats([], [2]),
    },
    nodes: [
      ["Shape", ["x"], ["s"]],
      ["Gather", ["s", "i2"], ["h"]],
      ["Gather", ["s", "i3"], ["w"]],
      ["Cast", ["h"], ["hf"], { to: 1 }],
      ["Mul", ["hf", "k"], ["h2"]],
      ["Floor", ["h2"], ["h3"]],
      ["Cast", ["h3"], ["h4"], { to: 7 }],
      ["Cast", ["w"], ["wf"], { to: 1 }],
      ["Mul", ["wf", "k"], ["w2"]],
      ["Floor", ["w2"], ["w3"]],
      ["Cast", ["w3"], ["w4"], { to: 7 }],
      ["Unsqueeze", ["h4", "i0"], ["h5"]],
      ["Unsqueeze", ["w4", "i0"], ["w5"]],
      ["Shape", ["x"], ["s2"]],
      ["Slice", ["s2", "i0", "e2", "i0"], ["nc"]],
      ["Concat", ["nc", "h5", "w5"], ["sizes"], { axis: 0 }],
      ["Resize", ["x", "", "", "sizes"], ["y"], { mode: "nearest" }],
    ],
  },
  {
    name: "padding by the difference of two shapes, which is none",
    input: FREE,
    shape: [1, 2, 8, 12],
    constants: {
      i2: { ...ints(2), dims: [] },
      two: { ...ints(2), dims: [] },
      i0: ints(0),
      zero: ints(0),
      s: floats([4], [1, 1, 2, 2]),
    },
    nodes: [
      ["Relu", ["x"], ["skip"]],
      ["MaxPool", ["skip"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }],
      ["Resize", ["p", "", "s"], ["u"], { mode: "nearest" }],
      ...zeroPads,
      ["Pad", ["u", "pads"], ["v"]],
      ["Add", ["v", "skip"], ["y"]],
    ],
  },
  {
    name: "a skip cropped to the shape of a smaller tensor",
    input: FREE,
    shape: [1, 2, 8, 12],
    constants: { i2: ints(2), i0: ints(0), one: ints(1), w: weights(2, 2, 3, 1) },
    nodes: [
      ["Conv", ["x", "w"], ["small"]],
      ["Shape", ["small"], ["s"]],
      ["Gather", ["s", "i2"], ["h"]],
      ["Add", ["h", "one"], ["end"]],
      ["Slice", ["x", "one", "end", "i2"], ["cut"]],
      ["Add", ["cut", "small"], ["y"]],
    ],
  },
];

const NUMBERS: Case[] = (["float", "half", "double"] as const).flatMap((type) =>
  [false, true].map((listed): Case => {
    const numbers = [0.5, -0.25, 1.75, -3, 0.0625, 2];
    const constant: Constant = { type, dims: [3, 2, 1, 1], numbers, listed };
    const nodes: FileNode[] =
      type === "float"
        ? [["Conv", ["x", "w"], ["y"]]]
        : [
            ["Cast", ["w"], ["v"], { to: 1 }],
            ["Conv", ["x", "v"], ["y"]],
          ];
    return { name: `${type} weights ${listed ? "listed" : "as bytes"}`, constants: { w: constant }, nodes };
  }),
);

const CASES = [...KERNELS, ...RESIZING, ...POINTWISE, ...GLOBAL, ...SHAPES, ...NUMBERS];

async function onnxRuntime(
  bytes: Uint8Array,
  input: Values,
): Promise<{ dims: readonly number[]; data: Float32Array }> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const x = new Tensor("float32", Float32Array.from(input.data), [1, input.channels, ...input.spatial]);
  const { y } = await session.run({ x });
  return { dims: y.dims, data: y.data as Float32Array };
}

describe("an ONNX file read as a network gives what ONNX Runtime gives", () => {
  test.each(CASES)("$name", async (c) => {
    const dims = c.input ?? TINY;
    const bytes = onnxFile({ ...c, input: dims });
    const shape = c.shape ?? (dims as readonly number[]);
    const input: Values = {
      channels: shape[1],
      spatial: shape.slice(2),
      data: new Float64Array(shape.reduce((a, b) => a * b, 1)),
    };
    input.data.forEach((_, i) => (input.data[i] = Math.fround(random() * 4 - 2)));
    const expected = await onnxRuntime(bytes, input);
    const found = runOnce(readOnnx(bytes, "case.onnx"), input);
    expect([1, found.channels, ...found.spatial]).toEqual(expected.dims);
    const worst = found.data.reduce((most, x, i) => Math.max(most, Math.abs(x - expected.data[i])), 0);
    expect(worst).toBeLessThan(2e-5);
  });
});
