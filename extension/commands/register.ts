/**
 * Which function answers which command.
 * @module
 */
import * as vscode from "vscode";
import { TilewrightError, failureLine } from "../../src/errors";
import { isCancelled, showFailure } from "../log";
import type { Parts } from "../parts";
import { addLayer, compareStacks, namesOther } from "./compare";
import { diagnoseSeams, isDiagnosisOrder } from "./diagnose";
import { explainTiling, inspectModel, showEngines } from "./explain";
import { predictTiled, predictVisible } from "./predict";
import { repeatRun, showRun } from "./records";
import { openFolder } from "./folder";
import { openSample } from "./sample";
import { isScripted } from "./scripted";

type Command = (parts: Parts, first: unknown, second: unknown) => Promise<unknown>;

/** Commands by the last part of their id; what is shown when one fails. */
export const COMMANDS: Readonly<Record<string, { readonly what: string; readonly run: Command }>> =
  Object.freeze({
    predictTiled: { what: "Predict Tiled", run: predictTiled },
    predictVisible: { what: "Predict Visible Region", run: predictVisible },
    explainTiling: { what: "Explain Tiling", run: explainTiling },
    inspectModel: { what: "Inspect Model", run: inspectModel },
    openFolder: { what: "Open Folder as Stack", run: openFolder },
    openSample: { what: "Open Sample Stack", run: openSample },
    showRun: { what: "Show Run Record", run: showRun },
    repeatRun: { what: "Repeat Run", run: repeatRun },
    compareStacks: { what: "Compare", run: compareStacks },
    addLayer: { what: "Add Layer", run: addLayer },
    diagnoseSeams: { what: "Diagnose Seams", run: diagnoseSeams },
    showEngines: { what: "Show Engines", run: showEngines },
  });

/** Registers all commands; dispose the result to take them back. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const registered = Object.entries(COMMANDS).map(([name, { what, run }]) =>
    vscode.commands.registerCommand(`tilewright.${name}`, async (first: unknown, second: unknown) => {
      try {
        return await run(parts, first, second);
      } catch (error) {
        // Scripts get errors; people get messages.
        if (isOrder(name, second)) throw asError(error);
        void showFailure(what, error, parts.log);
        return undefined;
      }
    }),
  );
  return vscode.Disposable.from(...registered);
}

/** Whether a second argument comes from a script, not from a menu. */
function isOrder(name: string, second: unknown): boolean {
  return isScripted(second) || namesOther(second) || (name === "diagnoseSeams" && isDiagnosisOrder(second));
}

function asError(error: unknown): unknown {
  if (isCancelled(error)) return new vscode.CancellationError();
  if (error instanceof TilewrightError)
    return Object.assign(new Error(failureLine(error.toFailure())), { code: error.code });
  return error;
}
