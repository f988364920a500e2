/**
 * The error that an overlap leaves at the probes, and what it costs.
 * @module
 */
import type { Job } from "../../job";
import { planAxisBySize } from "../../tiling/axis";
import { largestTile } from "../../tiling/plan";
import type { Plan } from "../../tiling/plan";
import type { Interval, Region } from "../../volume/region";
import { regionSize } from "../../volume/region";
import type { OverlapError, Probe } from "../diagnosis";
import { wholeBlocks } from "../places";
import type { ChosenPlace } from "./choosePlaces";
import { differenceOf, partsOf } from "./predictions";
import type { Predictions, Probing, TilePart } from "./predictions";

/** Overlaps that are tried. */
const MOST_STEPS = 9;
/** Voxels that may be computed for a curve beyond its first place. */
const MOST_VOXELS = 24e6;
const MOST_PLACES = 16;
/** Tolerances that an overlap is recommended for, fractions of the range; 0 is exact. */
const TOLERANCES = [1e-2, 1e-3, 1e-4, 0];

/**
 * Measures the curve at places with seams through them, worst first.
 *
 * @returns from no overlap to the exact one; empty where no tiles meet, or no overlap is exact
 */
export async function measureCurve(
  probing: Probing,
  places: readonly ChosenPlace[],
  notes: string[],
  job: Job,
): Promise<OverlapError[]> {
  const { predictions, run, range } = probing;
  const steps = overlapSteps(run.plan, predictions.recompute);
  const atSeams = places.filter(({ seams }) => Object.keys(seams).length > 0).slice(0, MOST_PLACES);
  if (predictions.recompute.blockers.length > 0 || atSeams.length === 0 || steps.length === 0) return [];
  const most = steps.map(() => 0);
  let budget = Infinity;
  let measured = 0;
  for (const [n, { box }] of atSeams.entries()) {
    const parts = partsOf(run, box);
    const price = steps.reduce(
      (sum, step) =>
        sum + parts.reduce((all, part) => all + regionSize(seenWith(predictions, part, step)), 0),
      0,
    );
    if (price > budget || !fits(predictions, parts, steps)) continue;
    for (const [k, step] of steps.entries()) {
      for (const part of parts) {
        const full = await predictions.predict(
          part.part,
          predictions.around(part.part, predictions.whole),
          undefined,
          job,
        );
        const seen = seenWith(predictions, part, step);
        const own = await predictions.predict(part.part, seen, undefined, job);
        most[k] = Math.max(most[k], differenceOf(own, full, { dtype: "float32", range }).max / range);
      }
      job.report({
        what: "trying overlaps",
        done: n * steps.length + k + 1,
        total: atSeams.length * steps.length,
        unit: "tiles",
      });
    }
    measured++;
    budget = Math.min(budget, MOST_VOXELS) - price;
  }
  if (measured === 0) {
    notes.push(
      "The error of other overlaps was not measured: with full context a seam does not fit into memory.",
    );
    return [];
  }
  return steps.map((step, k): OverlapError => ({
    overlap: byAxis(run.plan, step),
    max: most[k],
    cost: costOf(run.plan, step, predictions.recompute.block),
  }));
}

/** The smallest measured overlap from which on the error stays below each tolerance. */
export function recommendedOverlaps(curve: readonly OverlapError[]): Probe["recommended"] {
  if (curve.length === 0) return [];
  return TOLERANCES.map((tolerance) => {
    if (tolerance === 0) return { tolerance, overlap: curve[curve.length - 1] };
    const above = curve.findLastIndex(({ max }) => max > tolerance);
    return { tolerance, overlap: curve[above + 1] ?? null };
  });
}

function fits(
  predictions: Predictions,
  parts: readonly TilePart[],
  steps: readonly (readonly number[])[],
): boolean {
  return parts.every(
    (part) =>
      predictions.recompute.fits(predictions.around(part.part, predictions.whole)) &&
      steps.every((step) => predictions.recompute.fits(seenWith(predictions, part, step))),
  );
}

/** Overlaps per axis of the plan, px: from 0 to the exact one in whole blocks of the network, that of the run among them. */
function overlapSteps(plan: Plan, { block, context }: Predictions["recompute"]): number[][] {
  const cut = plan.roles.map((role, i) => role === "tiled" && plan.tilesPerAxis[i] > 1);
  const blocks = block.map((px, i) => (cut[i] ? wholeBlocks(context[i], px) / px : 0));
  const count = Math.max(...blocks);
  if (count <= 0) return [];
  const longest = blocks.indexOf(count);
  const wanted = new Set<number>([0, count]);
  const present = plan.overlap[longest] / block[longest];
  if (Number.isInteger(present) && present < count) wanted.add(present);
  for (let k = 1; k < count; k++) {
    if (count < MOST_STEPS || k % Math.ceil(count / (MOST_STEPS - 2)) === 0) wanted.add(k);
  }
  return [...wanted]
    .sort((a, b) => a - b)
    .map((k) => blocks.map((most, i) => Math.round((k * most) / count) * block[i]));
}

/**
 * What of the padded image decides a part, when its tile keeps what it keeps now and has another overlap: as much
 * more or less is read as the overlap is larger or smaller, the last tile of an axis has more than the others.
 */
function seenWith(predictions: Predictions, { tile, part }: TilePart, overlap: readonly number[]): Region {
  const { plan, whole } = predictions;
  const { block } = predictions.recompute;
  const read = whole.map(([first, end], i): Interval => {
    const [start, stop] = tile.read[i];
    if (plan.roles[i] !== "tiled" || plan.tilesPerAxis[i] === 1) return [start, stop];
    const onGrid = start % block[i] === 0 && stop % block[i] === 0 && plan.overlap[i] % block[i] === 0;
    if (!onGrid) {
      const [kept, keptStop] = tile.write[i];
      return [
        Math.max(first, Math.floor(kept / block[i]) * block[i] - overlap[i]),
        Math.min(end, wholeBlocks(keptStop, block[i]) + overlap[i]),
      ];
    }
    const more = overlap[i] - plan.overlap[i];
    return [
      start === first ? first : Math.max(first, start - more),
      stop === end ? end : Math.min(end, stop + more),
    ];
  });
  return predictions.around(part, read);
}

function byAxis(plan: Plan, px: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    [...plan.axes].flatMap((axis, i) =>
      plan.roles[i] === "tiled" && plan.tilesPerAxis[i] > 1 ? [[axis, px[i]] as const] : [],
    ),
  );
}

/** Voxels computed ÷ kept with tiles as large as now; null where nothing of such a tile would be kept. */
function costOf(plan: Plan, overlap: readonly number[], block: readonly number[]): number | null {
  const size = largestTile(plan.tiles);
  let cost = 1;
  for (const [i, role] of plan.roles.entries()) {
    if (role !== "tiled" || plan.tilesPerAxis[i] === 1) continue;
    const length = wholeBlocks(plan.computed[i][1] - plan.computed[i][0], block[i]);
    try {
      const tiles = planAxisBySize({
        length,
        size: Math.min(length, wholeBlocks(size[i], block[i])),
        block: block[i],
        overlapBlocks: overlap[i] / block[i],
      });
      cost *= tiles.reduce((sum, { read }) => sum + read[1] - read[0], 0) / length;
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
  return cost;
}
