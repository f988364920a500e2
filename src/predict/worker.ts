/**
 * The prediction worker: a process of its own that reads, runs the engine and writes. Only small
 * messages cross to whoever forked it; it ends when they are gone.
 * @module
 */
import { builtinRegistries } from "../builtins";
import type { Job, Progress } from "../job";
import { Channel } from "../protocol/channel";
import type { PredictionDriver, PredictionWorker } from "../protocol/prediction";
import { processPort } from "../protocol/processPort";
import { describeEngines, describeModel, describePlan } from "./describe";
import { predict } from "./predict";
import { Pace } from "./pace";

const registries = builtinRegistries();

const channel: Channel<PredictionWorker, PredictionDriver> = new Channel<PredictionWorker, PredictionDriver>(
  processPort(process),
  {
    predict: (request, signal) =>
      predict(request, registries, { retiled: request.retiled ?? 0 }, jobFor(signal)),
    plan: (request, signal) => describePlan(request, registries, jobFor(signal)),
    model: ({ path }, signal) => describeModel(path, registries, jobFor(signal)),
    engines: () => describeEngines(registries),
  },
);

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the driver decides what happens then.
process.on("SIGINT", () => undefined);

function jobFor(signal: AbortSignal): Job {
  const pace = new Pace();
  return {
    signal,
    report: (progress: Progress) => {
      const told = pace.tell(progress);
      if (told !== null) channel.emit("progress", told);
    },
    log: (line) => {
      channel.emit("log", { line });
    },
  };
}
