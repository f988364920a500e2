/**
 * Where results are written, and what an earlier run left there.
 * @module
 */
import { access, constants } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import * as vscode from "vscode";
import { exists } from "../src/predict/partial";
import { stackStem } from "../src/stack/names";
import { readSettings } from "./settings";

/**
 * A free name for the result of a model on a stack: beside the stack or in the folder of the settings.
 *
 * @returns null when nothing can be written there
 */
export async function proposeOutput(input: string, model: string): Promise<string | null> {
  const folder = outputFolder(input);
  if (!(await isWritable(folder))) return null;
  const stem = stackStem(basename(input));
  return freeName(join(folder, `${stem}_${modelName(model)}${outputEnding(input)}`));
}

/** The ending that the settings and the input ask for: OME-Zarr becomes OME-Zarr. */
function outputEnding(input: string): ".tif" | ".ome.zarr" {
  const { outputFormat } = readSettings(vscode.Uri.file(input));
  if (outputFormat.startsWith("ome-zarr")) return ".ome.zarr";
  return outputFormat === "ome" && /\.zarr$/i.test(input) ? ".ome.zarr" : ".tif";
}

/** A name that no file has yet: `name.tif`, `name-2.tif`… */
export async function freeName(path: string): Promise<string> {
  const ending = /(?:\.ome)?\.zarr$/i.exec(path)?.[0] ?? ".tif";
  const base = path.slice(0, path.toLowerCase().endsWith(ending.toLowerCase()) ? -ending.length : undefined);
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? `${base}${ending}` : `${base}-${number}${ending}`;
    if (!(await exists(candidate))) return candidate;
  }
}

/** A free name like this one; asked for where nothing can be written. Undefined when the user closed the dialog. */
export async function freeOrAsked(path: string): Promise<string | undefined> {
  return (await isWritable(dirname(path))) ? freeName(path) : askOutput(path);
}

/** Asks for an output; undefined when the user closed the dialog. */
export async function askOutput(proposal: string): Promise<string | undefined> {
  const chosen = await vscode.window.showSaveDialog({
    title: "Write the result to",
    saveLabel: "Choose",
    defaultUri: vscode.Uri.file(proposal),
    filters: { "TIFF stacks": ["tif", "tiff"], "OME-Zarr": ["zarr"] },
  });
  return chosen?.fsPath;
}

/**
 * A folder for the results of many stacks: that of the settings, else one of its own in the folder of the stacks.
 *
 * @param base folder that holds the stacks
 * @returns null when nothing can be written there
 */
export async function proposeFolder(base: string, model: string): Promise<string | null> {
  const wanted = outputFolder(join(base, "stack.tif"));
  if (resolve(wanted) !== resolve(base)) return wanted;
  return (await isWritable(base)) ? join(base, `predicted-${modelName(model)}`) : null;
}

/** Asks for a folder; undefined when the user closed the dialog. */
export async function askFolder(proposal: string): Promise<string | undefined> {
  const there = (await exists(proposal)) ? proposal : dirname(proposal);
  const chosen = await vscode.window.showOpenDialog({
    title: "Write the results to",
    openLabel: "Choose",
    defaultUri: vscode.Uri.file(there),
    canSelectFiles: false,
    canSelectFolders: true,
  });
  return chosen?.[0]?.fsPath;
}

function modelName(model: string): string {
  const name = basename(model).replace(/\.(onnx|h5|hdf5|keras)$/i, "");
  return name.replace(/[^\w.-]+/g, "-") || "predicted";
}

/** Folder for results of a stack: that of the settings, else its own. */
export function outputFolder(input: string): string {
  const { outputFolder: wanted } = readSettings(vscode.Uri.file(input));
  if (wanted === "") return dirname(input);
  if (isAbsolute(wanted)) return wanted;
  const workspace = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(input));
  return resolve(workspace?.uri.fsPath ?? dirname(input), wanted);
}

async function isWritable(folder: string): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
}
