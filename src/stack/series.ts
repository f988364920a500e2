/**
 * Series: how the pages of a TIFF file become one stack, by what ImageJ, OME, tifffile or nobody wrote.
 * @module
 */
import { basename } from "node:path";
import { TilewrightError } from "../errors";
import { bytesPerPixel } from "../volume/pixels";
import { shapeSize } from "../volume/region";
import { isDirect } from "./chunks";
import { imagejChannels, imagejPixelSize, isImagejDescription, parseImagejDescription } from "./imagej";
import type { ImagejExtras } from "./imagej";
import { OmeProblem, isOmeXml, parseOmeXml } from "./omeRead";
import type { OmeImage, OmePlanes } from "./omeRead";
import { sameFormat } from "./page";
import type { Page } from "./page";
import type { ChannelFacts, PixelSize, StackFacts } from "./stack";

/** What the walk through a file found. */
export interface FileParts {
  readonly name: string;
  readonly size: number;
  readonly pages: readonly Page[];
  /** ImageDescriptions of the first page, in order. */
  readonly descriptions: readonly string[];
  /** Px per unit of the resolution tags of the first page, and ResolutionUnit. */
  readonly resolution: readonly [x: number | null, y: number | null];
  readonly resolutionUnit: number;
  /** First position of the pixels of page 0; null when it has several chunks that do not follow each other. */
  readonly contiguousAt: number | null;
  /** ImageJ's slice labels and lookup tables. */
  readonly extras: ImagejExtras;
}

/** The first stack of a file. */
export interface Series {
  readonly flavour: StackFacts["flavour"];
  /** Letters and lengths of the axes that count planes, slowest first; no axis has length 1. */
  readonly axes: string;
  readonly shape: readonly number[];
  /** Stored plane of each index of these axes (row-major); -1 where the file lacks it. */
  readonly planes: readonly number[];
  /** Planes that follow each other under the first page's directory; 0 when each has its own. */
  readonly contiguous: number;
  readonly pixelSize: PixelSize | null;
  readonly channels: readonly ChannelFacts[];
  readonly warnings: readonly string[];
}

/**
 * Finds the first stack of a file.
 *
 * @throws {TilewrightError} `stack.severalFiles` when its pixels lie in other files
 */
export function findSeries(parts: FileParts): Series {
  const warnings: string[] = [];
  const main = mainPages(parts, warnings);
  const ome = parts.descriptions.find(isOmeXml);
  if (ome !== undefined) {
    const series = omeSeries(parts, main, { text: ome, warnings });
    if (series !== null) return series;
  }
  const imagej = parts.descriptions.find(isImagejDescription);
  if (imagej !== undefined) return imagejSeries(parts, main, { text: imagej, warnings });
  const shaped = parts.descriptions.map(parseShaped).find((found) => found !== null);
  if (shaped != null) {
    const series = shapedSeries(parts, main, { shaped, warnings });
    if (series !== null) return series;
  }
  return plainSeries(parts, main, warnings);
}

/** Pages of full size that are alike: the first run of them. */
function mainPages(parts: FileParts, warnings: string[]): number[] {
  const { pages } = parts;
  const full = pages.map((_, i) => i).filter((i) => i === 0 || !pages[i].reduced);
  const odd = full.findIndex((i) => !sameFormat(pages[i].format, pages[0].format));
  if (odd < 0) return full;
  warnings.push(
    `page ${full[odd]} differs from page 0 in shape or pixel type; only the first ${odd} of ${full.length} pages are used`,
  );
  return full.slice(0, odd);
}

const NOTHING = { contiguous: 0, pixelSize: null, channels: [] as readonly ChannelFacts[] };

/** Removes axes of length 1. */
function squeeze(axes: string, shape: readonly number[]): { axes: string; shape: number[] } {
  const kept = [...axes].map((axis, i) => ({ axis, length: shape[i] })).filter(({ length }) => length !== 1);
  return { axes: kept.map(({ axis }) => axis).join(""), shape: kept.map(({ length }) => length) };
}

function plainSeries(parts: FileParts, main: readonly number[], warnings: string[]): Series {
  if (main.length > 1)
    warnings.push(`the file does not say what its ${main.length} pages are; they are taken as Z`);
  // Centimetres are written by microscopes; inches are the resolution of a printer.
  const centimetres = parts.resolutionUnit === 3;
  const size = (perUnit: number | null): number | null => (perUnit === null ? null : 1e4 / perUnit);
  const [x, y] = parts.resolution.map(size);
  return {
    ...NOTHING,
    flavour: "plain",
    ...squeeze("I", [main.length]),
    planes: main,
    pixelSize: centimetres && (x !== null || y !== null) ? { x, y, z: null, unit: "µm" } : null,
    warnings,
  };
}

interface TextRequest {
  readonly text: string;
  readonly warnings: string[];
}

function imagejSeries(parts: FileParts, main: readonly number[], { text, warnings }: TextRequest): Series {
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

const MAX_PLANES = 2 ** 24;

/** Planes stored one after the other behind the first page, as ImageJ does above 4 GB; 0 when that is not so. */
function contiguousPlanes(parts: FileParts, main: readonly number[], request: ContiguousRequest): number {
  const { count, warnings } = request;
  const page = parts.pages[0];
  if (parts.pages.length !== 1 || main.length !== 1 || count <= 1 || parts.contiguousAt === null) return 0;
  if (!isDirect(page)) return 0;
  const { format } = page;
  const bytes = format.width * format.height * format.samples * bytesPerPixel(format.dtype!);
  const fit = Math.floor((parts.size - parts.contiguousAt) / bytes);
  const used = Math.min(count, MAX_PLANES);
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

function shapedSeries(parts: FileParts, main: readonly number[], request: ShapedRequest): Series | null {
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
  return { ...NOTHING, flavour: "plain", ...squeeze(axes, lead), planes, contiguous, warnings };
}

function omeSeries(
  parts: FileParts,
  main: readonly number[],
  { text, warnings }: TextRequest,
): Series | null {
  let ome: OmeImage;
  try {
    ome = parseOmeXml(text);
    checkFiles(parts, ome);
    checkPlaneShape(parts, ome);
  } catch (error) {
    if (!(error instanceof OmeProblem)) throw error;
    if (error.fatal) {
      throw new TilewrightError(
        "stack.severalFiles",
        `${parts.name}: its OME metadata ${error.message}`,
        "export the image as one file",
      );
    }
    warnings.push(`its OME metadata ${error.message}; they are ignored`);
    return null;
  }
  if (ome.images > 1) warnings.push(`the file holds ${ome.images} images; the first is used`);
  const samples = parts.pages[0].format.samples;
  const lengths = {
    Z: ome.size.Z,
    T: ome.size.T,
    C: ome.size.C % samples === 0 ? ome.size.C / samples : ome.size.C,
  };
  const count = lengths.Z * lengths.C * lengths.T;
  if (count > MAX_PLANES || count > 1024 * main.length) {
    warnings.push(
      `its OME metadata count ${count} planes, the file has ${main.length} pages; they are ignored`,
    );
    return null;
  }
  const planes = omePlanes(ome, lengths, main);
  const missing = planes.filter((plane) => plane < 0).length;
  if (missing > 0) warnings.push(`${missing} of the ${count} planes of its OME metadata are not in the file`);
  const axes = [...ome.order].reverse().join("");
  const shape = [...axes].map((axis) => lengths[axis as "Z" | "C" | "T"]);
  const named = ome.channels.some((channel) => channel.name !== null || channel.color !== null);
  return {
    flavour: "ome",
    ...squeeze(axes, shape),
    planes,
    contiguous: 0,
    pixelSize: ome.pixelSize,
    channels: named ? ome.channels : [],
    warnings,
  };
}

function checkPlaneShape(parts: FileParts, ome: OmeImage): void {
  const { width, height } = parts.pages[0].format;
  if (ome.size.X === width && ome.size.Y === height) return;
  throw new OmeProblem(`say ${ome.size.X} x ${ome.size.Y} pixels, the pages have ${width} x ${height}`);
}

/** A document may name its own file (also under an old name); planes elsewhere are not for us. */
function checkFiles(parts: FileParts, ome: OmeImage): void {
  const files = new Set(ome.planes.flatMap(({ fileName }) => (fileName === null ? [] : [fileName])));
  const own = basename(parts.name);
  const foreign = [...files].filter((name) => name !== own);
  if (foreign.length === 0 || files.size === 1) return;
  const shown = foreign.slice(0, 3).map((name) => JSON.stringify(name.slice(0, 80)));
  throw new OmeProblem(
    `spread the image over ${files.size} files (${shown.join(", ")}…); sets of several files are not supported yet`,
    true,
  );
}

/** Page of each plane, row-major over the axes slowest first; -1 where there is none. */
function omePlanes(
  ome: OmeImage,
  lengths: Readonly<Record<"Z" | "C" | "T", number>>,
  main: readonly number[],
): number[] {
  const count = lengths.Z * lengths.C * lengths.T;
  const order = [...ome.order] as ("Z" | "C" | "T")[];
  const planes = new Array<number>(count).fill(-1);
  const used = new Set(main);
  const usable = (page: number): number => (used.has(page) ? page : -1);
  const indexOf = (first: OmePlanes["first"]): number =>
    first[order[0]] + lengths[order[0]] * (first[order[1]] + lengths[order[1]] * first[order[2]]);
  const mapped = ome.planes.filter(
    (part) => part.page !== null || part.count !== null || part.fileName !== null,
  );
  if (mapped.length === 0) return planes.map((_, i) => main[i] ?? -1);
  let next = 0;
  // Each plane has one place; a document that names many more is hostile and would keep us busy.
  let places = 2 * count;
  for (const part of mapped) {
    if (places <= 0) break;
    const page = part.page ?? next;
    const many = part.count ?? (part.page === null && mapped.length === 1 ? count : 1);
    const start = indexOf(part.first);
    for (let i = 0; i < many && start + i < count; i++) planes[start + i] = usable(page + i);
    places -= Math.max(1, Math.min(many, count - start));
    next = page + many;
  }
  return planes;
}
