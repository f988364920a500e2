import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Comparison } from "../../src/diagnose/compare";
import type { PredictionResult } from "../../src/predict/record";
import type { StackFacts } from "../../src/stack/stack";
import type { Plan } from "../../src/tiling/plan";
import { failureLines, tilewright } from "../support/commandLine";
import {
  CARE_2D,
  CARE_3D,
  SAMPLE,
  TINY_2D,
  hashFile,
  noisyVolume,
  temporaryFolder,
  writeStack,
} from "../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);
const plane = noisyVolume("YX", [60, 70]);
let input = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), plane, { x: 0.5, y: 0.5, z: null, unit: "µm" });
});

type Facts = StackFacts & { readonly planeSha256?: readonly string[] };
interface Described {
  readonly context: readonly { readonly left: number; readonly right: number }[];
  readonly parameters: number;
  readonly flopsPerVoxel: number;
}

/** Runs a command that must end well and print one JSON document. */
async function json<T>(...args: readonly string[]): Promise<T> {
  const { code, stdout, stderr } = await tilewright(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as T;
}
const FORUM = ["plan", "--shape", "31,1024,1024", "--axes", "ZYX", "--tiles", "1,3,4"];

describe("info", () => {
  test("prints the facts of every file in order, with hashes of the stored planes", async () => {
    const stack = join(SAMPLE, "stack.tif");
    const [sample, own] = await json<Facts[]>("info", stack, input, "--hash");
    expect(sample).toMatchObject({ file: stack, canonicalAxes: "ZYX", dtype: "uint16" });
    expect(sample.planeSha256).toHaveLength(sample.planes);
    expect(own).toMatchObject({
      file: input,
      axes: "YX",
      shape: [60, 70],
      canonicalAxes: "YX",
      canonicalShape: [60, 70],
      dtype: "uint16",
      planes: 1,
      bigTiff: false,
      byteOrder: "little",
      compression: "none",
      layout: "strips",
      levels: 1,
      pixelSize: { x: 0.5, y: 0.5, unit: "µm" },
      flavour: "ome",
      warnings: [],
      planeSha256: [createHash("sha256").update(Buffer.from(plane.data.buffer)).digest("hex")],
    });
    expect(own.channels).toBeInstanceOf(Array);
    expect((await json<Facts[]>("info", input))[0]).not.toHaveProperty("planeSha256");
  });

  test("an unreadable file has an error, the others still come, exit 1", async () => {
    writeFileSync(at("no.tif"), "no image");
    const ended = await tilewright("info", at("no.tif"), input, at("none.tif"), "--json");
    expect(ended.code).toBe(1);
    const entries = JSON.parse(ended.stdout) as unknown[];
    expect(entries).toHaveLength(3);
    expect(entries[0]).toMatchObject({
      file: at("no.tif"),
      error: { code: expect.stringMatching(/^stack\./), message: expect.any(String) },
    });
    expect(entries[1]).toMatchObject({ file: input, canonicalAxes: "YX" });
    expect(entries[2]).toMatchObject({
      error: { code: "file.missing", message: expect.any(String), hint: expect.any(String) },
    });
    expect(failureLines(ended)).toHaveLength(2);
  });

  test("is readable without --json", async () => {
    const { stdout } = await tilewright("info", input);
    expect(stdout).toMatch(/YX 60 × 70, uint16/);
    expect(stdout).toMatch(/pixel size: y 0\.5, x 0\.5 µm/);
  });
});

describe("plan", () => {
  test("answers the forum's question in JSON", async () => {
    const plan = await json<Plan>(...FORUM, "--model", CARE_3D);
    expect(plan).toMatchObject({
      axes: "ZYX",
      shape: [31, 1024, 1024],
      paddedShape: [32, 1024, 1024],
      padding: [
        [0, 1],
        [0, 0],
        [0, 0],
      ],
      block: [4, 4, 4],
      context: [22, 22, 22],
      overlap: [24, 24, 24],
      careOverlap: [22, 22, 22],
      count: 12,
      exact: true,
      warnings: [],
    });
    expect(plan.tiles).toHaveLength(12);
    expect(plan.tiles[0]).toEqual({
      read: [
        [0, 32],
        [0, 376],
        [0, 292],
      ],
      keep: [
        [0, 32],
        [0, 352],
        [0, 268],
      ],
      write: [
        [0, 32],
        [0, 352],
        [0, 268],
      ],
    });
    expect(plan.keptFraction).toBeCloseTo((1024 * 1024) / (12 * 376 * 292), 12);
    expect(plan.peakBytes).toBeGreaterThan(4 * 32 * 376 * 292);
  });

  test("answers it in plain language", async () => {
    const { code, stdout } = await tilewright(...FORUM, "--model", CARE_3D);
    expect(code).toBe(0);
    expect(stdout).toMatch(/31 → 32 by one reflected slice/);
    expect(stdout).toMatch(/12 network calls/);
    expect(stdout).toMatch(/\|=+-+ +\|/);
  });

  test("needs no model when block and overlap are given, for one axis or all", async () => {
    const plan = await json<Plan>(...FORUM, "--block", "4", "--overlap", "22");
    expect(plan).toMatchObject({ count: 12, overlap: [24, 24, 24] });
    expect(await json<Plan>(...FORUM, "--block", "Y=4,X=4", "--overlap", "0,22,22")).toMatchObject({
      block: [1, 4, 4],
      overlap: [0, 24, 24],
    });
  });

  test("warns of what is not exact, with code, axis, message and fix", async () => {
    const plan = await json<Plan>(...FORUM, "--model", CARE_3D, "--overlap", "16");
    expect(plan.exact).toBe(false);
    expect(plan.warnings[0]).toMatchObject({
      code: "overlap-below-context",
      axis: "Y",
      message: expect.any(String),
      fix: expect.stringContaining("24"),
    });
    const { stdout } = await tilewright(...FORUM, "--model", CARE_3D, "--overlap", "16");
    expect(stdout).toMatch(/Warning: overlap on Y is 16 px, the network sees 22 px/);
  });

  test.each([
    [
      "a shape that is no list of numbers",
      ["plan", "--shape", "31,x", "--axes", "YX", "--block", "4", "--overlap", "0"],
    ],
    [
      "a shape that does not fit the axes",
      ["plan", "--shape", "31,31", "--axes", "ZYX", "--block", "4", "--overlap", "0"],
    ],
    ["axes that are none", ["plan", "--shape", "31,31", "--axes", "QX", "--block", "4", "--overlap", "0"]],
    ["neither model nor block", ["plan", "--shape", "31,31", "--axes", "YX"]],
    [
      "tiles that are no numbers",
      ["plan", "--shape", "31,31", "--axes", "YX", "--block", "4", "--overlap", "0", "--tiles", "many"],
    ],
  ])("%s is wrong usage", async (_, args) => {
    const ended = await tilewright(...args);
    expect(ended.code, ended.stderr).toBe(2);
    expect(failureLines(ended)).toHaveLength(1);
    expect(ended.stdout).toBe("");
  });
});

describe("model", () => {
  test("prints what a model is and needs", async () => {
    const model = await json<Described>("model", CARE_2D);
    expect(model).toMatchObject({
      kind: "care",
      name: "care2d",
      inputs: [{ axes: "YXC", channels: 1, dtype: "float32" }],
      block: [4, 4],
      context: [
        { axis: "Y", aligned: 22 },
        { axis: "X", aligned: 22 },
      ],
      normalization: { mode: "percentile", low: 2, high: 99.8, undo: true },
      exactTiling: true,
      warnings: [],
    });
    for (const { left, right } of model.context) expect(Math.min(left, right)).toBeGreaterThan(0);
    expect(model.parameters).toBeGreaterThan(1000);
    expect(model.flopsPerVoxel).toBeGreaterThan(1000);
    expect((await tilewright("model", CARE_2D)).stdout).toMatch(/22 px → 24 px in whole blocks/);
  });

  test("that is none is one line, exit 1", async () => {
    mkdirSync(at("empty"));
    const ended = await tilewright("model", at("empty"));
    expect(ended.code).toBe(1);
    expect(failureLines(ended)).toEqual([
      expect.stringMatching(/^tilewright: model: .*empty: this folder is no model/),
    ]);
  });
});

describe("predict, run and compare", () => {
  const OPTIONS = ["--model", TINY_2D, "--engine", "cpu", "--threads", "1", "--tiles", "2,2"];

  test("predict prints its result and writes output and record; run repeats it; compare finds them equal", async () => {
    const out = at("out.tif");
    const result = await json<PredictionResult>("predict", input, ...OPTIONS, "--out", out);
    expect(result).toMatchObject({
      out,
      record: `${out}.run.json`,
      engine: { name: expect.any(String), device: expect.stringContaining("CPU") },
      tiles: 4,
      seams: { maxRelative: expect.any(Number), perAxis: { Y: expect.any(Number), X: expect.any(Number) } },
      retiled: 0,
      warnings: expect.any(Array),
    });
    for (const name of ["seconds", "voxelsPerSecond", "peakRssBytes"] as const)
      expect(result[name]).toBeGreaterThan(0);
    const record = JSON.parse(readFileSync(result.record, "utf8")) as unknown;
    expect(record).toMatchObject({
      schema: "tilewright-run/1",
      version: expect.any(String),
      started: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      input: "in.tif",
      model: {
        kind: "care",
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        path: expect.not.stringMatching(/^\//),
      },
      plan: { count: 4, tilesPerAxis: [2, 2] },
      normalization: { mode: "percentile", scope: "stack" },
      padding: { mode: "reflect" },
      engine: { threads: 1 },
      options: { tiles: "2,2", threads: "1" },
      seams: { maxRelative: result.seams.maxRelative },
      output: { path: "out.tif", axes: "YX", shape: [60, 70], dtype: "float32" },
    });
    const again = await json<PredictionResult>("run", result.record, "--out", at("again.tif"));
    expect(again.tiles).toBe(4);
    expect(hashFile(at("again.tif"))).toBe(hashFile(out));
    const refused = await tilewright("run", result.record);
    expect(refused.code).toBe(1);
    expect(failureLines(refused)[0]).toMatch(/exists already/);
    expect((await json<PredictionResult>("run", result.record, "--overwrite")).out).toBe(out);
    expect(await json<Comparison>("compare", out, at("again.tif"))).toMatchObject({
      max: 0,
      psnr: null,
      ssim: expect.closeTo(1, 9),
      worst: { position: { Y: 0, X: 0 } },
    });
    expect((await json<Facts[]>("info", out))[0]).toMatchObject({
      dtype: "float32",
      pixelSize: { x: 0.5, y: 0.5, unit: "µm" },
    });
  });

  test("predict without --json says the same to people, and prints progress on stderr only", async () => {
    const { stdout, stderr } = await tilewright("predict", input, ...OPTIONS, "--out", at("people.tif"));
    expect(stdout).toMatch(/^wrote .*people\.tif\n {2}4 tiles in /);
    expect(stdout).toMatch(/seams: where two tiles meet/);
    expect(stderr).toMatch(/predicting: 4\/4 tiles/);
  });

  test("compare gives numbers computed by hand", async () => {
    const other = { ...plane, data: plane.data.slice() };
    other.data[70 * 10 + 20] += 12;
    const { max, mean, rms, perAxisProfile, worst } = await json<Comparison>(
      "compare",
      input,
      await writeStack(at("other.tif"), other),
    );
    expect([max, mean, rms]).toEqual(
      [12, 12 / 4200, Math.sqrt(144 / 4200)].map((n) => expect.closeTo(n, 12)),
    );
    expect(worst.position).toEqual({ Y: 10, X: 20 });
    expect(perAxisProfile.Y[10]).toBeCloseTo(12 / 70, 12);
    expect(perAxisProfile.X[20]).toBeCloseTo(12 / 60, 12);
  });

  test("compare of different shapes and a record that is none are one line, exit 1", async () => {
    writeFileSync(at("no.run.json"), `{"schema":"other"}`);
    for (const args of [
      ["compare", input, join(SAMPLE, "stack.tif")],
      ["run", at("no.run.json")],
      ["run", at("none.run.json")],
    ]) {
      const ended = await tilewright(...args);
      expect(ended.code).toBe(1);
      expect(failureLines(ended)).toHaveLength(1);
    }
  });
});

test("engines prints which can run here", async () => {
  const engines = await json<
    {
      id: string;
      name: string;
      available: boolean;
      device: string;
      reason?: string;
    }[]
  >("engines");
  expect(engines.find(({ id }) => id === "cpu")).toMatchObject({
    available: true,
    device: expect.stringContaining("CPU"),
  });
  for (const { available, reason } of engines) expect(available || typeof reason === "string").toBe(true);
});

describe("wrong usage ends with exit code 2 and says so on stderr", () => {
  test.each<[string, string[]]>([
    ["no command", []],
    ["an unknown command", ["predcit"]],
    ["an unknown option", ["predict", "in.tif", "--model", "m", "--out", "o.tif", "--tile", "3"]],
    ["predict without a model", ["predict", "in.tif", "--out", "o.tif"]],
    ["predict without an output", ["predict", "in.tif", "--model", "m"]],
    ["info without a file", ["info"]],
    ["an option without its value", ["plan", "--shape"]],
    ["too many arguments", ["model", "a", "b"]],
  ])("%s", async (_, args) => {
    const { code, stdout, stderr } = await tilewright(...args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    if (args.length === 0) expect(stderr).toContain("Usage: tilewright");
    else expect(stderr).toMatch(/^tilewright: \w+: .+ \(see tilewright (\w+ )?--help\)\n$/);
  });

  test.each([
    ["--blend", "feather"],
    ["--tiles", "many"],
    ["--roi", "Y"],
    ["--threads", "two"],
    ["--normalize", "percentile:9"],
  ])("%s %s", async (option, value) => {
    const ended = await tilewright("predict", input, "--model", TINY_2D, "--out", at("x.tif"), option, value);
    expect(ended.code, ended.stderr).toBe(2);
    expect(failureLines(ended)).toHaveLength(1);
    expect(existsSync(at("x.tif"))).toBe(false);
  });

  test("help and version are no error", async () => {
    expect(await tilewright("--help")).toMatchObject({ code: 0, stderr: "" });
    expect((await tilewright("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
