import { describe, expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import { quietJob } from "../../../src/job";
import { matchAxes, renameAxes } from "../../../src/predict/geometry";
import type { Parts } from "../../../src/predict/geometry";
import { loadAnalysed } from "../../../src/predict/prepare";
import type { AnalysedModel } from "../../../src/predict/prepare";
import { CARE_2D, CARE_3D, TINY_2_CHANNELS, TINY_3D_PROBABILISTIC } from "../../support/prediction";

const models = new Map<string, AnalysedModel>();
async function match(path: string, axes: string, shape: readonly number[], parts: Parts = {}) {
  const known = models.get(path) ?? (await loadAnalysed(path, builtinRegistries(), quietJob()));
  models.set(path, known);
  return matchAxes({ axes, shape }, known.model, known.analysis, parts);
}

describe("axes of image and model", () => {
  test("the network's axes are tiled with its block and context, others are looped over", async () => {
    const { axes, outputAxes, outputShape, warnings } = await match(CARE_2D, "TZYX", [2, 3, 40, 50]);
    expect(axes.map(({ axis, role, block, context }) => [axis, role, block, context])).toEqual([
      ["T", "each", 1, 0],
      ["Z", "each", 1, 0],
      ["Y", "tiled", 4, 22],
      ["X", "tiled", 4, 22],
    ]);
    expect([outputAxes, outputShape]).toEqual(["TZYX", [2, 3, 40, 50]]);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/no Z axis: each of the 3 Z entries/);
  });

  test("an axis the image lacks has length 1, and a warning says so", async () => {
    const { axes, outputAxes, warnings } = await match(CARE_3D, "YX", [40, 50]);
    expect(axes.map(({ axis, length }) => [axis, length])).toEqual([
      ["Z", 1],
      ["Y", 40],
      ["X", 50],
    ]);
    expect(outputAxes).toBe("YX");
    expect(warnings).toEqual([expect.stringContaining("the image has no Z axis")]);
  });

  test("channels go in whole; a wrong number is an error with a way out", async () => {
    expect((await match(TINY_2_CHANNELS, "CYX", [2, 20, 20])).axes[0]).toMatchObject({
      axis: "C",
      role: "whole",
      length: 2,
    });
    await expect(match(CARE_2D, "CYX", [3, 20, 20])).rejects.toMatchObject({
      code: "axes.channels",
      message: expect.stringMatching(/3 channels \(CYX 3×20×20\), model care2d expects 1/),
      hint: expect.stringContaining("C=0:1"),
    });
    await expect(match(TINY_2_CHANNELS, "YX", [20, 20])).rejects.toMatchObject({ code: "axes.channels" });
    expect((await match(CARE_2D, "CYX", [3, 20, 20], { C: [1, 2] })).outputShape).toEqual([1, 20, 20]);
  });

  test("a model with more channels out than the image has adds a C axis", async () => {
    const { outputAxes, outputShape } = await match(TINY_3D_PROBABILISTIC, "ZYX", [8, 20, 20]);
    expect([outputAxes, outputShape]).toEqual(["ZCYX", [8, 2, 20, 20]]);
  });

  test("CSBDeep's overlap is known for CARE", async () => {
    expect((await match(CARE_3D, "ZYX", [8, 20, 20])).axes.map(({ careOverlap }) => careOverlap)).toEqual([
      22, 22, 22,
    ]);
  });

  test("a part must lie inside the image, on an axis it has", async () => {
    await expect(match(CARE_2D, "YX", [40, 50], { Z: [0, 1] })).rejects.toMatchObject({ code: "roi.axis" });
    for (const part of [
      [-1, 5],
      [5, 5],
      [6, 5],
      [0, 41],
    ] as const) {
      await expect(match(CARE_2D, "YX", [40, 50], { Y: part })).rejects.toMatchObject({
        code: "roi.outside",
        message: expect.stringContaining(`Y=${part[0]}:${part[1]} does not lie inside 0:40`),
      });
    }
  });
});

describe("axes named by the user", () => {
  const image = { axes: "TYX", shape: [5, 20, 30] };

  test("replace those of the file", () => {
    expect(renameAxes(image, "ZYX")).toEqual({ axes: "ZYX", shape: [5, 20, 30] });
    expect(renameAxes(image, undefined)).toBe(image);
  });

  test("may leave out axes of length 1", () => {
    expect(renameAxes({ axes: "TZYX", shape: [1, 5, 20, 30] }, "ZYX").shape).toEqual([5, 20, 30]);
  });

  test("must be as many as there are dimensions, in the order of TZCYX", () => {
    expect(() => renameAxes(image, "YX")).toThrow(
      /axes YX name 2 dimensions, the image has 3 \(TYX 5×20×30\)/,
    );
    expect(() => renameAxes(image, "XYZ")).toThrow(/not in the order of TZCYX/);
  });
});
