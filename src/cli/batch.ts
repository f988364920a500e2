/**
 * `predict` with several stacks.
 * @module
 */
import { outlookOf, planBatch, runBatch, stoppedAt } from "../predict/batch";
import type { BatchOrder, BatchResult } from "../predict/batch";
import type { BatchProgress } from "../predict/batchProgress";
import { failureTable, outlookText, placeText, totalsText } from "../predict/batchText";
import { KeptWorker } from "../predict/drive";
import { ExitCode } from "./exitCode";
import { EXIT, TerminalJob, durationText, note, print, printJson, rateText } from "./terminal";
import type { ProgressLine } from "./terminal";
import { WORKER_SCRIPT } from "./worker";

/** How a batch is told. */
export interface BatchTelling {
  readonly json: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/**
 * Predicts a batch, prints how it went.
 *
 * @throws {ExitCode} 1 when a file failed, 130 when it was interrupted
 * @throws {TilewrightError} for what concerns all files
 */
export async function performBatch(order: BatchOrder, telling: BatchTelling): Promise<void> {
  const job = new TerminalJob();
  const worker = new KeptWorker(WORKER_SCRIPT);
  try {
    const plan = await planBatch(order, worker, job);
    if (telling.dryRun) {
      const outlook = outlookOf(plan);
      if (telling.json) printJson(outlook);
      else print(outlookText(outlook, process.cwd()));
      if (outlook.totals.failed > 0) throw new ExitCode(EXIT.failed);
      return;
    }
    const result = await runBatch(plan, worker, {
      signal: job.signal,
      log: (line) => {
        job.log(line);
      },
      report: (progress) => {
        job.show(batchLine(progress));
      },
    });
    await worker.dispose(); // a tile that was interrupted ends before anything is said
    job.dispose();
    tell(result, order, telling.json);
  } finally {
    await worker.dispose();
    job.dispose();
  }
}

function tell(result: BatchResult, order: BatchOrder, json: boolean): void {
  const { totals } = result;
  if (json) printJson(result);
  else {
    const place = totals.predicted > 0 ? `; results are in ${order.out}` : "";
    print(`${totalsText(totals)} in ${durationText(totals.seconds)}${place}`);
  }
  const stopped = stoppedAt(result);
  const failed = result.files.filter((file) => file !== stopped);
  if (totals.failed > 0) note(`\n${failureTable(failed, process.cwd())}\n`);
  if (stopped !== undefined) {
    note(
      `tilewright: predict: interrupted at ${stopped.file}; ${totalsText(totals)} (go on with the same command and --resume)`,
    );
    throw new ExitCode(EXIT.interrupted);
  }
  if (totals.failed > 0) {
    note(`tilewright: predict: ${totals.failed} of ${totals.files} files failed (see the table above)`);
    throw new ExitCode(EXIT.failed);
  }
}

/** "file 3 of 12, a.tif: 5/9 tiles, 2.1 tiles/s, 4 min 10 s left in all"; the bar is about all files. */
export function batchLine(progress: BatchProgress): ProgressLine {
  const { within, fraction, secondsLeft } = progress;
  const parts = [
    within === null
      ? "starting"
      : `${within.what === "predicting" ? "" : `${within.what} `}${rateText({ ...within, secondsLeft: null })}`,
    ...(secondsLeft === null ? [] : [`${durationText(secondsLeft)} left in all`]),
  ];
  return { what: placeText(progress), done: fraction, total: 1, text: parts.join(", ") };
}
