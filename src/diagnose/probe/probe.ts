/**
 * The probe: small parts of a run predicted again with full context in one call, and compared with what was written.
 * @module
 */
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { Tile } from "../../tiling/tiles";
import type { Dtype } from "../../volume/pixels";
import type { Interval, Region } from "../../volume/region";
import type { Volume } from "../../volume/volume";
import { makeVolume } from "../../volume/volume";
import type { Place, Probe, ProbePlace } from "../diagnosis";
import { writtenStart } from "../places";
import type { Recompute, RunFacts } from "../run";
import { measureBorders } from "./borders";
import type { ExtraPadding } from "./borders";
import { choosePlaces, smallerPlace } from "./choosePlaces";
import type { ChosenPlace } from "./choosePlaces";
import { measureCurve, recommendedOverlaps } from "./curve";
import { measureTraining } from "./training";
import type { BeyondTraining } from "./training";
import { Predictions, differenceOf, partsOf } from "./predictions";
import type { Probing } from "./predictions";

/** Others cut fractions off where we round: that is not worth a finding. Units of an integer type. */
const TRUNCATED = 1;

/** A place with what was found there; fractions of the range. */
export interface ProbedPlace extends ProbePlace {
  /** Positions of the seams through it, px of the padded image, by axis. */
  readonly seams: Readonly<Record<string, number>>;
  /** Largest |full context − the run's own tiles, predicted again|: what overlap and grid do; of blended tiles the error. */
  readonly fromTiles: number;
  /**
   * Largest |the run's own tiles with their own intensities − the same with those of the stack|; null where the run had
   * one set of intensities. Where whole tiles were not predicted again, what is written stands for them.
   */
  readonly fromIntensities: number | null;
  /**
   * Largest |the run's own tiles, predicted again − written|: what neither overlap nor grid nor intensities explain; null
   * of blended tiles, and where whole tiles would have had to be predicted again and were not.
   */
  readonly unexplained: number | null;
  /** Why it is unexplained, where the pixels show it. */
  readonly looksLike: "integer-wrap" | "missing-tile" | null;
}

/** The probe as the diagnosis tells it, and what causes are found with. */
export interface ProbeResult {
  readonly probe: Probe;
  readonly places: readonly ProbedPlace[];
  readonly extra: readonly ExtraPadding[];
  readonly training: readonly BeyondTraining[];
  readonly notes: readonly string[];
}

/**
 * Probes a run.
 *
 * @param stack as it was written
 * @param range of the stack, its units, above 0
 */
export async function probeRun(
  stack: Stack,
  run: RunFacts,
  { recompute, range }: { readonly recompute: Recompute; readonly range: number },
  job: Job,
): Promise<ProbeResult> {
  const predictions = new Predictions(stack, run.plan, recompute);
  const probing: Probing = { run, predictions, range, dtype: stack.facts.readsAs ?? "float32" };
  const notes: string[] = [];
  const chosen = fitting(probing, choosePlaces(run, recompute), notes);
  const places: ProbedPlace[] = [];
  for (const [i, place] of chosen.entries()) {
    places.push(await probePlace(probing, place, job));
    job.report({ what: "predicting parts again", done: i + 1, total: chosen.length, unit: "tiles" });
  }
  const worstFirst = chosen
    .map((place, i) => ({ place, error: places[i].fromTiles }))
    .sort((a, b) => b.error - a.error)
    .map(({ place }) => place);
  const curve = await measureCurve(probing, worstFirst, notes, job);
  const { bands, extra } = await measureBorders(probing, notes, job);
  const training = await measureTraining(probing, worstFirst, job);
  return {
    probe: {
      places: places.map(({ why, where, max, mean, worst }) => ({ why, where, max, mean, worst })),
      curve,
      recommended: recommendedOverlaps(curve),
      borders: bands,
    },
    places,
    extra,
    training,
    notes,
  };
}

/** Places whose full context fits into memory, smaller ones where they must be. */
function fitting({ predictions }: Probing, chosen: readonly ChosenPlace[], notes: string[]): ChosenPlace[] {
  const places = chosen.flatMap((first) => {
    for (
      let place: ChosenPlace | null = first;
      place !== null;
      place = smallerPlace(place, predictions.plan)
    ) {
      if (predictions.recompute.fits(predictions.around(place.box, predictions.whole))) return [place];
    }
    return [];
  });
  const { blockers } = predictions.recompute;
  if (blockers.length > 0) {
    notes.push(
      `The network cannot be tiled exactly (${blockers[0]}): ${places.length > 0 ? "the stack was compared with one call on the whole image" : "and one call on the whole image does not fit into memory, so nothing was predicted again"}.`,
    );
  } else if (places.length < chosen.length) {
    notes.push(
      `${chosen.length - places.length} of ${chosen.length} places were not predicted again: with full context they do not fit into memory.`,
    );
  }
  return places;
}

async function probePlace(probing: Probing, place: ChosenPlace, job: Job): Promise<ProbedPlace> {
  const { predictions, range, dtype, run } = probing;
  const { box } = place;
  const full = await predictions.predict(box, predictions.around(box, predictions.whole), undefined, job);
  const written = await predictions.written(box, full.axes, job);
  const error = differenceOf(full, written, { dtype, range });
  const parts = run.untiled || run.blend !== "crop" ? [] : partsOf(run, box);
  let fromTiles = run.untiled ? 0 : parts.length > 0 ? 0 : error.max / range;
  let unexplained: number | null = null;
  if (run.untiled) unexplained = differenceOf(full, written, { dtype, range, slack: TRUNCATED }).max / range;
  else if (parts.length > 0) unexplained = 0;
  let looksLike = run.untiled ? likenessOf(full, written, dtype) : null;
  const isPerTile = run.normalizationScope === "tile" && parts.length > 0;
  let unknownTiles = false;
  let fromIntensities = isPerTile ? 0 : null;
  for (const { tile, part } of parts) {
    const seen = seenBy(probing, tile, part);
    if (!predictions.recompute.fits(seen)) continue;
    const own = await predictions.predict(part, seen, undefined, job);
    const whole = cutPart(full, box, part, predictions.plan.axes);
    const found = cutPart(written, box, part, predictions.plan.axes);
    fromTiles = Math.max(fromTiles, differenceOf(own, whole, { dtype: "float32", range }).max / range);
    const asRun = isPerTile ? await predictions.predictTile({ tile, part }, job) : own;
    if (fromIntensities !== null) {
      const other = differenceOf(own, asRun ?? found, { dtype: "float32", range }).max / range;
      fromIntensities = Math.max(fromIntensities, other);
    }
    if (asRun === null) {
      unknownTiles = true;
      continue;
    }
    const rest = differenceOf(asRun, found, { dtype, range, slack: TRUNCATED }).max / range;
    if (rest > (unexplained ?? 0)) looksLike = likenessOf(asRun, found, dtype) ?? looksLike;
    unexplained = Math.max(unexplained ?? 0, rest);
  }
  if (unknownTiles && unexplained === 0) unexplained = null;
  return {
    why: place.why,
    where: placeOf(probing, box),
    max: error.max / range,
    mean: error.mean / range,
    worst: positionOf(probing, full, box, error.worst),
    seams: place.seams,
    fromTiles,
    fromIntensities,
    unexplained,
    looksLike,
  };
}

/** What of a tile a part of it depends on: all of it when the tile is not on the network's grid. */
function seenBy({ predictions }: Probing, { read }: Tile, part: Region): Region {
  return predictions.around(part, read);
}

/** Cuts a part out of a volume that covers a box of the padded image. */
function cutPart<V extends Volume>(volume: V, box: Region, part: Region, planAxes: string): V {
  const starts = [...volume.axes].map((letter) => {
    const i = planAxes.indexOf(letter);
    return letter === "C" || i < 0 ? null : i;
  });
  const region = starts.map((i, k): Interval =>
    i === null ? [0, volume.shape[k]] : [part[i][0] - box[i][0], part[i][1] - box[i][0]],
  );
  return cut(volume, region) as V;
}

function cut(volume: Volume, region: Region): Volume {
  const shape = region.map(([start, stop]) => stop - start);
  const size = shape.reduce((product, length) => product * length, 1);
  const data = volume.data.slice(0, size);
  const index = region.map(([start]) => start);
  for (let to = 0; to < size; to++) {
    let from = 0;
    for (let k = 0; k < shape.length; k++) from = from * volume.shape[k] + index[k];
    data[to] = volume.data[from];
    for (let k = shape.length - 1; k >= 0 && ++index[k] === region[k][1]; k--) index[k] = region[k][0];
  }
  return makeVolume(data, shape, volume.axes);
}

/** Whether values look wrapped around in their type, or never written: one value where the network has many. */
function likenessOf(
  predicted: Volume<Float32Array>,
  written: Volume,
  dtype: Dtype,
): ProbedPlace["looksLike"] {
  const { data } = written;
  if (
    data.every((value) => Object.is(value, data[0])) &&
    predicted.data.some((value) => value !== predicted.data[0])
  ) {
    return "missing-tile";
  }
  const bits = Number(/\d+$/.exec(dtype)?.[0] ?? 0);
  if (dtype.startsWith("float") || bits === 0) return null;
  let [wrapped, wrong] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    const apart = predicted.data[i] - data[i];
    if (Math.abs(apart) <= 1) continue;
    wrong++;
    if (Math.abs(apart - Math.round(apart / 2 ** bits) * 2 ** bits) <= 1) wrapped++;
  }
  return wrong > 0 && wrapped >= 0.9 * wrong ? "integer-wrap" : null;
}

/** A box in px of the written stack. */
function placeOf({ run }: Probing, box: Region): Place {
  const starts = writtenStart(run.plan);
  return Object.fromEntries(
    [...run.plan.axes].flatMap((axis, i) =>
      run.plan.roles[i] === "whole" ? [] : [[axis, [box[i][0] - starts[i], box[i][1] - starts[i]] as const]],
    ),
  );
}

function positionOf(
  { run }: Probing,
  volume: Volume,
  box: Region,
  index: readonly number[],
): Record<string, number> {
  const starts = writtenStart(run.plan);
  return Object.fromEntries(
    [...run.plan.axes].map((axis, i) => {
      const k = volume.axes.indexOf(axis);
      if (axis === "C") return [axis, Math.max(0, index[0])] as const;
      return [axis, box[i][0] - starts[i] + (k < 0 ? 0 : index[k])] as const;
    }),
  );
}
