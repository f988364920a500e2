/**
 * How deep the treatment of the stack's ends reaches: the same crops with other padding, and with no more padding than
 * the network's block needs.
 * @module
 */
import type { Job } from "../../job";
import { PADDING_MODES, divisiblePadding } from "../../tiling/padding";
import type { Interval, Region } from "../../volume/region";
import type { Volume } from "../../volume/volume";
import type { BorderBand } from "../diagnosis";
import { wholeBlocks, writtenRegion } from "../places";
import type { Probing } from "./predictions";

/** Fraction of the range from which on a difference counts. */
const SEEN = 1e-3;
const BOX = 8;

/** What padding beyond need did to one axis, along a line of boxes from end to end; fractions of the range. */
export interface ExtraPadding {
  readonly axis: string;
  /** Largest |as padded − padded to whole blocks only| at each px of the axis that was looked at. */
  readonly profile: readonly (number | null)[];
  readonly max: number;
}

/** Bands at all ends that are padded, and the effect of extra padding. */
export interface Borders {
  readonly bands: BorderBand[];
  readonly extra: ExtraPadding[];
}

/** Measures both. Ends that are not padded have no band: nothing was invented there. */
export async function measureBorders(probing: Probing, notes: string[], job: Job): Promise<Borders> {
  const { run, predictions } = probing;
  const { plan } = run;
  const bands: BorderBand[] = [];
  const extra: ExtraPadding[] = [];
  if (predictions.recompute.blockers.length > 0) return { bands, extra };
  for (const [i, axis] of [...plan.axes].entries()) {
    if (plan.roles[i] !== "tiled") continue;
    const profile = new Float64Array(plan.shape[i]).fill(-1);
    let hasExtra = false;
    for (const end of ["start", "stop"] as const) {
      const before = end === "start";
      const border = plan.padding[i][0] + (before ? 0 : plan.shape[i]);
      const isWritten = writtenRegion(plan)[i][before ? 0 : 1] === border;
      if (plan.padding[i][before ? 0 : 1] === 0 || !isWritten) continue;
      const box = boxAt(probing, i, before);
      const seen = predictions.around(box, predictions.whole);
      if (!predictions.recompute.fits(seen)) {
        notes.push(
          `How deep the padding at the ${before ? "start" : "end"} of ${axis} reaches was not measured: it does not fit into memory.`,
        );
        continue;
      }
      bands.push(await bandAt(probing, { axis, end, box, seen }, job));
      const least = leastPadded(probing);
      if (least[i][0] > 0 || least[i][1] < plan.paddedShape[i]) {
        hasExtra = true;
        await addExtra(probing, { box, seen, axis: i, profile }, job);
      }
      job.report({ what: "trying other padding", done: i + 1, total: plan.axes.length, unit: "tiles" });
    }
    if (hasExtra) {
      const known = Array.from(profile, (value) => (value < 0 ? null : value));
      extra.push({ axis, profile: known, max: profile.reduce((most, value) => Math.max(most, value), 0) });
    }
  }
  return { bands, extra };
}

/** As deep as the network sees along the axis, small along the others, away from their ends where possible. */
function boxAt({ run, predictions }: Probing, axis: number, atStart: boolean): Region {
  const { plan } = run;
  const { block, context } = predictions.recompute;
  return writtenRegion(plan).map(([start, stop], i): Interval => {
    if (plan.roles[i] === "whole") return plan.computed[i];
    if (plan.roles[i] === "each") return [Math.floor((start + stop) / 2), Math.floor((start + stop) / 2) + 1];
    if (i !== axis) {
      const length = Math.min(BOX, stop - start);
      const first = start + Math.floor((stop - start - length) / 2);
      return [first, first + length];
    }
    const depth = Math.min(stop - start, wholeBlocks(context[i] + 1, block[i]));
    return atStart ? [start, start + depth] : [stop - depth, stop];
  });
}

interface End {
  readonly axis: string;
  readonly end: BorderBand["end"];
  readonly box: Region;
  readonly seen: Region;
}

async function bandAt(probing: Probing, { axis, end, box, seen }: End, job: Job): Promise<BorderBand> {
  const { predictions, range, run } = probing;
  const volumes: Volume<Float32Array>[] = [];
  for (const mode of PADDING_MODES) {
    volumes.push(await predictions.predict(box, seen, mode === run.padding ? undefined : mode, job));
  }
  const profile = largestAlong(volumes[0], axis, (i) => {
    const values = volumes.map(({ data }) => data[i]);
    return (Math.max(...values) - Math.min(...values)) / range;
  });
  if (end === "stop") profile.reverse();
  return {
    axis,
    end,
    depth: profile.findLastIndex((value) => value > SEEN) + 1,
    profile,
    modes: PADDING_MODES,
  };
}

/** Largest value at each px along an axis. */
function largestAlong(volume: Volume, axis: string, value: (index: number) => number): number[] {
  const k = volume.axes.indexOf(axis);
  const inner = volume.shape.slice(k + 1).reduce((product, length) => product * length, 1);
  const most = new Array<number>(volume.shape[k]).fill(0);
  for (let i = 0; i < volume.data.length; i++) {
    const px = Math.floor(i / inner) % volume.shape[k];
    const found = value(i);
    if (found > most[px]) most[px] = found;
  }
  return most;
}

/** The padded image as it is with no more padding than whole blocks need. */
function leastPadded({ run, predictions }: Probing): Region {
  const { plan } = run;
  return predictions.whole.map(([first, end], i): Interval => {
    if (plan.roles[i] !== "tiled") return [first, end];
    const [before, after] = divisiblePadding(plan.shape[i], predictions.recompute.block[i]);
    const start = plan.padding[i][0] - before;
    const stop = plan.padding[i][0] + plan.shape[i] + after;
    return start >= first && stop <= end ? [start, stop] : [first, end];
  });
}

interface Extra {
  readonly box: Region;
  readonly seen: Region;
  readonly axis: number;
  /** px of the image; −1 where not looked at. Changed. */
  readonly profile: Float64Array;
}

/** Compares the run's padding with the least on one axis, the others as they are. */
async function addExtra(probing: Probing, { box, seen, axis, profile }: Extra, job: Job): Promise<void> {
  const { predictions, range, run } = probing;
  const least = leastPadded(probing);
  const within = predictions.whole.map((interval, i) => (i === axis ? least[i] : interval));
  const padded = await predictions.predict(box, seen, undefined, job);
  const plain = await predictions.predict(box, predictions.around(box, within), undefined, job);
  const along = largestAlong(
    padded,
    run.plan.axes[axis],
    (i) => Math.abs(padded.data[i] - plain.data[i]) / range,
  );
  const first = box[axis][0] - run.plan.padding[axis][0];
  along.forEach((value, px) => (profile[first + px] = Math.max(profile[first + px], value)));
}
