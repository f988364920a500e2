import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { analyseNetwork } from "../../../src/network/analysis";
import { readOnnx } from "../../../src/network/onnx/read";
import { inferShapes } from "../../../src/network/shapes";
import { runOnce } from "../../support/interpreter";
import type { Values } from "../../support/interpreter";
import { readNpy } from "../../support/npy";
import { seededRandom } from "../../support/networks";
import { floats, ints, onnxFile } from "../../support/onnx-file";
import type { OnnxFile } from "../../support/onnx-file";
import { hasShared, sharedPath } from "../../support/shared";

function failureOf(bytes: Uint8Array): TilewrightError {
  try {
    readOnnx(bytes, "bad.onnx");
  } catch (error) {
    if (error instanceof TilewrightError) return error;
    throw error;
  }
  throw new Error("no error");
}

const INPUT = [1, 1, "h", "w"];
const ONE = floats([1, 1, 1, 1], [2]);

const REFUSED: readonly (readonly [what: string, file: OnnxFile, code: string, message: RegExp])[] = [
  [
    "an unknown operator",
    { input: INPUT, nodes: [["NonZero", ["x"], ["y"]]] },
    "model.unsupportedOperator",
    /bad\.onnx.*\/NonZero\/y.*NonZero/,
  ],
  [
    "an operator of another domain",
    { input: INPUT, domain: "com.example", nodes: [["Relu", ["x"], ["y"]]] },
    "model.unsupportedOperator",
    /com\.example\.Relu/,
  ],
  [
    "an operator named like a built-in of JavaScript",
    { input: INPUT, nodes: [["constructor", ["x"], ["y"]]] },
    "model.unsupportedOperator",
    /constructor/,
  ],
  [
    "a missing tensor",
    { input: INPUT, nodes: [["Add", ["x", "ghost"], ["y"]]] },
    "model.missingTensor",
    /"ghost", which nothing writes/,
  ],
  [
    "a cycle",
    {
      input: INPUT,
      nodes: [
        ["Add", ["x", "b"], ["a"]],
        ["Relu", ["a"], ["b"]],
        ["Relu", ["b"], ["y"]],
      ],
    },
    "model.missingTensor",
    /"b", which a later node writes/,
  ],
  [
    "a tensor written twice",
    {
      input: INPUT,
      nodes: [
        ["Relu", ["x"], ["a"]],
        ["Relu", ["x"], ["a"]],
        ["Relu", ["a"], ["y"]],
      ],
    },
    "model.corrupt",
    /"a" is written twice/,
  ],
  [
    "weights in another file",
    { input: INPUT, nodes: [["Conv", ["x", "w"], ["y"]]], constants: { w: { ...ONE, type: "external" } } },
    "model.externalData",
    /"w".*another file/,
  ],
  [
    "too few weights",
    { input: INPUT, nodes: [["Conv", ["x", "w"], ["y"]]], constants: { w: floats([1, 1, 3, 3], [1]) } },
    "model.constant",
    /needs 9 numbers, found 1/,
  ],
  [
    "absurd weights",
    {
      input: INPUT,
      nodes: [["Conv", ["x", "w"], ["y"]]],
      constants: { w: floats([2 ** 40, 2 ** 40, 3, 3], []) },
    },
    "model.constant",
    /needs .* numbers, found 0/,
  ],
  [
    "weights that do not fit the channels",
    { input: INPUT, nodes: [["Conv", ["x", "w"], ["y"]]], constants: { w: floats([1, 2, 1, 1], [1, 1]) } },
    "network.weights",
    /weight should have shape \[1, 1, 1, 1\], found \[1, 2, 1, 1\]/,
  ],
  [
    "an old opset",
    { opset: 6, input: INPUT, nodes: [["Relu", ["x"], ["y"]]] },
    "model.unsupported",
    /opset 6/,
  ],
  ["a batch", { input: [4, 1, 8, 8], nodes: [["Relu", ["x"], ["y"]]] }, "model.unsupported", /batch of 4/],
  [
    "no spatial axes",
    { input: [1, 8], nodes: [["Relu", ["x"], ["y"]]] },
    "model.unsupported",
    /found 2 axes/,
  ],
  [
    "an integer input",
    { input: INPUT, inputType: 7, nodes: [["Relu", ["x"], ["y"]]] },
    "model.unsupported",
    /data type 7/,
  ],
  [
    "a factor that is not whole",
    {
      input: INPUT,
      nodes: [["Resize", ["x", "", "s"], ["y"]]],
      constants: { s: floats([4], [1, 1, 1.5, 2]) },
    },
    "model.unsupported",
    /factor of 1\.5/,
  ],
  [
    "an endless upsampling",
    {
      input: INPUT,
      nodes: [["Resize", ["x", "", "s"], ["y"], { mode: "nearest" }]],
      constants: { s: floats([4], [1, 1, 1e9, 2]) },
    },
    "network.attribute",
    /factors should be 1…4096/,
  ],
  [
    "cubic upsampling",
    {
      input: INPUT,
      nodes: [["Resize", ["x", "", "s"], ["y"], { mode: "cubic" }]],
      constants: { s: floats([4], [1, 1, 2, 2]) },
    },
    "model.unsupported",
    /"cubic"/,
  ],
  [
    "nearest upsampling that shifts px",
    {
      input: INPUT,
      nodes: [
        ["Resize", ["x", "", "s"], ["y"], { mode: "nearest", coordinate_transformation_mode: "asymmetric" }],
      ],
      constants: { s: floats([4], [1, 1, 3, 3]) },
    },
    "model.unsupported",
    /coordinates "asymmetric" and rounding "round_prefer_floor"/,
  ],
  [
    "upsampling to a fixed size of a free input",
    {
      input: INPUT,
      nodes: [["Resize", ["x", "", "", "s"], ["y"], { mode: "nearest" }]],
      constants: { s: ints(1, 1, 64, 64) },
    },
    "model.unsupported",
    /64 px needs an input of fixed size/,
  ],
  [
    "padding of channels",
    { input: INPUT, nodes: [["Pad", ["x", "p"], ["y"]]], constants: { p: ints(0, 1, 0, 0, 0, 0, 0, 0) } },
    "model.unsupported",
    /only spatial axes/,
  ],
  [
    "joining along a spatial axis",
    { input: INPUT, nodes: [["Concat", ["x", "x"], ["y"], { axis: 2 }]] },
    "model.unsupported",
    /axis 2/,
  ],
  [
    "softmax over everything",
    { opset: 11, input: INPUT, nodes: [["Softmax", ["x"], ["y"], { axis: 1 }]] },
    "model.unsupported",
    /opset 11/,
  ],
  [
    "a constant picture",
    {
      input: INPUT,
      nodes: [["Add", ["x", "c"], ["y"]]],
      constants: { c: floats([1, 1, 2, 2], [1, 2, 3, 4]) },
    },
    "model.unsupported",
    /not one number per channel/,
  ],
  [
    "an output that is a constant",
    { input: INPUT, nodes: [["Identity", ["c"], ["y"]]], constants: { c: ONE } },
    "model.unsupported",
    /output "y" is a constant/,
  ],
  [
    "a slice of an endless empty table",
    {
      input: INPUT,
      nodes: [
        ["Slice", ["t", "o", "e"], ["s"]],
        ["Add", ["x", "s"], ["y"]],
      ],
      constants: { t: floats([2 ** 50, 0], []), o: ints(0), e: ints(2 ** 50) },
    },
    "model.unsupported",
    /cannot be decided/,
  ],
  [
    "a table of absurd size",
    {
      input: INPUT,
      nodes: [
        ["ConstantOfShape", ["s"], ["c"]],
        ["Add", ["x", "c"], ["y"]],
      ],
      constants: { s: ints(2 ** 40) },
    },
    "model.unsupported",
    /cannot be decided/,
  ],
];

describe("a file that cannot be used is refused with one sentence", () => {
  test.each(REFUSED)("%s", (_what, file, code, message) => {
    const error = failureOf(onnxFile(file));
    expect(error.message).toMatch(message);
    expect(error.message).toContain("bad.onnx");
    expect(error.code).toBe(code);
  });

  test("the unknown operator's hint lists those that work", () => {
    const error = failureOf(onnxFile({ input: INPUT, nodes: [["NonZero", ["x"], ["y"]]] }));
    expect(error.hint).toContain("ConvTranspose");
  });

  test("constants that grow without end stop early", () => {
    const nodes = Array.from({ length: 300 }, (_, i) => ["ConstantOfShape", ["s"], [`c${i}`]] as const);
    const join = Array.from(
      { length: 300 },
      (_, i) => ["Add", [i === 0 ? "x" : `a${i}`, `c${i}`], [`a${i + 1}`]] as const,
    );
    const file: OnnxFile = {
      input: INPUT,
      nodes: [...nodes, ...join],
      outputs: ["a300"],
      constants: { s: ints(1 << 20) },
    };
    expect(failureOf(onnxFile(file)).code).toBe("model.tooLarge");
  });

  test("channels that double without end stop early", () => {
    const nodes = Array.from(
      { length: 40 },
      (_, i) => ["Concat", [`a${i}`, `a${i}`], [`a${i + 1}`], { axis: 1 }] as const,
    );
    const file: OnnxFile = { input: INPUT, nodes: [["Relu", ["x"], ["a0"]], ...nodes], outputs: ["a40"] };
    expect(failureOf(onnxFile(file)).code).toBe("network.tooLarge");
  });

  test("cut or altered bytes give a network or an error of ours, never another", () => {
    const whole = onnxFile({
      input: INPUT,
      nodes: [
        ["Conv", ["x", "w"], ["a"], { pads: [1, 1, 1, 1] }],
        ["Relu", ["a"], ["y"]],
      ],
      constants: { w: floats([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]) },
    });
    const random = seededRandom(11);
    let refused = 0;
    const attempt = (bytes: Uint8Array): void => {
      try {
        readOnnx(bytes, "bad.onnx");
      } catch (error) {
        expect(error).toBeInstanceOf(TilewrightError);
        refused++;
      }
    };
    for (let length = 0; length < whole.length; length++) attempt(whole.subarray(0, length));
    expect(refused).toBeGreaterThan(whole.length * 0.9);
    for (let n = 0; n < 3000; n++) {
      const bytes = whole.slice();
      for (let k = 0; k < 3; k++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      attempt(bytes);
    }
  });
});

describe("sizes a file fixes", () => {
  const unet = (length: number): Uint8Array =>
    onnxFile({
      input: [1, 1, length, length],
      nodes: [
        ["MaxPool", ["x"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }],
        ["Resize", ["p", "", "", "s"], ["u"], { mode: "nearest" }],
        ["Concat", ["u", "x"], ["c"], { axis: 1 }],
        ["Conv", ["c", "w"], ["y"]],
      ],
      constants: { s: ints(1, 1, length, length), w: floats([1, 2, 1, 1], [1, 1]) },
    });

  test("are freed when the network takes every multiple of its block", () => {
    const network = readOnnx(unet(64), "fixed.onnx");
    expect(network.fixedShape).toBeUndefined();
    expect(inferShapes(network, [10, 6]).get("y")).toEqual({ channels: 1, spatial: [10, 6] });
  });

  test("stay when only this size works", () => {
    const bytes = onnxFile({
      input: [1, 1, 9, 9],
      nodes: [
        ["MaxPool", ["x"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }],
        ["Resize", ["p", "", "f"], ["u"], { mode: "nearest" }],
        ["Pad", ["u", "e"], ["v"]],
        ["Add", ["v", "x"], ["y"]],
      ],
      constants: { f: floats([4], [1, 1, 2, 2]), e: ints(0, 0, 0, 0, 0, 0, 1, 1) },
    });
    const network = readOnnx(bytes, "fixed.onnx");
    expect(network.fixedShape).toEqual([9, 9]);
    expect(inferShapes(network, [9, 9]).get("y")?.spatial).toEqual([9, 9]);
    expect(() => inferShapes(network, [10, 10])).toThrow(/only Y=9,X=9/);
  });
});

describe.skipIf(!hasShared)("the U-Net of bioimage.io", () => {
  const load = (): ReturnType<typeof readOnnx> =>
    readOnnx(readFileSync(sharedPath("models/unet2d_nuclei_broad_onnx/weights.onnx")), "weights.onnx");

  test("has block 8, context 54, free size and can be tiled exactly", () => {
    const network = load();
    expect(network.fixedShape).toBeUndefined();
    expect(analyseNetwork(network)).toMatchObject({
      block: [8, 8],
      exactTiling: true,
      context: [
        { axis: "Y", left: 58, right: 58, aligned: 54 },
        { axis: "X", left: 58, right: 58, aligned: 54 },
      ],
    });
  });

  test("gives the reference output in a corner, read with just the context it needs", () => {
    const folder = "models/unet2d_nuclei_broad_onnx";
    const picture = Array.from(readNpy(sharedPath(folder, "test_input.npy")).data);
    const reference = readNpy(sharedPath(folder, "test_output.npy")).data;
    const mean = picture.reduce((a, b) => a + b, 0) / picture.length;
    const sd = Math.sqrt(picture.reduce((a, b) => a + (b - mean) ** 2, 0) / picture.length);
    const kept = 24;
    const read = kept + 56;
    const input: Values = { channels: 1, spatial: [read, read], data: new Float64Array(read * read) };
    for (let y = 0; y < read; y++) {
      for (let x = 0; x < read; x++) input.data[y * read + x] = (picture[y * 512 + x] - mean) / (sd + 1e-6);
    }
    const output = runOnce(load(), input);
    for (let y = 0; y < kept; y++) {
      for (let x = 0; x < kept; x++) {
        const probability = 1 / (1 + Math.exp(-output.data[y * read + x]));
        expect(Math.abs(probability - reference[y * 512 + x])).toBeLessThan(1e-5);
      }
    }
  });
});
