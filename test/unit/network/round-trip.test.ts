import { describe, expect, test } from "vitest";
import { analyseNetwork } from "../../../src/network/analysis";
import type { Network, NetworkNode } from "../../../src/network/graph";
import { readOnnx } from "../../../src/network/onnx/read";
import { writeOnnx } from "../../../src/network/onnx/write";
import { runOnce } from "../../support/interpreter";
import type { Values } from "../../support/interpreter";
import { careUnet, multiResUnet3d, NetworkBuilder, seededRandom } from "../../support/networks";
import { randomNetwork } from "../../support/random-networks";

const readBack = (network: Network): Network => readOnnx(writeOnnx(network), "written.onnx");

/** A network without layer names, its tensors numbered in order, its attributes in float32 as files hold them. */
function plain(network: Network): unknown {
  const numbers = new Map<string, number>(network.inputs.map((port, i) => [port.name, i]));
  const nodes = network.nodes.map((node: NetworkNode) => {
    const inputs = node.inputs.map((name) => numbers.get(name));
    numbers.set(node.output, numbers.size);
    const rest: Record<string, unknown> = {
      ...node,
      inputs,
      name: undefined,
      output: numbers.get(node.output),
    };
    for (const [key, value] of Object.entries(rest)) {
      if (typeof value === "number") rest[key] = Math.fround(value);
    }
    return rest;
  });
  return { ...network, nodes };
}

function everyOperation(): Network {
  const build = new NetworkBuilder("YX", seededRandom(8));
  let x = build.input(2);
  x = build.conv(x, 4, [3, 2], {
    strides: [2, 1],
    dilations: [1, 2],
    pads: [
      [0, 1],
      [1, 1],
    ],
    groups: 2,
  });
  x = build.convTranspose(x, 4, [3, 1], {
    strides: [2, 1],
    outputPadding: [1, 0],
    pads: [
      [1, 1],
      [0, 0],
    ],
    groups: 2,
  });
  x = build.pool(x, "maxPool", {
    kernel: [3, 3],
    strides: [1, 1],
    pads: [
      [1, 1],
      [2, 0],
    ],
  });
  x = build.pool(x, "averagePool", { kernel: [2, 2], strides: [2, 2], countPadding: true });
  x = build.pool(x, "averagePool", {
    kernel: [2, 1],
    strides: [1, 1],
    pads: [
      [1, 0],
      [0, 0],
    ],
  });
  x = build.upsample(x, [2, 1], "nearest");
  x = build.upsample(x, [1, 2], "linear");
  x = build.upsample(x, [2, 3], "linearAligned");
  for (const mode of ["constant", "reflect", "edge"] as const)
    x = build.pad(
      x,
      [
        [1, 0],
        [2, 1],
      ],
      mode,
    );
  x = build.crop(x, [
    [1, 0],
    [0, 3],
  ]);
  x = build.affine(x);
  for (const kind of [
    "relu",
    "selu",
    "sigmoid",
    "tanh",
    "softplus",
    "softmax",
    "exp",
    "sqrt",
    "abs",
  ] as const) {
    x = build.activation(x, kind);
  }
  x = build.activation(x, "leakyRelu", { alpha: 0.25 });
  x = build.activation(x, "elu", { alpha: 0.5 });
  x = build.activation(x, "hardSigmoid", { alpha: 0.25, beta: 0.5 });
  x = build.activation(x, "clip", { range: [-0.5, 4] });
  x = build.activation(x, "prelu", { slope: { shape: [4], data: Float32Array.from([1, 2, 3, 4]) } });
  const part = build.add(
    { op: "sliceChannels", start: 1, stop: 3, inputs: [x] } as Omit<NetworkNode, "name" | "output">,
    2,
  );
  let y = part;
  for (const kind of ["add", "subtract", "multiply", "divide", "maximum", "minimum"] as const)
    y = build.binary(kind, y, part);
  return build.build(build.concat(y, x, part));
}

describe("a network written as ONNX and read back", () => {
  test("is the same graph, for every operation", () => {
    const network = everyOperation();
    expect(plain(readBack(network))).toEqual(plain(network));
  });

  test("is the same graph for CARE in 2-D and 3-D, residual, probabilistic, with batch normalisation", () => {
    for (const form of [
      { residual: true },
      { probabilistic: true, channelsIn: 2, channelsOut: 2 },
      { spatialAxes: "ZYX", batchNorm: true, depth: 3, first: 2 },
    ]) {
      const network = careUnet(form);
      expect(plain(readBack(network))).toEqual(plain(network));
    }
  });

  test("is the same graph for the MultiRes U-Net", () => {
    const network = multiResUnet3d();
    expect(plain(readBack(network))).toEqual(plain(network));
  });

  test("keeps its analysis and its output for random graphs", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const network = randomNetwork({
        spatialAxes: seed % 2 ? "X" : "YX",
        seed,
        holes: true,
        mirrors: true,
        maxBlock: 4,
      });
      const back = readBack(network);
      const analysis = analyseNetwork(network);
      expect({ ...analyseNetwork(back), parameters: 0 }).toEqual({ ...analysis, parameters: 0 });
      const spatial = analysis.block.map((block) => block * Math.ceil(20 / block));
      const random = seededRandom(seed);
      const input: Values = {
        channels: 1,
        spatial,
        data: new Float64Array(spatial.reduce((a, b) => a * b, 1)).map(random),
      };
      const outputs = [network, back].map((n) => runOnce(n, input).data);
      const worst = outputs[0].reduce((most, v, i) => Math.max(most, Math.abs(v - outputs[1][i])), 0);
      expect(worst).toBeLessThan(1e-6);
    }
  });
});
