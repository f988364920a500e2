import {
  cpSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { careFormat } from "../../../src/models/care";
import { loadModel } from "../../../src/models/load";
import type { Model } from "../../../src/models/model";
import { onnxFormat } from "../../../src/models/onnxFile";

const GOLDEN = join(import.meta.dirname, "../../golden/keras-layouts");
const FORMATS = [careFormat, onnxFormat];

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tilewright-models-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A copy of a good model folder to break. */
function copyOf(id: string): string {
  const folder = join(root, "model");
  cpSync(join(GOLDEN, id), folder, { recursive: true });
  return folder;
}

function editConfig(folder: string, change: (config: Record<string, unknown>) => void): void {
  const file = join(folder, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  change(config);
  writeFileSync(file, JSON.stringify(config));
}

/** Replaces every occurrence of a name inside an HDF5 file by another of the same length. */
function renameInside(file: string, from: string, to: string): void {
  writeFileSync(file, Buffer.from(readFileSync(file, "latin1").replaceAll(from, to), "latin1"));
}

const load = (path: string): Promise<Model> => loadModel(path, FORMATS, quietJob());

/** The error of loading as `code: sentence`, the temporary folder left out. */
async function failure(path: string): Promise<string> {
  const error: unknown = await load(path).then(
    () => new Error("it loaded"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof TilewrightError)) throw error;
  expect(error.message).not.toContain("\n");
  return `${error.code}: ${error.message.replaceAll(root, "")}`;
}

describe("a CARE configuration", () => {
  const edits: [string, (config: Record<string, unknown>) => void, string | RegExp][] = [
    [
      "with an unknown key",
      (config) => (config["unet_n_dept"] = 2),
      'model.unknownKey: /model/config.json: unknown key "unet_n_dept"',
    ],
    [
      "of ProjectionCARE",
      (config) => (config["proj_axis"] = "Z"),
      'model.unsupported: /model/config.json: key "proj_axis" belongs to ProjectionCARE (the network removes an axis), which is not supported',
    ],
    [
      "of StarDist",
      (config) => (config["n_rays"] = 32),
      'model.unsupported: /model/config.json: key "n_rays" belongs to StarDist, which is not supported',
    ],
    [
      "whose n_dim contradicts its axes",
      (config) => (config["n_dim"] = 3),
      'model.badConfig: /model/config.json: key "n_dim": expected 2 for axes YXC, found 3',
    ],
    [
      "with channels first",
      (config) => (config["axes"] = "CYX"),
      'model.badConfig: /model/config.json: key "axes": expected Y, X and at most one of Z and T, then C last, such as YXC or ZYXC, found "CYX"',
    ],
    [
      "with a text for a number",
      (config) => (config["unet_n_depth"] = "two"),
      /^model\.badConfig: \/model\/config\.json: key "unet_n_depth": .*expected number, received string$/,
    ],
    [
      "with a depth that would fill the memory",
      (config) => (config["unet_n_depth"] = 60),
      /^model\.badConfig: \/model\/config\.json: key "unet_n_depth": .*<=10$/,
    ],
    [
      "with an even kernel",
      (config) => (config["unet_kern_size"] = 4),
      'model.badConfig: /model/config.json: key "unet_kern_size": expected an odd number, found 4',
    ],
    [
      "residual with different channel counts",
      (config) => (config["n_channel_out"] = 2),
      "model.badConfig: /model/config.json: a residual network needs as many output as input channels, found 1 and 2",
    ],
    [
      "for another kernel than the weights",
      (config) => (config["unet_kern_size"] = 5),
      'model.wrongShape: /model/weights_best.h5: layer "down_level_0_no_0", weight "kernel": expected shape 5×5×1×3, found 3×3×1×3',
    ],
    [
      "for more filters than the weights",
      (config) => (config["unet_n_first"] = 4),
      'model.wrongShape: /model/weights_best.h5: layer "down_level_0_no_0", weight "kernel": expected shape 3×3×1×4, found 3×3×1×3',
    ],
    [
      "for a deeper network than the weights",
      (config) => (config["unet_n_depth"] = 2),
      'model.missingWeight: /model/weights_best.h5: layer "down_level_1_no_0" is missing, expected 6 filters on 3 channels',
    ],
    [
      "for a probabilistic network when the weights are not",
      (config) => (config["probabilistic"] = true),
      "model.missingWeight: /model/weights_best.h5: the final 1×1 convolution (scale) is missing, expected one from 3 to 1 channels",
    ],
    [
      "for batch normalisation when the weights have none",
      (config) => (config["batch_norm"] = true),
      'model.missingWeight: /model/weights_best.h5: the batch normalisation after layer "down_level_0_no_0" is missing',
    ],
    [
      "of Noise2Void 2",
      (config) => (config["blurpool"] = true),
      'model.unsupported: /model/config.json: "blurpool" is true (N2V2), which is not supported',
    ],
    [
      "with two means for one channel",
      (config) => (config["means"] = ["1", "2"]),
      'model.badConfig: /model/config.json: key "means": expected 1 numbers, found 2',
    ],
  ];
  test.each(edits)("%s is one sentence", async (_, change, expected) => {
    const folder = copyOf("care2d/keras2");
    editConfig(folder, change);
    expect(await failure(folder)).toEqual(
      typeof expected === "string" ? expected : expect.stringMatching(expected),
    );
  });

  test("that is no JSON, or no object", async () => {
    const folder = copyOf("care2d/keras2");
    writeFileSync(join(folder, "config.json"), '{"axes": "YXC"');
    expect(await failure(folder)).toMatch(/^model\.badConfig: \/model\/config\.json: not valid JSON: /);
    writeFileSync(join(folder, "config.json"), "[1]");
    expect(await failure(folder)).toBe(
      "model.badConfig: /model/config.json: expected a JSON object, found a list",
    );
  });

  test("without the keys that have defaults in CSBDeep loads the same network", async () => {
    const folder = copyOf("care2d/keras2");
    const whole = await load(folder);
    const defaults = ["n_dim", "probabilistic", "unet_residual", "unet_last_activation", "n_channel_out"];
    const file = join(folder, "config.json");
    const config = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>);
    writeFileSync(
      file,
      JSON.stringify(Object.fromEntries(config.filter(([key]) => !defaults.includes(key)))),
    );
    expect((await load(folder)).network).toEqual(whole.network);
  });
});

describe("weights", () => {
  test.each([0, 100, 3000, 20_000, 34_000])("cut off after %i bytes are one sentence", async (bytes) => {
    const folder = copyOf("care2d/keras2");
    truncateSync(join(folder, "weights_best.h5"), bytes);
    expect(await failure(folder)).toMatch(/^model\.(corrupt|missingWeight): \/model\/weights_best\.h5: /);
  });

  test("that are something else", async () => {
    const folder = copyOf("care2d/keras2");
    writeFileSync(join(folder, "weights_best.h5"), "<html>not found</html>".repeat(100));
    expect(await failure(folder)).toMatch(
      /^model\.corrupt: \/model\/weights_best\.h5: not a readable HDF5 weights file: /,
    );
  });

  test("with any byte of the metadata damaged load or fail with a sentence", async () => {
    const folder = copyOf("care2d/keras2");
    const file = join(folder, "weights_best.h5");
    const good = readFileSync(file);
    for (let at = 0; at < 4096; at += 23) {
      const bad = Buffer.from(good);
      bad[at] ^= 0xff;
      writeFileSync(file, bad);
      const error: unknown = await load(folder).catch((reason: unknown) => reason);
      if (error instanceof Error)
        expect(error, `byte ${at}: ${error.message}`).toBeInstanceOf(TilewrightError);
    }
  });

  test("without a layer, or without a bias, name the layer", async () => {
    const folder = copyOf("care2d/keras2");
    const file = join(folder, "weights_best.h5");
    renameInside(file, "middle_2", "midxle_2");
    expect(await failure(folder)).toBe(
      'model.missingWeight: /model/weights_best.h5: layer "middle_2" is missing, expected 3 filters on 6 channels',
    );
    cpSync(join(GOLDEN, "care2d/keras2/weights_best.h5"), file);
    renameInside(file, "bias:0", "bixs:0");
    expect(await failure(folder)).toBe(
      'model.missingWeight: /model/weights_best.h5: layer "down_level_0_no_0" has no weight "bias", expected one of shape 3',
    );
  });

  test("are chosen as CSBDeep does: the newest whose name contains best, else the newest", async () => {
    const folder = copyOf("care2d/keras2");
    const good = join(folder, "weights_best.h5");
    writeFileSync(join(folder, "weights_last.h5"), "newer, but not the best");
    utimesSync(good, 1000, 1000);
    expect((await load(folder)).name).toBe("model");
    writeFileSync(join(folder, "weights_best_2.h5"), "newer and best");
    expect(await failure(folder)).toMatch(/^model\.corrupt: \/model\/weights_best_2\.h5/);
    rmSync(join(folder, "weights_best_2.h5"));
    renameSync(good, join(folder, "weights_now.hdf5"));
    expect(await failure(folder)).toMatch(/^model\.corrupt: \/model\/weights_last\.h5/);
  });

  test("that are missing", async () => {
    const folder = copyOf("care2d/keras2");
    rmSync(join(folder, "weights_best.h5"));
    expect(await failure(folder)).toBe(
      "model.missingWeights: /model: no weights beside config.json, expected a file *.h5 or *.hdf5",
    );
  });
});

describe("what is no model", () => {
  test("says what was looked for", async () => {
    writeFileSync(join(root, "notes.txt"), "hello");
    const lookedFor = "looked for: CARE folder (config.json and HDF5 weights); ONNX file (*.onnx)";
    expect(await failure(root)).toBe(`model.notAModel: : this folder is no model; ${lookedFor}`);
    expect(await failure(join(root, "notes.txt"))).toBe(
      `model.notAModel: /notes.txt: this file is no model; ${lookedFor}`,
    );
    expect(await failure(join(root, "gone"))).toBe(
      "file.missing: /gone: there is no such model file or folder",
    );
  });

  test("an .onnx file that is none is one sentence naming it", async () => {
    const file = join(root, "net.onnx");
    writeFileSync(file, "this is not ONNX");
    expect(await failure(file)).toMatch(/\/net\.onnx/);
  });
});

describe("what a model says about itself", () => {
  test("CARE: axes, percentile normalisation, overlap table entry", async () => {
    const model = await load(join(GOLDEN, "care2d/keras2"));
    expect(model).toMatchObject({
      kind: "care",
      name: "keras2",
      inputs: [{ axes: "YXC", channels: 1 }],
      outputs: [{ axes: "YXC", channels: 1, meaning: "mean" }],
      normalization: { mode: "percentile", low: 2, high: 99.8, undo: true },
      care: { depth: 1, kernel: 3, pool: 2 },
      probabilistic: false,
      training: { epochs: 100, loss: "mae" },
      warnings: [],
    });
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test("probabilistic CARE: mean and scale", async () => {
    const model = await load(join(GOLDEN, "care3d-probabilistic/keras2"));
    expect(model).toMatchObject({
      probabilistic: true,
      outputs: [{ axes: "ZYXC", channels: 2, meaning: "mean and scale" }],
    });
  });

  test("Noise2Void: intensity statistics of the training, patch shape", async () => {
    const model = await load(join(GOLDEN, "n2v2d-batch-norm/keras2"));
    expect(model).toMatchObject({
      normalization: { mode: "fixed", means: [98.5, 310.25], sds: [21.75, 40.5], undo: true },
      training: { patchShape: [64, 64] },
    });
  });

  test("the identity changes with the weights and not with the folder's name", async () => {
    const folder = copyOf("care2d/keras2");
    const before = (await load(folder)).sha256;
    renameSync(folder, join(root, "other"));
    expect((await load(join(root, "other"))).sha256).toBe(before);
    const file = join(root, "other", "weights_best.h5");
    const bytes = readFileSync(file);
    bytes[bytes.length - 3] ^= 1;
    writeFileSync(file, bytes);
    expect((await load(join(root, "other"))).sha256).not.toBe(before);
  });
});
