/**
 * "Explain Tiling…", "Inspect Model…" and "Show Engines": questions whose answer is a text.
 * @module
 */
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import { ModelPicker } from "../modelPicker";
import type { Parts } from "../parts";
import { predictionOptions, readSettings } from "../settings";
import { diskPath, targetStack, uriOf } from "../targets";
import { isTrustedOrAsk } from "../trust";

/** The command `tilewright.explainTiling`; resolves to the text that it shows. */
export async function explainTiling(
  parts: Parts,
  target: unknown,
  order: unknown,
): Promise<string | undefined> {
  const uri = await targetStack(target);
  if (uri === undefined || !(await isTrustedOrAsk())) return undefined;
  const input = diskPath(uri);
  const { model: given, ...options } = orderOf(order);
  const model =
    given ?? (await new ModelPicker(parts.context).pick(`Explain the tiling of ${basename(input)}`));
  if (model === undefined) return undefined;
  const series = parts.editors.seriesOf(uri);
  const request = { input, model, options: { ...predictionOptions(readSettings(uri)), series, ...options } };
  const { text } = await busily("Working out the tiling", () => parts.workers.plan(request));
  await parts.pages.show(`${basename(input)} tiling.txt`, text);
  return text;
}

/** The command `tilewright.inspectModel`; resolves to the text that it shows. */
export async function inspectModel(parts: Parts, target: unknown): Promise<string | undefined> {
  if (!(await isTrustedOrAsk())) return undefined;
  const uri = uriOf(target);
  const model =
    uri === undefined
      ? await new ModelPicker(parts.context).pick("Inspect a model")
      : await modelPath(diskPath(uri));
  if (model === undefined) return undefined;
  const { text } = await busily("Reading the model", () => parts.workers.model(model));
  await parts.pages.show(`${basename(model)} model.txt`, text);
  return text;
}

/** The command `tilewright.showEngines`; resolves to the text that it shows. */
export async function showEngines(parts: Parts): Promise<string> {
  const engines = await busily("Looking for engines", () => parts.workers.engines());
  const text = enginesText(engines as readonly EngineEntry[], readSettings().engine);
  await parts.pages.show("engines.txt", text);
  return text;
}

interface EngineEntry {
  readonly id: string;
  readonly name: string;
  readonly available: boolean;
  readonly device: string;
  readonly reason?: string;
}

function enginesText(engines: readonly EngineEntry[], preferred: string): string {
  const lines = engines.map(({ id, name, available, device, reason }) => {
    const state = available ? device : `not here: ${reason ?? "no reason given"}`;
    return `${available ? "✓" : "–"} ${id.padEnd(11)}${name}\n    ${state}`;
  });
  return [
    "What can run networks on this machine",
    "",
    ...lines,
    "",
    `The setting tilewright.engine.preferred is "${preferred}".`,
    'With "auto" the fastest that gives a known answer is taken.',
    "",
  ].join("\n");
}

/** Weights and configuration lie in the folder that is the model. */
async function modelPath(path: string): Promise<string> {
  const isFolder = (await stat(path)).isDirectory();
  return isFolder || /\.onnx$/i.test(path) ? path : dirname(path);
}

function orderOf(order: unknown): { readonly model?: string } & Readonly<Record<string, unknown>> {
  if (typeof order !== "object" || order === null || Array.isArray(order)) return {};
  const given = order as Readonly<Record<string, unknown>>;
  return typeof given.model === "string" ? { ...given, model: given.model } : {};
}

async function busily<T>(title: string, task: () => Promise<T>): Promise<T> {
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, task);
}
