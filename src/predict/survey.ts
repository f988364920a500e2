/**
 * What a prediction of a batch would do, before anything is predicted: its plan in short, and what stands under
 * the name of its output.
 * @module
 */
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { OutputState, PredictionRequest, StackSurvey } from "../protocol/prediction";
import { regionSize } from "../volume/region";
import { readOptions } from "./options";
import { hasPartial } from "./partial";
import { prepare, tilesByAxis } from "./prepare";
import type { ModelSource, Prepared } from "./prepare";
import { readRecord, recordPath } from "./record";
import type { RunRecord } from "./record";
import { isExact, optionsDigest } from "./runFiles";

/**
 * Looks at one stack of a batch. Reads no pixels, changes nothing.
 *
 * @throws {TilewrightError} as the prediction would; `out.isInput` when the output is the input under another name
 */
export async function surveyStack(
  request: PredictionRequest,
  sessions: ModelSource,
  job: Job,
): Promise<StackSurvey> {
  const prepared = await prepare(request, sessions, job);
  try {
    await requireOtherFile(request);
    const { plan, geometry, options } = prepared;
    const each = plan.roles.reduce((n, role, i) => (role === "each" ? n * plan.tilesPerAxis[i] : n), 1);
    return {
      axes: geometry.outputAxes,
      shape: geometry.outputShape,
      tiles: options.untiled ? each : plan.count,
      tilesPerAxis: tilesByAxis(prepared),
      work: plan.tiles.reduce((sum, { read }) => sum + regionSize(read), 0),
      exact: isExact(prepared),
      warnings: plan.warnings.map(({ message, fix }) => `${message} (${fix})`),
      output: await outputState(request, prepared),
      members: prepared.stack.facts.files,
    };
  } finally {
    await prepared.stack.close();
  }
}

/** Two names of one file: a link, a folder that is mounted twice, letters in another case. */
async function requireOtherFile({ input, out }: PredictionRequest): Promise<void> {
  const [a, b] = await Promise.all(
    [input, out].map((path) => stat(path, { bigint: true }).catch(() => null)),
  );
  if (a === null || b === null || a.dev !== b.dev || a.ino !== b.ino) return;
  throw new TilewrightError("out.isInput", `${out} is the input itself`, "choose another output folder");
}

async function outputState(request: PredictionRequest, prepared: Prepared): Promise<OutputState> {
  const { input, out } = request;
  const written = await stat(out).catch(() => null);
  if (written === null) return (await hasPartial(out)) ? "partial" : "none";
  const record = await readRecord(recordPath(out)).catch(() => null);
  if (record === null || !isOfRun(record, request, prepared)) return "other";
  // The copy of a file is as old as the file on some disks: the same moment counts as unchanged.
  return (await stat(input)).mtimeMs <= written.mtimeMs ? "finished" : "other";
}

function isOfRun(
  record: RunRecord,
  { input, out }: PredictionRequest,
  { model, options }: Prepared,
): boolean {
  try {
    return (
      resolve(dirname(out), record.input) === resolve(input) &&
      record.model.sha256 === model.sha256 &&
      optionsDigest(readOptions(record.options)) === optionsDigest(options)
    );
  } catch {
    return false; // options that no version of ours wrote
  }
}
