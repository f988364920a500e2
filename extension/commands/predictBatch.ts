/**
 * "Predict Tiled…" for several stacks or a folder: asking once for all of them, then predicting.
 * @module
 */
import { basename, dirname, relative } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../../src/errors";
import type { BatchOutlook, BatchResult } from "../../src/predict/batch";
import type { BatchRequest, FoundStacks } from "../../src/protocol/prediction";
import { ModelPicker } from "../modelPicker";
import { askFolder, proposeFolder } from "../outputs";
import type { Parts } from "../parts";
import { confirmPlan } from "../planPicker";
import { predictionOptions, readSettings } from "../settings";
import { isTrustedOrAsk, requireTrust } from "../trust";
import { checkOrder, pathOf } from "./scripted";
import type { ScriptedOrder } from "./scripted";

/**
 * Predicts what a script orders: `out` is a folder, `recursive` searches sub folders, `dryRun` only plans.
 *
 * @returns the JSON of `tilewright predict` with several inputs; what goes wrong with one stack is in it
 * @throws {TilewrightError} for what concerns all of them
 */
export async function predictBatchScripted(
  parts: Parts,
  inputs: readonly string[],
  order: ScriptedOrder,
): Promise<BatchResult | BatchOutlook> {
  requireTrust();
  const { model, out, token, recursive, dryRun, ...options } = checkOrder(order);
  const request = requestOf(inputs, pathOf(model), { out: pathOf(out), recursive: recursive === true });
  const settings = predictionOptions(readSettings(vscode.Uri.file(inputs[0])));
  const batch = { ...request, options: { ...settings, ...options } };
  return dryRun === true ? parts.batches.outlook(batch, token) : parts.batches.run(batch, token);
}

/** Asks for model, folder and plan, once for all; then predicts. */
export async function predictBatchAsking(parts: Parts, inputs: readonly string[]): Promise<void> {
  if (!(await isTrustedOrAsk())) return;
  const picker = new ModelPicker(parts.context);
  const title =
    inputs.length === 1
      ? `Predict the stacks in ${basename(inputs[0])}`
      : `Predict ${inputs.length} selected`;
  let model = await picker.pick(title);
  while (model !== undefined) {
    const found = await stacksOf(parts, inputs, model);
    const out = await chooseFolder(found.base ?? dirname(found.files[0]), model);
    if (out === undefined) return;
    const first = await firstReadable(parts, found.files);
    const options = predictionOptions(readSettings(vscode.Uri.file(first.path)));
    const draft = {
      input: first.path,
      model,
      out,
      fileAxes: first.axes,
      options,
      stacks: found.files.length,
    };
    const end = await confirmPlan(draft, parts.workers);
    if (end?.kind === "predict") {
      const request = requestOf(inputs, model, { out: end.draft.out, recursive: found.recursive });
      await parts.batches.runAndShow({ ...request, options: end.draft.options });
      return;
    }
    if (end?.kind === "explain") await parts.pages.show(`${basename(first.path)} tiling.txt`, end.text);
    if (end?.kind !== "model") return;
    model = await picker.pick(title);
  }
}

function requestOf<Out extends string | null>(
  inputs: readonly string[],
  model: string,
  { out, recursive }: { readonly out: Out; readonly recursive: boolean },
): BatchRequest & { readonly out: Out } {
  return { model, inputs, cwd: dirname(inputs[0]), recursive, out };
}

/** The stacks of a selection; those of sub folders only where there are no others. */
async function stacksOf(
  parts: Parts,
  inputs: readonly string[],
  model: string,
): Promise<FoundStacks & { readonly recursive: boolean }> {
  for (const recursive of [false, true]) {
    const found = await parts.workers.findStacks(requestOf(inputs, model, { out: null, recursive }));
    const [problem] = found.problems;
    if (found.files.length > 0) return { ...found, recursive };
    if (recursive && problem !== undefined) throw TilewrightError.from(problem.error);
  }
  throw new TilewrightError(
    "batch.noStacks",
    "there is no stack to predict",
    "select stacks or a folder of them",
  );
}

/** The first stack that can be opened: its plan stands for all. When none can, what is wrong with the first. */
async function firstReadable(
  parts: Parts,
  files: readonly string[],
): Promise<{ readonly path: string; readonly axes: string }> {
  let wrong: unknown;
  for (const path of files) {
    const file = parts.reader.file(path);
    try {
      return { path, axes: (await file.describe()).axes };
    } catch (error) {
      wrong ??= error;
    } finally {
      file.close();
    }
  }
  throw wrong;
}

async function chooseFolder(base: string, model: string): Promise<string | undefined> {
  const proposal = await proposeFolder(base, model);
  if (proposal === null) return askFolder(base);
  const proposed = {
    label: `$(folder) ${basename(proposal)}`,
    description: relative(dirname(base), proposal),
    detail: "Results keep the names of their stacks",
  };
  const other = { label: "$(folder-opened) Choose another folder…", alwaysShow: true };
  const choice = await vscode.window.showQuickPick([proposed, other], {
    title: "Write the results to",
    placeHolder: "One folder for all results",
    ignoreFocusOut: true,
  });
  return choice === other ? askFolder(proposal) : choice === undefined ? undefined : proposal;
}
