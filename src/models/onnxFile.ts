/**
 * Plain `.onnx` files with one image input: channels first, no normalisation known.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { readOnnx } from "../network/onnx/read";
import { hashFiles } from "./hash";
import type { Model, ModelFormat } from "./model";

/** A protobuf message, and so an ONNX file without external data, is smaller than this. */
const MAX_BYTES = 2 ** 31 - 1;

/** `.onnx` files. Prepare and finish intensities as the training did: the file does not say. */
export const onnxFormat: ModelFormat = {
  id: "onnx",
  label: "ONNX file (*.onnx)",
  recognise: async (path) => {
    if (!/\.onnx$/i.test(path)) return false;
    return stat(path).then(
      (found) => found.isFile(),
      () => false,
    );
  },
  load: loadOnnxFile,
};

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
