/**
 * The door that untrusted folders do not pass: models are programs.
 * @module
 */
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";

const WHY = "Running a network needs a trusted folder";

/**
 * Checks that the workspace is trusted, without asking.
 *
 * @throws {TilewrightError} `trust.required`
 */
export function requireTrust(): void {
  if (!vscode.workspace.isTrusted) {
    throw new TilewrightError(
      "trust.required",
      `${WHY}, and this one is open in Restricted Mode`,
      "trust it first",
    );
  }
}

/** Whether the workspace is trusted; when it is not, says so and offers to change it. */
export async function isTrustedOrAsk(): Promise<boolean> {
  if (vscode.workspace.isTrusted) return true;
  const message = `${WHY}, and this one is open in Restricted Mode. Stacks can still be looked at.`;
  const choice = await vscode.window.showWarningMessage(message, "Manage Workspace Trust");
  if (choice !== undefined) await vscode.commands.executeCommand("workbench.trust.manage");
  return vscode.workspace.isTrusted;
}
