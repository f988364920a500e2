import { describe, expect, test } from "vitest";
import { analyseNetwork } from "../../../src/network/analysis";
import { careUnet, multiResUnet3d, NetworkBuilder, seededRandom } from "../../support/networks";

/** [pool, depth, kernel, block, aligned, worst] of the measured table. */
const CARE_TABLE = [
  [2, 1, 3, 2, 8, 9],
  [2, 1, 5, 2, 16, 17],
  [2, 1, 7, 2, 24, 25],
  [2, 2, 3, 4, 22, 23],
  [2, 2, 5, 4, 40, 43],
  [2, 2, 7, 4, 62, 63],
  [2, 3, 3, 8, 46, 51],
  [2, 3, 5, 8, 92, 95],
  [2, 3, 7, 8, 138, 139],
  [2, 4, 3, 16, 94, 107],
  [2, 4, 5, 16, 188, 199],
  [2, 4, 7, 16, 282, 291],
  [2, 5, 3, 32, 190, 219],
  [2, 5, 5, 32, 380, 407],
  [2, 5, 7, 32, 570, 595],
  [4, 1, 3, 4, 14, 15],
  [4, 1, 5, 4, 24, 27],
  [4, 1, 7, 4, 38, 39],
  [4, 2, 3, 16, 58, 67],
  [4, 2, 5, 16, 116, 119],
  [4, 2, 7, 16, 158, 171],
  [4, 3, 3, 64, 234, 275],
  [4, 3, 5, 64, 468, 487],
  [4, 3, 7, 64, 638, 699],
  [4, 4, 3, 256, 938, 1107],
  [4, 4, 5, 256, 1876, 1959],
  [4, 4, 7, 256, 2558, 2811],
  [4, 5, 3, 1024, 3754, 4435],
  [4, 5, 5, 1024, 7508, 7847],
  [4, 5, 7, 1024, 10238, 11259],
] as const;

describe("block and context of known networks", () => {
  test.each(CARE_TABLE)(
    "CARE's U-Net with pool %i, depth %i, kernel %i has block %i, context %i and worst extent %i",
    (...row) => {
      const [pool, depth, kernel, block, aligned, worst] = row;
      const analysis = analyseNetwork(careUnet({ spatialAxes: "X", pool, depth, kernel, first: 1 }));
      expect(analysis.block).toEqual([block]);
      expect(analysis.context).toEqual([{ axis: "X", left: worst, right: worst, aligned }]);
      expect(analysis.exactTiling).toBe(true);
      expect(analysis.scale).toEqual([1]);
    },
  );

  test("bilinear upsampling widens depth 3 to a context of 54 px, 58 at worst", () => {
    const analysis = analyseNetwork(careUnet({ depth: 3, first: 1, upsampling: "linear" }));
    expect(analysis.block).toEqual([8, 8]);
    expect(analysis.context[1]).toEqual({ axis: "X", left: 58, right: 58, aligned: 54 });
    expect(analysis.exactTiling).toBe(true);
  });

  test("the MultiRes U-Net needs 141 px in every axis, 153 at worst, on blocks of 16", () => {
    const analysis = analyseNetwork(multiResUnet3d());
    expect(analysis.block).toEqual([16, 16, 16]);
    for (const context of analysis.context)
      expect(context).toMatchObject({ left: 153, right: 153, aligned: 141 });
  });

  test("one more convolution after a depth 3 U-Net leaves the aligned context and widens the worst extent", () => {
    const base = careUnet({ depth: 3, first: 1, spatialAxes: "X" });
    const build = new NetworkBuilder("X", seededRandom(1));
    build.input(1, base.outputs[0].name);
    const last = build.conv(base.outputs[0].name, 1, [3], { name: "extra" });
    const network = {
      ...base,
      nodes: [...base.nodes, ...build.nodes],
      outputs: [{ name: last, channels: 1 }],
    };
    expect(analyseNetwork(network).context[0]).toMatchObject({ aligned: 46, left: 52 });
  });

  test("convolutions of CARE with 32 filters cost 166 528 FLOP a pixel in 2-D and 347 392 a voxel in 3-D", () => {
    const flat = careUnet({ first: 32, residual: true });
    const deep = careUnet({ first: 32, residual: true, spatialAxes: "ZYX" });
    expect(analyseNetwork(flat).flopsPerVoxel).toBe(166_528);
    expect(analyseNetwork(deep).flopsPerVoxel).toBe(347_392);
  });
});
