/**
 * The extension: puts its parts together. Loads no engine and reads no file.
 * @module
 */
import * as vscode from "vscode";
import { BatchRuns } from "./batchRuns";
import { registerCommands } from "./commands/register";
import { KnownTilings } from "./knownTilings";
import { LayerMemory } from "./layers";
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
  readonly views: readonly {
    readonly path: string;
    readonly view: OpenEditor["view"];
    /** Stacks that were added to be compared with or laid over. */
    readonly layers: readonly { readonly layer: number; readonly path: string }[];
  }[];
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
  const tilings = new KnownTilings();
  const memory = new LayerMemory(context.workspaceState);
  const folder = vscode.Uri.joinPath(dist, "webview");
  const editors = new StackEditors({ reader, folder, tilings, memory, log });
  const workers = new PredictionWorkers(fileIn("worker.cjs"), log, (request, plan) =>
    tilings.planned(request, plan),
  );
  const runs = new PredictionRuns(workers, tilings, log);
  const pages = new TextPages();
  const batches = new BatchRuns({ workers, tilings, pages, log });
  const parts = { context, log, reader, editors, workers, runs, batches, pages, tilings };
  context.subscriptions.push(
    log,
    reader,
    workers,
    tilings,
    editors.register(),
    pages.register(),
    registerCommands(parts),
  );
  return {
    diagnostics: () => ({
      ...editors.faults,
      readerRuns: reader.isRunning,
      workers: workers.count,
      views: editors.all.map(({ uri, view, document }) => ({
        path: uri.fsPath,
        view,
        layers: document.layers.uris.map((known) => ({ layer: known.layer, path: known.uri.fsPath })),
      })),
    }),
  };
}
