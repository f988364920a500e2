/**
 * What scripts and other extensions order: predictions that ask nothing.
 * @module
 */
import * as vscode from "vscode";
import { TilewrightError } from "../../src/errors";

/** A model, an output, options as on the command line, and a token to cancel with. */
export interface ScriptedOrder extends Readonly<Record<string, unknown>> {
  readonly model: string;
  readonly out: string;
  readonly token?: vscode.CancellationToken;
}

/** Whether a command's second argument is an order: the explorer gives a list of files there. */
export function isScripted(order: unknown): order is ScriptedOrder {
  return typeof order === "object" && order !== null && !Array.isArray(order) && "model" in order;
}

/**
 * The order when it names a model and an output.
 *
 * @throws {TilewrightError} `predict.order`
 */
export function checkOrder(order: ScriptedOrder): ScriptedOrder {
  if (typeof order.model === "string" && typeof order.out === "string") return order;
  throw new TilewrightError("predict.order", "model and out must be paths", 'pass {model: "…", out: "…"}');
}

/** Scripts may give a path or the text of a `file:` URI. */
export function pathOf(text: string): string {
  return text.startsWith("file:") ? vscode.Uri.parse(text).fsPath : text;
}
