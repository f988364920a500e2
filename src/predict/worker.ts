/**
 * The prediction worker: a process of its own that reads, runs the engine and writes. Only small
 * messages cross to whoever forked it; it ends when they are gone.
 * @module
 */
import { builtinRegistries } from "../builtins";
import { writeHeatMap } from "../diagnose/heatMap";
import { writeReport } from "../diagnose/report/write";
import type { Job, Progress } from "../job";
import { Channel } from "../protocol/channel";
import type { PredictionDriver, PredictionWorker } from "../protocol/prediction";
import { processPort } from "../protocol/processPort";
import type { StackReader } from "../stack/stack";
import { findStacks } from "./batchInputs";
import { describeEngines, describeModel, describePlan } from "./describe";
import { diagnoseFiles } from "./diagnoseRun";
import { predict } from "./predict";
import { Pace } from "./pace";
import { Sessions } from "./sessions";
import { surveyStack } from "./survey";

const registries = builtinRegistries();
const sessions = new Sessions(registries);
const readers = (): readonly StackReader[] => registries.readers.all();

const channel: Channel<PredictionWorker, PredictionDriver> = new Channel<PredictionWorker, PredictionDriver>(
  processPort(process),
  {
    predict: async (request, signal) => {
      try {
        return await predict(
          request,
          registries,
          { retiled: request.retiled ?? 0, sessions },
          jobFor(signal),
        );
      } finally {
        if (request.keep !== true) await sessions.dispose();
      }
    },
    batch: async (request, signal) => {
      const job = jobFor(signal);
      await sessions.model(request.model, job);
      const endings = registries.readers.all().flatMap(({ extensions }) => extensions);
      return findStacks(request, endings, job);
    },
    survey: (request, signal) => surveyStack(request, sessions, jobFor(signal)),
    plan: (request, signal) => describePlan(request, registries, jobFor(signal)),
    model: ({ path }, signal) => describeModel(path, registries, jobFor(signal)),
    diagnose: async (request, signal) => {
      try {
        return await diagnoseFiles(request, sessions, jobFor(signal));
      } finally {
        await sessions.dispose();
      }
    },
    report: async ({ path, diagnosis, file, series }, signal) => {
      await writeReport({ path, diagnosis, stack: file, series, readers: readers() }, jobFor(signal));
      return path;
    },
    heatMap: async ({ path, diagnosis, file, series, reference }, signal) => {
      const order = { path, diagnosis, stack: file, series, reference, readers: readers() };
      await writeHeatMap(order, jobFor(signal));
      return path;
    },
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
