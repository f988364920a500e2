/**
 * The extension: puts its parts together. Loads no engine and reads no file.
 * @module
 */
import * as vscode from "vscode";
import { BatchRuns } from "./batchRuns";
import { registerCommands } from "./commands/register";
import { createLog } from "./log";
import { PredictionRuns } from "./predictionRuns";
import { PredictionWorkers } from "./predictionWorkers";
import { ReaderThread } from "./readerThread";
import { readSettings } from "./settings";
import { StackEditors } from "./stackEditor";
import type { OpenEditor, ViewerFaults } from "./stackEditor";
import { TextPages } from "./textPages";

/** What the extension tells about itself, for tests and bug reports. */
export interface Diagnostics extends ViewerFaults {
  readonly readerRuns: boolean;
  /** Prediction workers that run now. */
  readonly workers: number;
  readonly views: readonly { readonly path: string; readonly view: OpenEditor["view"] }[];
}

/** What `getExtension("tilewright.tilewright").exports` is. */
export interface Exports {
  diagnostics(): Diagnostics;
}

/** Called by VS Code when the extension is first needed. */
export function activate(context: vscode.ExtensionContext): Exports {
  const log = createLog();
  const dist = vscode.Uri.joinPath(context.extensionUri, "dist");
  const fileIn = (name: string): string => vscode.Uri.joinPath(dist, name).fsPath;
  const readerSettings = () => ({ cacheBytes: readSettings().viewerCacheMiB * 2 ** 20 });
  const reader = new ReaderThread(fileIn("reader.cjs"), readerSettings, (line) => log.debug(line));
  const editors = new StackEditors(reader, vscode.Uri.joinPath(dist, "webview"), log);
  const workers = new PredictionWorkers(fileIn("worker.cjs"), log);
  const runs = new PredictionRuns(workers, log);
  const pages = new TextPages();
  const batches = new BatchRuns(workers, pages, log);
  const parts = { context, log, reader, editors, workers, runs, batches, pages };
  context.subscriptions.push(
    log,
    reader,
    workers,
    editors.register(),
    pages.register(),
    registerCommands(parts),
  );
  return {
    diagnostics: () => ({
      ...editors.faults,
      readerRuns: reader.isRunning,
      workers: workers.count,
      views: editors.all.map(({ uri, view }) => ({ path: uri.fsPath, view })),
    }),
  };
}
