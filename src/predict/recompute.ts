/**
 * Predicting parts of a run again: the same input, padding, intensities and network, other tiles.
 * @module
 */
import type { Recompute } from "../diagnose/run";
import type { Session } from "../engines/engine";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack } from "../stack/stack";
import type { PaddingMode } from "../tiling/padding";
import { regionShape } from "../volume/region";
import type { Region } from "../volume/region";
import type { Volume } from "../volume/volume";
import { matchAxes, renameAxes } from "./geometry";
import type { ImageShape } from "./geometry";
import { measureStack } from "./intensities";
import type { MeasuredNormalization } from "./normalize";
import type { PredictOptions } from "./options";
import { PaddedInput } from "./paddedInput";
import { chosenNormalization, engineBytes, tileBytes } from "./prepare";
import type { AnalysedModel } from "./prepare";
import type { CheckedRun } from "./runFacts";
import { readTile, restore } from "./tile";

/** What a run is predicted with again. The session and the input stay open. */
export interface Again extends AnalysedModel {
  readonly run: CheckedRun;
  /** The stack that the run read. */
  readonly input: Stack;
  readonly session: Session;
}

/**
 * Makes parts of a run predictable again.
 *
 * @throws {TilewrightError} `diagnose.otherInput` when the input is no longer the one of the record
 */
export async function recomputeFor(again: Again, job: Job): Promise<Recompute> {
  const { run, input, model, analysis, session } = again;
  const { plan, padding } = run.facts;
  const image = imageOf(again);
  const measured = await intensitiesOf(again, image, job);
  const bytes = tileBytes(model, plan.axes);
  const limit = engineBytes(run.options);
  const spatial = [...plan.axes].map((axis) => model.network.spatialAxes.indexOf(axis));
  const call = async (
    region: Region,
    how: { readonly padding: PaddingMode; readonly options: PredictOptions },
    job: Job,
  ): Promise<Volume<Float32Array>> => {
    job.signal.throwIfAborted();
    const padded = new PaddedInput(input, image, plan, {
      mode: how.padding,
      spatialAxes: model.network.spatialAxes,
    });
    const { options } = how;
    const normalization = chosenNormalization(model, options);
    const reading = { model, options, measured, plan, stack: input, input: padded, normalization };
    const { tensor, maps } = await readTile(reading, { read: region }, job);
    const output = await session.run(tensor);
    restore(reading, output, maps);
    return output;
  };
  const asOne = perTile(run) ? ({ ...run.options, normalizeScope: "stack" } as const) : run.options;
  return {
    block: spatial.map((i) => (i < 0 ? 1 : analysis.block[i])),
    context: spatial.map((i) => (i < 0 ? 0 : analysis.context[i].aligned)),
    blockers: analysis.blockers.map(({ layer, reason }) => `layer ${layer}: ${reason}`),
    fits: (region) => bytes(regionShape(region)) <= limit,
    predict: (region, otherPadding, callJob) =>
      call(region, { padding: otherPadding ?? padding, options: asOne }, callJob),
    predictTile: (read, callJob) => call(read, { padding, options: run.options }, callJob),
  };
}

function perTile({ facts }: CheckedRun): boolean {
  return facts.normalizationScope === "tile";
}

/** The input as the run saw it. */
function imageOf({ run, input, model, analysis }: Again): ImageShape {
  const { plan } = run.facts;
  const { canonicalAxes, canonicalShape, file } = input.facts;
  const image = renameAxes({ axes: canonicalAxes, shape: canonicalShape }, run.options.axes);
  const { axes } = matchAxes(image, model, analysis, run.options.roi ?? {});
  const same =
    axes.map(({ axis }) => axis).join("") === plan.axes &&
    axes.every(({ length, role }, i) => length === plan.shape[i] && role === plan.roles[i]);
  if (same) return image;
  throw new TilewrightError(
    "diagnose.otherInput",
    `${file} has ${image.axes} ${image.shape.join("×")}, the run of the record read ${plan.axes} ${plan.shape.join("×")}`,
    "put the input of the run back, or diagnose without --model",
  );
}

/** Intensities of the record; measured anew where the run did that tile by tile. */
async function intensitiesOf(
  { run, input, model }: Again,
  image: ImageShape,
  job: Job,
): Promise<MeasuredNormalization> {
  if (perTile(run)) {
    const what = { stack: input, image, parts: run.options.roi ?? {} };
    return measureStack(what, chosenNormalization(model, run.options), "stack", job);
  }
  const { maps } = run.normalization;
  const t = image.axes.indexOf("T");
  const groups = run.facts.normalizationScope === "frame" && t >= 0 ? image.shape[t] : 1;
  const channels = model.network.inputs[0].channels;
  if (maps.length >= groups && maps.every((group) => group.length === channels)) return run.normalization;
  throw new TilewrightError(
    "record.unreadable",
    `the record has intensities of ${maps.length} × ${maps[0]?.length ?? 0} channels, the run needs ${groups} × ${channels}`,
    "use the record that was written with the prediction",
  );
}
