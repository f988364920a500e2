/**
 * "Predict Tiled…" and "Predict Visible Region": asking what is missing, then predicting.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../../src/errors";
import type { BatchOutlook, BatchResult } from "../../src/predict/batch";
import type { PredictionResult } from "../../src/predict/record";
import type { PredictionRequest } from "../../src/protocol/prediction";
import type { ViewReport } from "../../src/protocol/viewer";
import { ModelPicker } from "../modelPicker";
import { discardPartial, hasPartial } from "../../src/predict/partial";
import { askOutput, freeOrAsked, proposeOutput } from "../outputs";
import type { Parts } from "../parts";
import { confirmPlan } from "../planPicker";
import type { Draft } from "../planPicker";
import { predictionOptions, readSettings } from "../settings";
import { diskPath, targetBatch, targetStack, uriOf } from "../targets";
import { isTrustedOrAsk, requireTrust } from "../trust";
import { predictBatchAsking, predictBatchScripted } from "./predictBatch";
import { checkOrder, isScripted, pathOf } from "./scripted";
import type { ScriptedOrder } from "./scripted";

const AXES_KEY = "axes.byFile";
const AXES_KEPT = 200;

/**
 * The command `tilewright.predictTiled`, for a stack, several of them or a folder. With model and output it asks
 * nothing and resolves to the JSON of `tilewright predict`; without it asks.
 */
export async function predictTiled(
  parts: Parts,
  target: unknown,
  order: unknown,
): Promise<PredictionResult | BatchResult | BatchOutlook | undefined> {
  const several = await targetBatch(target, order);
  if (isScripted(order)) {
    return several === undefined
      ? predictScripted(parts, target, order)
      : predictBatchScripted(parts, several, order);
  }
  if (several !== undefined) {
    await predictBatchAsking(parts, several);
    return undefined;
  }
  const uri = await targetStack(target);
  if (uri !== undefined) await predictAsking(parts, uri, () => Promise.resolve({}));
  return undefined;
}

/** The command `tilewright.predictVisible`: the part of the stack that the viewer shows. */
export async function predictVisible(parts: Parts): Promise<void> {
  const editor = parts.editors.active;
  const view = editor?.view;
  if (editor === undefined || view === undefined || view === null) {
    throw new TilewrightError(
      "view.none",
      "no stack is shown",
      "open a .tif file and zoom to the part that you want",
    );
  }
  await predictAsking(parts, editor.uri, (model, axes) => visiblePart(parts, { view, model, axes }));
}

async function predictScripted(
  parts: Parts,
  target: unknown,
  order: ScriptedOrder,
): Promise<PredictionResult> {
  requireTrust();
  const uri = uriOf(target);
  if (uri === undefined)
    throw new TilewrightError("predict.input", "the first argument must be a URI or a path of a stack");
  const { model, out, token, ...options } = checkOrder(order);
  const input = diskPath(uri);
  const settings = predictionOptions(readSettings(uri));
  const request = { input, model: pathOf(model), out: pathOf(out), options: { ...settings, ...options } };
  return parts.runs.run(request, token);
}

async function predictAsking(
  parts: Parts,
  uri: vscode.Uri,
  partOf: (model: string, axes: string) => Promise<Readonly<Record<string, unknown>>>,
): Promise<void> {
  if (!(await isTrustedOrAsk())) return;
  const input = diskPath(uri);
  const series = parts.editors.seriesOf(uri);
  const file = parts.reader.file(input, series);
  const { axes } = await file.describe().finally(() => file.close());
  const picker = new ModelPicker(parts.context);
  let model = await picker.pick(`Predict ${basename(input)}`);
  while (model !== undefined) {
    const options = {
      ...predictionOptions(readSettings(uri)),
      series,
      ...rememberedAxes(parts, input, axes),
      ...(await partOf(model, axes)),
    };
    const out =
      (await proposeOutput(input, model)) ?? (await askOutput(input.replace(/\.\w+$/, "_predicted.tif")));
    if (out === undefined) return;
    const end = await confirmPlan({ input, model, out, fileAxes: axes, options }, parts.workers);
    if (end?.kind === "predict") {
      await rememberAxes(parts, end.draft);
      await startOrResume(parts, end.draft);
      return;
    }
    if (end?.kind === "explain") await parts.pages.show(`${basename(input)} tiling.txt`, end.text);
    if (end?.kind !== "model") return;
    model = await picker.pick(`Predict ${basename(input)}`);
  }
}

/** Goes on where an earlier run stopped, if the user wants that. */
async function startOrResume(parts: Parts, { input, model, out, options }: Draft): Promise<void> {
  if (!(await hasPartial(out))) {
    await parts.runs.runAndShow({ input, model, out, options: { ...options, overwrite: true } });
    return;
  }
  const resume = {
    label: "$(debug-continue) Resume",
    detail: "Keep the tiles that are done and predict the others",
  };
  const restart = { label: "$(debug-restart) Start Over", detail: "Throw the tiles that are done away" };
  const choice = await vscode.window.showQuickPick([resume, restart], {
    title: `A partial result of ${basename(out)} exists`,
    placeHolder: "An earlier run with this output stopped on the way",
    ignoreFocusOut: true,
  });
  if (choice === undefined) return;
  if (choice === restart) await discardPartial(out);
  const how = choice === resume ? { resume: true } : { overwrite: true };
  await parts.runs.runAndShow({ input, model, out, options: { ...options, ...how } });
}

function axesByFile(parts: Parts): Readonly<Record<string, string>> {
  return parts.context.workspaceState.get<Readonly<Record<string, string>>>(AXES_KEY, {});
}

function rememberedAxes(parts: Parts, input: string, fileAxes: string): { readonly axes?: string } {
  const axes = axesByFile(parts)[input];
  return typeof axes === "string" && axes.length === fileAxes.length ? { axes } : {};
}

async function rememberAxes(parts: Parts, { input, options }: Draft): Promise<void> {
  if (typeof options.axes !== "string") return;
  const others = Object.entries(axesByFile(parts)).filter(([path]) => path !== input);
  const kept: Readonly<Record<string, string>> = Object.fromEntries(
    [[input, options.axes] as const, ...others].slice(0, AXES_KEPT),
  );
  await parts.context.workspaceState.update(AXES_KEY, kept);
}

/**
 * The visible part as an option: rows and columns on the screen, this time point, and this slice where the
 * model is two-dimensional.
 */
async function visiblePart(
  parts: Parts,
  { view, model, axes }: { readonly view: ViewReport; readonly model: string; readonly axes: string },
): Promise<{ readonly roi: Readonly<Record<string, readonly [number, number]>> }> {
  const { description } = await parts.workers.model(model);
  const { inputs } = description as { readonly inputs: readonly { readonly axes: string }[] };
  const isFlat = !inputs[0].axes.includes("Z");
  const { plane, region } = view;
  return {
    roi: {
      ...(axes.includes("T") ? { T: [plane.t, plane.t + 1] as const } : {}),
      ...(axes.includes("Z") && isFlat ? { Z: [plane.z, plane.z + 1] as const } : {}),
      Y: region.y,
      X: region.x,
    },
  };
}

/** Predicts again what a run record says, into a file of its own. */
export async function repeatRequest(parts: Parts, request: PredictionRequest): Promise<void> {
  if (!(await isTrustedOrAsk())) return;
  const out = await freeOrAsked(request.out);
  if (out !== undefined) await parts.runs.runAndShow({ ...request, out });
}
