/**
 * The prediction worker as the command line drives it.
 * @module
 */
import { join } from "node:path";
import { openPredictionWorker } from "../predict/drive";
import type { PredictionWorkerHandle } from "../predict/drive";

/** The built worker lies beside the built command line. */
export const WORKER_SCRIPT = join(__dirname, "worker.cjs");

/** Runs `work` with a worker that is ended afterwards. */
export async function withWorker<T>(
  work: (worker: PredictionWorkerHandle["channel"]) => Promise<T>,
): Promise<T> {
  const worker = openPredictionWorker(WORKER_SCRIPT);
  try {
    return await Promise.race([work(worker.channel), worker.died]);
  } finally {
    await worker.dispose();
  }
}
