import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import type { Cause, Diagnosis } from "../../../src/diagnose/diagnosis";
import { quietJob } from "../../../src/job";
import { writeOnnx } from "../../../src/network/onnx/write";
import { diagnoseFiles } from "../../../src/predict/diagnoseRun";
import type { RunRecord } from "../../../src/predict/record";
import { Sessions } from "../../../src/predict/sessions";
import type { DiagnosisRequest } from "../../../src/protocol/prediction";
import { makeVolume } from "../../../src/volume/volume";
import { careUnet, NetworkBuilder, seededRandom } from "../../support/networks";
import {
  TINY_2D,
  noisyVolume,
  predictHere,
  readStack,
  temporaryFolder,
  writeStack,
} from "../../support/prediction";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
let input = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), noisyVolume("YX", [131, 150]));
});
afterAll(() => folder.dispose());

/** Diagnoses files in this process. */
async function diagnosed(file: string, more: Partial<DiagnosisRequest> = {}): Promise<Diagnosis> {
  const sessions = new Sessions(builtinRegistries());
  try {
    return await diagnoseFiles({ file, ...more }, sessions, quietJob());
  } finally {
    await sessions.dispose();
  }
}

/** Predicts, then diagnoses with the record, and with the model too. */
async function both(
  name: string,
  options: Record<string, unknown>,
  more: Partial<DiagnosisRequest> = {},
): Promise<{ record: Diagnosis; model: Diagnosis; file: string }> {
  const file = at(`${name}.tif`);
  await predictHere(input, TINY_2D, file, options);
  const run = `${file}.run.json`;
  return {
    file,
    record: await diagnosed(file, { run, ...more }),
    model: await diagnosed(file, { run, model: TINY_2D, ...more }),
  };
}

const causes = ({ findings }: Diagnosis): Cause[] => [...new Set(findings.map(({ cause }) => cause))].sort();
const editRecord = (file: string, edit: (record: RunRecord) => unknown): string => {
  const path = at("edited.run.json");
  writeFileSync(
    path,
    JSON.stringify(edit(JSON.parse(readFileSync(`${file}.run.json`, "utf8")) as RunRecord)),
  );
  return path;
};

describe("runs that are exact", () => {
  test.each([
    ["plain", { tiles: "4,4" }],
    ["with more overlap than is needed", { tiles: "3,3", overlap: 16 }],
    ["of a part", { tiles: "2,2", roi: "Y=20:90,X=11:100" }],
    ["untiled", { untiled: true }],
    ["in 8 bits, which rounds and clamps", { tiles: "4,4", dtype: "uint8" }],
  ])("are seamless in both modes: %s", async (name, options) => {
    const { record, model } = await both(name, options);
    expect(record).toMatchObject({ verdict: "seamless", mode: "record", findings: [], probe: null });
    expect(model).toMatchObject({ verdict: "seamless", mode: "record+model", findings: [] });
    expect(Math.max(...(model.probe?.places ?? []).map(({ max }) => max))).toBeLessThan(1e-5);
  });

  test("are probed at 8 places or more, on seams, crossings and ends", async () => {
    const { model } = await both("places", { tiles: "4,4" });
    const places = model.probe?.places ?? [];
    expect(places.length).toBeGreaterThanOrEqual(8);
    expect(new Set(places.map(({ why }) => why))).toEqual(
      new Set(["worst disagreement", "crossing", "seam", "stack end"]),
    );
  });

  test("may disagree where two tiles meet with no px of overlap to spare: that is shown and is no mark", async () => {
    const { record } = await both("spare", { tiles: "4,4" });
    expect(Math.max(...record.seams.map(({ disagreement }) => disagreement ?? 0))).toBeGreaterThan(1e-3);
    expect(record.verdict).toBe("seamless");
  });

  test("are no longer believed when tiles with all their context disagree", async () => {
    const { file } = await both("doubt", { tiles: "3,3", overlap: 16 });
    const run = editRecord(file, (record) => ({
      ...record,
      seams: { ...record.seams, all: record.seams.all.map((seam) => ({ ...seam, max: 50 })) },
    }));
    expect(await diagnosed(file, { run })).toMatchObject({
      verdict: "artifacts",
      findings: [{ cause: "unknown", certainty: "measured" }],
    });
  });
});

describe("causes", () => {
  test.each<[string, Record<string, unknown>, Cause[]]>([
    ["overlap", { tiles: "4,4", overlap: 2 }, ["overlap-too-small"]],
    ["overlap of a part", { tiles: "2,2", roi: "Y=20:90,X=11:100", overlap: 2 }, ["overlap-too-small"]],
    ["blending", { tiles: "4,4", blend: "linear" }, ["overlap-too-small"]],
    ["grid", { tiles: "4,4", block: 1, overlap: 9 }, ["misaligned-tiles"]],
    ["intensities", { tiles: "4,4", normalizeScope: "tile" }, ["tile-normalization"]],
    [
      "two",
      { tiles: "4,4", normalizeScope: "tile", overlap: 2 },
      ["overlap-too-small", "tile-normalization"],
    ],
  ])("are named, measured and cured by the command: %s", async (name, options, expected) => {
    const { record, model } = await both(name, options);
    expect(causes(record)).toEqual(expected);
    expect(record.verdict).toBe("artifacts");
    expect(causes(model)).toEqual(expected);
    expect(model.verdict).toBe("artifacts");
    for (const { certainty, magnitude, cure } of model.findings) {
      expect(certainty).toBe("certain");
      expect(magnitude).toBeGreaterThan(1e-3);
      expect(cure.command).toMatch(/^tilewright predict .* --out .*-again\.tif/);
    }
    const cured = { ...options, ...model.findings[0].cure.options };
    const { model: after } = await both(`${name}-again`, cured);
    expect(after).toMatchObject({ verdict: "seamless", findings: [] });
  });

  test("of an error: what overlap left and what the intensities left are measured apart", async () => {
    const alone = await both("alone", { tiles: "4,4", normalizeScope: "tile" });
    const pair = await both("pair", { tiles: "4,4", normalizeScope: "tile", overlap: 2 });
    const sizeOf = ({ findings }: Diagnosis, cause: Cause): number =>
      Math.max(
        ...findings.filter((finding) => finding.cause === cause).map(({ magnitude }) => magnitude ?? 0),
      );
    expect(sizeOf(pair.model, "overlap-too-small")).toBeGreaterThan(
      2 * sizeOf(pair.model, "tile-normalization"),
    );
    expect(sizeOf(alone.model, "tile-normalization")).toBeLessThan(0.05);
  });

  test("padding beyond need is certain from the record, and measured px by px with the model", async () => {
    const { record, model } = await both("padding", { tiles: "4,4", padExtra: 6, pad: "symmetric" });
    expect(causes(record)).toEqual(["border-padding"]);
    expect(record.findings[0].magnitude).toBeNull();
    expect(record.verdict).toBe("undecided");
    expect(causes(model)).toEqual(["border-padding"]);
    const onX = model.findings.find(({ axis }) => axis === "X");
    expect(onX?.evidence).toContain(
      "6 px before and 6 px after its 150 px (symmetric); 0 and 0 px are needed",
    );
    expect(onX?.evidence).toMatch(/X 0 to 7, 142 to 149 differ/);
    expect(model.verdict).toBe("artifacts");
  });

  test("a training patch smaller than the context is a finding when told, and makes no verdict", async () => {
    const { record } = await both("trained", { tiles: "4,4" }, { trainingPatch: { X: 6 } });
    expect(record).toMatchObject({
      verdict: "seamless",
      findings: [{ cause: "training-patch", certainty: "certain", axis: "X", magnitude: null }],
    });
    const { record: large } = await both("trained", { tiles: "4,4" }, { trainingPatch: { X: 64 } });
    expect(large.findings).toEqual([]);
  });

  test("values that wrapped around in int8 are recognised by the model", async () => {
    const { file } = await both("wrapped", { tiles: "4,4" });
    const { data, shape } = await readStack(file);
    const wrapped = Int8Array.from(data, (value) => (Math.trunc(value) << 24) >> 24);
    await writeStack(file, makeVolume(wrapped, shape, "YX"));
    const found = await diagnosed(file, { run: `${file}.run.json`, model: TINY_2D });
    expect(causes(found)).toContain("integer-wrap");
    expect(found.verdict).toBe("artifacts");
  });

  test("a stack that was changed afterwards is not what the model gives", async () => {
    const { file } = await both("changed", { tiles: "4,4" });
    const stack = await readStack(file);
    stack.data.forEach((value, i) => (stack.data[i] = 1.05 * value));
    await writeStack(file, stack);
    const found = await diagnosed(file, { run: `${file}.run.json`, model: TINY_2D });
    expect(found).toMatchObject({
      verdict: "artifacts",
      findings: [{ cause: "unknown", certainty: "measured" }],
    });
  });
});

describe("the probe", () => {
  test("tells the error of every overlap, the price, and which one to take", async () => {
    const { model } = await both("curve", { tiles: "4,4", overlap: 2 });
    const curve = model.probe?.curve ?? [];
    expect(curve.map(({ overlap }) => overlap.X)).toEqual([0, 2, 4, 6, 8]);
    expect(curve[0].max).toBeGreaterThan(curve[2].max);
    expect(curve[3].max).toBeGreaterThan(1e-3);
    expect(curve[4].max).toBeLessThan(1e-6);
    expect(curve[1].cost).toBeLessThan(curve[4].cost ?? 0);
    const exact = model.probe?.recommended.find(({ tolerance }) => tolerance === 1e-3)?.overlap?.overlap;
    expect(exact).toEqual({ Y: 8, X: 8 });
  });

  test("measures the overlap of the run as the run had it", async () => {
    const { model } = await both("present", { tiles: "4,4", overlap: 4 });
    const seams = (model.probe?.places ?? []).filter(({ why }) => why !== "stack end");
    const present = model.probe?.curve.find(({ overlap }) => overlap.X === 4)?.max ?? 0;
    expect(present).toBeLessThanOrEqual(Math.max(...seams.map(({ max }) => max)) * 1.001);
    expect(present).toBeGreaterThan(0.3 * Math.max(...seams.map(({ max }) => max)));
  });

  test("says how deep the padding of each end reaches", async () => {
    const { model } = await both("borders", { tiles: "4,4" });
    // 131 px are padded by one px at the end of Y; 150 px in X need none.
    expect(model.probe?.borders.map(({ axis, end }) => `${axis} ${end}`)).toEqual(["Y stop"]);
    expect(model.probe?.borders[0].depth).toBeGreaterThan(4);
    expect(model.probe?.borders[0].depth).toBeLessThanOrEqual(9);
  });

  test("compares networks that cannot be tiled with one call on the whole image", async () => {
    const build = new NetworkBuilder("YX", seededRandom(3));
    const from = build.input(1);
    const conv = build.conv(from, 1, [3, 3]);
    const mean = build.add(
      { op: "global", type: "GlobalAveragePool", inputs: [conv], attributes: {}, constants: [] } as never,
      1,
    );
    const network = build.build(build.binary("add", conv, mean));
    writeFileSync(at("global.onnx"), writeOnnx(network));
    await predictHere(input, at("global.onnx"), at("global.tif"), { tiles: "3,3", overlap: 8 });
    const found = await diagnosed(at("global.tif"), {
      run: at("global.tif.run.json"),
      model: at("global.onnx"),
    });
    expect(found.notes.join(" ")).toContain("cannot be tiled exactly");
    expect(found.probe?.places.length).toBeGreaterThan(0);
    expect(found.probe?.curve).toEqual([]);
    expect(found.findings[0]).toMatchObject({ cause: "tile-normalization", certainty: "certain" });
    expect(found.findings[0].cure.options).toMatchObject({ untiled: true });
  });
});

describe("axes that the network lacks", () => {
  test("are looked at one entry at a time", async () => {
    const network = careUnet({ depth: 1, first: 2, seed: 4 });
    writeFileSync(at("flat.onnx"), writeOnnx(network));
    const stack = await writeStack(at("tz.tif"), noisyVolume("TZYX", [2, 3, 64, 70]));
    await predictHere(stack, at("flat.onnx"), at("flat.tif"), { tiles: "1,1,2,2", overlap: 0 });
    const found = await diagnosed(at("flat.tif"), { run: at("flat.tif.run.json"), model: at("flat.onnx") });
    expect(causes(found)).toEqual(["overlap-too-small"]);
    for (const { where } of found.probe?.places ?? []) expect(where.Z[1] - where.Z[0]).toBe(1);
  });

  test("that the image lacks may be added", async () => {
    const network = careUnet({ spatialAxes: "ZYX", depth: 1, first: 2, seed: 5 });
    writeFileSync(at("deep.onnx"), writeOnnx(network));
    await predictHere(input, at("deep.onnx"), at("deep.tif"), { tiles: "2,2" });
    const found = await diagnosed(at("deep.tif"), { run: at("deep.tif.run.json"), model: at("deep.onnx") });
    expect(found.verdict).toBe("seamless");
  });
});

describe("errors", () => {
  test.each<[string, (record: RunRecord) => unknown]>([
    ["plan is not there", (record) => ({ ...record, plan: null })],
    [
      "plan.tiles is not",
      (record) => ({
        ...record,
        plan: {
          ...record.plan,
          tiles: [
            {
              read: [
                [0, 9e9],
                [0, 1],
              ],
            },
          ],
        },
      }),
    ],
    ["plan.axes is not", (record) => ({ ...record, plan: { ...record.plan, axes: "XY" } })],
    ["plan.context is not", (record) => ({ ...record, plan: { ...record.plan, context: [-1, 0] } })],
    ["seams is not", (record) => ({ ...record, seams: { all: [{ axis: "Q" }] } })],
    ["seams is not", (record) => ({ ...record, seams: { all: Array.from({ length: 999 }, () => null) } })],
    ["normalization.scope is not", (record) => ({ ...record, normalization: { maps: [] } })],
  ])("a damaged record is refused in one sentence: its %s", async (text, edit) => {
    const { file } = await both("damaged", { tiles: "2,2" });
    const run = editRecord(file, edit);
    await expect(diagnosed(file, { run })).rejects.toThrow(text);
  });

  test("records of other stacks, other models, other inputs and other references are told apart", async () => {
    const { file } = await both("mine", { tiles: "2,2" });
    const other = await both("other", { tiles: "2,2", roi: "Y=0:60,X=0:60" });
    const run = `${file}.run.json`;
    await expect(diagnosed(file, { run: `${other.file}.run.json` })).rejects.toThrow(
      "is the record of other.tif",
    );
    const renamed = editRecord(other.file, (record) => ({
      ...record,
      output: { ...record.output, path: "mine.tif" },
    }));
    await expect(diagnosed(file, { run: renamed })).rejects.toThrow("wrote Y 60, X 60");
    await expect(diagnosed(file, { run, model: at("flat.onnx") })).rejects.toThrow(
      "is not the model of the run",
    );
    await expect(diagnosed(file, { reference: other.file })).rejects.toThrow("has Y 60, X 60");
    const elsewhere = editRecord(file, (record) => ({ ...record, input: "other.tif" }));
    await expect(diagnosed(file, { run: elsewhere, model: TINY_2D })).rejects.toThrow(
      "the run of the record read",
    );
  });

  test("names in a record never become commands", async () => {
    const { file } = await both("quoted", { tiles: "2,2", overlap: 0 });
    const run = editRecord(file, (record) => ({ ...record, input: "$(touch x) 'a'; b.tif" }));
    const { findings } = await diagnosed(file, { run });
    expect(findings[0].cure.command).toContain(`'${join(folder.path, "$(touch x) ")}'\\''a'\\''; b.tif'`);
  });
});
