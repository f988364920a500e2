/**
 * What a model, a plan and the engines are, for people and for programs.
 * @module
 */
import { chooseEngine } from "../engines/choose";
import type { Engine, EngineStatus } from "../engines/engine";
import { TilewrightError, toFailure } from "../errors";
import { quietJob } from "../job";
import type { Job } from "../job";
import type { Registries } from "../plugins/registries";
import type { ModelReply, PlanReply, PlanRequest } from "../protocol/prediction";
import { openStack } from "../stack/open";
import { explainPlan } from "../tiling/explain";
import { largestTile } from "../tiling/plan";
import type { Plan } from "../tiling/plan";
import { parseAxes } from "../volume/axes";
import { regionSize } from "../volume/region";
import { makeVolume } from "../volume/volume";
import { renameAxes } from "./geometry";
import type { ImageShape } from "./geometry";
import { readOptions } from "./options";
import type { PredictOptions } from "./options";
import { loadAnalysed, planImage, planWithoutModel } from "./prepare";
import type { AnalysedModel } from "./prepare";

/** Tile on which a network is timed for an estimate, px. */
const PROBE_2D = [256, 256];
const PROBE_3D = [16, 64, 64];

/**
 * Plans without predicting.
 *
 * @throws {TilewrightError} as the prediction would
 */
export async function describePlan(
  request: PlanRequest,
  registries: Registries,
  job: Job,
): Promise<PlanReply> {
  const options = readOptions(request.options);
  const image = await imageOf(request, options, registries, job);
  const analysed = request.model === undefined ? null : await loadAnalysed(request.model, registries, job);
  const plan =
    analysed === null ? planWithoutModel(image, options) : planImage(image, analysed, options).plan;
  const text = explainPlan(plan, {
    padding: options.pad,
    ...(analysed === null ? {} : { modelName: analysed.model.name }),
  });
  const speed =
    request.input === undefined || analysed === null
      ? null
      : await estimate(plan, analysed, options, { registries, job });
  return { plan, text, estimatedSeconds: speed?.seconds ?? null, engine: speed?.engine ?? null };
}

/** Describes a model: the JSON of `tilewright model`, and the same in plain language. */
export async function describeModel(path: string, registries: Registries, job: Job): Promise<ModelReply> {
  const { model, analysis } = await loadAnalysed(path, registries, job);
  const description = {
    kind: model.kind,
    name: model.name,
    inputs: model.inputs,
    outputs: model.outputs,
    block: analysis.block,
    context: analysis.context,
    parameters: analysis.parameters,
    flopsPerVoxel: analysis.flopsPerVoxel,
    normalization: model.normalization,
    training: model.training,
    exactTiling: analysis.exactTiling,
    warnings: [
      ...model.warnings,
      ...analysis.blockers.map(({ layer, reason }) => `layer ${layer}: ${reason}`),
    ],
  };
  return { description, text: modelText({ model, analysis }) };
}

/** The JSON of `tilewright engines`: one entry per engine, and which `auto` takes. */
export async function describeEngines(
  registries: Registries,
): Promise<(EngineStatus & { id: string; name: string })[]> {
  const entries = [];
  for (const kind of registries.engines.all()) {
    entries.push({ id: kind.id, name: kind.label, ...(await kind.status()) });
  }
  return entries;
}

async function imageOf(
  request: PlanRequest,
  options: PredictOptions,
  registries: Registries,
  job: Job,
): Promise<ImageShape> {
  if (request.input !== undefined) {
    const stack = await openStack(
      { path: request.input, series: options.series },
      registries.readers.all(),
      job,
    );
    try {
      const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
      return renameAxes({ axes, shape }, options.axes);
    } finally {
      await stack.close();
    }
  }
  const axes = parseAxes(request.axes ?? options.axes ?? "");
  const shape = request.shape ?? [];
  if (shape.length !== axes.length || shape.length === 0) {
    throw new TilewrightError(
      "plan.shape",
      `a shape of ${shape.length} numbers does not fit axes "${axes}"`,
      "give one number per axis, such as --shape 31,1024,1024 --axes ZYX",
    );
  }
  if (shape.some((length) => !Number.isSafeInteger(length) || length < 1)) {
    throw new TilewrightError(
      "plan.shape",
      `shape ${shape.join(",")} has an entry that is no whole number above 0`,
      "give lengths in px",
    );
  }
  return { axes, shape };
}

async function estimate(
  plan: Plan,
  { model, analysis }: AnalysedModel,
  options: PredictOptions,
  { registries, job }: { readonly registries: Registries; readonly job: Job },
): Promise<{ seconds: number | null; engine: { name: string; device: string } }> {
  const { engine } = await chooseEngine(
    registries.engines.all(),
    options.engine,
    { threads: options.threads, fastMath: false },
    job,
  );
  const { name, device } = engine;
  try {
    const voxelsPerSecond = await measureNetwork(
      engine,
      { model, analysis },
      largestTile(plan.tiles),
      plan.axes,
    );
    const voxels = plan.tiles.reduce((sum, { read }) => sum + regionSize(read), 0);
    return { seconds: voxels / voxelsPerSecond, engine: { name, device } };
  } catch (error) {
    job.log(`no estimate of the time: ${toFailure(error).message}`);
    return { seconds: null, engine: { name, device } };
  } finally {
    await engine.dispose();
  }
}

/** Speed of the network itself on a small tile, voxels per second: the second of two calls, the first compiles. */
async function measureNetwork(
  engine: Engine,
  { model, analysis }: AnalysedModel,
  tile: readonly number[],
  axes: string,
): Promise<number> {
  const { network } = model;
  const probe = network.spatialAxes.length === 2 ? PROBE_2D : PROBE_3D;
  const spatial = [...network.spatialAxes].map((axis, i) => {
    const most = Math.max(analysis.block[i], Math.floor(probe[i] / analysis.block[i]) * analysis.block[i]);
    return network.fixedShape?.[i] ?? Math.min(tile[axes.indexOf(axis)], most);
  });
  const voxels = spatial.reduce((product, length) => product * length, 1);
  const { channels } = network.inputs[0];
  const input = makeVolume(
    new Float32Array(channels * voxels),
    [channels, ...spatial],
    `C${network.spatialAxes}`,
  );
  const session = await engine.load(network, quietJob());
  try {
    await session.run(input);
    const start = performance.now();
    await session.run(input);
    return (1000 * voxels) / (performance.now() - start);
  } finally {
    await session.dispose();
  }
}

function modelText({ model, analysis }: AnalysedModel): string {
  const lines = [
    `${model.name} (${model.kind})`,
    "",
    `Input   ${model.inputs.map(({ axes, channels }) => `${axes}, ${channels} ${channels === 1 ? "channel" : "channels"}`).join("; ")}`,
    `Output  ${model.outputs.map(({ axes, channels, meaning }) => `${axes}, ${channels} ${channels === 1 ? "channel" : "channels"}${meaning === undefined ? "" : ` (${meaning})`}`).join("; ")}`,
    `Size    ${analysis.parameters.toLocaleString("en")} parameters, ${Math.round(analysis.flopsPerVoxel).toLocaleString("en")} FLOP per voxel`,
    `Intensities  ${normalizationText(model.normalization)}`,
    "",
    "axis  block  context left/right  overlap that is exact",
    ...analysis.context.map(
      ({ axis, left, right, aligned }, i) =>
        `${axis.padEnd(4)}  ${String(analysis.block[i]).padStart(5)}  ${`${left} / ${right}`.padStart(18)}  ${aligned} px → ${Math.ceil(aligned / analysis.block[i]) * analysis.block[i]} px in whole blocks`,
    ),
    "",
    analysis.exactTiling
      ? "Tiled prediction can equal untiled prediction."
      : "Tiled prediction cannot equal untiled prediction:",
    ...analysis.blockers.map(({ layer, reason }) => `  layer ${layer}: ${reason}`),
    ...model.warnings.map((warning) => `Warning: ${warning}`),
  ];
  return lines.join("\n");
}

function normalizationText(normalization: AnalysedModel["model"]["normalization"]): string {
  switch (normalization.mode) {
    case "none":
      return "used as they are";
    case "percentile":
      return `percentiles ${normalization.low} and ${normalization.high} become 0 and 1${normalization.undo ? ", undone afterwards" : ""}`;
    case "zscore":
      return "mean 0, standard deviation 1";
    case "minmax":
      return "minimum 0, maximum 1";
    case "fixed":
      return "mean and standard deviation of the training data";
  }
}
