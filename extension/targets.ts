/**
 * Which file a command is about.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import { TIFF_ENDINGS, isStackName } from "../src/stack/names";

/** Endings for dialogs, which tell small letters from capitals on some systems. */
export const FILE_NAMES: readonly string[] = TIFF_ENDINGS.map((ending) => ending.slice(1)).flatMap(
  (ending) => [ending, ending.toUpperCase()],
);

/** The file that the active tab shows, whichever editor shows it. */
export function activeFile(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText
    ? input.uri
    : undefined;
}

/**
 * The stack that a command is about: its argument, else the active editor's, else asked for.
 *
 * @param given first argument of the command: a URI or a path
 * @returns undefined when the user closed the dialog
 */
export async function targetStack(given: unknown): Promise<vscode.Uri | undefined> {
  const named = uriOf(given);
  if (named !== undefined) return named;
  const active = activeFile();
  if (active !== undefined && isStackName(active.path)) return active;
  const chosen = await vscode.window.showOpenDialog({
    title: "Choose a stack",
    openLabel: "Choose",
    filters: { "TIFF stacks": [...FILE_NAMES] },
    canSelectMany: false,
  });
  return chosen?.[0];
}

/** A command's argument as a URI; undefined when it is none. */
export function uriOf(given: unknown): vscode.Uri | undefined {
  if (given instanceof vscode.Uri) return given;
  if (typeof given === "string" && given !== "") return vscode.Uri.file(given);
  return undefined;
}

/**
 * Several stacks, or a folder of them, that a command is about; undefined when it is about one stack or none.
 *
 * @param given  first argument of the command: a URI or a path, or a list of them
 * @param others second argument, when the explorer gives one: everything that is selected
 * @returns paths; of what is selected in the explorer only folders and stacks
 * @throws {TilewrightError} `stack.virtual`, `predict.input`
 */
export async function targetBatch(given: unknown, others?: unknown): Promise<string[] | undefined> {
  const isListed = Array.isArray(given);
  const selected: readonly unknown[] = Array.isArray(others) ? others : isListed ? given : [given];
  const paths: string[] = [];
  let isMany = isListed;
  for (const uri of selected.map(uriOf)) {
    if (uri === undefined) {
      if (!isListed) continue;
      throw new TilewrightError("predict.input", "the first argument must be URIs or paths of stacks");
    }
    const isSearched = !isStackName(uri.path) && (await isFolder(uri));
    if (isSearched || isStackName(uri.path) || !Array.isArray(others)) paths.push(diskPath(uri));
    isMany ||= isSearched;
  }
  return paths.length > 1 || (isMany && paths.length > 0) ? paths : undefined;
}

async function isFolder(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    ({ type }) => (type & vscode.FileType.Directory) !== 0,
    () => false,
  );
}

/**
 * The path of a file on a disk of this machine.
 *
 * @throws {TilewrightError} `stack.virtual`
 */
export function diskPath(uri: vscode.Uri): string {
  if (uri.scheme === "file") return uri.fsPath;
  throw new TilewrightError(
    "stack.virtual",
    `${basename(uri.path)} is in a virtual file system (${uri.scheme}:), from which parts of a file cannot be read`,
    "copy it to a folder of this machine first",
  );
}
