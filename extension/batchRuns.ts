/**
 * Batches that run, with their notification; and what happens when they end.
 * @module
 */
import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import { isFailed, outlookOf, planBatch, runBatch, stoppedAt } from "../src/predict/batch";
import type { BatchOrder, BatchOutlook, BatchPlan, BatchResult, PlannedFile } from "../src/predict/batch";
import { failurePage, totalsText } from "../src/predict/batchText";
import type { KeptWorker, WatchingJob } from "../src/predict/drive";
import { signalOf } from "./job";
import { isCancelled, showFailure } from "./log";
import type { KnownTilings } from "./knownTilings";
import type { PredictionWorkers } from "./predictionWorkers";
import { batchProgressText, durationText, progressText } from "./progressText";
import { VIEW_TYPE } from "./stackEditor";
import type { TextPages } from "./textPages";

/** How many results "Open Results" opens at most. */
const OPENED_AT_ONCE = 8;

type Progress = vscode.Progress<{ readonly message?: string; readonly increment?: number }>;

/** What is done about results that exist; null when the user went away. */
type Existing = "resume" | "overwrite" | null;

/** What batches work with. */
export interface BatchParts {
  readonly workers: PredictionWorkers;
  /** Are told of every file that is predicted. */
  readonly tilings: KnownTilings;
  readonly pages: TextPages;
  readonly log: vscode.LogOutputChannel;
}

/** Runs batches, each in a process that is kept for all its files. */
export class BatchRuns {
  readonly #workers: PredictionWorkers;
  readonly #tilings: KnownTilings;
  readonly #pages: TextPages;
  readonly #log: vscode.LogOutputChannel;

  constructor({ workers, tilings, pages, log }: BatchParts) {
    this.#workers = workers;
    this.#tilings = tilings;
    this.#pages = pages;
    this.#log = log;
  }

  /** What would be done. Asks nothing. */
  outlook(order: BatchOrder, token?: vscode.CancellationToken): Promise<BatchOutlook> {
    return this.#withProgress(order, token, async (worker, job) =>
      outlookOf(await planBatch(order, worker, job)),
    );
  }

  /**
   * Predicts under a notification that can be cancelled. Asks nothing.
   *
   * @param token cancels it too
   * @throws {TilewrightError} for what concerns all files; `CancellationError` when cancelled
   */
  async run(order: BatchOrder, token?: vscode.CancellationToken): Promise<BatchResult> {
    const result = await this.#withProgress(order, token, async (worker, job, progress) =>
      this.#perform(await planBatch(order, worker, job), worker, { job, progress }),
    );
    if (stoppedAt(result) !== undefined) throw new vscode.CancellationError();
    return result;
  }

  /** Asks what to do about results that exist, predicts, and tells how it went with a way to what came out. */
  async runAndShow(order: BatchOrder): Promise<void> {
    try {
      const result = await this.#withProgress(order, undefined, async (worker, job, progress) => {
        const plan = await this.#planAsking(order, worker, job);
        return plan === null ? null : this.#perform(plan, worker, { job, progress });
      });
      if (result !== null) void this.#tell(result, order);
    } catch (error) {
      if (!isCancelled(error)) void showFailure("Predict Tiled", error, this.#log);
    }
  }

  async #planAsking(order: BatchOrder, worker: KeptWorker, job: WatchingJob): Promise<BatchPlan | null> {
    const resuming = { ...order, options: { ...order.options, resume: true } };
    const plan = await planBatch(resuming, worker, job);
    const how = order.options.resume === true ? "resume" : await askAboutExisting(plan);
    if (how === null) return null;
    if (how === "resume") return plan;
    const options = { ...order.options, resume: false, overwrite: true };
    return planBatch({ ...order, options }, worker, job);
  }

  async #withProgress<T>(
    order: BatchOrder,
    token: vscode.CancellationToken | undefined,
    work: (worker: KeptWorker, job: WatchingJob, progress: Progress) => Promise<T>,
  ): Promise<T> {
    const title = `Predicting with ${basename(order.model)}`;
    this.#log.info(
      `batch of ${order.inputs.join(", ")} with ${order.model} into ${order.out}: ${JSON.stringify(order.options)}`,
    );
    return vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (progress, cancel) => {
        const stop = signalOf(cancel, token);
        const job = (signal: AbortSignal): WatchingJob => ({
          signal,
          log: (line) => this.#log.info(line),
          report: (now) => progress.report({ message: progressText(now) }),
        });
        try {
          return await this.#workers.withWorker(stop.signal, (worker, signal) =>
            work(worker, job(signal), progress),
          );
        } finally {
          stop.dispose();
        }
      },
    );
  }

  async #perform(
    plan: BatchPlan,
    worker: KeptWorker,
    { job, progress }: { readonly job: WatchingJob; readonly progress: Progress },
  ): Promise<BatchResult> {
    let shown = 0;
    const result = await runBatch(plan, worker, {
      signal: job.signal,
      log: job.log,
      report: (now) => {
        const increment = Math.max(0, 100 * now.fraction - shown);
        shown += increment;
        progress.report({ message: batchProgressText(now), increment });
      },
    });
    for (const file of result.files) if ("out" in file) this.#tilings.ended(file.file, file.out);
    const failed = result.files.filter(isFailed);
    for (const { file, error } of failed) this.#log.warn(`${file}: ${error.message} [${error.code}]`);
    this.#log.info(`batch: ${totalsText(result.totals)} in ${durationText(result.totals.seconds)}`);
    return result;
  }

  async #tell(result: BatchResult, order: BatchOrder): Promise<void> {
    const { totals } = result;
    const isStopped = stoppedAt(result) !== undefined;
    const message = isStopped
      ? `Stopped: ${totalsText(totals)}. What is done is kept.`
      : `${totalsText(totals)} in ${durationText(totals.seconds)}.`;
    const actions = new Map<string, () => Thenable<unknown>>();
    if (isStopped) {
      const options = { ...order.options, resume: true, overwrite: false };
      actions.set("Resume", () => this.runAndShow({ ...order, options }));
    }
    if (totals.failed > 0) {
      const page = failurePage(result.files, totals, dirname(order.out));
      actions.set("Show Errors", () => this.#pages.show(`${basename(order.out)} errors.txt`, page));
    }
    const results = result.files.flatMap((file) => ("out" in file ? [file.out] : []));
    if (results.length > 0) {
      actions.set("Open Results", () => openStacks(results.slice(0, OPENED_AT_ONCE)));
      actions.set("Reveal", () => reveal(vscode.Uri.file(order.out)));
    }
    const show = totals.failed > 0 ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
    const choice = await show(message, ...actions.keys());
    if (choice !== undefined) await actions.get(choice)?.();
  }
}

/** Asks only when something stands under the name of a result. */
async function askAboutExisting({ files }: BatchPlan): Promise<Existing> {
  const planned = files.filter((file): file is PlannedFile => !isFailed(file));
  const finished = planned.filter(({ action }) => action === "skip").length;
  const unfinished = planned.filter(({ action }) => action === "resume").length;
  const others = files.filter((file) => isFailed(file) && file.error.code === "resume.differs").length;
  if (finished + unfinished + others === 0) return "resume";
  const parts = [
    ...(finished > 0 ? [`${finished} finished`] : []),
    ...(unfinished > 0 ? [`${unfinished} unfinished`] : []),
    ...(others > 0 ? [`${others} of other runs`] : []),
  ];
  const resume = {
    label: "$(debug-continue) Keep and Go On",
    detail: "Finished results are kept, unfinished ones continued; those of other runs are left alone",
  };
  const overwrite = { label: "$(debug-restart) Replace All", detail: "Every stack is predicted again" };
  const choice = await vscode.window.showQuickPick([resume, overwrite], {
    title: `Results exist in this folder: ${parts.join(", ")}`,
    placeHolder: "What is to be done with them?",
    ignoreFocusOut: true,
  });
  return choice === undefined ? null : choice === resume ? "resume" : "overwrite";
}

async function openStacks(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await vscode.commands.executeCommand("vscode.openWith", vscode.Uri.file(path), VIEW_TYPE, {
      preview: false,
    });
  }
}

/** In the explorer where it shows the folder, else in the system's. */
async function reveal(folder: vscode.Uri): Promise<void> {
  const isInside = vscode.workspace.getWorkspaceFolder(folder) !== undefined;
  await vscode.commands.executeCommand(isInside ? "revealInExplorer" : "revealFileInOS", folder);
}
