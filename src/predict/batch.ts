/**
 * A batch: many stacks with one model, one after the other, in one worker that keeps the model and its engine.
 * What goes wrong with one stack costs that stack only.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { TilewrightError, isAbort, toFailure } from "../errors";
import type { Failure } from "../errors";
import type { PacedProgress } from "../job";
import type { BatchRequest, FoundStacks, StackSurvey } from "../protocol/prediction";
import { batchAction, mirroredOutputs } from "./batchOutputs";
import type { BatchAction } from "./batchOutputs";
import { BatchClock } from "./batchProgress";
import type { BatchProgress } from "./batchProgress";
import type { KeptWorker, WatchingJob } from "./drive";
import { readOptions } from "./options";
import type { PredictOptions } from "./options";
import { recordPath } from "./record";
import type { PredictionResult } from "./record";

/** What a batch is asked to do; options as for one prediction. */
export interface BatchOrder extends BatchRequest {
  readonly out: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A file that can be predicted, with what will be done. */
export interface PlannedFile extends StackSurvey {
  readonly file: string;
  readonly out: string;
  readonly action: BatchAction;
}

/** A file of which nothing comes, and why. */
export interface FailedFile {
  readonly file: string;
  readonly error: Failure;
}

/** What will be done with every file, in the order of the inputs. */
export interface BatchPlan {
  readonly order: BatchOrder;
  readonly files: readonly (PlannedFile | FailedFile)[];
}

/** A file that an earlier run finished. */
export interface SkippedFile {
  readonly file: string;
  readonly out: string;
  readonly record: string;
  readonly skipped: true;
}

/** How a file of a batch ended: the JSON of a single prediction with its input. */
export type BatchFile = (PredictionResult & { readonly file: string }) | SkippedFile | FailedFile;

/** Sums over a batch. */
export interface BatchTotals {
  readonly files: number;
  readonly predicted: number;
  readonly skipped: number;
  readonly failed: number;
  /** Files that were not finished because the batch was stopped. */
  readonly left: number;
  readonly seconds: number;
  /** Most memory of all processes together, at any time. */
  readonly peakRssBytes: number;
}

/** The JSON of `tilewright predict` with several stacks. */
export interface BatchResult {
  readonly files: readonly BatchFile[];
  readonly totals: BatchTotals;
}

/** The JSON of `tilewright predict --dry-run`. */
export interface BatchOutlook {
  readonly dryRun: true;
  readonly files: readonly (PlannedFile | FailedFile)[];
  readonly totals: { readonly files: number; readonly failed: number } & Readonly<
    Record<BatchAction, number>
  >;
}

/** Who started a batch. */
export interface BatchJob {
  readonly signal: AbortSignal;
  report(progress: BatchProgress): void;
  log(line: string): void;
}

/** Whether nothing came, or will come, of a file. */
export function isFailed(file: object): file is FailedFile {
  return "error" in file;
}

/**
 * Finds the stacks of a batch and plans each. Reads no pixels and writes nothing.
 *
 * @param worker asked for everything; it has the model loaded afterwards
 * @throws {TilewrightError} for what concerns all files: options, the model, no stack at all, an output folder that
 *         is the folder of the inputs
 */
export async function planBatch(order: BatchOrder, worker: KeptWorker, job: WatchingJob): Promise<BatchPlan> {
  const options = readOptions(order.options);
  const { model, inputs, cwd, recursive, out } = order;
  const found = await worker.ask("batch", { model, inputs, cwd, recursive, out }, job);
  if (found.files.length === 0) throw nothingFound(found);
  if (found.base === resolve(out)) {
    throw new TilewrightError(
      "batch.outIsInput",
      `the results would get the names of the inputs, in the same folder ${found.base}`,
      "choose another output folder, such as one in it",
    );
  }
  const files: (PlannedFile | FailedFile)[] = [...found.problems];
  const outs = mirroredOutputs(found.files, found.base, out);
  const all = new Set(found.files);
  const sets = new Map<string, string>();
  for (const [i, file] of found.files.entries()) {
    job.report(looking(i, found.files.length));
    try {
      const planned = await planFile({ order, file, out: outs[i], inputs: all, options }, worker, job);
      const first = planned.members.length > 1 ? sets.get(setOf(planned)) : undefined;
      if (first !== undefined) {
        job.log(`${file}: a part of the same set of files as ${first}, which is predicted once`);
        continue;
      }
      sets.set(setOf(planned), file);
      files.push(planned);
    } catch (error) {
      job.signal.throwIfAborted();
      files.push({ file, error: toFailure(error) });
    }
  }
  job.report(looking(found.files.length, found.files.length));
  return { order, files };
}

/** The same text for every file that opens the same set. */
function setOf({ file, members }: PlannedFile): string {
  return [dirname(file), ...[...members].sort()].join("\0");
}

function nothingFound({ problems }: FoundStacks): TilewrightError {
  const [first] = problems;
  if (first === undefined)
    return new TilewrightError("batch.noStacks", "there is nothing to predict", "name a stack");
  const { code, message, hint } = first.error;
  const others = problems.length > 1 ? `; and ${problems.length - 1} more like it` : "";
  return new TilewrightError(code, message + others, hint);
}

function looking(done: number, total: number): PacedProgress {
  return { what: "looking at files", done, total, unit: "files", perSecond: null, secondsLeft: null };
}

async function planFile(
  one: {
    readonly order: BatchOrder;
    readonly file: string;
    readonly out: string;
    readonly inputs: ReadonlySet<string>;
    readonly options: PredictOptions;
  },
  worker: KeptWorker,
  job: WatchingJob,
): Promise<PlannedFile> {
  const { order, file, out, inputs, options } = one;
  if (inputs.has(out)) {
    throw new TilewrightError("out.isInput", `${out} is an input itself`, "choose another output folder");
  }
  const request = { input: file, model: order.model, out, options: order.options };
  const quiet: WatchingJob = {
    signal: job.signal,
    log: (line) => {
      job.log(line);
    },
    report: () => undefined,
  };
  const survey = await worker.ask("survey", request, quiet);
  return { file, out, ...survey, action: batchAction(out, survey.output, options) };
}

/** What a plan of a batch says, as one document. */
export function outlookOf({ files }: BatchPlan): BatchOutlook {
  const count = (action: BatchAction): number =>
    files.filter((file) => !isFailed(file) && file.action === action).length;
  return {
    dryRun: true,
    files,
    totals: {
      files: files.length,
      predict: count("predict"),
      resume: count("resume"),
      skip: count("skip"),
      failed: files.filter(isFailed).length,
    },
  };
}

/**
 * Predicts what is planned. A file that fails is noted, and the next one begins; when the job is aborted, the file
 * it is about keeps its tiles, and the rest is not begun.
 *
 * @param worker that planned the batch; whoever opened it disposes it, also to let an aborted tile end
 */
export async function runBatch(plan: BatchPlan, worker: KeptWorker, job: BatchJob): Promise<BatchResult> {
  const started = performance.now();
  const waiting = plan.files.filter((file): file is PlannedFile => !isFailed(file) && file.action !== "skip");
  const clock = new BatchClock(waiting);
  const files: BatchFile[] = [];
  let stopped = false;
  for (const planned of plan.files) {
    if (isFailed(planned)) {
      files.push(planned);
    } else if (planned.action === "skip") {
      files.push({ file: planned.file, out: planned.out, record: recordPath(planned.out), skipped: true });
    } else if (!stopped) {
      job.report(clock.next());
      const file = await predictFile(plan.order, planned, worker, timed(job, clock));
      stopped = isFailed(file) && file.error.code === STOPPED;
      files.push(file);
    }
  }
  return { files, totals: totalsOf(plan, files, (performance.now() - started) / 1000) };
}

const STOPPED = "cancelled";

/** The job of one file, which tells how far the whole batch is. */
function timed(job: BatchJob, clock: BatchClock): WatchingJob {
  return {
    signal: job.signal,
    log: (line) => {
      job.log(line);
    },
    report: (now) => {
      job.report(clock.tell(now));
    },
  };
}

async function predictFile(
  order: BatchOrder,
  { file, out, action }: PlannedFile,
  worker: KeptWorker,
  job: WatchingJob,
): Promise<BatchFile> {
  const overwrite = action === "predict" && order.options.overwrite === true;
  const options = { ...order.options, resume: action === "resume", overwrite };
  try {
    job.signal.throwIfAborted();
    await mkdir(dirname(out), { recursive: true });
    const result = await worker.predict({ input: file, model: order.model, out, options, keep: true }, job);
    job.log(
      `${out}: ${result.tiles} ${result.tiles === 1 ? "tile" : "tiles"}, ${result.seconds.toFixed(1)} s`,
    );
    return { file, ...result };
  } catch (error) {
    if (isAbort(error) || job.signal.aborted) {
      const hint = "go on with --resume";
      return { file, error: { code: STOPPED, message: `${file}: stopped`, hint } };
    }
    const failure = toFailure(error);
    job.log(`${file}: failed: ${failure.message}`);
    return { file, error: failure };
  }
}

function totalsOf(plan: BatchPlan, files: readonly BatchFile[], seconds: number): BatchTotals {
  const results = files.filter((file) => "tiles" in file);
  const skipped = files.filter((file) => "skipped" in file).length;
  const failed = files.filter((file) => isFailed(file) && file.error.code !== STOPPED).length;
  return {
    files: plan.files.length,
    predicted: results.length,
    skipped,
    failed,
    left: plan.files.length - results.length - skipped - failed,
    seconds,
    peakRssBytes: Math.max(
      process.resourceUsage().maxRSS * 1024,
      ...results.map(({ peakRssBytes }) => peakRssBytes),
    ),
  };
}

/** The file at which a batch was stopped; undefined when it went to its end. */
export function stoppedAt({ files }: BatchResult): FailedFile | undefined {
  return files.find((file): file is FailedFile => isFailed(file) && file.error.code === STOPPED);
}
