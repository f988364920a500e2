/**
 * Driving the prediction worker: starting it, talking to it, surviving its death, ending it.
 * @module
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { TilewrightError, isAbort } from "../errors";
import type { Job, PacedProgress } from "../job";
import { Channel } from "../protocol/channel";
import type { PredictionDriver, PredictionRequest, PredictionWorker } from "../protocol/prediction";
import { processPort } from "../protocol/processPort";
import { MOST_RETILES } from "../tiling/retile";
import type { PredictionResult } from "./record";

/** How long a cancelled worker may take to finish its tile before it is killed, ms. */
const GRACE_MS = 5000;
/** Variables that would change what the worker loads. */
const UNWANTED_VARIABLES = ["NODE_OPTIONS", "LD_LIBRARY_PATH", "LD_PRELOAD", "NODE_CHANNEL_FD"];
/**
 * glibc raises this threshold by itself, then keeps the memory of freed tiles: held at 1 MiB, the peak of a
 * run does not grow with its length (+1 % instead of up to +11 % over four times as many planes).
 */
const MALLOC_VARIABLES = { MALLOC_MMAP_THRESHOLD_: String(2 ** 20) };
const STDERR_KEPT = 8192;

/** A running prediction worker. Whoever opens it disposes it. */
export interface PredictionWorkerHandle {
  readonly channel: Channel<PredictionDriver, PredictionWorker>;
  readonly pid: number | undefined;
  /** Rejects with what the worker died of; never resolves. */
  readonly died: Promise<never>;
  /** Ends the worker: at once when idle, after its tile and at most {@link GRACE_MS} when busy. */
  dispose(): Promise<void>;
}

/**
 * Starts a prediction worker.
 *
 * @param script path of the built worker (`dist/worker.cjs`)
 */
export function openPredictionWorker(script: string): PredictionWorkerHandle {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !UNWANTED_VARIABLES.includes(name)),
  );
  const child = fork(script, [], {
    execArgv: [],
    env: { ...env, ...MALLOC_VARIABLES },
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const channel = new Channel<PredictionDriver, PredictionWorker>(processPort(child), {});
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-STDERR_KEPT)));
  const kills = countKills();
  const died = new Promise<never>((_, reject) => {
    child.once("error", (error) => {
      channel.dispose();
      reject(
        new TilewrightError(
          "worker.notStarted",
          `the prediction worker could not be started: ${error.message}`,
        ),
      );
    });
    child.once("exit", (code, signal) => {
      void causeOfDeath({ code, signal, stderr, kills }).then((cause) => {
        channel.dispose();
        reject(cause);
      });
    });
  });
  died.catch(() => undefined); // nobody may be waiting
  return { channel, pid: child.pid, died, dispose: () => end(child, channel) };
}

/** Who started a prediction: hears how far it is with its rate, which the worker works out. */
export type WatchingJob = Omit<Job, "report"> & { report(progress: PacedProgress): void };

/**
 * Predicts in a worker of its own. When the worker dies for lack of memory, a new one goes on with
 * smaller tiles (CSBDeep's rule, at most 8 times).
 *
 * @throws {TilewrightError} what the worker threw, or what it died of; `AbortError` when cancelled
 */
export async function predictInWorker(
  script: string,
  request: PredictionRequest,
  job: WatchingJob,
): Promise<PredictionResult> {
  const worker = new KeptWorker(script);
  try {
    return await worker.predict(request, job);
  } finally {
    await worker.dispose();
  }
}

/** What a kept worker is asked. */
type Requests = PredictionWorker["requests"];

/**
 * A prediction worker that answers one request after the other, and is replaced when it dies or when its engine
 * failed: what a broken process would say next is worth nothing. Started with the first request. Whoever creates it
 * disposes it.
 */
export class KeptWorker {
  readonly #script: string;
  #worker: PredictionWorkerHandle | null = null;

  /**
   * A worker that is not started yet.
   *
   * @param script path of the built worker (`dist/worker.cjs`)
   */
  constructor(script: string) {
    this.#script = script;
  }

  /** Predicts; the rule for lack of memory and the errors are those of {@link predictInWorker}. */
  async predict(request: PredictionRequest, job: WatchingJob): Promise<PredictionResult> {
    for (let retiled = 0; ; retiled++) {
      try {
        const result = (await this.ask("predict", { ...request, retiled }, job)) as PredictionResult;
        return { ...result, peakRssBytes: result.peakRssBytes + process.resourceUsage().maxRSS * 1024 };
      } catch (error) {
        if (!isOutOfMemoryDeath(error) || retiled >= MOST_RETILES) throw error;
        job.log("the prediction worker ran out of memory and died; trying again with smaller tiles");
      }
    }
  }

  /**
   * Asks the worker.
   *
   * @throws {TilewrightError} what the worker threw, or what it died of; `AbortError` when cancelled, the worker
   *         may be busy until {@link dispose} then
   */
  async ask<K extends keyof Requests>(
    method: K,
    params: Parameters<Requests[K]>[0],
    job: WatchingJob,
  ): Promise<ReturnType<Requests[K]>> {
    job.signal.throwIfAborted();
    const { channel, died } = (this.#worker ??= openPredictionWorker(this.#script));
    const deaf = [
      channel.on("progress", (progress) => {
        job.report(progress);
      }),
      channel.on("log", ({ line }) => {
        job.log(line);
      }),
    ];
    try {
      const asked = channel.request(method, params as never, job.signal);
      asked.catch(() => undefined); // its channel closes when the worker dies; `died` knows why
      const answer = await Promise.race([asked.catch((error: unknown) => later(error, died)), died]);
      return answer as ReturnType<Requests[K]>;
    } catch (error) {
      if (isBroken(error)) await this.dispose();
      throw error;
    } finally {
      for (const stop of deaf) stop();
    }
  }

  /** Ends the worker: at once when idle, after its tile when busy. The next request starts another one. */
  async dispose(): Promise<void> {
    const worker = this.#worker;
    this.#worker = null;
    await worker?.dispose();
  }
}

/** Whether a process that said this, or died of it, is not to be asked again. */
function isBroken(error: unknown): boolean {
  return (
    !isAbort(error) &&
    (!(error instanceof TilewrightError) || /^(worker|channel|engine|internal)\b/.test(error.code))
  );
}

/** A closed channel is only the symptom: waits for what the worker died of. */
async function later(error: unknown, died: Promise<never>): Promise<never> {
  if (error instanceof TilewrightError && error.code === "channel.closed") return died;
  throw error;
}

function isOutOfMemoryDeath(error: unknown): boolean {
  return error instanceof TilewrightError && error.code === "worker.outOfMemory";
}

async function end(child: ChildProcess, channel: { dispose(): void }): Promise<void> {
  channel.dispose();
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    if (child.connected) child.disconnect();
    else child.kill("SIGKILL");
  });
}

interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly kills: Promise<number | null>;
}

/** Names a cause only on evidence: what the runtime printed, or the kernel's own count of memory kills. */
async function causeOfDeath({ code, signal, stderr, kills }: Death): Promise<TilewrightError> {
  const before = await kills;
  const now = await countKills();
  const killedByKernel = signal === "SIGKILL" && before !== null && now !== null && now > before;
  if (killedByKernel || /bad_alloc|out of memory|heap limit|cannot allocate memory/i.test(stderr)) {
    return new TilewrightError(
      "worker.outOfMemory",
      "the prediction worker ran out of memory",
      "set a lower --memory, close other programs, or predict part of the image with --roi",
    );
  }
  const how = signal === null ? `ended with code ${code ?? "?"}` : `was ended by ${signal}`;
  // Nothing it printed explains a SIGKILL; frames of a stack trace explain nothing to people.
  const said = signal === "SIGKILL" ? [] : stderr.split("\n").filter((line) => /^(?!\s*at )\s*\S/.test(line));
  const last = said.pop()?.trim() ?? "";
  return new TilewrightError(
    "worker.died",
    `the prediction worker ${how}${last === "" ? "" : `: ${last.slice(0, 200)}`}`,
    "what is written so far is kept: go on with --resume",
  );
}

/** How many processes the kernel has killed for lack of memory since it started; null where it does not tell. */
async function countKills(): Promise<number | null> {
  try {
    const found = /^oom_kill (\d+)$/m.exec(await readFile("/proc/vmstat", "utf8"));
    return found === null ? null : Number(found[1]);
  } catch {
    return null; // not Linux
  }
}
