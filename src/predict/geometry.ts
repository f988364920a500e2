/**
 * How the axes of an image meet the axes of a model.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Model } from "../models/model";
import type { NetworkAnalysis } from "../network/analysis";
import { careOverlap } from "../tiling/careOverlap";
import type { AxisRole, PlanAxis } from "../tiling/plan";
import { CANONICAL_AXES, canonicalOrder } from "../volume/axes";
import type { Interval } from "../volume/region";

/** An image as a prediction sees it. */
export interface ImageShape {
  /** Subset of `TZCYX` in that order. */
  readonly axes: string;
  readonly shape: readonly number[];
}

/** The axes of an image, each with its part in the prediction. */
export interface Geometry {
  readonly image: ImageShape;
  /**
   * Axes to be planned: those of the image, and spatial axes of the network that the image lacks with
   * length 1; canonical order.
   */
  readonly axes: readonly PlanAxis[];
  /** Subset of `TZCYX` of what is written. */
  readonly outputAxes: string;
  readonly outputShape: readonly number[];
  readonly warnings: readonly string[];
}

/** What of an image is wanted, px by axis letter. */
export type Parts = Readonly<Record<string, Interval>>;

/**
 * Matches image and model.
 *
 * @param image image as opened, with the axes the user gave it
 * @param parts parts wanted; an axis not named is wanted whole
 * @throws {TilewrightError} `axes.*` when they cannot meet
 */
export function matchAxes(
  image: ImageShape,
  model: Model,
  analysis: NetworkAnalysis,
  parts: Parts,
): Geometry {
  const { spatialAxes } = model.network;
  const channelsIn = model.network.inputs[0].channels;
  const channelsOut = model.network.outputs[0].channels;
  checkParts(image, parts);
  checkChannels(image, channelsIn, parts, model.name);
  const missing = [...spatialAxes].filter((axis) => !image.axes.includes(axis));
  const warnings = missing.map(
    (axis) => `the image has no ${axis} axis: it is given one of length 1, padded to the network's block`,
  );
  const axes = [...canonicalOrder(image.axes + missing.join(""))].map((axis): PlanAxis => {
    const i = image.axes.indexOf(axis);
    const length = i < 0 ? 1 : image.shape[i];
    const role = roleOf(axis, spatialAxes);
    const part = parts[axis];
    const common = { axis, length, role, ...(part === undefined ? {} : { part }) };
    if (role !== "tiled") return { ...common, block: 1, context: 0, careOverlap: null };
    const s = spatialAxes.indexOf(axis);
    return {
      ...common,
      block: analysis.block[s],
      context: analysis.context[s].aligned,
      careOverlap: tableOverlap(model),
    };
  });
  for (const { axis, role, length } of axes) {
    if (role === "each" && length > 1) {
      warnings.push(
        `the network has no ${axis} axis: each of the ${length} ${axis} entries is predicted on its own`,
      );
    }
  }
  const output = outputOf(image, channelsOut, parts);
  return { image, axes, outputAxes: output.axes, outputShape: output.shape, warnings };
}

/** The image with the axes a user names instead of those the file implies. */
export function renameAxes(image: ImageShape, axes: string | undefined): ImageShape {
  if (axes === undefined) return image;
  if (axes === image.axes) return image;
  const long = image.shape.filter((length) => length > 1);
  const shape = axes.length === image.shape.length ? image.shape : long;
  if (axes.length !== shape.length) {
    throw new TilewrightError(
      "axes.wrongNumber",
      `axes ${axes} name ${axes.length} dimensions, the image has ${image.shape.length} (${image.axes} ${image.shape.join("×")})`,
      "give one letter per dimension",
    );
  }
  if (canonicalOrder(axes) !== axes) {
    throw new TilewrightError(
      "axes.order",
      `axes ${axes} are not in the order of ${CANONICAL_AXES}, which is how the dimensions of a stack are read`,
      `for example ${canonicalOrder(axes)}`,
    );
  }
  return { axes, shape };
}

function roleOf(axis: string, spatialAxes: string): AxisRole {
  if (axis === "C") return "whole";
  return spatialAxes.includes(axis) ? "tiled" : "each";
}

function tableOverlap(model: Model): number | null {
  if (model.care === null) return null;
  try {
    return careOverlap(model.care);
  } catch {
    return null; // outside CSBDeep's table: there is no such number
  }
}

function checkParts(image: ImageShape, parts: Parts): void {
  for (const [axis, [start, stop]] of Object.entries(parts)) {
    const i = image.axes.indexOf(axis);
    if (i < 0) {
      throw new TilewrightError(
        "roi.axis",
        `the image has no ${axis} axis (it has ${image.axes})`,
        "leave it out",
      );
    }
    if (start < 0 || start >= stop || stop > image.shape[i]) {
      throw new TilewrightError(
        "roi.outside",
        `part ${axis}=${start}:${stop} does not lie inside 0:${image.shape[i]}`,
        "give a start and a larger stop inside the image",
      );
    }
  }
}

function checkChannels(image: ImageShape, channelsIn: number, parts: Parts, modelName: string): void {
  const c = image.axes.indexOf("C");
  const part = parts.C;
  const found = part === undefined ? (c < 0 ? 1 : image.shape[c]) : part[1] - part[0];
  if (found === channelsIn) return;
  throw new TilewrightError(
    "axes.channels",
    `the image has ${found} ${found === 1 ? "channel" : "channels"} (${image.axes} ${image.shape.join("×")}), model ${modelName} expects ${channelsIn}`,
    found > channelsIn
      ? "choose channels with --roi, such as C=0:1"
      : "check --axes, or choose another model",
  );
}

function outputOf(image: ImageShape, channels: number, parts: Parts): ImageShape {
  const hasChannels = image.axes.includes("C") || channels > 1;
  const axes = canonicalOrder(image.axes + (hasChannels && !image.axes.includes("C") ? "C" : ""));
  const shape = [...axes].map((axis) => {
    if (axis === "C") return channels;
    const part = parts[axis];
    return part === undefined ? image.shape[image.axes.indexOf(axis)] : part[1] - part[0];
  });
  return { axes, shape };
}
