/**
 * Choosing a model: those of the workspace, of the settings, those used before and those that come along.
 * @module
 */
import { readdir } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import * as vscode from "vscode";
import { exists } from "../src/predict/partial";
import { readSettings } from "./settings";

const RECENT_KEY = "models.recent";
const RECENT_KEPT = 5;
const FOUND_AT_MOST = 200;
const EXCLUDED = "**/{node_modules,.git,.venv,venv,__pycache__}/**";
const WEIGHTS = /\.(h5|hdf5|keras)$/i;
const FOLDER_DEPTH = 2;

interface ModelItem extends vscode.QuickPickItem {
  readonly path?: string;
  readonly browse?: "file" | "folder";
}

/** Lets the user choose a model, and remembers what was chosen. */
export class ModelPicker {
  readonly #context: vscode.ExtensionContext;

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
  }

  /**
   * Asks for a model.
   *
   * @param title of the list
   * @returns its folder or file; undefined when the user closed the list
   */
  async pick(title: string): Promise<string | undefined> {
    const stop = new vscode.CancellationTokenSource();
    try {
      const items = this.#items(stop.token);
      const chosen = await vscode.window.showQuickPick(items, {
        title,
        placeHolder: "Choose the network to run",
        matchOnDescription: true,
        ignoreFocusOut: true,
      });
      const path = chosen?.browse === undefined ? chosen?.path : await browse(chosen.browse);
      if (path !== undefined) await this.remember(path);
      return path;
    } finally {
      stop.cancel();
      stop.dispose();
    }
  }

  /** Puts a model first in the next list. */
  async remember(path: string): Promise<void> {
    const others = this.#recent().filter((known) => known !== path);
    await this.#context.globalState.update(RECENT_KEY, [path, ...others].slice(0, RECENT_KEPT));
  }

  /** Folder of the models that come with the extension. */
  get bundledFolder(): string {
    return vscode.Uri.joinPath(this.#context.extensionUri, "media", "sample", "models").fsPath;
  }

  #recent(): readonly string[] {
    const known = this.#context.globalState.get<unknown>(RECENT_KEY, []);
    return Array.isArray(known) ? known.filter((path): path is string => typeof path === "string") : [];
  }

  async #items(token: vscode.CancellationToken): Promise<ModelItem[]> {
    const [workspace, settings, bundled] = await Promise.all([
      modelsOfWorkspace(token),
      modelsOfFolders(readSettings().modelFolders),
      modelsOfFolders([this.bundledFolder]),
    ]);
    const all = [...workspace, ...settings, ...bundled];
    const recent: string[] = [];
    for (const path of this.#recent()) if (await exists(path)) recent.push(path);
    const rest = (paths: readonly string[]): string[] => paths.filter((path) => !recent.includes(path));
    const groups: [string, readonly string[]][] = [
      ["last used", recent],
      ["in this workspace", rest(workspace)],
      ["in tilewright.models.folders", rest(settings).filter((path) => !workspace.includes(path))],
      ["comes with Tilewright", rest(bundled).filter((path) => all.indexOf(path) === all.lastIndexOf(path))],
    ];
    const items = groups.flatMap(([label, paths]): ModelItem[] =>
      paths.length === 0 ? [] : [separator(label), ...paths.map((path) => this.#itemOf(path))],
    );
    return [
      ...items,
      separator("elsewhere"),
      { label: "$(folder-opened) Browse for a model folder…", browse: "folder" },
      { label: "$(file) Browse for an ONNX file…", browse: "file" },
    ];
  }

  #itemOf(path: string): ModelItem {
    const isFile = /\.onnx$/i.test(path);
    const isBundled = path.startsWith(this.bundledFolder);
    return {
      label: `$(${isFile ? "file" : "folder"}) ${basename(path)}`,
      description: isBundled ? "trained on generated stacks like the sample" : placeOf(dirname(path)),
      path,
    };
  }
}

function separator(label: string): ModelItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function placeOf(folder: string): string {
  const workspace = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(folder));
  if (workspace !== undefined) return relative(dirname(workspace.uri.fsPath), folder);
  return folder.startsWith(homedir()) ? folder.replace(homedir(), "~") : folder;
}

async function browse(what: "file" | "folder"): Promise<string | undefined> {
  const chosen = await vscode.window.showOpenDialog({
    title: what === "file" ? "Choose an ONNX file" : "Choose the folder that holds config.json",
    openLabel: "Choose",
    canSelectFiles: what === "file",
    canSelectFolders: what === "folder",
    ...(what === "file" ? { filters: { "ONNX models": ["onnx"] } } : {}),
  });
  return chosen?.[0]?.fsPath;
}

async function modelsOfWorkspace(token: vscode.CancellationToken): Promise<string[]> {
  const find = (pattern: string): Thenable<vscode.Uri[]> =>
    vscode.workspace.findFiles(pattern, EXCLUDED, FOUND_AT_MOST, token);
  const [configs, networks] = await Promise.all([find("**/config.json"), find("**/*.onnx")]);
  const folders: string[] = [];
  for (const { scheme, fsPath } of configs) {
    if (scheme === "file" && (await hasWeights(dirname(fsPath)))) folders.push(dirname(fsPath));
  }
  return [
    ...folders,
    ...networks.filter(({ scheme }) => scheme === "file").map(({ fsPath }) => fsPath),
  ].sort();
}

async function modelsOfFolders(folders: readonly string[], depth = FOLDER_DEPTH): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const names = entries.map(({ name }) => name);
    if (names.includes("config.json") && names.some((name) => WEIGHTS.test(name))) found.push(folder);
    found.push(...names.filter((name) => /\.onnx$/i.test(name)).map((name) => join(folder, name)));
    if (depth > 0) {
      const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
      found.push(...(await modelsOfFolders(inner.slice(0, FOUND_AT_MOST), depth - 1)));
    }
    if (found.length >= FOUND_AT_MOST) break;
  }
  return found.slice(0, FOUND_AT_MOST);
}

async function hasWeights(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => WEIGHTS.test(name));
}
