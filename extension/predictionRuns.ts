/**
 * Predictions that run, with their notifications; and what happens when they end.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import type { PredictionResult } from "../src/predict/record";
import type { PredictionRequest } from "../src/protocol/prediction";
import { signalOf } from "./job";
import { isCancelled, showFailure } from "./log";
import { discardPartial, hasPartial } from "../src/predict/partial";
import type { KnownTilings } from "./knownTilings";
import type { PredictionWorkers } from "./predictionWorkers";
import { durationText, progressText } from "./progressText";
import { readSettings } from "./settings";
import { VIEW_TYPE } from "./stackEditor";

const DIAGNOSE = "tilewright.diagnoseSeams";
/** Disagreement of neighbouring tiles from which on a run is looked at, fraction of the range. */
const DOUBTFUL = 1e-3;

/** Runs predictions; at most one for each output. */
export class PredictionRuns {
  readonly #workers: PredictionWorkers;
  readonly #tilings: KnownTilings;
  readonly #log: vscode.LogOutputChannel;
  readonly #outputs = new Set<string>();

  /** @param tilings that are told of every run that ends */
  constructor(workers: PredictionWorkers, tilings: KnownTilings, log: vscode.LogOutputChannel) {
    this.#workers = workers;
    this.#tilings = tilings;
    this.#log = log;
  }

  /**
   * Predicts under a notification that can be cancelled. Asks nothing.
   *
   * @param token cancels it too
   * @throws {TilewrightError} what the prediction throws; `AbortError` when cancelled
   */
  async run(request: PredictionRequest, token?: vscode.CancellationToken): Promise<PredictionResult> {
    if (this.#outputs.has(request.out)) {
      throw new TilewrightError(
        "run.twice",
        `${basename(request.out)} is being written already`,
        "wait for it, or cancel it",
      );
    }
    this.#outputs.add(request.out);
    this.#log.info(
      `predicting ${request.input} with ${request.model} into ${request.out}: ${JSON.stringify(request.options)}`,
    );
    try {
      const title = `Predicting ${basename(request.input)} with ${basename(request.model)}`;
      const result = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title, cancellable: true },
        (progress, cancel) => this.#predict(request, progress, [cancel, token]),
      );
      for (const warning of result.warnings) this.#log.warn(`${warning.message} (${warning.fix})`);
      this.#log.info(resultText(result));
      this.#tilings.ended(request.input, result.out);
      return result;
    } finally {
      this.#outputs.delete(request.out);
    }
  }

  /** Predicts, shows the result beside the input and tells how it went; offers a way on when it did not. */
  async runAndShow(request: PredictionRequest): Promise<void> {
    try {
      const result = await this.run(request);
      await vscode.commands.executeCommand(
        "vscode.openWith",
        vscode.Uri.file(result.out),
        VIEW_TYPE,
        vscode.ViewColumn.Beside,
      );
      void this.#tell(result, request);
    } catch (error) {
      if (isCancelled(error)) await this.#offerResume(request);
      else void showFailure(`Predicting ${basename(request.input)}`, error, this.#log);
    }
  }

  async #predict(
    request: PredictionRequest,
    progress: vscode.Progress<{ readonly message?: string; readonly increment?: number }>,
    tokens: readonly (vscode.CancellationToken | undefined)[],
  ): Promise<PredictionResult> {
    const cancel = signalOf(...tokens);
    let shown = 0;
    progress.report({ message: "starting" });
    try {
      return await this.#workers.predict(
        request,
        (now) => {
          const percent = now.unit === "tiles" && now.total > 0 ? (100 * now.done) / now.total : 0;
          const increment = Math.max(0, percent - shown);
          shown += increment;
          progress.report({ message: progressText(now), increment });
        },
        cancel.signal,
      );
    } finally {
      cancel.dispose();
    }
  }

  async #tell(result: PredictionResult, { input, options }: PredictionRequest): Promise<void> {
    const record = "Show Run Record";
    const compare = "Compare with Input";
    const diagnose = "Diagnose Seams";
    const isDoubtful = mayHaveMarks(result);
    if (isDoubtful && readSettings().diagnoseAfterRun === "findings")
      void vscode.commands.executeCommand(DIAGNOSE, vscode.Uri.file(result.out));
    const buttons = [
      ...(isDoubtful ? [diagnose] : []),
      // Part of a stack does not lie over the whole.
      ...(options.roi === undefined ? [compare] : []),
      record,
    ];
    const choice = await vscode.window.showInformationMessage(resultText(result), ...buttons);
    const out = vscode.Uri.file(result.out);
    if (choice === diagnose) await vscode.commands.executeCommand(DIAGNOSE, out);
    if (choice === record) await vscode.commands.executeCommand("tilewright.showRun", out);
    if (choice === compare) {
      try {
        const order = { with: vscode.Uri.file(input), series: options.series };
        await vscode.commands.executeCommand("tilewright.compareStacks", out, order);
      } catch (error) {
        void showFailure(compare, error, this.#log);
      }
    }
  }

  async #offerResume(request: PredictionRequest): Promise<void> {
    if (!(await hasPartial(request.out))) {
      this.#log.info(`predicting ${request.input}: cancelled before the first tile`);
      return;
    }
    const message = `Stopped. The tiles that are done are kept in ${basename(request.out)}.partial.`;
    const choice = await vscode.window.showInformationMessage(message, "Resume", "Discard");
    if (choice === "Resume")
      await this.runAndShow({ ...request, options: { ...request.options, resume: true } });
    if (choice === "Discard") await discardPartial(request.out);
  }
}

/** Whether tiles may have left marks: the plan is not exact, or neighbours disagree. */
export function mayHaveMarks({ exact, seams }: Pick<PredictionResult, "exact" | "seams">): boolean {
  return !exact || (seams.maxRelative ?? 0) >= DOUBTFUL;
}

/** One line on how a prediction went. */
export function resultText(result: PredictionResult): string {
  const { out, tiles, seconds, engine, seams, exact, warnings } = result;
  const parts = [
    `${basename(out)}: ${tiles} ${tiles === 1 ? "tile" : "tiles"} in ${durationText(seconds)} on ${engine.device}`,
  ];
  if (exact) parts.push("equal to untiled prediction");
  else if (seams.maxRelative !== null)
    parts.push(`tiles disagree by up to ${seams.maxRelative.toExponential(1)} of the range where they meet`);
  if (warnings.length > 0)
    parts.push(
      warnings.length === 1
        ? "1 warning, see the run record"
        : `${warnings.length} warnings, see the run record`,
    );
  return `${parts.join("; ")}.`;
}
