/**
 * The prediction workers: one process for each running prediction, and one that answers questions about
 * plans, models and engines and goes when nobody has asked for a while.
 * @module
 */
import type * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import type { PacedProgress } from "../src/job";
import { KeptWorker, openPredictionWorker, predictInWorker } from "../src/predict/drive";
import type { PredictionWorkerHandle, WatchingJob } from "../src/predict/drive";
import type { PredictionResult } from "../src/predict/record";
import type {
  BatchRequest,
  FoundStacks,
  ModelReply,
  PlanReply,
  PlanRequest,
  PredictionRequest,
  PredictionWorker,
} from "../src/protocol/prediction";

const IDLE_MS = 30_000;

type Requests = PredictionWorker["requests"];

/** Asks a worker something. */
export type AskWorker = <K extends keyof Requests>(
  method: K,
  params: Parameters<Requests[K]>[0],
) => Promise<ReturnType<Requests[K]>>;

/** Hears of a plan: what was asked, and the JSON of `tilewright plan`. */
export type PlanListener = (request: PlanRequest, plan: unknown) => void;

/** Starts, watches and ends the processes that hold models and engines. */
export class PredictionWorkers {
  readonly #script: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #running = new Set<AbortController>();
  #advisor: PredictionWorkerHandle | null = null;
  #questions = 0;
  #idle: ReturnType<typeof setTimeout> | null = null;
  readonly #planned: PlanListener;

  /** @param planned hears every plan that was made */
  constructor(script: string, log: vscode.LogOutputChannel, planned: PlanListener = () => undefined) {
    this.#script = script;
    this.#log = log;
    this.#planned = planned;
  }

  /** How many processes run now. */
  get count(): number {
    return this.#running.size + (this.#advisor === null ? 0 : 1);
  }

  /**
   * Predicts in a process of its own, which is gone when the promise settles.
   *
   * @throws {TilewrightError} what the prediction throws; `AbortError` when cancelled
   */
  async predict(
    request: PredictionRequest,
    report: (progress: PacedProgress) => void,
    signal: AbortSignal,
  ): Promise<PredictionResult> {
    return this.#run(signal, (ending) =>
      predictInWorker(this.#script, request, {
        signal: ending,
        report,
        log: (line) => this.#log.info(line),
      }),
    );
  }

  /**
   * Does work with a process of its own that is kept for several requests, and gone when the promise settles.
   *
   * @param work gets a signal that also aborts when the window goes
   */
  async withWorker<T>(
    signal: AbortSignal,
    work: (worker: KeptWorker, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#run(signal, async (ending) => {
      const worker = new KeptWorker(this.#script);
      try {
        return await work(worker, ending);
      } finally {
        await worker.dispose();
      }
    });
  }

  /**
   * Asks a process of its own, which is gone when the promise settles.
   *
   * @param work is given a way to ask it, as often as it likes
   */
  async asking<T>(job: WatchingJob, work: (ask: AskWorker) => Promise<T>): Promise<T> {
    return this.withWorker(job.signal, (worker, signal) =>
      work((method, params) => worker.ask(method, params, { ...job, signal })),
    );
  }

  async #run<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const shutdown = new AbortController();
    this.#running.add(shutdown);
    try {
      return await work(AbortSignal.any([signal, shutdown.signal]));
    } finally {
      this.#running.delete(shutdown);
    }
  }

  /** Which stacks inputs name; the model is loaded too, so that a wrong one is told. */
  findStacks(request: BatchRequest, signal?: AbortSignal): Promise<FoundStacks> {
    return this.#ask((worker) => worker.channel.request("batch", request, signal));
  }

  async plan(request: PlanRequest, signal?: AbortSignal): Promise<PlanReply> {
    const reply = await this.#ask((worker) => worker.channel.request("plan", request, signal));
    this.#planned(request, reply.plan);
    return reply;
  }

  model(path: string, signal?: AbortSignal): Promise<ModelReply> {
    return this.#ask((worker) => worker.channel.request("model", { path }, signal));
  }

  engines(signal?: AbortSignal): Promise<unknown> {
    return this.#ask((worker) => worker.channel.request("engines", undefined, signal));
  }

  dispose(): void {
    for (const shutdown of this.#running) shutdown.abort();
    this.#dismiss();
  }

  async #ask<T>(question: (worker: PredictionWorkerHandle) => Promise<T>): Promise<T> {
    this.#stayAwake();
    const worker = (this.#advisor ??= this.#open());
    this.#questions++;
    try {
      return await Promise.race([question(worker), worker.died]);
    } catch (error) {
      if (isGone(error)) this.#dismiss();
      throw error;
    } finally {
      this.#questions--;
      if (this.#questions === 0) this.#idle = setTimeout(() => this.#dismiss(), IDLE_MS);
    }
  }

  #open(): PredictionWorkerHandle {
    const worker = openPredictionWorker(this.#script);
    worker.channel.on("log", ({ line }) => this.#log.info(line));
    return worker;
  }

  #dismiss(): void {
    this.#stayAwake();
    const worker = this.#advisor;
    this.#advisor = null;
    void worker?.dispose();
  }

  #stayAwake(): void {
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof TilewrightError && /^(channel|worker)\./.test(error.code);
}
