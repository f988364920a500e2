/**
 * Where editors that belong together stand.
 * @module
 */
import * as vscode from "vscode";

/** One of two columns: three stand too close. */
export function columnBeside(column: vscode.ViewColumn | undefined): vscode.ViewColumn {
  return column === vscode.ViewColumn.One ? vscode.ViewColumn.Two : vscode.ViewColumn.One;
}
