import { describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { analyseNetwork } from "../../../src/network/analysis";
import type { Network, NetworkNode, UpsampleNode } from "../../../src/network/graph";
import { inferShapes, validateNetwork } from "../../../src/network/shapes";
import { runNetwork } from "../../support/interpreter";
import { careUnet, NetworkBuilder, seededRandom } from "../../support/networks";
import { randomNetwork } from "../../support/random-networks";

function failure(work: () => unknown): TilewrightError {
  try {
    work();
  } catch (error) {
    if (error instanceof TilewrightError) return error;
    throw error;
  }
  throw new Error("no error");
}

const build = (axes = "YX"): NetworkBuilder => new NetworkBuilder(axes, seededRandom(2));

function withFirst(network: Network, change: Record<string, unknown>): Network {
  const [first, ...rest] = network.nodes;
  return { ...network, nodes: [{ ...first, ...change }, ...rest] };
}

describe("shapes of tensors", () => {
  test("are those the interpreter gives, for random networks", () => {
    for (let seed = 1; seed <= 80; seed++) {
      const network = randomNetwork({
        spatialAxes: seed % 2 ? "X" : "YX",
        seed,
        holes: true,
        mirrors: true,
        maxBlock: 4,
      });
      const spatial = analyseNetwork(network).block.map((block) => block * Math.ceil(24 / block));
      const size = spatial.reduce((a, b) => a * b, 1);
      const tensors = runNetwork(network, [{ channels: 1, spatial, data: new Float64Array(size) }]);
      for (const [name, shape] of inferShapes(network, spatial)) {
        const { channels, spatial: found } = tensors.get(name)!;
        expect(shape).toEqual({ channels, spatial: found });
      }
    }
  });

  test("of an input that is no multiple of the block are refused with the multiple needed", () => {
    const error = failure(() => inferShapes(careUnet({ depth: 2 }), [62, 64]));
    expect(error.code).toBe("network.notMultiple");
    expect(error.message).toMatch(/concat_.*Y=60,X=64 and Y=62,X=64|concat_.*Y=30,X=32 and Y=31,X=32/);
    expect(error.message).toContain("multiple of Y=4,X=4");
  });

  test("that no input can make fit are told from that", () => {
    const b = build();
    const x = b.input(1);
    const error = failure(() =>
      inferShapes(
        b.build(
          b.concat(
            x,
            b.crop(x, [
              [1, 0],
              [0, 0],
            ]),
          ),
        ),
        [8, 8],
      ),
    );
    expect(error.code).toBe("network.shape");
    expect(error.message).toContain("Y=8,X=8 and Y=7,X=8");
  });

  test("need an input large enough for crops and reflection", () => {
    const b = build();
    const network = b.build(
      b.crop(b.input(1), [
        [4, 4],
        [0, 0],
      ]),
    );
    expect(failure(() => inferShapes(network, [8, 8])).message).toMatch(
      /crop_0.*Y would become 0 px.*too small/,
    );
    const c = build();
    const reflected = c.build(
      c.pad(
        c.input(1),
        [
          [0, 0],
          [3, 0],
        ],
        "reflect",
      ),
    );
    expect(failure(() => inferShapes(reflected, [8, 3])).message).toMatch(
      /pad_0.*reflecting 3 px of X needs more than 3/,
    );
  });

  test.each([[[8]], [[0, 8]], [[8.5, 8]], [[8, Infinity]]])("of input lengths %j are refused", (lengths) => {
    expect(failure(() => inferShapes(careUnet(), lengths)).code).toBe("network.shape");
  });
});

describe("a graph that makes no sense is refused, naming the layer, what was expected and what was found", () => {
  const network = careUnet({ depth: 1 });
  const conv = network.nodes[0] as Extract<NetworkNode, { op: "conv" }>;

  test.each<readonly [string, () => Network, string, RegExp]>([
    [
      "two layers of one name",
      () => withFirst(network, { name: network.nodes[1].name }),
      "network.duplicateName",
      /activation_1/,
    ],
    [
      "two tensors of one name",
      () => withFirst(network, { output: "input" }),
      "network.duplicateName",
      /conv_0.*"input"/,
    ],
    [
      "a tensor nobody writes",
      () => withFirst(network, { inputs: ["ghost"] }),
      "network.unknownTensor",
      /conv_0.*"ghost", which nothing writes/,
    ],
    [
      "a cycle",
      () => withFirst(network, { inputs: [network.outputs[0].name] }),
      "network.order",
      /conv_0.*before layer "conv_\d+" writes it.*cycle/,
    ],
    [
      "weights of the wrong shape",
      () => withFirst(network, { weight: { shape: [4, 2, 3, 3], data: new Float32Array(72) } }),
      "network.weights",
      /conv_0.*\[4, 1, 3, 3\], found \[4, 2, 3, 3\]/,
    ],
    [
      "weights that lack numbers",
      () => withFirst(network, { weight: { ...conv.weight, data: new Float32Array(3) } }),
      "network.weights",
      /36 numbers, found 3/,
    ],
    [
      "a bias of the wrong length",
      () => withFirst(network, { bias: { shape: [3], data: new Float32Array(3) } }),
      "network.weights",
      /bias should have shape \[4\], found \[3\]/,
    ],
    [
      "a stride of 0",
      () => withFirst(network, { strides: [0, 1] }),
      "network.attribute",
      /strides should be 1…4096, found 0/,
    ],
    [
      "a stride too few",
      () => withFirst(network, { strides: [1] }),
      "network.attribute",
      /strides should have 2 numbers, found 1/,
    ],
    [
      "negative pads",
      () =>
        withFirst(network, {
          pads: [
            [-1, 0],
            [0, 0],
          ],
        }),
      "network.attribute",
      /pads should be 0….* found -1/,
    ],
    [
      "groups that do not divide",
      () => withFirst(network, { groups: 3 }),
      "network.attribute",
      /groups should divide the 1 input channels, found 3/,
    ],
    [
      "a join of one tensor too few",
      () => withFirst(network, { inputs: [] }),
      "network.inputs",
      /should read 1 tensors, found 0/,
    ],
    [
      "an output of other channels",
      () => ({ ...network, outputs: [{ ...network.outputs[0], channels: 7 }] }),
      "network.channels",
      /should have 7 channels, the graph gives 1/,
    ],
    [
      "an output nobody writes",
      () => ({ ...network, outputs: [{ name: "nowhere", channels: 1 }] }),
      "network.unknownTensor",
      /"nowhere"/,
    ],
    ["letters that are no axes", () => ({ ...network, spatialAxes: "YY" }), "network.axes", /YY/],
    [
      "a network without output",
      () => ({ ...network, outputs: [] }),
      "network.ports",
      /no input or no output/,
    ],
  ])("%s", (_what, make, code, message) => {
    const error = failure(() => validateNetwork(make()));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test("channels that do not match in arithmetic, slices beyond the channels, prelu without slope, pool pads", () => {
    const make = (finish: (b: NetworkBuilder, x: string) => string): (() => unknown) => {
      const b = build();
      const x = b.input(3);
      const network = b.build(finish(b, x));
      return () => validateNetwork(network);
    };
    expect(failure(make((b, x) => b.binary("add", x, b.conv(x, 2, [1, 1])))).code).toBe("network.channels");
    const slice = (b: NetworkBuilder, x: string): string =>
      b.add(
        { op: "sliceChannels", start: 2, stop: 5, inputs: [x] } as Omit<NetworkNode, "name" | "output">,
        3,
      );
    expect(failure(make(slice)).message).toContain("channels 2…5 are not within the 3");
    expect(failure(make((b, x) => b.activation(x, "prelu"))).code).toBe("network.weights");
    expect(failure(make((b, x) => b.activation(x, "clip", { range: [1, 0] }))).code).toBe(
      "network.attribute",
    );
    const pool = (b: NetworkBuilder, x: string): string =>
      b.pool(x, "maxPool", {
        kernel: [2, 2],
        pads: [
          [2, 0],
          [0, 0],
        ],
      });
    expect(failure(make(pool)).message).toContain("pads should be below the kernel of 2 px, found 2");
  });
});

describe("what makes tiling inexact is named", () => {
  function blockersOf(
    finish: (b: NetworkBuilder, x: string) => string,
  ): readonly { layer: string; reason: string }[] {
    const b = build("X");
    const analysis = analyseNetwork(b.build(finish(b, b.input(1))));
    expect(analysis.exactTiling).toBe(analysis.blockers.length === 0);
    for (const context of analysis.context) expect(Number.isFinite(context.aligned)).toBe(true);
    return analysis.blockers;
  }
  const one = { shape: [1], data: Float32Array.of(1) };
  const global = (b: NetworkBuilder, x: string, type: string): string =>
    b.add(
      { op: "global", type, attributes: {}, constants: [one, one], inputs: [x] } as Omit<
        NetworkNode,
        "name" | "output"
      >,
      1,
    );

  test("statistics over the whole image", () => {
    expect(blockersOf((b, x) => global(b, x, "InstanceNormalization"))).toEqual([
      { layer: "global_0", reason: expect.stringContaining("InstanceNormalization") },
    ]);
  });

  test("global pooling whose one px is repeated over another tensor", () => {
    const blockers = blockersOf((b, x) =>
      b.binary("multiply", b.conv(x, 1, [3]), global(b, x, "GlobalAveragePool")),
    );
    expect(blockers).toEqual([{ layer: "global_1", reason: expect.stringContaining("GlobalAveragePool") }]);
  });

  test("linear upsampling with aligned corners, but not with half-pixel centres", () => {
    const upsampled = (mode: UpsampleNode["mode"]) => (b: NetworkBuilder, x: string) =>
      b.upsample(b.pool(x, "maxPool", { kernel: [2] }), [2], mode);
    expect(blockersOf(upsampled("linearAligned"))).toEqual([
      { layer: "upsample_1", reason: expect.stringContaining("aligned corners") },
    ]);
    expect(blockersOf(upsampled("linear"))).toEqual([]);
  });

  test("an output of another size or resolution than the input", () => {
    expect(blockersOf((b, x) => b.conv(x, 1, [3], { pads: [[0, 0]] }))).toEqual([
      { layer: "conv_0", reason: "the output is 2 px shorter than the input along X" },
    ]);
    expect(blockersOf((b, x) => b.upsample(x, [2]))).toEqual([
      { layer: "upsample_0", reason: "the output has 2 px per input px along X, not 1" },
    ]);
  });

  test("joined tensors that never have one size", () => {
    const mixed = blockersOf((b, x) => b.concat(x, b.upsample(x, [2])));
    expect(mixed[0]).toEqual({
      layer: "concat_1",
      reason: expect.stringContaining("different resolution along X: 1 and 2"),
    });
    const shifted = blockersOf((b, x) => b.concat(x, b.crop(x, [[1, 0]])));
    expect(shifted[0]).toEqual({ layer: "concat_1", reason: expect.stringContaining("differ by 1 px") });
  });

  test("layers the output does not depend on count for nothing", () => {
    const b = build("X");
    const x = b.input(1);
    const y = b.conv(x, 1, [3]);
    global(b, x, "InstanceNormalization");
    b.pool(x, "maxPool", { kernel: [7] });
    expect(analyseNetwork(b.build(y))).toMatchObject({
      block: [1],
      exactTiling: true,
      blockers: [],
      flopsPerVoxel: 6,
    });
  });
});

describe("absurd networks are refused instead of analysed for ever", () => {
  test("resolution that falls without end", () => {
    const b = build("X");
    let x = b.input(1);
    for (let n = 0; n < 30; n++) x = b.pool(x, "maxPool", { kernel: [4096] });
    expect(failure(() => analyseNetwork(b.build(x))).code).toBe("network.tooLarge");
  });

  test("blocks without common measure", () => {
    const b = build("X");
    const x = b.input(1);
    const parts = [251, 241, 239].map((p) => b.upsample(b.pool(x, "maxPool", { kernel: [p] }), [p]));
    expect(failure(() => analyseNetwork(b.build(b.concat(...parts)))).code).toBe("network.tooLarge");
  });

  test("many huge kernels on a large block", () => {
    const b = build("X");
    let x = b.upsample(b.pool(b.input(1), "maxPool", { kernel: [4096] }), [4096]);
    for (let n = 0; n < 40; n++) x = b.conv(x, 1, [4095]);
    const started = performance.now();
    expect(failure(() => analyseNetwork(b.build(x))).code).toBe("network.tooComplex");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("a block of 1024 px and a context of 10 238 px take less than a second", () => {
    const network = careUnet({ depth: 5, pool: 4, kernel: 7, first: 1, spatialAxes: "YX" });
    const started = performance.now();
    expect(analyseNetwork(network).context[0].aligned).toBe(10_238);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
