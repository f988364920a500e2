/**
 * A diagnosis from files: opens the predicted stack, the record of its run, the model and a reference, and closes
 * them all.
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { diagnose } from "../diagnose/diagnose";
import type { Diagnosis } from "../diagnose/diagnosis";
import type { RunFacts } from "../diagnose/run";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { DiagnosisRequest } from "../protocol/prediction";
import { openStack } from "../stack/open";
import type { Stack, StackPlace } from "../stack/stack";
import { readRecord } from "./record";
import { recomputeFor } from "./recompute";
import type { Again } from "./recompute";
import { runFactsOf } from "./runFacts";
import type { CheckedRun } from "./runFacts";
import type { Sessions } from "./sessions";

/**
 * Diagnoses a predicted stack.
 *
 * @throws {TilewrightError} `record.*`, `diagnose.*`, `stack.*`, `model.*`, `engine.*`
 */
export async function diagnoseFiles(
  request: DiagnosisRequest,
  sessions: Sessions,
  job: Job,
): Promise<Diagnosis> {
  const run = await checkedRun(request);
  const readers = sessions.registries.readers.all();
  const opened: Stack[] = [];
  const open = async (place: StackPlace): Promise<Stack> => {
    const stack = await openStack(place, readers, job);
    opened.push(stack);
    return stack;
  };
  try {
    const stack = await open({ path: request.file, series: request.series });
    const reference = request.reference === undefined ? null : await open({ path: request.reference });
    const again = run === null ? null : await openAgain({ request, run, sessions, open }, job);
    const recompute = again === null ? null : await recomputeFor(again, job);
    const input = {
      stack,
      ...(run === null ? {} : { run: withTraining(run.facts, again) }),
      ...(recompute === null ? {} : { recompute }),
      ...(reference === null ? {} : { reference }),
    };
    return await diagnose(input, job);
  } finally {
    for (const stack of opened) await stack.close();
  }
}

interface Opening {
  readonly request: DiagnosisRequest;
  readonly run: CheckedRun;
  readonly sessions: Sessions;
  readonly open: (place: StackPlace) => Promise<Stack>;
}

/** The model, its session and the run's input; null when parts are not to be predicted again. */
async function openAgain({ request, run, sessions, open }: Opening, job: Job): Promise<Again | null> {
  if (request.model === undefined) return null;
  const analysed = await sessions.model(request.model, job);
  if (analysed.model.sha256 !== run.modelHash) {
    throw new TilewrightError(
      "diagnose.otherModel",
      `${request.model} is not the model of the run: their SHA-256 differ, the record has that of ${run.model}`,
      "give the model that made the stack, or leave out --model",
    );
  }
  const { session, notes } = await sessions.open(analysed, run.options, job);
  for (const note of notes) job.log(note);
  const input = await open({ path: run.input, series: run.options.series });
  return { ...analysed, run, session, input };
}

/** What the user said of the training, else what the model says. */
function withTraining(facts: RunFacts, again: Again | null): RunFacts {
  const shape = again?.model.training?.patchShape;
  if (facts.trainingPatch !== null || again === null || shape === undefined) return facts;
  const { spatialAxes } = again.model.network;
  const known = [...spatialAxes].flatMap((axis, i) =>
    shape[i] === undefined ? [] : [[axis, shape[i]] as const],
  );
  return { ...facts, trainingPatch: Object.fromEntries(known) };
}

/** The record, checked; null without one. */
async function checkedRun({ run, file, trainingPatch }: DiagnosisRequest): Promise<CheckedRun | null> {
  if (run === undefined) return null;
  const record = await readRecord(run);
  const written = resolve(dirname(run), basename(record.output.path));
  if (basename(written) !== basename(file)) {
    throw new TilewrightError(
      "diagnose.otherRun",
      `${run} is the record of ${basename(written)}, not of ${basename(file)}`,
      "use the record that was written with this stack, or diagnose without --run",
    );
  }
  return runFactsOf(record, run, trainingPatch ?? null);
}
