/**
 * "Open Folder as Stack…": folders that are images, such as OME-Zarr.
 * @module
 */
import * as vscode from "vscode";
import type { Parts } from "../parts";
import { VIEW_TYPE } from "../stackEditor";
import { diskPath, uriOf } from "../targets";

/**
 * The command `tilewright.openFolder`: shows a folder in the stack editor, which tells what is wrong with one that is
 * no image.
 *
 * @param given the folder, as a URI or a path; without it, it is asked for
 * @returns its URI; undefined when the user closed the dialog
 */
export async function openFolder(_: Parts, given: unknown): Promise<vscode.Uri | undefined> {
  const uri = uriOf(given) ?? (await chooseFolder());
  if (uri === undefined) return undefined;
  diskPath(uri);
  await vscode.commands.executeCommand("vscode.openWith", uri, VIEW_TYPE);
  return uri;
}

async function chooseFolder(): Promise<vscode.Uri | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: "Open a folder as a stack",
    openLabel: "Open",
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
  });
  return chosen?.[0];
}
