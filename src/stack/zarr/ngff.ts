/**
 * What OME-Zarr says about an image: axes, levels, pixel size, channels. Versions 0.1 to 0.5.
 *
 * @see https://ngff.openmicroscopy.org/0.4 and /0.5, "multiscales" and "omero"
 * @module
 */
import type { ChannelFacts, PixelSize } from "../stack";
import { convertLength, normalUnit } from "../units";
import { asJson } from "./metadata";
import type { Json, ZarrNode } from "./metadata";

/** An image as its group describes it; nothing is checked against arrays yet. */
export interface NgffImage {
  /** One letter per dimension: of TCZYX, Q for others; null when the group does not say. */
  readonly axes: string | null;
  /** Paths of the arrays, the full one first. */
  readonly levels: readonly string[];
  readonly pixelSize: PixelSize | null;
  readonly channels: readonly ChannelFacts[];
  readonly warnings: readonly string[];
}

const MOST_LEVELS = 64;
const MOST_CHANNELS = 4096;
const LONGEST_NAME = 1024;

/** Symbols of the unit names that OME-Zarr uses; others are kept as they are. */
const UNIT_SYMBOLS: Readonly<Record<string, string>> = {
  meter: "m",
  decimeter: "dm",
  centimeter: "cm",
  millimeter: "mm",
  micrometer: "µm",
  nanometer: "nm",
  picometer: "pm",
  angstrom: "Å",
};

/** The name that OME-Zarr has for a unit; undefined for those that are no lengths. */
export function ngffUnit(unit: string): string | undefined {
  const symbol = normalUnit(unit);
  const known = Object.entries(UNIT_SYMBOLS).find(([name, own]) => own === symbol || name === unit);
  if (known !== undefined) return known[0];
  return /^(?:foot|inch|mile|yard|kilometer)$/.test(unit) ? unit : undefined;
}

/** The attributes that OME-Zarr puts into a group: under `ome` since 0.5. */
export function ngffAttributes({ format, attributes }: ZarrNode): Json {
  return format === 3 && attributes.ome !== undefined ? asJson(attributes.ome) : attributes;
}

/** The image that a group is; null when it is none. */
export function parseNgff(node: ZarrNode): NgffImage | null {
  const attributes = ngffAttributes(node);
  const all = Array.isArray(attributes.multiscales) ? (attributes.multiscales as unknown[]) : [];
  if (all.length === 0) return null;
  const image = asJson(all[0]);
  const datasets = (Array.isArray(image.datasets) ? (image.datasets as unknown[]) : []).map(asJson);
  const levels = datasets.flatMap(({ path }) => (typeof path === "string" && path !== "" ? [path] : []));
  const warnings: string[] = [];
  if (all.length > 1) warnings.push(`it holds ${all.length} images; the first is read`);
  if (levels.length > MOST_LEVELS) warnings.push(`only the first ${MOST_LEVELS} levels are read`);
  const axes = axisList(image.axes);
  const letters = axes?.map(letterOf) ?? null;
  const scale = totalScale(datasets[0] ?? {}, image);
  return {
    axes: letters?.join("") ?? null,
    levels: levels.slice(0, MOST_LEVELS),
    pixelSize: axes === null ? null : pixelSizeOf(letters ?? [], axes, scale),
    channels: channelsOf(attributes),
    warnings,
  };
}

interface NgffAxis {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
}

function axisList(value: unknown): NgffAxis[] | null {
  if (!Array.isArray(value) || value.length > 16) return null;
  return value.map((entry: unknown) => {
    // 0.3 had names only.
    const { name, type, unit } = asJson(typeof entry === "string" ? { name: entry } : entry);
    const text = (field: unknown): string => (typeof field === "string" ? field.slice(0, LONGEST_NAME) : "");
    return { name: text(name).toLowerCase(), type: text(type).toLowerCase(), unit: text(unit) };
  });
}

const TYPE_LETTERS: Readonly<Record<string, string>> = { time: "T", channel: "C" };

function letterOf({ name, type }: NgffAxis): string {
  if (Object.hasOwn(TYPE_LETTERS, type)) return TYPE_LETTERS[type];
  return /^[tczyx]$/.test(name) ? name.toUpperCase() : "Q";
}

/** Pixel size of the full level: its own scale times that of all levels. */
function totalScale(dataset: Json, image: Json): number[] {
  const scales = [dataset, image].flatMap(({ coordinateTransformations: list }) =>
    (Array.isArray(list) ? (list as unknown[]) : []).map(asJson).flatMap(({ type, scale }) => {
      return type === "scale" && Array.isArray(scale) ? [scale.slice(0, 16).map(Number)] : [];
    }),
  );
  return scales.reduce((total, scale) => scale.map((value, i) => value * (total[i] ?? 1)), []);
}

function pixelSizeOf(
  letters: readonly string[],
  axes: readonly NgffAxis[],
  scale: readonly number[],
): PixelSize | null {
  const unitOf = (letter: string): string => {
    const unit = axes[letters.indexOf(letter)]?.unit ?? "";
    return normalUnit(Object.hasOwn(UNIT_SYMBOLS, unit) ? UNIT_SYMBOLS[unit] : unit);
  };
  const sizeOf = (letter: string): number | null => {
    const value = scale[letters.indexOf(letter)];
    return value !== undefined && Number.isFinite(value) && value > 0 ? value : null;
  };
  const unit = unitOf("X") || unitOf("Y");
  const inUnit = (letter: string): number | null => {
    const [size, own] = [sizeOf(letter), unitOf(letter)];
    return size === null ? null : own === "" || own === unit ? size : convertLength(size, own, unit);
  };
  const [x, y, z] = ["X", "Y", "Z"].map(inUnit);
  // A scale of 1 without a unit says no more than that there are pixels.
  if (unit === "" && [x, y, z].every((size) => size === null || size === 1)) return null;
  return x === null && y === null && z === null ? null : { x, y, z, unit: unit === "" ? "pixel" : unit };
}

function channelsOf(attributes: Json): ChannelFacts[] {
  const { channels } = asJson(attributes.omero);
  if (!Array.isArray(channels) || channels.length > MOST_CHANNELS) return [];
  return channels.map((entry: unknown) => {
    const { label, color } = asJson(entry);
    return {
      name: typeof label === "string" && label !== "" ? label.slice(0, LONGEST_NAME) : null,
      color: typeof color === "string" && /^[0-9a-f]{6}$/i.test(color) ? `#${color.toLowerCase()}` : null,
    };
  });
}
