/**
 * Options of a prediction, checked at the door: they come from a command line, a setting, a script or a
 * record, as text, numbers, lists or one value per axis.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Normalization } from "../models/model";
import type { StackLayout } from "../stack/stack";
import type { Guarantee } from "../tiling/axis";
import type { BlendMode } from "../tiling/blend";
import { PADDING_MODES } from "../tiling/padding";
import type { PaddingMode } from "../tiling/padding";
import { isAxis, parseAxes } from "../volume/axes";
import type { Interval } from "../volume/region";

/** Numbers for axes: one for all, a list in axes order, or by letter. */
export type AxisNumbers = number | readonly number[] | Readonly<Record<string, number>>;

/** Over which pixels intensities are measured. */
export type NormalizationScope = "stack" | "frame" | "tile";

/** Pixel type of the written stack; `input` is the type of the input. */
export type OutputDtype = "float32" | "input" | "uint8" | "uint16";

/** Options of a prediction, complete. */
export interface PredictOptions {
  readonly axes?: string;
  /** Which stack of the input, from 0; left out: the first that has pixels in it. */
  readonly series?: number | undefined;
  /** Part of the image to predict, px by axis letter. */
  readonly roi?: Readonly<Record<string, Interval>>;
  readonly tiles: "auto" | AxisNumbers;
  readonly tileSize?: AxisNumbers | undefined;
  readonly overlap: "auto" | "care" | AxisNumbers;
  readonly block: "auto" | AxisNumbers;
  readonly guarantee: Guarantee;
  readonly blend: BlendMode;
  /** `auto` is what the model says. */
  readonly normalize: "auto" | Normalization;
  readonly normalizeScope: NormalizationScope;
  readonly pad: PaddingMode;
  readonly padExtra?: AxisNumbers;
  readonly untiled: boolean;
  readonly engine: string;
  /** 0: let the engine choose. */
  readonly threads: number;
  /** For all processes together; 0: half of what is free. */
  readonly memoryMiB: number;
  readonly dtype: OutputDtype;
  readonly format: StackLayout["format"];
  readonly resume: boolean;
  readonly overwrite: boolean;
}

/** Option names a user may give, and how each is read. */
const READERS: {
  readonly [K in keyof PredictOptions]-?: (value: unknown, name: string) => PredictOptions[K];
} = {
  axes: (value, name) => parseAxes(text(value, name)),
  series: (value, name) => whole(value, name, 2 ** 20),
  roi: parseRoi,
  tiles: (value, name) => (value === "auto" ? "auto" : axisNumbers(value, name)),
  tileSize: axisNumbers,
  overlap: (value, name) => (value === "auto" || value === "care" ? value : axisNumbers(value, name)),
  block: (value, name) => (value === "auto" ? "auto" : axisNumbers(value, name)),
  guarantee: (value, name) => oneOf(["size", "count"] as const, value, name),
  blend: (value, name) => oneOf(["crop", "linear", "gaussian"] as const, value, name),
  normalize: parseNormalization,
  normalizeScope: (value, name) => oneOf(["stack", "frame", "tile"] as const, value, name),
  pad: (value, name) => oneOf(PADDING_MODES, value, name),
  padExtra: axisNumbers,
  untiled: flag,
  engine: text,
  threads: (value, name) => whole(value, name, 1024),
  memoryMiB: (value, name) => whole(value, name, 2 ** 30),
  dtype: (value, name) => oneOf(["float32", "input", "uint8", "uint16"] as const, value, name),
  format: (value, name) => oneOf(["ome", "imagej", "ome-zarr-0.4", "ome-zarr-0.5"] as const, value, name),
  resume: flag,
  overwrite: flag,
};

const DEFAULTS: PredictOptions = {
  tiles: "auto",
  overlap: "auto",
  block: "auto",
  guarantee: "size",
  blend: "crop",
  normalize: "auto",
  normalizeScope: "stack",
  pad: "reflect",
  untiled: false,
  engine: "auto",
  threads: 0,
  memoryMiB: 0,
  dtype: "float32",
  format: "ome",
  resume: false,
  overwrite: false,
};

/**
 * Reads options; names as on the command line (`tile-size`, `memory`) or in camel case (`tileSize`).
 *
 * @throws {TilewrightError} `options.*` naming the option, what was expected and what was found
 */
export function readOptions(given: Readonly<Record<string, unknown>>): PredictOptions {
  const read: Record<string, unknown> = { ...DEFAULTS };
  for (const [rawName, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    const name = optionName(rawName);
    if (!Object.hasOwn(READERS, name)) {
      throw new TilewrightError(
        "options.unknown",
        `there is no option "${rawName}"`,
        `options are ${Object.keys(READERS).join(", ")}`,
      );
    }
    read[name] = READERS[name as keyof PredictOptions](value, name);
  }
  return read as unknown as PredictOptions;
}

/**
 * One number per axis.
 *
 * @param axes    image axes, the order of a list
 * @param tiled   axes that a single number is for
 * @param neutral for an axis not named
 * @throws {TilewrightError} `options.badValue`
 */
export function perAxis(
  name: string,
  numbers: AxisNumbers,
  axes: string,
  use: { readonly tiled: string; readonly neutral: (axis: string) => number },
): number[] {
  if (typeof numbers === "number") {
    return axes.split("").map((axis) => (use.tiled.includes(axis) ? numbers : use.neutral(axis)));
  }
  if (isList(numbers)) {
    if (numbers.length !== axes.length) {
      throw bad(name, `one number for each of ${axes}`, numbers.join(","));
    }
    return [...numbers];
  }
  for (const axis of Object.keys(numbers)) {
    if (!axes.includes(axis)) throw bad(name, `axes of the image (${axes})`, axis);
  }
  return axes.split("").map((axis) => numbers[axis] ?? use.neutral(axis));
}

/**
 * Numbers by axis letter, each a whole number of at least 1, such as `Z=16,Y=64`.
 *
 * @throws {TilewrightError} `options.badValue`
 */
export function readPerAxis(value: unknown, name: string): Readonly<Record<string, number>> {
  const numbers = axisNumbers(value, name);
  if (typeof numbers === "number" || isList(numbers))
    throw bad(name, 'numbers by axis such as "Z=16,Y=64"', value);
  for (const px of Object.values(numbers)) {
    if (!Number.isSafeInteger(px) || px < 1) throw bad(name, "whole numbers of at least 1", px);
  }
  return numbers;
}

/**
 * Which series of a file, from 0.
 *
 * @throws {TilewrightError} `options.badValue`
 */
export function readSeries(value: unknown): number {
  return whole(value, "series", 2 ** 20);
}

function optionName(name: string): string {
  const camel = name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return camel === "memory" ? "memoryMiB" : camel;
}

function isList(numbers: AxisNumbers): numbers is readonly number[] {
  return Array.isArray(numbers);
}

function bad(name: string, expected: string, found: unknown): TilewrightError {
  return new TilewrightError("options.badValue", `option ${name} wants ${expected}, found ${show(found)}`);
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "" || value.length > 4096) throw bad(name, "text", value);
  return value;
}

function flag(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw bad(name, "true or false", value);
  return value;
}

function oneOf<T extends string>(allowed: readonly T[], value: unknown, name: string): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) throw bad(name, `one of ${allowed.join(", ")}`, value);
  return found;
}

function whole(value: unknown, name: string, most: number): number {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > most) {
    throw bad(name, `a whole number between 0 and ${most}`, value);
  }
  return number;
}

const AXIS_NUMBERS = 'a number, one number per axis such as 1,3,4, or numbers by axis such as "Y=3,X=4"';

/** Reads `3`, `1,3,4`, `Y=3,X=4`, `[1,3,4]` or `{"Y":3}`. */
function axisNumbers(value: unknown, name: string): AxisNumbers {
  if (typeof value === "number") return finite(value, name);
  if (Array.isArray(value)) return value.map((entry: unknown) => finite(entry, name));
  if (typeof value === "object" && value !== null) {
    return byAxis(Object.entries(value), name);
  }
  const parts = text(value, name).split(",");
  if (parts.every((part) => part.includes("="))) {
    return byAxis(
      parts.map((part) => {
        const [axis, number] = part.split("=");
        return [axis, number] as const;
      }),
      name,
    );
  }
  const numbers = parts.map((part) => finite(part, name));
  return numbers.length === 1 ? numbers[0] : numbers;
}

function byAxis(entries: readonly (readonly [string, unknown])[], name: string): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [key, value] of entries) {
    const axis = key.trim().toUpperCase();
    if (!isAxis(axis)) throw bad(name, AXIS_NUMBERS, key);
    if (Object.hasOwn(numbers, axis)) throw bad(name, "each axis once", key);
    numbers[axis] = finite(value, name);
  }
  return numbers;
}

function finite(value: unknown, name: string): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw bad(name, AXIS_NUMBERS, value);
  return number;
}

/** Reads `Z=0:31,Y=100:600` or `{"Z":[0,31]}`. */
function parseRoi(value: unknown, name: string): Record<string, Interval> {
  const wanted = 'intervals by axis such as "Z=0:31,Y=100:600"';
  const entries: [string, unknown][] =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : text(value, name)
          .split(",")
          .map((part) => {
            const [axis, interval = ""] = part.split("=");
            return [axis, interval.split(":")];
          });
  const roi: Record<string, Interval> = {};
  for (const [key, interval] of entries) {
    const axis = key.trim().toUpperCase();
    const bounds = Array.isArray(interval)
      ? interval.map((bound: unknown) => (bound === "" ? NaN : Number(bound)))
      : [];
    if (Object.hasOwn(roi, axis)) throw bad(name, "each axis once", value);
    if (!isAxis(axis) || bounds.length !== 2 || !bounds.every(Number.isInteger))
      throw bad(name, wanted, value);
    roi[axis] = [bounds[0], bounds[1]];
  }
  return roi;
}

/** Reads `auto`, `none`, `percentile:LO,HI`, `zscore`, `minmax`, or a normalisation as in a run record. */
function parseNormalization(value: unknown, name: string): "auto" | Normalization {
  if (value === "auto") return "auto";
  const word = typeof value === "object" && value !== null ? recordedNormalization(value) : text(value, name);
  if (word === "none") return { mode: "none" };
  if (word === "zscore" || word === "minmax") return { mode: word, undo: false };
  const range = /^percentile:([\d.]+),([\d.]+)$/.exec(word);
  if (range !== null) {
    const low = Number(range[1]);
    const high = Number(range[2]);
    if (low >= 0 && low < high && high <= 100) return { mode: "percentile", low, high, undo: true };
  }
  throw bad(name, "one of auto, none, percentile:LO,HI (0 ≤ LO < HI ≤ 100), zscore, minmax", value);
}

function recordedNormalization(value: object): string {
  const { mode, low, high } = value as { mode?: unknown; low?: unknown; high?: unknown };
  return mode === "percentile" ? `percentile:${String(low)},${String(high)}` : String(mode);
}
