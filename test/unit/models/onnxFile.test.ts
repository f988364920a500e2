import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cpuEngine } from "../../../src/engines/cpu";
import { quietJob } from "../../../src/job";
import { onnxFormat } from "../../../src/models/onnxFile";
import { writeOnnx } from "../../../src/network/onnx/write";
import { makeVolume } from "../../../src/volume/volume";
import { runOnce } from "../../support/interpreter";
import { careUnet } from "../../support/networks";
import { readNpy, relativeDifference } from "../../support/npy";
import { hasShared, sharedPath } from "../../support/shared";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tilewright-onnx-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a plain ONNX file", () => {
  test("written from a network comes back as a model that computes the same", async () => {
    const network = careUnet({ spatialAxes: "ZYX", depth: 2 });
    const file = join(folder, "denoise.onnx");
    writeFileSync(file, writeOnnx(network));
    expect(await onnxFormat.recognise(file)).toBe(true);
    const model = await onnxFormat.load(file, quietJob());
    expect(model).toMatchObject({
      kind: "onnx",
      name: "denoise",
      inputs: [{ axes: "CZYX", channels: 1 }],
      normalization: { mode: "none" },
      care: null,
      training: null,
    });
    const data = Float64Array.from({ length: 8 * 8 * 12 }, (_, i) => Math.fround(Math.sin(i * i)));
    const input = { channels: 1, spatial: [8, 8, 12], data };
    expect(relativeDifference(runOnce(model.network, input).data, runOnce(network, input).data)).toBeLessThan(
      1e-12,
    );
  });

  test("may be named by the folder that holds it and no other", async () => {
    const bytes = writeOnnx(careUnet());
    writeFileSync(join(folder, "weights.onnx"), bytes);
    expect(await onnxFormat.recognise(folder)).toBe(true);
    const model = await onnxFormat.load(folder, quietJob());
    expect(model).toMatchObject({ name: "weights", path: join(folder, "weights.onnx") });
    writeFileSync(join(folder, "second.onnx"), bytes);
    expect(await onnxFormat.recognise(folder)).toBe(false);
  });

  test("with several outputs uses the first and says so", async () => {
    const network = careUnet();
    const inner = network.nodes.find(({ op }) => op === "conv")!;
    const channels = inner.op === "conv" ? inner.weight.shape[0] : 0;
    const file = join(folder, "two.onnx");
    writeFileSync(
      file,
      writeOnnx({ ...network, outputs: [...network.outputs, { name: inner.output, channels }] }),
    );
    const model = await onnxFormat.load(file, quietJob());
    expect(model.network.outputs).toHaveLength(1);
    expect(model.warnings).toEqual([expect.stringMatching(/^only the first output is used; left out: /)]);
  });

  test("with two inputs is refused", async () => {
    const file = join(folder, "inputs.onnx");
    const sum = { op: "binary", kind: "add", name: "sum", inputs: ["a", "b"], output: "y" } as const;
    const ports = [
      { name: "a", channels: 1 },
      { name: "b", channels: 1 },
    ];
    writeFileSync(
      file,
      writeOnnx({ spatialAxes: "YX", inputs: ports, outputs: [{ name: "y", channels: 1 }], nodes: [sum] }),
    );
    await expect(onnxFormat.load(file, quietJob())).rejects.toMatchObject({
      message: expect.stringMatching(/inputs\.onnx.*2 inputs/) as string,
    });
  });

  test("a folder or another file is not recognised", async () => {
    expect(await onnxFormat.recognise(folder)).toBe(false);
    expect(await onnxFormat.recognise(join(folder, "gone.onnx"))).toBe(false);
  });
});

describe.skipIf(!hasShared)("unet2d_nuclei_broad of the reference material", () => {
  test("gives its own test output within 1e-5 of the range, z-score before and sigmoid after", async () => {
    const path = (name: string): string => sharedPath("models", "unet2d_nuclei_broad_onnx", name);
    const model = await onnxFormat.load(path("weights.onnx"), quietJob());
    const image = readNpy(path("test_input.npy"));
    const pixels = Float64Array.from(image.data);
    const mean = pixels.reduce((sum, x) => sum + x, 0) / pixels.length;
    const sd = Math.sqrt(pixels.reduce((sum, x) => sum + (x - mean) ** 2, 0) / pixels.length);
    const input = makeVolume(
      Float32Array.from(pixels, (x) => (x - mean) / (sd + 1e-6)),
      [1, 512, 512],
      "CYX",
    );
    const engine = await cpuEngine.open({ threads: 2, fastMath: false });
    const session = await engine.load(model.network, quietJob());
    const logits = await session.run(input);
    await engine.dispose();
    const probability = logits.data.map((x) => 1 / (1 + Math.exp(-x)));
    expect(relativeDifference(probability, readNpy(path("test_output.npy")).data)).toBeLessThan(1e-5);
  });
});
