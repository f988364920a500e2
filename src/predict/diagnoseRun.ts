/**
 * A diagnosis from files: opens the predicted stack, the record of its run, the model and a reference, and closes
 * them all.
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { diagnose } from "../diagnose/diagnose";
import type { Diagnosis } from "../diagnose/diagnosis";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Registries } from "../plugins/registries";
import type { DiagnosisRequest } from "../protocol/prediction";
import { openStack } from "../stack/open";
import type { Stack } from "../stack/stack";
import { readRecord } from "./record";
import { runFactsOf } from "./runFacts";
import type { CheckedRun } from "./runFacts";

/**
 * Diagnoses a predicted stack.
 *
 * @throws {TilewrightError} `record.*`, `diagnose.*`, `stack.*`, `model.*`, `engine.*`
 */
export async function diagnoseFiles(
  request: DiagnosisRequest,
  registries: Registries,
  job: Job,
): Promise<Diagnosis> {
  const run = await checkedRun(request);
  const readers = registries.readers.all();
  const stack = await openStack({ path: request.file, series: request.series }, readers, job);
  try {
    const reference = await openReference(request, registries, job);
    try {
      return await diagnose(
        {
          stack,
          ...(run === null ? {} : { run: run.facts }),
          ...(reference === null ? {} : { reference }),
        },
        job,
      );
    } finally {
      await reference?.close();
    }
  } finally {
    await stack.close();
  }
}

async function openReference(
  { reference }: DiagnosisRequest,
  registries: Registries,
  job: Job,
): Promise<Stack | null> {
  return reference === undefined ? null : openStack({ path: reference }, registries.readers.all(), job);
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
