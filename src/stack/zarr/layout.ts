/**
 * Everything about an OME-Zarr image we write that follows from its layout alone: levels, chunks, metadata; so that
 * a resumed run, or another process, comes to the same files.
 *
 * Chunks are uncompressed: each pixel has its own bytes, and tiles may be written in any order.
 * @module
 */
import { basename } from "node:path";
import { TilewrightError } from "../../errors";
import { CANONICAL_AXES } from "../../volume/axes";
import { bytesPerPixel } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";
import { shapeSize } from "../../volume/region";
import { ngffUnit } from "./ngff";
import type { StackLayout } from "../stack";

/** One level of the image. */
export interface ZarrLevel {
  /** Folder below that of the image. */
  readonly name: string;
  /** In the order of the stored axes. */
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  /** px of the full image per px of this level, per axis. */
  readonly factors: readonly number[];
}

/** The plan of an OME-Zarr folder. */
export interface ZarrPlan {
  readonly version: "0.4" | "0.5";
  /** The layout's axes in the order that OME-Zarr wants: time, channel, space. */
  readonly axes: string;
  readonly dtype: Dtype;
  readonly levels: readonly ZarrLevel[];
  /** Bytes of all chunks together. */
  readonly bytes: number;
}

/** Smallest and largest value per channel. */
export type ChannelRanges = readonly (readonly [min: number, max: number])[];

const STORED_ORDER = "TCZYX";
const SHORTEST_SIDE = 128;
const LONGEST_SIDE = 512;
const DEFAULT_SIDE = 256;
/** Levels are made until rows and columns are no more than this. */
const OVERVIEW_SIDE = 256;
/** Planes smaller than this share a chunk, bytes. */
const SMALL_CHUNK = 2 ** 18;
const MOST_CHUNKS = 2 ** 22;

/**
 * Plans a folder.
 *
 * @throws {TilewrightError} `stack.layout` when the layout cannot be written as OME-Zarr
 */
export function planZarr(layout: StackLayout): ZarrPlan {
  const { dtype, format } = layout;
  checkLayout(layout);
  const axes = [...STORED_ORDER].filter((letter) => layout.axes.includes(letter)).join("");
  const stored = <T>(values: readonly T[]): T[] =>
    [...axes].map((letter) => values[layout.axes.indexOf(letter)]);
  const shape = stored(layout.shape);
  const grid = layout.writeGrid === undefined ? shape.map(() => 0) : stored(layout.writeGrid);
  const levels = levelsOf(shape, chunkShapeOf(axes, shape, grid, dtype));
  const chunks = levels.reduce((sum, level) => sum + shapeSize(chunkCounts(level)), 0);
  if (chunks > MOST_CHUNKS) {
    throw new TilewrightError(
      "stack.layout",
      `cannot write an OME-Zarr image of ${chunks} files`,
      "write a TIFF, or predict a part of it with --roi",
    );
  }
  const pixels = levels.reduce(
    (sum, level) => sum + shapeSize(chunkCounts(level)) * shapeSize(level.chunkShape),
    0,
  );
  return {
    version: format === "ome-zarr-0.4" ? "0.4" : "0.5",
    axes,
    dtype,
    levels,
    bytes: pixels * bytesPerPixel(dtype),
  };
}

function checkLayout({ axes, shape, dtype, format }: StackLayout): void {
  const fail = (why: string, hint?: string): never => {
    throw new TilewrightError("stack.layout", `cannot write an OME-Zarr image: ${why}`, hint);
  };
  const order = [...CANONICAL_AXES].filter((axis) => axes.includes(axis)).join("");
  if (axes !== order || !axes.endsWith("YX")) fail(`axes "${axes}" are no part of TZCYX that ends in YX`);
  if (shape.length !== axes.length) fail(`shape [${shape.join(", ")}] does not fit axes ${axes}`);
  if (!shape.every((length) => Number.isInteger(length) && length >= 1 && length < 2 ** 31)) {
    fail(`its shape is [${shape.join(", ")}]`);
  }
  if (shapeSize(shape) * bytesPerPixel(dtype) > Number.MAX_SAFE_INTEGER / 4)
    fail("it is larger than any disk");
  if (format === "imagej")
    fail("ImageJ's hyperstacks are TIFF files", "choose --format ome, or a name that ends in .tif");
}

/** Chunks per axis. */
export function chunkCounts({ shape, chunkShape }: Pick<ZarrLevel, "shape" | "chunkShape">): number[] {
  return shape.map((length, axis) => Math.ceil(length / chunkShape[axis]));
}

/** Rows and columns are cut where tiles are; a chunk is one plane, or several small ones. */
function chunkShapeOf(
  axes: string,
  shape: readonly number[],
  grid: readonly number[],
  dtype: Dtype,
): number[] {
  const sides = shape.map((length, axis) => (axis < shape.length - 2 ? 1 : sideOf(length, grid[axis])));
  const z = axes.indexOf("Z");
  const room = Math.floor(SMALL_CHUNK / (shapeSize(sides) * bytesPerPixel(dtype)));
  if (z >= 0 && room > 1) sides[z] = grid[z] > 0 ? divisorBelow(grid[z], room) : Math.min(shape[z], room);
  return sides;
}

function sideOf(length: number, step: number): number {
  const aligned = step > 0 ? divisorBelow(step, LONGEST_SIDE) : 0;
  if (aligned >= SHORTEST_SIDE) return aligned;
  return length <= LONGEST_SIDE ? length : DEFAULT_SIDE;
}

function divisorBelow(value: number, most: number): number {
  for (let divisor = Math.min(value, most); divisor > 1; divisor--) if (value % divisor === 0) return divisor;
  return 1;
}

function levelsOf(shape: readonly number[], chunkShape: readonly number[]): ZarrLevel[] {
  const fitted = (lengths: readonly number[]): number[] =>
    chunkShape.map((side, axis) => Math.min(side, lengths[axis]));
  const levels = [{ name: "0", shape, chunkShape: fitted(shape), factors: shape.map(() => 1) }];
  while (levels[levels.length - 1].shape.slice(-2).some((length) => length > OVERVIEW_SIDE)) {
    const before = levels[levels.length - 1];
    const halved = (axis: number): boolean => axis >= shape.length - 2 && before.shape[axis] > 1;
    const smaller = before.shape.map((length, axis) => (halved(axis) ? Math.ceil(length / 2) : length));
    levels.push({
      name: String(levels.length),
      shape: smaller,
      chunkShape: fitted(smaller),
      factors: before.factors.map((factor, axis) => (halved(axis) ? 2 * factor : factor)),
    });
  }
  return levels;
}

/** Path of a chunk below the folder of the image, as parts. */
export function chunkPath({ version }: ZarrPlan, level: ZarrLevel, chunk: readonly number[]): string[] {
  return [level.name, ...(version === "0.5" ? ["c"] : []), ...chunk.map(String)];
}

/** Metadata of the arrays: path below the folder of the image → text. */
export function arrayFiles(plan: ZarrPlan): Map<string, string> {
  const names = [...plan.axes.toLowerCase()];
  return new Map(
    plan.levels.map(({ name, shape, chunkShape }) =>
      plan.version === "0.4"
        ? [`${name}/.zarray`, json(arrayV2(plan.dtype, shape, chunkShape))]
        : [`${name}/zarr.json`, json(arrayV3(plan.dtype, { shape, chunkShape, names }))],
    ),
  );
}

function arrayV2(dtype: Dtype, shape: readonly number[], chunks: readonly number[]): unknown {
  const bytes = bytesPerPixel(dtype);
  const kind = dtype.startsWith("f") ? "f" : dtype.startsWith("u") ? "u" : "i";
  return {
    zarr_format: 2,
    shape,
    chunks,
    dtype: `${bytes === 1 ? "|" : "<"}${kind}${bytes}`,
    compressor: null,
    fill_value: 0,
    order: "C",
    filters: null,
    dimension_separator: "/",
  };
}

function arrayV3(
  dtype: Dtype,
  { shape, chunkShape, names }: { shape: readonly number[]; chunkShape: readonly number[]; names: string[] },
): unknown {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    attributes: {},
    dimension_names: names,
  };
}

/**
 * Metadata of the image itself.
 *
 * @param ranges of the channels, for viewers; null leaves channels out
 * @see https://ngff.openmicroscopy.org/0.5 "multiscales", "omero"
 */
export function groupFiles(
  plan: ZarrPlan,
  layout: StackLayout,
  path: string,
  ranges: ChannelRanges | null,
): Map<string, string> {
  const name = basename(path)
    .replace(/\.partial$/, "")
    .replace(/(?:\.ome)?\.zarr$/i, "");
  const image = {
    name,
    axes: axesOf(plan, layout),
    datasets: plan.levels.map((one) => datasetOf(plan, layout, one)),
    type: "mean",
  };
  const omero = ranges === null ? {} : { omero: { channels: omeroChannels(layout, ranges) } };
  if (plan.version === "0.4") {
    return new Map([
      [".zgroup", json({ zarr_format: 2 })],
      [".zattrs", json({ multiscales: [{ version: "0.4", ...image }], ...omero })],
    ]);
  }
  const ome = { version: "0.5", multiscales: [image], ...omero };
  return new Map([["zarr.json", json({ zarr_format: 3, node_type: "group", attributes: { ome } })]]);
}

function axesOf({ axes }: ZarrPlan, { pixelSize }: StackLayout): unknown[] {
  const unit = pixelSize === null ? undefined : ngffUnit(pixelSize.unit);
  return [...axes].map((letter) => {
    const name = letter.toLowerCase();
    if (letter === "T") return { name, type: "time" };
    if (letter === "C") return { name, type: "channel" };
    return { name, type: "space", ...(unit === undefined ? {} : { unit }) };
  });
}

/** A level's pixel is the mean of `factors` pixels: its centre lies between theirs. */
function datasetOf({ axes }: ZarrPlan, { pixelSize }: StackLayout, { name, factors }: ZarrLevel): unknown {
  const sizes = [...axes].map((letter) =>
    "ZYX".includes(letter) ? (pixelSize?.[letter.toLowerCase() as "x" | "y" | "z"] ?? 1) : 1,
  );
  const scale = { type: "scale", scale: sizes.map((size, axis) => size * factors[axis]) };
  const shift = sizes.map((size, axis) => (size * (factors[axis] - 1)) / 2);
  const translation = shift.some((value) => value > 0) ? [{ type: "translation", translation: shift }] : [];
  return { path: name, coordinateTransformations: [scale, ...translation] };
}

const COLORS = ["FFFFFF", "FF00FF", "00FF00", "00FFFF", "FF0000", "0000FF", "FFFF00"];

function omeroChannels({ channels }: StackLayout, ranges: ChannelRanges): unknown[] {
  return channels.map(({ name, color }, i) => {
    const [start, end] = ranges[i];
    const other = channels.length === 1 ? COLORS[0] : COLORS[1 + (i % (COLORS.length - 1))];
    return {
      label: name ?? `channel ${i + 1}`,
      color: color?.slice(1).toUpperCase() ?? other,
      active: true,
      window: { start, end, min: start, max: end },
    };
  });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
