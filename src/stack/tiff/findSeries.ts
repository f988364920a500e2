/**
 * Finding a stack in a file: how its pages become axes, by what ImageJ, OME, tifffile or nobody wrote.
 * @module
 */
import { basename } from "node:path";
import { shapeSize } from "../../volume/region";
import { isDirect } from "./chunks";
import { imagejChannels, imagejPixelSize, isImagejDescription, parseImagejDescription } from "./imagej";
import { OmeProblem } from "./omeRead";
import type { OmeDocument } from "./omeRead";
import { omeSeries } from "./omeSeries";
import { pageBytes, sameFormat } from "./page";
import { MAX_PLANES, checkIndex, squeeze } from "./series";
import type { Described, FileParts, Series } from "./series";

/** Which stack of a file is wanted. */
export interface SeriesWish {
  /** What OME says of the file, or why that cannot be used; null when it says nothing. */
  readonly ome: OmeDocument | OmeProblem | null;
  /** From 0; null: the first that has pixels in this file. */
  readonly index: number | null;
}

/**
 * Finds a stack in a file.
 *
 * @throws {TilewrightError} `stack.series` when the file has fewer stacks than asked for
 */
export function findSeries(parts: FileParts, wish: SeriesWish): Series {
  const warnings: string[] = [];
  const groups = groupPages(parts);
  try {
    if (wish.ome instanceof OmeProblem) throw wish.ome;
    if (wish.ome !== null) return omeSeries(parts, wish.ome, { groups, index: wish.index, warnings });
  } catch (error) {
    if (!(error instanceof OmeProblem)) throw error;
    warnings.push(`its OME metadata ${error.message}; they are ignored`);
  }
  const index = wish.index ?? 0;
  checkIndex(parts, index, groups.length);
  if (groups.length > 1) {
    warnings.push(
      `the file holds pages of ${groups.length} shapes or pixel types; the ${groups[index].length} like page ${groups[index][0]} are used (series ${index})`,
    );
  }
  return {
    index,
    count: groups.length,
    ...(index === 0 ? firstSeries(parts, groups[0], warnings) : plainSeries(parts, groups[index], warnings)),
  };
}

function firstSeries(parts: FileParts, main: readonly number[], warnings: string[]): Described {
  const imagej = parts.descriptions.find(isImagejDescription);
  if (imagej !== undefined) return imagejSeries(parts, main, { text: imagej, warnings });
  const shaped = parts.descriptions.map(parseShaped).find((found) => found !== null);
  const series = shaped == null ? null : shapedSeries(parts, main, { shaped, warnings });
  return series ?? plainSeries(parts, main, warnings);
}

/** Pages of full size, those that are alike together, in the order of the file. */
function groupPages({ pages }: FileParts): number[][] {
  const groups: number[][] = [];
  for (const [i, { format, reduced }] of pages.entries()) {
    if (i > 0 && reduced) continue;
    const group = groups.find(([first]) => sameFormat(format, pages[first].format));
    if (group !== undefined) group.push(i);
    else if (groups.length < MAX_GROUPS) groups.push([i]);
  }
  return groups;
}

/** Only a damaged file has pages of more kinds. */
const MAX_GROUPS = 256;

/** A stack in one file of which nothing more is known. */
function unnamed(
  parts: FileParts,
): Pick<Described, "contiguous" | "pixelSize" | "channels" | "fileOf" | "files"> {
  return { contiguous: 0, pixelSize: null, channels: [], fileOf: null, files: [basename(parts.name)] };
}

function plainSeries(parts: FileParts, main: readonly number[], warnings: string[]): Described {
  const count = parts.metamorphPlanes;
  const contiguous = contiguousPlanes(parts, main, { count, warnings });
  const planes = contiguous > 0 ? range(contiguous) : main;
  if (planes.length > 1)
    warnings.push(`the file does not say what its ${planes.length} pages are; they are taken as Z`);
  else if (count > 1)
    warnings.push(`MetaMorph counts ${count} planes; only the first can be found in the file`);
  // Centimetres are written by microscopes; inches are the resolution of a printer.
  const centimetres = parts.resolutionUnit === 3;
  const size = (perUnit: number | null): number | null => (perUnit === null ? null : 1e4 / perUnit);
  const [x, y] = parts.resolution.map(size);
  return {
    ...unnamed(parts),
    flavour: "plain",
    ...squeeze("I", [planes.length]),
    planes,
    contiguous,
    pixelSize: centimetres && (x !== null || y !== null) ? { x, y, z: null, unit: "µm" } : null,
    warnings,
  };
}

interface ImagejRequest {
  readonly text: string;
  readonly warnings: string[];
}

function imagejSeries(
  parts: FileParts,
  main: readonly number[],
  { text, warnings }: ImagejRequest,
): Described {
  const description = parseImagejDescription(text);
  const { frames, slices, channels } = description;
  const hyper = frames * slices * channels;
  const count = Math.max(hyper, description.images);
  const contiguous = contiguousPlanes(parts, main, { count, warnings });
  const planes = contiguous > 0 ? range(contiguous) : main;
  let axes = "TZC";
  let shape = [frames, slices, channels];
  if (hyper !== planes.length) {
    const rest = planes.length / hyper;
    if (hyper > 1 && rest > 1 && Number.isInteger(rest)) [axes, shape] = ["ITZC", [rest, ...shape]];
    else {
      if (hyper > 1) {
        warnings.push(
          `ImageJ's description counts ${hyper} planes, the file has ${planes.length}; they are taken as Z`,
        );
      } else if (planes.length > 1) {
        warnings.push(`the file does not say what its ${planes.length} pages are; they are taken as Z`);
      }
      [axes, shape] = ["I", [planes.length]];
    }
  }
  return {
    ...unnamed(parts),
    flavour: "imagej",
    ...squeeze(axes, shape),
    planes,
    contiguous,
    pixelSize: imagejPixelSize(description, parts.resolution),
    channels: imagejChannels(parts.extras, channels),
    warnings,
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

interface ContiguousRequest {
  /** Planes that the metadata count. */
  readonly count: number;
  readonly warnings: string[];
}

/** Planes stored one after the other behind the first page, as ImageJ does above 4 GB; 0 when that is not so. */
function contiguousPlanes(parts: FileParts, main: readonly number[], request: ContiguousRequest): number {
  const { count, warnings } = request;
  const page = parts.pages[0];
  if (parts.pages.length !== 1 || main.length !== 1 || count <= 1 || parts.contiguousAt === null) return 0;
  const { format } = page;
  if (!isDirect(format)) return 0;
  const bytes = pageBytes(format);
  const fit = Math.floor((parts.size - parts.contiguousAt) / bytes);
  const used = Math.min(count, MAX_PLANES);
  if (parts.contiguousAt + used * bytes > parts.metadataAt) return 0;
  if (fit < used) {
    warnings.push(
      `the file was cut short: it says it has ${count} planes, its bytes hold ${Math.max(fit, 0)}`,
    );
  }
  // A count far beyond the file is damage, not a cut copy.
  return fit * 1024 < used ? 0 : used;
}

interface Shaped {
  readonly shape: readonly number[];
  readonly axes: string | null;
}

/** The line in which tifffile keeps the shape of an array; null when there is none. */
function parseShaped(text: string): Shaped | null {
  if (!text.startsWith("{") || !text.includes('"shape":') || text.length > 2 ** 16) return null;
  try {
    const found = JSON.parse(text.replace(/\0+$/, "")) as { shape?: unknown; axes?: unknown };
    const { shape, axes } = found;
    if (!Array.isArray(shape) || shape.length > 16) return null;
    if (!shape.every((length) => Number.isInteger(length) && length >= 1)) return null;
    return {
      shape: shape as number[],
      axes: typeof axes === "string" && axes.length === shape.length ? axes : null,
    };
  } catch {
    return null;
  }
}

interface ShapedRequest {
  readonly shaped: Shaped;
  readonly warnings: string[];
}

function shapedSeries(parts: FileParts, main: readonly number[], request: ShapedRequest): Described | null {
  const { shaped, warnings } = request;
  const { format } = parts.pages[0];
  const plane =
    format.samples === 1
      ? [format.height, format.width]
      : format.planar
        ? [format.samples, format.height, format.width]
        : [format.height, format.width, format.samples];
  const tail = shaped.shape.slice(-plane.length);
  const withOne = format.samples === 1 && shaped.shape.at(-1) === 1 && shaped.shape.length > 2;
  const own = withOne ? shaped.shape.slice(-3, -1) : tail;
  if (own.length !== plane.length || own.some((length, i) => length !== plane[i])) return null;
  const lead = shaped.shape.slice(0, shaped.shape.length - plane.length - (withOne ? 1 : 0));
  const count = shapeSize(lead);
  const contiguous = contiguousPlanes(parts, main, { count, warnings });
  const planes = contiguous > 0 ? range(contiguous) : main;
  if (planes.length !== count) return null;
  const letters = (shaped.axes ?? "").slice(0, lead.length).toUpperCase().padEnd(lead.length, "Q");
  const axes = [...letters].map((letter) => ("TZCIQ".includes(letter) ? letter : "Q")).join("");
  return { ...unnamed(parts), flavour: "plain", ...squeeze(axes, lead), planes, contiguous, warnings };
}
