/**
 * The extension: puts its parts together. Loads no engine and reads no file.
 * @module
 */
import * as vscode from "vscode";
import type { DiagnosisMode, Verdict } from "../src/diagnose/diagnosis";
import { BatchRuns } from "./batchRuns";
import { repeatWith } from "./commands/records";
import { registerCommands } from "./commands/register";
import { DiagnosisPanels } from "./diagnosisPanels";
import { DiagnosisStore } from "./diagnosisStore";
import type { ReportedFaults } from "./faults";
import { KnownTilings } from "./knownTilings";
import { LayerMemory } from "./layers";
import { createLog } from "./log";
import type { Parts } from "./parts";
import { PredictionRuns } from "./predictionRuns";
import { PredictionWorkers } from "./predictionWorkers";
import { ReaderThread } from "./readerThread";
import { readSettings } from "./settings";
import { StackEditors } from "./stackEditor";
import type { OpenEditor } from "./stackEditor";
import { TextPages } from "./textPages";

/** What the extension tells about itself, for tests and bug reports. */
export interface Diagnostics extends ReportedFaults {
  readonly readerRuns: boolean;
  /** Prediction workers that run now. */
  readonly workers: number;
  readonly views: readonly {
    readonly path: string;
    readonly view: OpenEditor["view"];
    /** Stacks that were added to be compared with or laid over. */
    readonly layers: readonly { readonly layer: number; readonly path: string }[];
  }[];
  /** What the panels of diagnoses show. */
  readonly diagnoses: readonly {
    readonly path: string;
    readonly verdict: Verdict;
    readonly mode: DiagnosisMode;
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
  const storage = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, "diagnoses");
  const diagnoses: DiagnosisPanels = new DiagnosisPanels({
    ...{ folder, editors, workers, log },
    store: new DiagnosisStore(storage.fsPath),
    predictAgain: (record, options) => repeatWith(parts, record, options),
  });
  const batches = new BatchRuns({ workers, tilings, pages, log });
  const parts: Parts = { context, log, reader, editors, workers, runs, batches, pages, tilings, diagnoses };
  context.subscriptions.push(
    log,
    reader,
    workers,
    tilings,
    editors.register(),
    pages.register(),
    diagnoses.register(),
    registerCommands(parts),
  );
  return {
    diagnostics: () => ({
      cspViolations: [...editors.faults.cspViolations, ...diagnoses.faults.cspViolations],
      faults: [...editors.faults.faults, ...diagnoses.faults.faults],
      readerRuns: reader.isRunning,
      workers: workers.count,
      views: editors.all.map(({ uri, view, document }) => ({
        path: uri.fsPath,
        view,
        layers: document.layers.uris.map((known) => ({ layer: known.layer, path: known.uri.fsPath })),
      })),
      diagnoses: diagnoses.all.map(({ uri, diagnosis }) => ({
        path: uri.fsPath,
        verdict: diagnosis.verdict,
        mode: diagnosis.mode,
      })),
    }),
  };
}
