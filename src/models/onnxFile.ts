/**
 * Plain `.onnx` files with one image input: channels first, no normalisation known.
 * @module
 */
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { readOnnx } from "../network/onnx/read";
import { hashFiles } from "./hash";
import type { Model, ModelFormat } from "./model";

const IS_ONNX = /\.onnx$/i;
/** A protobuf message, and so an ONNX file without external data, is smaller than this. */
const MAX_BYTES = 2 ** 31 - 1;

/**
 * `.onnx` files, and folders that hold exactly one. Prepare and finish intensities as the training did:
 * the file does not say.
 */
export const onnxFormat: ModelFormat = {
  id: "onnx",
  label: "ONNX file (*.onnx)",
  recognise: async (path) => (await onnxFileAt(path)) !== null,
  load: async (path, job) => loadOnnxFile((await onnxFileAt(path)) ?? path, job),
};

/** The file itself, or the only `.onnx` file of a folder; null when there is none, or no telling which. */
async function onnxFileAt(path: string): Promise<string | null> {
  try {
    if ((await stat(path)).isFile()) return IS_ONNX.test(path) ? path : null;
    const files = (await readdir(path)).filter((name) => IS_ONNX.test(name));
    return files.length === 1 ? join(path, files[0]) : null;
  } catch {
    return null;
  }
}

async function loadOnnxFile(path: string, job: Job): Promise<Model> {
  const { size } = await stat(path);
  if (size > MAX_BYTES) {
    throw new TilewrightError("model.tooLarge", `${path}: ${size} bytes, an ONNX file has less than 2 GiB`);
  }
  const network = readOnnx(await readFile(path, { signal: job.signal }), path);
  if (network.inputs.length !== 1) {
    throw new TilewrightError(
      "model.inputs",
      `${path}: the network has ${network.inputs.length} inputs (${network.inputs.map(({ name }) => name).join(", ")}), expected one image`,
      "export the model with a single image input",
    );
  }
  const axes = `C${network.spatialAxes}`;
  const others = network.outputs.slice(1).map(({ name }) => name);
  return {
    kind: "onnx",
    name: basename(path).replace(/\.onnx$/i, ""),
    path,
    sha256: await hashFiles([path]),
    network: { ...network, outputs: network.outputs.slice(0, 1) },
    inputs: network.inputs.map(({ name, channels }) => ({ name, axes, channels, dtype: "float32" })),
    outputs: network.outputs
      .slice(0, 1)
      .map(({ name, channels }) => ({ name, axes, channels, dtype: "float32" })),
    normalization: { mode: "none" },
    care: null,
    probabilistic: false,
    training: null,
    warnings: others.length === 0 ? [] : [`only the first output is used; left out: ${others.join(", ")}`],
  };
}
