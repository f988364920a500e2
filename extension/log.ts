/**
 * The log, and how failures are told.
 * @module
 */
import * as vscode from "vscode";
import { failureLine, isAbort, toFailure } from "../src/errors";

/** Creates the output channel "Tilewright". */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel("Tilewright", { log: true });
}

/**
 * Tells the user about a failure: one message with its hint, the details in the log. Cancelling is no failure.
 *
 * @param what what was being done, for people: "Predicting stack.tif"
 */
export async function showFailure(what: string, error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (isCancelled(error)) {
    log.info(`${what}: cancelled`);
    return;
  }
  const failure = toFailure(error);
  log.error(`${what}: ${failureLine(failure)} [${failure.code}]`);
  if (failure.code === "internal" && error instanceof Error && error.stack !== undefined)
    log.error(error.stack);
  const choice = await vscode.window.showErrorMessage(`${what}: ${failureLine(failure)}`, "Show Log");
  if (choice === "Show Log") log.show();
}

/** Whether somebody wanted it to stop. */
export function isCancelled(error: unknown): boolean {
  return isAbort(error) || error instanceof vscode.CancellationError || toFailure(error).code === "cancelled";
}
