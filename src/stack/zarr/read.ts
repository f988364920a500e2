/**
 * Reading OME-Zarr folders (0.4, 0.5 and older) and bare Zarr arrays, lazily, by region and level.
 * @module
 */
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { CANONICAL_AXES, canonicalOrder } from "../../volume/axes";
import type { PixelArray } from "../../volume/pixels";
import { isInside, regionShape, shapeSize, stridesOf } from "../../volume/region";
import type { Interval, Region } from "../../volume/region";
import { allocateVolume } from "../../volume/volume";
import type { Volume } from "../../volume/volume";
import { ngffAttributes, parseNgff } from "./ngff";
import type { NgffImage } from "./ngff";
import { ZARR_ENDINGS } from "../names";
import type { Stack, StackFacts, StackPlace, StackReader, StoredPixels } from "../stack";
import { ZarrArray } from "./array";
import { arrayFacts, damaged, readNode } from "./metadata";
import type { Json, ZarrArrayFacts, ZarrNode } from "./metadata";
import { allocateBits } from "./types";

/** Files that say that a folder is a Zarr node; each may be named instead of its folder. */
const NODE_FILES = ["zarr.json", ".zattrs", ".zgroup", ".zarray"];

/** Opens OME-Zarr folders. */
export const zarrReader: StackReader = {
  id: "zarr",
  label: "OME-Zarr",
  extensions: ZARR_ENDINGS,
  claims: async (path) => NODE_FILES.includes(basename(path)) || isZarrFolder(path),
  open: (place) => openZarr(place),
};

/** Whether a folder is a Zarr group or array, whatever its name. */
export async function isZarrFolder(path: string): Promise<boolean> {
  for (const name of NODE_FILES) {
    const found = await stat(join(path, name)).catch(() => null);
    if (found?.isFile() === true) return true;
  }
  return false;
}

/**
 * Opens an OME-Zarr image, or an array without any description.
 *
 * @throws {TilewrightError} `stack.notZarr`, `stack.damaged`, `stack.outside`, `stack.pixelType`, `stack.compression`,
 *   `stack.axes`, `stack.tooLarge`, `file.missing`
 */
export async function openZarr({ path, series }: StackPlace): Promise<Stack> {
  if (series !== undefined && series !== 0) {
    throw new TilewrightError(
      "stack.series",
      `${path}: there is no series ${series}; an OME-Zarr image is a folder of its own`,
      "name the folder of the image that you want",
    );
  }
  const root = NODE_FILES.includes(basename(path)) ? dirname(path) : path;
  const found = await stat(root).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw missing
      ? new TilewrightError("file.missing", `${path}: there is no such folder`, "check the path", { cause })
      : cause;
  });
  if (!found.isDirectory()) {
    throw new TilewrightError(
      "stack.notZarr",
      `${path}: this is a file, an OME-Zarr image is a folder`,
      "unpack it first if it is an archive",
    );
  }
  const { node, inner, warnings } = await imageNode(root);
  if (node.array !== null) {
    const level = arrayFacts(node);
    const missing =
      "it is an array without OME metadata: axes are taken by their names, or else by their order";
    return new ZarrStack({
      path: root,
      levels: [level],
      image: bareImage(level),
      attributes: node.attributes,
      isOme: false,
      warnings: [missing],
    });
  }
  const image = parseNgff(node)!;
  const levels: ZarrArrayFacts[] = [];
  for (const name of image.levels) {
    const level = await readNode(root, inner === "" ? name : `${inner}/${name}`);
    if (level === null)
      throw damaged(root, `its metadata name the level ${JSON.stringify(name)}, which is not there`);
    levels.push(arrayFacts(level));
  }
  if (levels.length === 0) throw damaged(root, "its multiscales name no level");
  return new ZarrStack({
    path: root,
    levels,
    image,
    attributes: node.attributes,
    isOme: true,
    warnings: [...warnings, ...image.warnings],
  });
}

interface FoundNode {
  readonly node: ZarrNode;
  /** Path of the node inside the folder that was opened; "" is the folder itself. */
  readonly inner: string;
  readonly warnings: readonly string[];
}

/** The image or array in a folder: itself, or the first image of a series as bioformats2raw writes it. */
async function imageNode(root: string): Promise<FoundNode> {
  const node = await readNode(root, "");
  if (node === null) {
    throw new TilewrightError(
      "stack.notZarr",
      `${root}: there is neither zarr.json nor .zgroup, .zattrs or .zarray in it`,
      "name the folder of an OME-Zarr image",
    );
  }
  if (node.array !== null || parseNgff(node) !== null) return { node, inner: "", warnings: [] };
  const attributes = ngffAttributes(node);
  if (attributes["bioformats2raw.layout"] !== undefined) {
    const first = await readNode(root, "0");
    if (first !== null && parseNgff(first) !== null) {
      const more = await readNode(root, "1");
      const warnings = more === null ? [] : ["it holds several images; the first, in folder 0, is read"];
      return { node: first, inner: "0", warnings };
    }
  }
  const isPlate = attributes.plate !== undefined;
  throw new TilewrightError(
    "stack.notZarr",
    isPlate
      ? `${root}: this is a plate of images, one image was expected`
      : `${root}: this Zarr group describes no image (it has no multiscales)`,
    isPlate ? "name one of its images, such as A/1/0" : "name the folder of an image or of an array",
  );
}

const POSITIONS: readonly string[] = ["", "", "YX", "ZYX", "CZYX", "TCZYX"];

function bareImage({ shape, dimensionNames }: ZarrArrayFacts): NgffImage {
  const letters = dimensionNames.map((name) => name?.toUpperCase() ?? "");
  const named =
    letters.length === shape.length &&
    new Set(letters).size === letters.length &&
    letters.every((letter) => letter.length === 1 && CANONICAL_AXES.includes(letter));
  const byPosition = (POSITIONS[shape.length] ?? "TCZYX").padStart(shape.length, "Q");
  const axes =
    named && "YX".split("").every((letter) => letters.includes(letter)) ? letters.join("") : byPosition;
  return { axes, levels: [""], pixelSize: null, channels: [], warnings: [] };
}

interface ZarrParts {
  readonly path: string;
  readonly levels: readonly ZarrArrayFacts[];
  readonly image: NgffImage;
  readonly attributes: Json;
  readonly isOme: boolean;
  readonly warnings: readonly string[];
}

/** No array is made longer than this, px. */
const MAX_PIXELS = 2 ** 31 - 1;
/** Characters. */
const MAX_DESCRIPTION = 2 ** 20;

class ZarrStack implements Stack {
  readonly facts: StackFacts;
  readonly #levels: readonly ZarrArray[];
  readonly #attributes: Json;
  /** Per stored axis: its canonical letter; "" for axes of length 1 that were dropped. */
  readonly #letters: readonly string[];

  constructor(parts: ZarrParts) {
    const [full] = parts.levels;
    this.#attributes = parts.attributes;
    const warnings = [...parts.warnings];
    const axes = storedAxes(parts, full);
    this.#letters = canonicalLetters(parts.path, axes, full.shape, warnings);
    const levels = usableLevels(parts.levels, warnings);
    this.#levels = levels.map((level) => new ZarrArray(level));
    const canonicalAxes = canonicalOrder(this.#letters.join(""));
    const levelShapes = levels.map(({ shape }) =>
      [...canonicalAxes].map((letter) => shape[this.#letters.indexOf(letter)]),
    );
    const { stored: dtype, readsAs } = full.dtype;
    if (dtype === "int64" || dtype === "uint64") {
      warnings.push(`${dtype} pixels are read as float64, which is exact up to 2^53`);
    }
    const { channels } = parts.image;
    const channelCount = levelShapes[0][canonicalAxes.indexOf("C")] ?? 1;
    this.facts = {
      file: parts.path,
      axes,
      shape: full.shape,
      canonicalAxes,
      canonicalShape: levelShapes[0],
      dtype,
      readsAs,
      planes: shapeSize(full.shape.slice(0, -2)),
      bigTiff: false,
      byteOrder: full.byteOrder,
      compression: full.compression,
      layout: "chunks",
      levels: levels.length,
      levelShapes,
      series: { index: 0, count: 1 },
      files: [basename(parts.path)],
      pixelSize: parts.image.pixelSize,
      flavour: parts.isOme ? "ome-zarr" : "plain",
      channels: channels.length === channelCount ? channels : [],
      warnings,
    };
  }

  get description(): string | null {
    if (Object.keys(this.#attributes).length === 0) return null;
    return JSON.stringify(this.#attributes, null, 2).slice(0, MAX_DESCRIPTION);
  }

  read(region: Region, job: Job): Promise<Volume> {
    return this.readLevel(0, region, job);
  }

  async readLevel(level: number, region: Region, job: Job): Promise<Volume> {
    const array = this.#levels[level];
    if (array === undefined) throw new RangeError(`there is no level ${level}`);
    const shape = regionShape(region);
    this.#checkSize(shape);
    const volume = allocateVolume(array.facts.dtype.readsAs, shape, this.facts.canonicalAxes);
    await this.#readInto(level, region, volume.data, job);
    return volume;
  }

  readInto(region: Region, target: PixelArray, job: Job): Promise<void> {
    return this.#readInto(0, region, target, job);
  }

  async readStoredPlane(index: number, job: Job): Promise<StoredPixels> {
    const [array] = this.#levels;
    const { shape, dtype } = array.facts;
    if (!Number.isInteger(index) || index < 0 || index >= this.facts.planes) {
      throw new RangeError(`there is no stored plane ${index}`);
    }
    const plane = shape.slice(-2);
    this.#checkSize(plane);
    const outer = stridesOf(shape.slice(0, -2));
    const region = shape.map((length, axis): Interval => {
      if (axis >= shape.length - 2) return [0, length];
      const at = Math.floor(index / outer[axis]) % length;
      return [at, at + 1];
    });
    const bits = allocateBits(dtype, shapeSize(plane));
    const strides = stridesOf(regionShape(region));
    await array.readInto(region, { data: bits, strides, asBits: true }, job);
    const bytes = new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
    return { bytes, shape: plane, axes: this.facts.axes.slice(-2), dtype: dtype.stored };
  }

  close(): Promise<void> {
    for (const level of this.#levels) level.close();
    return Promise.resolve();
  }

  async #readInto(level: number, region: Region, target: PixelArray, job: Job): Promise<void> {
    const { canonicalAxes: axes, levelShapes } = this.facts;
    if (!isInside(region, levelShapes[level])) {
      throw new RangeError(`the region sticks out of level ${level} [${levelShapes[level].join(", ")}]`);
    }
    const steps = stridesOf(regionShape(region));
    const stored = this.#letters.map((letter): Interval => region[axes.indexOf(letter)] ?? [0, 1]);
    const strides = this.#letters.map((letter) => steps[axes.indexOf(letter)] ?? 0);
    await this.#levels[level].readInto(stored, { data: target, strides, asBits: false }, job);
  }

  #checkSize(shape: readonly number[]): void {
    if (shapeSize(shape) <= MAX_PIXELS) return;
    throw new TilewrightError(
      "stack.tooLarge",
      `${this.facts.file}: ${shape.join(" x ")} pixels are more than fit into one array`,
      "read a smaller part of it",
    );
  }
}

function storedAxes({ path, image }: ZarrParts, { shape }: ZarrArrayFacts): string {
  // Up to 0.2 every image had five axes.
  const axes = image.axes ?? (shape.length === 5 ? "TCZYX" : (POSITIONS[shape.length] ?? ""));
  if (axes.length === shape.length) return axes;
  throw damaged(path, `it names ${axes.length} axes, its array has ${shape.length}`);
}

/** Which letter of TZCYX each stored axis is; what became of unknown ones is added to `warnings`. */
function canonicalLetters(
  path: string,
  axes: string,
  shape: readonly number[],
  warnings: string[],
): readonly string[] {
  const fail = (): never => {
    throw new TilewrightError(
      "stack.axes",
      `${path}: its axes ${axes} cannot be brought to TZCYX`,
      "save it with at most one axis each for time, channel, depth, height and width",
    );
  };
  const known = [...axes].filter((letter) => letter !== "Q");
  if (new Set(known).size !== known.length || !axes.includes("Y") || !axes.includes("X")) fail();
  const free = ["Z", "T", "C"].filter((letter) => !axes.includes(letter));
  return [...axes].map((letter, axis) => {
    if (letter !== "Q") return letter;
    if (shape[axis] === 1) return "";
    const taken = free.shift() ?? fail();
    warnings.push(`an axis of length ${shape[axis]} is none of TZCYX; it is taken as ${taken}`);
    return taken;
  });
}

/** The levels that are smaller copies of the first; the rest is left out with a warning. */
function usableLevels(levels: readonly ZarrArrayFacts[], warnings: string[]): readonly ZarrArrayFacts[] {
  const [full] = levels;
  const fits = (level: ZarrArrayFacts, before: ZarrArrayFacts): boolean =>
    level.dtype.stored === full.dtype.stored &&
    level.shape.length === full.shape.length &&
    level.shape.every((length, axis) => length <= before.shape[axis]);
  const end = levels.findIndex((level, i) => i > 0 && !fits(level, levels[i - 1]));
  if (end < 0) return levels;
  warnings.push(`level ${end} is no smaller copy of the image; it and those after it are left out`);
  return levels.slice(0, end);
}
