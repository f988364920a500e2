/**
 * A TIFF stack: facts, and pixels by region from the pages of one file or of several, at any level.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { CANONICAL_AXES } from "../../volume/axes";
import { dtypeOf } from "../../volume/pixels";
import type { Dtype, PixelArray } from "../../volume/pixels";
import { isInside, regionShape, regionSize, shapeSize, stridesOf } from "../../volume/region";
import type { Region } from "../../volume/region";
import { makeVolume } from "../../volume/volume";
import type { Volume } from "../../volume/volume";
import { settleAll } from "../bytes";
import { decodesAtOnce, isDirect } from "./chunks";
import { COMPRESSION_NAMES } from "./codecs";
import type { Level } from "./levels";
import type { MemberFile, MemberFiles } from "./memberFiles";
import { pageBytes } from "./page";
import type { PageFormat } from "./page";
import { readPlane } from "./planes";
import type { PlaneRegion, PlaneTarget, StoredPlane } from "./planeParts";
import type { Series } from "./series";
import type { Stack, StackFacts, StoredPixels } from "../stack";
import {
  allocateCarrier,
  carriageOf,
  isVolumeDtype,
  readableDtype,
  readsAs,
  unfilledCarrier,
  valuesOf,
} from "../stored";
import type { Carrier } from "../stored";

/** No array is made longer than this, px. */
const MAX_PIXELS = 2 ** 31 - 1;
const PLANES_AT_ONCE = 4;
/** Characters. */
const MAX_DESCRIPTION = 2 ** 20;

/** What a TIFF stack is made of. */
export interface TiffStackParts {
  /** For people. */
  readonly name: string;
  readonly first: MemberFile;
  readonly files: MemberFiles;
  readonly series: Series;
  /** Largest first; level 0 is the stack itself. */
  readonly levels: readonly Level[];
}

/** The stack of TIFF pages that `parts` make up; its files are closed with it. */
export function makeTiffStack(parts: TiffStackParts): Stack {
  return new TiffStack(parts);
}

class TiffStack implements Stack {
  readonly facts: StackFacts;
  readonly #parts: TiffStackParts;
  readonly #axes: readonly CanonicalAxis[];

  constructor(parts: TiffStackParts) {
    this.#parts = parts;
    const warnings = [...parts.first.file.warnings, ...parts.series.warnings];
    this.#axes = canonicalAxes(parts, warnings);
    this.facts = factsOf(parts, this.#axes, warnings);
  }

  get description(): string | null {
    const texts = this.#parts.first.file.parts.descriptions.map((text) => text.trim());
    return (
      texts
        .filter((text) => text !== "")
        .join("\n\n")
        .slice(0, MAX_DESCRIPTION) || null
    );
  }

  read(region: Region, job: Job): Promise<Volume> {
    return this.readLevel(0, region, job);
  }

  async readLevel(level: number, region: Region, job: Job): Promise<Volume> {
    const { canonicalAxes: axes, dtype } = this.facts;
    this.#checkRegion(level, region);
    const shape = regionShape(region);
    this.#checkSize(shape);
    const pixels = unfilledCarrier(carriageOf(dtype).dtype, shapeSize(shape));
    await this.#readCarrier(level, { region, pixels }, job);
    return makeVolume(valuesOf(pixels, dtype), shape, axes);
  }

  async readInto(region: Region, target: PixelArray, job: Job): Promise<void> {
    const { dtype } = this.facts;
    const type = this.#checkRegion(0, region);
    if (dtypeOf(target) !== type || target.length !== regionSize(region)) {
      throw new RangeError(
        `${regionSize(region)} pixels of ${type} do not fit ${target.length} of ${dtypeOf(target)}`,
      );
    }
    if (isVolumeDtype(dtype)) await this.#readCarrier(0, { region, pixels: target }, job);
    else target.set((await this.read(region, job)).data);
  }

  /** The type that pixels are read as, when the region can be read. */
  #checkRegion(level: number, region: Region): Dtype {
    const { levelShapes } = this.facts;
    const type = readableDtype(this.facts);
    if (!(level in levelShapes)) throw new RangeError(`there is no level ${level}`);
    if (!isInside(region, levelShapes[level])) {
      throw new RangeError(`the region sticks out of the stack [${levelShapes[level].join(", ")}]`);
    }
    return type;
  }

  async #readCarrier(
    level: number,
    to: { readonly region: Region; readonly pixels: Carrier },
    job: Job,
  ): Promise<void> {
    const tasks = this.#planeTasks(level, to, job);
    const { format } = this.#parts.levels[level];
    const atOnce = isDirect(format) ? PLANES_AT_ONCE : decodesAtOnce(format);
    for (let i = 0; i < tasks.length; i += atOnce) {
      job.signal.throwIfAborted();
      await settleAll(tasks.slice(i, i + atOnce).map((task) => task()));
    }
  }

  async readStoredPlane(index: number, job: Job): Promise<StoredPixels> {
    const { first, files, series } = this.#parts;
    if (index < 0 || index >= this.facts.planes) throw new RangeError(`there is no stored plane ${index}`);
    if (series.fileOf !== null) {
      const page = this.#presentPage(index);
      return files.use(series.fileOf[index], (file) =>
        this.#wholePlane(file, { page: file.page(page), index: page, level: 0, shift: 0 }, job),
      );
    }
    const plane = series.contiguous > 0 ? this.#contiguousPlane(index) : pageOf(first, index);
    return this.#wholePlane(first, plane, job);
  }

  async close(): Promise<void> {
    await this.#parts.files.close();
  }

  #checkSize(shape: readonly number[]): void {
    if (shapeSize(shape) <= MAX_PIXELS) return;
    throw new TilewrightError(
      "stack.tooLarge",
      `${this.#parts.name}: ${shape.join(" x ")} pixels are more than fit into one array`,
      "read a smaller part of it",
    );
  }

  async #wholePlane(file: MemberFile, plane: StoredPlane, job: Job): Promise<StoredPixels> {
    const { problem } = plane.page.format;
    if (problem !== null) throw problem;
    const dtype = plane.page.format.dtype!;
    const { axes, shape } = planeShape(plane.page.format);
    this.#checkSize(shape);
    const carriage = carriageOf(dtype);
    const page =
      carriage.parts === 1 ? plane.page : { ...plane.page, format: splitFormat(plane.page.format) };
    const { width, height, samples, planar } = page.format;
    const pixels = allocateCarrier(carriage.dtype, width * height * samples);
    const side = planar ? 1 : samples;
    const target = {
      pixels,
      start: 0,
      rowStep: width * side,
      columnStep: side,
      sampleStep: planar ? width * height : 1,
    };
    const region = { rows: [0, height], columns: [0, width], samples: [0, samples] } as const;
    await readPlane(file.chunks, { ...plane, page }, { region, target }, job);
    return { bytes: new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength), shape, axes, dtype };
  }

  #presentPage(index: number): number {
    const page = this.#parts.series.planes[index];
    if (page >= 0) return page;
    throw new TilewrightError(
      "stack.missingPlane",
      `${this.#parts.name}: its metadata describe a plane that the file does not hold`,
      "read the part of the stack that is there",
    );
  }

  #contiguousPlane(index: number): StoredPlane {
    const page = this.#parts.first.page(0);
    return { page, index, level: 0, shift: index * pageBytes(page.format) };
  }

  /** Reads part of the plane at a place in `Series.planes`. */
  async #readPlane(
    { level, index }: { readonly level: number; readonly index: number },
    request: { readonly region: PlaneRegion; readonly target: PlaneTarget },
    job: Job,
  ): Promise<void> {
    const { files, series, levels } = this.#parts;
    const page = this.#presentPage(index);
    await files.use(series.fileOf?.[index] ?? 0, async (file) => {
      const plane =
        series.contiguous > 0
          ? this.#contiguousPlane(page)
          : { page: await levels[level].page(file, page), index: page, level, shift: 0 };
      await readPlane(file.chunks, plane, request, job);
    });
  }

  /** One task per stored plane that the region touches. */
  #planeTasks(
    level: number,
    to: { readonly region: Region; readonly pixels: Carrier },
    job: Job,
  ): (() => Promise<void>)[] {
    const { canonicalAxes: letters } = this.facts;
    const { samples: perPixel } = this.#parts.levels[0].format;
    const steps = stridesOf(regionShape(to.region));
    const interval = (axis: string): readonly [number, number] => to.region[letters.indexOf(axis)] ?? [0, 1];
    const step = (axis: string): number => (letters.includes(axis) ? steps[letters.indexOf(axis)] : 0);
    const stride = (axis: string): number =>
      this.#axes.find(({ letter }) => letter === axis)?.planeStride ?? 0;
    const [rows, columns] = [interval("Y"), interval("X")];
    const tasks: (() => Promise<void>)[] = [];
    for (let t = interval("T")[0]; t < interval("T")[1]; t++) {
      for (let z = interval("Z")[0]; z < interval("Z")[1]; z++) {
        let c = interval("C")[0];
        while (c < interval("C")[1]) {
          const group = Math.floor(c / perPixel);
          const stop = Math.min(interval("C")[1], (group + 1) * perPixel);
          const samples = [c - group * perPixel, stop - group * perPixel] as const;
          const start =
            (t - interval("T")[0]) * step("T") +
            (z - interval("Z")[0]) * step("Z") +
            (c - interval("C")[0]) * step("C");
          const target = {
            pixels: to.pixels,
            start,
            rowStep: step("Y"),
            columnStep: 1,
            sampleStep: step("C"),
          };
          const lead = t * stride("T") + z * stride("Z") + group * stride("C");
          const request = { region: { rows, columns, samples }, target };
          tasks.push(() => this.#readPlane({ level, index: lead }, request, job));
          c = stop;
        }
      }
    }
    return tasks;
  }
}

interface CanonicalAxis {
  readonly letter: string;
  readonly length: number;
  /** Steps in `Series.planes` from one index to the next; 0 when the axis only counts samples. */
  readonly planeStride: number;
}

/** The axes of a stack in canonical order; what became of unknown ones is added to `warnings`. */
function canonicalAxes({ name, series, levels }: TiffStackParts, warnings: string[]): CanonicalAxis[] {
  const { width, height, samples } = levels[0].format;
  const strides = stridesOf(series.shape);
  const found = new Map<string, CanonicalAxis>();
  const known = [...series.axes].filter((letter) => "TZC".includes(letter));
  const free = ["Z", "T", "C"].filter(
    (letter) => !known.includes(letter) && !(letter === "C" && samples > 1),
  );
  for (let i = series.axes.length - 1; i >= 0; i--) {
    const own = series.axes[i];
    const letter = "TZC".includes(own) ? own : free.shift();
    if (letter === undefined || found.has(letter)) {
      throw new TilewrightError(
        "stack.axes",
        `${name}: its axes ${series.axes} cannot be brought to TZCYX`,
        "save it with at most one axis each for time, depth and channel",
      );
    }
    if (own === "Q")
      warnings.push(`an axis of length ${series.shape[i]} has no name in the file; it is taken as ${letter}`);
    found.set(letter, { letter, length: series.shape[i], planeStride: strides[i] });
  }
  if (samples > 1) {
    const planes = found.get("C");
    found.set("C", {
      letter: "C",
      length: (planes?.length ?? 1) * samples,
      planeStride: planes?.planeStride ?? 0,
    });
  }
  found.set("Y", { letter: "Y", length: height, planeStride: 0 });
  found.set("X", { letter: "X", length: width, planeStride: 0 });
  return [...CANONICAL_AXES].flatMap((letter) => found.get(letter) ?? []);
}

function pageOf(file: MemberFile, index: number): StoredPlane {
  return { page: file.page(index), index, level: 0, shift: 0 };
}

/** Axes and shape of the pixels of a page as stored. */
function planeShape({ width, height, samples, planar }: PageFormat): {
  readonly axes: string;
  readonly shape: readonly number[];
} {
  if (samples === 1) return { axes: "YX", shape: [height, width] };
  return planar
    ? { axes: "SYX", shape: [samples, height, width] }
    : { axes: "YXS", shape: [height, width, samples] };
}

/** A format of complex values as one of integers that hold their parts bit for bit, the real part first. */
function splitFormat(format: PageFormat): PageFormat {
  const { width, chunkWidth, samples, planar, bits } = format;
  const parts = planar ? { width: 2 * width, chunkWidth: 2 * chunkWidth } : { samples: 2 * samples };
  return { ...format, ...parts, bits: bits / 2, dtype: carriageOf(format.dtype!).dtype };
}

const ROUNDED =
  "its 64-bit integers are read as 64-bit floating point numbers, which hold them exactly up to 2^53";

function factsOf(
  parts: TiffStackParts,
  axes: readonly CanonicalAxis[],
  warnings: readonly string[],
): StackFacts {
  const { name, first, series, levels } = parts;
  const { format } = levels[0];
  const { header, parts: own } = first.file;
  const { width, height } = format;
  const plane = planeShape(format);
  const dtype = format.dtype!;
  const lead = axes.filter(({ letter }) => letter !== "Y" && letter !== "X").map(({ length }) => length);
  return {
    file: name,
    axes: series.axes + plane.axes,
    shape: [...series.shape, ...plane.shape],
    canonicalAxes: axes.map(({ letter }) => letter).join(""),
    canonicalShape: [...lead, height, width],
    dtype,
    readsAs: readsAs(dtype),
    planes: series.fileOf === null ? Math.max(own.pages.length, series.contiguous) : series.planes.length,
    bigTiff: header.bigTiff,
    byteOrder: header.littleEndian ? "little" : "big",
    compression: COMPRESSION_NAMES[format.compression],
    layout: format.tiled ? "tiles" : "strips",
    levels: levels.length,
    levelShapes: levels.map((level) => [...lead, level.format.height, level.format.width]),
    series: { index: series.index, count: series.count },
    files: series.files,
    pixelSize: series.pixelSize,
    flavour: series.flavour,
    channels: series.channels,
    warnings: dtype.endsWith("int64") && format.bits > 53 ? [...warnings, ROUNDED] : warnings,
  };
}
