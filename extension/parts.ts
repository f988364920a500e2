/**
 * What the commands work with.
 * @module
 */
import type * as vscode from "vscode";
import type { BatchRuns } from "./batchRuns";
import type { DiagnosisPanels } from "./diagnosisPanels";
import type { KnownTilings } from "./knownTilings";
import type { PredictionRuns } from "./predictionRuns";
import type { PredictionWorkers } from "./predictionWorkers";
import type { ReaderThread } from "./readerThread";
import type { StackEditors } from "./stackEditor";
import type { TextPages } from "./textPages";

/** The parts of the extension, made once by `activate`. */
export interface Parts {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly reader: ReaderThread;
  readonly editors: StackEditors;
  readonly workers: PredictionWorkers;
  readonly runs: PredictionRuns;
  readonly batches: BatchRuns;
  readonly pages: TextPages;
  readonly diagnoses: DiagnosisPanels;
  readonly tilings: KnownTilings;
}
