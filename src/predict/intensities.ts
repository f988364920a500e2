/**
 * Measuring the intensities of a stack, plane by plane.
 * @module
 */
import type { Job } from "../job";
import type { Normalization } from "../models/model";
import type { Stack } from "../stack/stack";
import { readableDtype } from "../stack/stored";
import { bytesPerPixel } from "../volume/pixels";
import type { PixelArray } from "../volume/pixels";
import type { Interval, Region } from "../volume/region";
import { regionSize } from "../volume/region";
import type { ImageShape, Parts } from "./geometry";
import { freeTiles } from "./freeMemory";
import { isUndone, measureChannels } from "./normalize";
import type { IntensityMap, MeasuredNormalization } from "./normalize";
import type { NormalizationScope } from "./options";
import { readImage } from "./paddedInput";
import { PercentileSearch } from "./percentiles";

/** Pixels are measured in pieces of at most this size, bytes. */
const PIECE_BYTES = 16 * 2 ** 20;

/** What is measured. */
export interface Measured {
  readonly stack: Stack;
  readonly image: ImageShape;
  /** Channels wanted; other axes are always measured whole, so that a part equals that part of the whole result. */
  readonly parts: Parts;
}

/**
 * Measures the intensity maps of a stack, streamed.
 *
 * @param scope `stack`: one group over all pixels; `frame`: one group per time point; `tile`: none, each tile is
 *              measured when it is read
 */
export async function measureStack(
  { stack, image, parts }: Measured,
  normalization: Normalization,
  scope: NormalizationScope,
  job: Job,
): Promise<MeasuredNormalization> {
  const t = image.axes.indexOf("T");
  const groups = groupsOf(scope, t < 0 ? null : image.shape[t]);
  const c = image.axes.indexOf("C");
  const [first, last] = parts.C ?? [0, c < 0 ? 1 : image.shape[c]];
  const maps: IntensityMap[][] = [];
  let ignored = 0;
  for (const frame of groups) {
    const channels = Array.from({ length: last - first }, (_, i) => {
      const whole = [...image.axes].map((axis, k): Interval => {
        if (axis === "C") return [first + i, first + i + 1];
        return axis === "T" && frame !== undefined ? frame : [0, image.shape[k]];
      });
      return (give: (data: PixelArray) => void) => passOver(stack, image, whole, { give, job });
    });
    const measured = await measureChannels(normalization, readableDtype(stack.facts), channels, job);
    maps.push(measured.maps);
    ignored += measured.ignored;
  }
  return { mode: normalization.mode, undo: isUndone(normalization), maps, ignored };
}

/** The time points that are measured together; undefined is all of them. */
function groupsOf(scope: NormalizationScope, frames: number | null): (Interval | undefined)[] {
  if (scope === "tile") return [];
  if (scope === "stack" || frames === null) return [undefined];
  return Array.from({ length: frames }, (_, i): Interval => [i, i + 1]);
}

/** p99.9 − p0.1 of all pixels of a stack. */
export async function intensityRange(stack: Stack, job: Job): Promise<number> {
  const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
  const search = new PercentileSearch(readableDtype(stack.facts), [0.1, 99.9]);
  const whole = shape.map((length): Interval => [0, length]);
  do {
    await passOver(stack, { axes, shape }, whole, { give: (data) => search.add(data), job });
  } while (search.endPass());
  const [low, high] = search.result().values;
  return high - low;
}

async function passOver(
  stack: Stack,
  image: ImageShape,
  region: Region,
  to: { readonly give: (data: PixelArray) => void; readonly job: Job },
): Promise<void> {
  const bytes = bytesPerPixel(readableDtype(stack.facts));
  const pieces = split(region, Math.max(1, Math.floor(PIECE_BYTES / bytes)));
  const [height, width] = image.shape.slice(-2);
  const planes = (pixels: number): number => Math.ceil(pixels / (height * width));
  let pixels = 0;
  for (const piece of pieces) {
    to.job.signal.throwIfAborted();
    to.give((await readImage(stack, image, piece, to.job)).data);
    freeTiles();
    pixels += regionSize(piece);
    to.job.report({
      what: "measuring intensities",
      done: planes(pixels),
      total: planes(regionSize(region)),
      unit: "planes",
    });
  }
}

/** Cuts a region along its slowest axes until no piece has more than `most` pixels. */
function split(region: Region, most: number): Region[] {
  if (regionSize(region) <= most) return [region];
  const axis = region.findIndex(([start, stop]) => stop - start > 1);
  if (axis < 0) return [region];
  const [start, stop] = region[axis];
  const perEntry = regionSize(region) / (stop - start);
  const step = Math.max(1, Math.floor(most / perEntry));
  const pieces: Region[] = [];
  for (let at = start; at < stop; at += step) {
    const part = region.map((interval, i): Interval =>
      i === axis ? [at, Math.min(stop, at + step)] : interval,
    );
    pieces.push(...split(part, most));
  }
  return pieces;
}
