/**
 * "Open Sample Stack".
 * @module
 */
import { copyFile, mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Parts } from "../parts";
import { VIEW_TYPE } from "../stackEditor";

/** The command `tilewright.openSample`: a copy, so that results can be written beside it. Resolves to its URI. */
export async function openSample({ context }: Parts): Promise<vscode.Uri> {
  const source = vscode.Uri.joinPath(context.extensionUri, "media", "sample", "stack.tif").fsPath;
  const folder = vscode.Uri.joinPath(context.globalStorageUri, "sample").fsPath;
  const target = join(folder, "stack.tif");
  await mkdir(folder, { recursive: true });
  const size = (path: string): Promise<number> =>
    stat(path).then(
      (found) => found.size,
      () => -1,
    );
  if ((await size(target)) !== (await size(source))) await copyFile(source, target);
  const uri = vscode.Uri.file(target);
  await vscode.commands.executeCommand("vscode.openWith", uri, VIEW_TYPE);
  return uri;
}
