/**
 * Opens a model of any registered format.
 * @module
 */
import { stat } from "node:fs/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Model, ModelFormat } from "./model";

/**
 * Loads the model at `path` with the first format that recognises it.
 *
 * @param formats in the order in which they are asked
 * @throws {TilewrightError} `file.missing`, `model.notAModel`, and what the format throws
 */
export async function loadModel(path: string, formats: readonly ModelFormat[], job: Job): Promise<Model> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => null,
  );
  if (isFolder === null) {
    throw new TilewrightError(
      "file.missing",
      `${path}: there is no such model file or folder`,
      "check the path",
    );
  }
  for (const format of formats) {
    job.signal.throwIfAborted();
    if (await format.recognise(path)) return format.load(path, job);
  }
  throw new TilewrightError(
    "model.notAModel",
    `${path}: this ${isFolder ? "folder" : "file"} is no model; looked for: ${formats.map(({ label }) => label).join("; ")}`,
    "choose the folder that holds config.json, or an .onnx file",
  );
}
