/**
 * From options to a plan: opens the stack, loads the model, analyses the network, matches axes.
 * @module
 */
import { freemem } from "node:os";
import { estimateTileBytes } from "../engines/memory";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Model, Normalization } from "../models/model";
import { loadModel } from "../models/load";
import { analyseNetwork } from "../network/analysis";
import type { NetworkAnalysis } from "../network/analysis";
import type { Registries } from "../plugins/registries";
import { openStack } from "../stack/open";
import type { Stack } from "../stack/stack";
import { readableDtype } from "../stack/stored";
import { makePlan } from "../tiling/plan";
import type { Plan, PlanAxis, PlanInput, PlanWishes } from "../tiling/plan";
import { matchAxes, renameAxes } from "./geometry";
import type { Geometry, ImageShape } from "./geometry";
import { isUndone } from "./normalize";
import { perAxis, readOptions } from "./options";
import type { AxisNumbers, PredictOptions } from "./options";

/** Memory of the processes themselves, before any pixel: measured, see docs/benchmarks.md. */
const BASE_BYTES = 260 * 2 ** 20;
/** Copies of a tile that live beside the engine: read ahead, as stored, normalised; written behind, converted. */
const INPUT_COPIES = 3;
const OUTPUT_COPIES = 3;

/** A tile size that no axis reaches, px. */
const UNCUT = 2 ** 30;

/** A model with what the analysis of its network says. */
export interface AnalysedModel {
  readonly model: Model;
  readonly analysis: NetworkAnalysis;
}

/** Where models come from: loaded anew, or kept since the last prediction. */
export interface ModelSource {
  readonly registries: Registries;
  model(path: string, job: Job): Promise<AnalysedModel>;
}

/** Everything a prediction needs to know before its first tile. Whoever prepares closes the stack. */
export interface Prepared extends AnalysedModel {
  readonly options: PredictOptions;
  readonly stack: Stack;
  readonly geometry: Geometry;
  readonly plan: Plan;
  readonly normalization: Normalization;
}

/** Loads a model and analyses its network. */
export async function loadAnalysed(path: string, registries: Registries, job: Job): Promise<AnalysedModel> {
  const model = await loadModel(path, registries.modelFormats.all(), job);
  const analysis = analyseNetwork(model.network);
  if (analysis.scale.some((scale) => scale !== 1)) {
    throw new TilewrightError(
      "model.scale",
      `model ${model.name} gives ${analysis.scale.map((scale) => Number(scale.toPrecision(4))).join(" × ")} output px per input px; only models of equal size in and out can be run so far`,
      "choose a model that keeps the image size",
    );
  }
  return { model, analysis };
}

/**
 * Prepares a prediction.
 *
 * @throws {TilewrightError} for anything that makes it impossible
 */
export async function prepare(
  request: {
    readonly input: string;
    readonly model: string;
    readonly options: Readonly<Record<string, unknown>>;
  },
  sessions: ModelSource,
  job: Job,
): Promise<Prepared> {
  const options = readOptions(request.options);
  const analysed = await sessions.model(request.model, job);
  const place = { path: request.input, series: options.series };
  const stack = await openStack(place, sessions.registries.readers.all(), job);
  try {
    const { canonicalAxes, canonicalShape } = stack.facts;
    readableDtype(stack.facts);
    const image = renameAxes({ axes: canonicalAxes, shape: canonicalShape }, options.axes);
    const { geometry, plan } = planImage(image, analysed, options);
    return {
      ...analysed,
      options,
      stack,
      geometry,
      plan,
      normalization: chosenNormalization(analysed.model, options),
    };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

/** Plans the prediction of an image with a model. */
export function planImage(
  image: ImageShape,
  { model, analysis }: AnalysedModel,
  options: PredictOptions,
): { geometry: Geometry; plan: Plan } {
  const geometry = matchAxes(image, model, analysis, options.roi ?? {});
  const axes = geometry.axes.map((a) => a.axis).join("");
  const blockers = analysis.blockers.map(({ layer, reason }) => `layer ${layer}: ${reason}`);
  const fixed = model.network.fixedShape;
  const plan = makePlan({
    axes: geometry.axes,
    wishes: wishesOf(options, image.axes, geometry.axes),
    blockers,
    ...(fixed === undefined
      ? {}
      : {
          fixedShape: geometry.axes.map((a) => fixed[model.network.spatialAxes.indexOf(a.axis)] ?? a.length),
        }),
    bytes: tileBytes(model, axes),
    memoryLimit: engineBytes(options),
  });
  return { geometry, plan };
}

/**
 * Plans without a model: block and overlap are what the user says they are.
 *
 * @throws {TilewrightError} `plan.needsModel`
 */
export function planWithoutModel(image: ImageShape, options: PredictOptions): Plan {
  if (typeof options.block === "string" || typeof options.overlap === "string") {
    throw new TilewrightError(
      "plan.needsModel",
      "without a model the block and the overlap are not known",
      "give --model, or both --block and --overlap",
    );
  }
  const tiled = image.axes.replace("C", "");
  const block = perAxis("block", options.block, image.axes, { tiled, neutral: () => 1 });
  const overlap = perAxis("overlap", options.overlap, image.axes, { tiled, neutral: () => 0 });
  const axes = [...image.axes].map((axis, i): PlanAxis => ({
    axis,
    length: image.shape[i],
    role: axis === "C" ? "whole" : "tiled",
    block: axis === "C" ? 1 : block[i],
    context: axis === "C" ? 0 : overlap[i],
    careOverlap: null,
    ...(options.roi?.[axis] === undefined ? {} : { part: options.roi[axis] }),
  }));
  const input: PlanInput = {
    axes,
    wishes: wishesOf(options, image.axes, axes),
    blockers: [],
    bytes: (shape) => shape.reduce((size, length) => size * length, 4),
    memoryLimit: engineBytes(options),
  };
  return makePlan(input);
}

/** Tiles per axis that a plan of the same image can be asked for. */
export function tilesByAxis({ geometry, plan }: Pick<Prepared, "geometry" | "plan">): Record<string, number> {
  return Object.fromEntries(
    geometry.axes.flatMap(({ axis, role }, i) =>
      role === "tiled" && geometry.image.axes.includes(axis) ? [[axis, plan.tilesPerAxis[i]] as const] : [],
    ),
  );
}

/** The same prediction with other numbers of tiles. */
export function withTiles(prepared: Prepared, tiles: Readonly<Record<string, number>>): Prepared {
  const options = { ...prepared.options, tileSize: undefined, tiles };
  return { ...prepared, plan: planImage(prepared.geometry.image, prepared, options).plan };
}

/** A wish as one number per planned axis; undefined when nothing was wished. */
type Spread = (
  name: string,
  numbers: PredictOptions["tileSize"],
  neutral: number | "own",
) => number[] | undefined;

/**
 * Wishes per planned axis. A list follows the axes of the image; an axis that is not named stays as it would be
 * without the wish: uncut, with the block and the context of the network.
 */
function wishesOf(options: PredictOptions, imageAxes: string, axes: readonly PlanAxis[]): PlanWishes {
  const tiled = axes.flatMap(({ axis, role }) => (role === "tiled" ? [axis] : [])).join("");
  const spread: Spread = (name, numbers, neutral) => {
    if (numbers === undefined) return undefined;
    const own = name === "block" ? "block" : "context";
    const rest = (letter: string): number =>
      neutral === "own" ? (axes.find(({ axis }) => axis === letter)?.[own] ?? 0) : neutral;
    const values = perAxis(name, numbers, imageAxes, { tiled, neutral: rest });
    return axes.map(({ axis }) => (imageAxes.includes(axis) ? values[imageAxes.indexOf(axis)] : rest(axis)));
  };
  const padExtra = spread("padExtra", options.padExtra, 0);
  if (options.untiled) {
    return { tiles: axes.map(() => 1), overlap: "auto", block: "auto", guarantee: "size", padExtra };
  }
  const { tiles, overlap, block } = options;
  return {
    tiles: tiles === "auto" ? tiles : tileCounts(tiles, spread),
    tileSize: spread("tileSize", options.tileSize, UNCUT),
    overlap:
      overlap === "auto" || overlap === "care" ? overlap : (spread("overlap", overlap, "own") ?? "auto"),
    block: block === "auto" ? block : (spread("block", block, "own") ?? "auto"),
    guarantee: options.guarantee,
    padExtra,
  };
}

function tileCounts(tiles: AxisNumbers, spread: Spread): number[] {
  if (typeof tiles === "number" && tiles !== 1) {
    throw new TilewrightError(
      "options.badValue",
      `option tiles wants one number per axis, found ${tiles}`,
      "such as 1,3,4 or Y=3,X=4",
    );
  }
  return spread("tiles", tiles, 1) ?? [];
}

/** Memory of one engine call and of the copies of its tile, bytes, by tile shape in the order of `axes`. */
export function tileBytes(model: Model, axes: string): (shape: readonly number[]) => number {
  const { network } = model;
  const perVoxel =
    4 * (INPUT_COPIES * network.inputs[0].channels + OUTPUT_COPIES * network.outputs[0].channels);
  const known = new Map<string, number>();
  return (shape) => {
    const spatial = [...network.spatialAxes].map((axis) => shape[axes.indexOf(axis)]);
    const key = spatial.join();
    const voxels = spatial.reduce((size, length) => size * length, 1);
    const bytes = known.get(key) ?? estimateTileBytes(network, spatial, "cpu") + perVoxel * voxels;
    known.set(key, bytes);
    return bytes;
  };
}

/**
 * Memory left for one tile when the processes themselves are subtracted from the limit, bytes. What an engine keeps
 * from the prediction before is used again, and counts as free.
 */
export function engineBytes(options: PredictOptions): number {
  const kept = Math.max(0, process.memoryUsage.rss() - BASE_BYTES);
  const total = options.memoryMiB > 0 ? options.memoryMiB * 2 ** 20 : (freemem() + kept) / 2;
  return Math.max(0, total - BASE_BYTES);
}

/** What is done to intensities: what the user says, undone only where the model undoes its own. */
export function chosenNormalization(model: Model, options: PredictOptions): Normalization {
  if (options.normalize === "auto") return model.normalization;
  if (options.normalize.mode === "none") return options.normalize;
  return { ...options.normalize, undo: isUndone(model.normalization) };
}
