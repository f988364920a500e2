/**
 * A stack file that is shown: its reader handle, and news when the file changes.
 * @module
 */
import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import type { StackDescription } from "../src/protocol/viewer";
import type { ReaderThread, StackFile } from "./readerThread";

const SETTLE_MS = 300;

/** Why a stack has to be looked at again. */
export type StackChange = "file" | "deleted";

/** One stack file and a watch over it. Whoever creates it disposes it. */
export class WatchedStack {
  readonly uri: vscode.Uri;
  readonly #file: StackFile | null;
  readonly #changed = new vscode.EventEmitter<StackChange>();
  readonly #watcher: vscode.FileSystemWatcher | null;
  #settling: ReturnType<typeof setTimeout> | null = null;

  /** Fires when the file was written or deleted, once writing has paused. */
  readonly onDidChange = this.#changed.event;

  /** @param series which stack of the file; the first that has pixels when left out */
  constructor(uri: vscode.Uri, reader: ReaderThread, series?: number) {
    this.uri = uri;
    this.#file = uri.scheme === "file" ? reader.file(uri.fsPath, series) : null;
    this.#watcher = this.#file === null ? null : watch(uri);
    this.#watcher?.onDidChange(() => this.#later("file"));
    this.#watcher?.onDidCreate(() => this.#later("file"));
    this.#watcher?.onDidDelete(() => this.#later("deleted"));
  }

  /** @throws {TilewrightError} `stack.virtual` when the file is not on a disk of this machine */
  get file(): StackFile {
    if (this.#file !== null) return this.#file;
    throw new TilewrightError(
      "stack.virtual",
      `${basename(this.uri.path)} is in a virtual file system (${this.uri.scheme}:), from which parts of a file cannot be read`,
      "copy it to a folder of this machine, or open the folder on the machine that has it",
    );
  }

  /** Which stack of the file is shown, when another than the first was chosen. */
  get series(): number | undefined {
    return this.#file?.series;
  }

  /** Shows another stack of the file from now on. */
  chooseSeries(index: number): void {
    this.file.chooseSeries(index);
    this.#changed.fire("file");
  }

  /** @throws {TilewrightError} what opening the file throws */
  async describe(): Promise<StackDescription> {
    return this.file.describe();
  }

  dispose(): void {
    if (this.#settling !== null) clearTimeout(this.#settling);
    this.#watcher?.dispose();
    this.#changed.dispose();
    this.#file?.close();
  }

  #later(change: StackChange): void {
    if (this.#settling !== null) clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      this.#settling = null;
      this.#file?.close();
      this.#changed.fire(change);
    }, SETTLE_MS);
  }
}

function watch(uri: vscode.Uri): vscode.FileSystemWatcher {
  const folder = vscode.Uri.file(dirname(uri.fsPath));
  return vscode.workspace.createFileSystemWatcher(
    new vscode.RelativePattern(folder, escapeGlob(basename(uri.fsPath))),
  );
}

function escapeGlob(name: string): string {
  return name.replace(/[[\]{}*?]/g, (letter) => `[${letter}]`);
}
