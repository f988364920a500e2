/**
 * ONNX operators with the attributes exporters give them, one small file each.
 * @module
 */
import { seededRandom } from "./networks";
import { floats, ints } from "./onnx-file";
import type { Attribute, Constant, FileNode, OnnxFile } from "./onnx-file";

export const random = seededRandom(3);
export const weights = (...dims: number[]): Constant =>
  floats(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() * 2 - 1),
  );
const positive = (...dims: number[]): Constant =>
  floats(
    dims,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 0.5 + random()),
  );

/** A file and the shape it is run at. */
export interface Case extends Omit<OnnxFile, "nodes" | "input"> {
  readonly name: string;
  readonly input?: readonly (number | string)[];
  readonly nodes: readonly FileNode[];
  /** Shape run, where `input` leaves it free. */
  readonly shape?: readonly number[];
}

/** One node `x → y` whose other inputs are the constants. */
function single(
  name: string,
  type: string,
  attributes: Readonly<Record<string, Attribute>> = {},
  more: Omit<Case, "name" | "nodes"> = {},
): Case {
  return { ...more, name, nodes: [[type, ["x", ...Object.keys(more.constants ?? {})], ["y"], attributes]] };
}

export const TINY: readonly number[] = [1, 2, 12, 8];

export const KERNELS: Case[] = [
  single(
    "Conv with uneven pads, strides, dilations",
    "Conv",
    { pads: [0, 2, 3, 1], strides: [2, 1], dilations: [1, 2] },
    { constants: { w: weights(3, 2, 3, 2), b: weights(3) } },
  ),
  single("grouped Conv", "Conv", { group: 2, pads: [1, 1, 1, 1] }, { constants: { w: weights(4, 1, 3, 3) } }),
  single(
    "Conv SAME_UPPER",
    "Conv",
    { auto_pad: "SAME_UPPER", strides: [2, 1] },
    { constants: { w: weights(1, 2, 4, 2) } },
  ),
  single(
    "Conv SAME_LOWER",
    "Conv",
    { auto_pad: "SAME_LOWER", strides: [2, 1] },
    { constants: { w: weights(1, 2, 4, 2) } },
  ),
  single("Conv VALID", "Conv", { auto_pad: "VALID" }, { constants: { w: weights(1, 2, 3, 3) } }),
  single("1-D Conv", "Conv", { pads: [1, 1] }, { input: [1, 2, 9], constants: { w: weights(2, 2, 3) } }),
  single(
    "3-D Conv",
    "Conv",
    { pads: [1, 1, 1, 1, 1, 1] },
    { input: [1, 1, 4, 5, 6], constants: { w: weights(2, 1, 3, 3, 3) } },
  ),
  single(
    "ConvTranspose with output padding",
    "ConvTranspose",
    { strides: [2, 3], output_padding: [1, 2], pads: [1, 0, 1, 2] },
    { constants: { w: weights(2, 3, 3, 4), b: weights(3) } },
  ),
  single(
    "ConvTranspose, kernel below stride, grouped",
    "ConvTranspose",
    { strides: [3, 2], group: 2, dilations: [1, 2] },
    { constants: { w: weights(2, 2, 1, 2) } },
  ),
  single(
    "ConvTranspose SAME_UPPER",
    "ConvTranspose",
    { strides: [2, 2], auto_pad: "SAME_UPPER" },
    { constants: { w: weights(2, 1, 3, 5) } },
  ),
  single(
    "ConvTranspose SAME_LOWER",
    "ConvTranspose",
    { strides: [2, 2], auto_pad: "SAME_LOWER" },
    { constants: { w: weights(2, 1, 3, 5) } },
  ),
  single(
    "ConvTranspose with output_shape",
    "ConvTranspose",
    { strides: [2, 2], output_shape: [24, 16] },
    { constants: { w: weights(2, 1, 3, 5) } },
  ),
  single("MaxPool with pads", "MaxPool", { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] }),
  single("MaxPool rounding up", "MaxPool", { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  single("MaxPool rounding up with pads", "MaxPool", {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    ceil_mode: 1,
  }),
  single("MaxPool rounding up, stride above kernel", "MaxPool", {
    kernel_shape: [2, 1],
    strides: [5, 3],
    ceil_mode: 1,
  }),
  single("MaxPool SAME_UPPER", "MaxPool", { kernel_shape: [3, 3], strides: [2, 2], auto_pad: "SAME_UPPER" }),
  single("AveragePool without counting pads", "AveragePool", {
    kernel_shape: [3, 3],
    strides: [1, 2],
    pads: [1, 1, 1, 0],
  }),
  single("AveragePool counting pads", "AveragePool", {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    count_include_pad: 1,
  }),
];

const resize = (name: string, attributes: Record<string, Attribute>, scales: number[], opset = 17): Case =>
  opset < 11
    ? {
        name,
        opset,
        constants: { s: floats([4], scales) },
        nodes: [["Resize", ["x", "s"], ["y"], attributes]],
      }
    : {
        name,
        opset,
        constants: { s: floats([4], scales) },
        nodes: [["Resize", ["x", "", "s"], ["y"], attributes]],
      };

export const RESIZING: Case[] = [
  resize(
    "Resize nearest, asymmetric floor",
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    [1, 1, 3, 2],
  ),
  resize("Resize nearest, half pixel by default", { mode: "nearest" }, [1, 1, 3, 2]),
  resize(
    "Resize nearest, asymmetric by 2",
    { mode: "nearest", coordinate_transformation_mode: "asymmetric" },
    [1, 1, 2, 2],
  ),
  resize("Resize nearest of opset 10", { mode: "nearest" }, [1, 1, 3, 4], 10),
  resize("Resize linear, half pixel", { mode: "linear" }, [1, 1, 2, 3]),
  resize(
    "Resize linear, PyTorch half pixel",
    { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
    [1, 1, 2, 2],
    13,
  ),
  resize(
    "Resize linear, aligned corners",
    { mode: "linear", coordinate_transformation_mode: "align_corners" },
    [1, 1, 2, 2],
  ),
  resize("Resize by 1", { mode: "nearest" }, [1, 1, 1, 1]),
  {
    name: "Resize to sizes",
    constants: { s: ints(1, 2, 24, 16) },
    nodes: [["Resize", ["x", "", "", "s"], ["y"], { mode: "linear" }]],
  },
  {
    name: "Resize of some axes",
    opset: 18,
    constants: { s: floats([2], [2, 3]) },
    nodes: [["Resize", ["x", "", "s"], ["y"], { mode: "nearest", axes: [2, 3] }]],
  },
  {
    name: "Upsample of opset 7",
    opset: 7,
    nodes: [["Upsample", ["x"], ["y"], { mode: "nearest", scales: { fs: [1, 1, 2, 2] } }]],
  },
  single(
    "Upsample of opset 9",
    "Upsample",
    { mode: "nearest" },
    { opset: 9, constants: { s: floats([4], [1, 1, 2, 3]) } },
  ),
  single("Pad of opset 7", "Pad", { mode: "reflect", pads: [0, 0, 1, 2, 0, 0, 2, 0] }, { opset: 7 }),
  single(
    "Pad with a value",
    "Pad",
    {},
    { constants: { p: ints(0, 0, 1, 2, 0, 0, 2, 0), v: floats([], [0.5]) } },
  ),
  single("Pad edge", "Pad", { mode: "edge" }, { constants: { p: ints(0, 0, 3, 0, 0, 0, 0, 2) } }),
  single("Pad that crops", "Pad", {}, { constants: { p: ints(0, 0, -1, 0, 0, 0, 0, -2) } }),
  single("Pad that pads and crops", "Pad", {}, { constants: { p: ints(0, 0, -1, 3, 0, 0, 2, -2) } }),
  {
    name: "Pad of some axes",
    opset: 18,
    constants: { p: ints(1, 2), a: ints(3) },
    nodes: [["Pad", ["x", "p", "", "a"], ["y"]]],
  },
  single("Slice of channels", "Slice", {}, { constants: { s: ints(1), e: ints(2), a: ints(1) } }),
  single(
    "Slice of px from both ends",
    "Slice",
    {},
    { constants: { s: ints(1, 2), e: ints(-2, 2 ** 31 - 1), a: ints(2, 3) } },
  ),
  single(
    "Slice of px at fixed places",
    "Slice",
    {},
    { constants: { s: ints(2, -6), e: ints(10, 7), a: ints(2, 3) } },
  ),
  single(
    "Slice of channels and px",
    "Slice",
    {},
    { constants: { s: ints(0, 1), e: ints(1, -1), a: ints(1, -1) } },
  ),
  single("Slice of opset 9", "Slice", { starts: [1, 1], ends: [-1, 2], axes: [2, 1] }, { opset: 9 }),
  {
    name: "Split and Concat",
    constants: { n: ints(1, 1) },
    nodes: [
      ["Split", ["x", "n"], ["a", "b"], { axis: 1 }],
      ["Concat", ["b", "a", "x"], ["y"], { axis: -3 }],
    ],
  },
  {
    name: "Split of opset 11",
    opset: 11,
    nodes: [
      ["Split", ["x"], ["a", "b"], { axis: 1, split: [1, 1] }],
      ["Concat", ["b", "a"], ["y"], { axis: 1 }],
    ],
  },
];

export const POINTWISE: Case[] = [
  ...[
    "Relu",
    "Sigmoid",
    "Tanh",
    "Softplus",
    "Exp",
    "Abs",
    "Neg",
    "Elu",
    "Selu",
    "LeakyRelu",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "Dropout",
  ].map((type) => single(type, type)),
  single("LeakyRelu with a slope", "LeakyRelu", { alpha: { f: 0.3 } }),
  single("Elu with a scale", "Elu", { alpha: { f: 0.3 } }),
  single("HardSigmoid with attributes", "HardSigmoid", { alpha: { f: 0.4 }, beta: { f: 0.3 } }),
  single("Softmax over channels", "Softmax", { axis: 1 }),
  single("Clip of opset 7", "Clip", { min: { f: -0.2 }, max: { f: 0.3 } }, { opset: 7 }),
  single("Clip", "Clip", {}, { constants: { a: floats([], [-0.2]), b: floats([], [0.3]) } }),
  single("PRelu", "PRelu", {}, { constants: { a: weights(2, 1, 1) } }),
  single("PRelu with one slope", "PRelu", {}, { constants: { a: weights(1) } }),
  {
    name: "Sqrt",
    nodes: [
      ["Abs", ["x"], ["a"]],
      ["Sqrt", ["a"], ["y"]],
    ],
  },
  single(
    "BatchNormalization",
    "BatchNormalization",
    { epsilon: { f: 0.01 } },
    { constants: { s: weights(2), b: weights(2), m: weights(2), v: positive(2) } },
  ),
  ...(["Add", "Sub", "Mul", "Div"] as const).flatMap((type) => [
    single(`${type} a constant`, type, {}, { constants: { c: positive() } }),
    single(`${type} constants per channel`, type, {}, { constants: { c: positive(1, 2, 1, 1) } }),
    {
      name: `${type} two tensors`,
      constants: { w: weights(2, 2, 1, 1) },
      nodes: [
        ["Conv", ["x", "w"], ["a"]],
        [type, ["a", "x"], ["y"]],
      ] as FileNode[],
    },
  ]),
  {
    name: "a constant minus a tensor",
    constants: { c: weights(2, 1, 1) },
    nodes: [["Sub", ["c", "x"], ["y"]]],
  },
  {
    name: "Max, Min and Sum of several",
    constants: { c: floats([], [0.1]), w: weights(2, 2, 1, 1) },
    nodes: [
      ["Conv", ["x", "w"], ["a"]],
      ["Max", ["x", "c", "a"], ["m"]],
      ["Min", ["m", "a"], ["n"]],
      ["Sum", ["m", "n", "x"], ["y"]],
    ],
  },
  { name: "Pow", constants: { p: floats([], [2]) }, nodes: [["Pow", ["x", "p"], ["y"]]] },
  {
    name: "arithmetic on constants",
    constants: { w: weights(2, 2, 1, 1), k: floats([], [3]), j: weights(2, 1, 1, 1) },
    nodes: [
      ["Mul", ["w", "k"], ["a"]],
      ["Sub", ["a", "j"], ["v"]],
      ["Conv", ["x", "v"], ["y"]],
    ],
  },
  {
    name: "constants as nodes",
    nodes: [
      ["Constant", [], ["c"], { value_float: { f: 2.5 } }],
      ["Constant", [], ["w"], { value: { t: weights(1, 2, 1, 1) } }],
      ["Conv", ["x", "w"], ["a"]],
      ["Mul", ["a", "c"], ["y"]],
    ],
  },
];

export const GLOBAL: Case[] = [
  single(
    "InstanceNormalization",
    "InstanceNormalization",
    {},
    { constants: { s: weights(2), b: weights(2) } },
  ),
  single(
    "GroupNormalization",
    "GroupNormalization",
    { num_groups: 2 },
    { opset: 21, input: [1, 4, 3, 5], constants: { s: weights(4), b: weights(4) } },
  ),
  {
    name: "squeeze and excite",
    constants: { w: weights(2, 2, 1, 1) },
    nodes: [
      ["GlobalAveragePool", ["x"], ["p"]],
      ["Conv", ["p", "w"], ["q"]],
      ["Sigmoid", ["q"], ["s"]],
      ["Mul", ["x", "s"], ["y"]],
    ],
  },
  {
    name: "ReduceMean as pooling",
    nodes: [
      ["ReduceMean", ["x"], ["p"], { axes: [2, 3] }],
      ["Sub", ["x", "p"], ["y"]],
    ],
  },
];
