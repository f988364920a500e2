/**
 * Reading TIFF stacks: classic and BigTIFF, ImageJ, OME, plain; lazily, by region.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { CANONICAL_AXES } from "../volume/axes";
import { allocatePixels, bytesPerPixel } from "../volume/pixels";
import { isInside, regionShape, shapeSize, stridesOf } from "../volume/region";
import type { Region } from "../volume/region";
import { allocateVolume, makeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import { openFileSource, settleAll } from "./bytes";
import type { ByteSource } from "./bytes";
import { ChunkReader, decodesAtOnce, isDirect } from "./chunks";
import { COMPRESSION_NAMES } from "./codecs";
import { readPlane } from "./planes";
import type { StoredPlane } from "./planes";
import type { Series } from "./series";
import type { Stack, StackFacts, StackReader } from "./stack";
import { readTiffFile } from "./tiffFile";
import type { TiffFile } from "./tiffFile";

/** Opens TIFF files. */
export const tiffReader: StackReader = {
  id: "tiff",
  label: "TIFF, BigTIFF, OME-TIFF, ImageJ",
  extensions: [".tif", ".tiff", ".btf", ".tf8", ".tf2"],
  open: async (path, job) => openTiff(await openFileSource(path), job),
};

/**
 * Facts of a TIFF file; the file is closed afterwards.
 *
 * @throws {TilewrightError} `stack.*`; system errors
 */
export async function stackFacts(path: string, job: Job): Promise<StackFacts> {
  const stack = await tiffReader.open(path, job);
  try {
    return stack.facts;
  } finally {
    await stack.close();
  }
}

/**
 * Opens a TIFF file from any source of bytes; the source is closed with the stack, or at once on failure.
 *
 * @throws {TilewrightError} `stack.notTiff`, `stack.damaged`, `stack.truncated`, `stack.pixelType`,
 *   `stack.compression`, `stack.predictor`, `stack.severalFiles`
 */
export async function openTiff(source: ByteSource, job: Job): Promise<Stack> {
  try {
    const file = await readTiffFile(source, job);
    const { problem } = file.parts.pages[0].format;
    if (problem !== null) throw problem;
    return new TiffStack(file, source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** No array is made longer than this, px. */
const MAX_PIXELS = 2 ** 31 - 1;
const PLANES_AT_ONCE = 4;

class TiffStack implements Stack {
  readonly facts: StackFacts;
  readonly #source: ByteSource;
  readonly #file: TiffFile;
  readonly #series: Series;
  readonly #chunks: ChunkReader;
  readonly #axes: readonly CanonicalAxis[];

  constructor(file: TiffFile, source: ByteSource) {
    this.#file = file;
    this.#source = source;
    this.#series = file.series;
    this.#chunks = new ChunkReader(source, file.header);
    const warnings = [...file.warnings, ...file.series.warnings];
    this.#axes = canonicalAxes(file, warnings);
    this.facts = factsOf(file, this.#axes, warnings);
  }

  async read(region: Region, job: Job): Promise<Volume> {
    const { canonicalAxes: axes, canonicalShape, dtype } = this.facts;
    if (!isInside(region, canonicalShape)) {
      throw new RangeError(`the region sticks out of the stack [${canonicalShape.join(", ")}]`);
    }
    const shape = regionShape(region);
    this.#checkSize(shape);
    const volume = allocateVolume(dtype, shape, axes);
    const tasks = this.#planeTasks(region, volume, job);
    const [page] = this.#file.parts.pages;
    const atOnce = isDirect(page) ? PLANES_AT_ONCE : decodesAtOnce(page);
    for (let i = 0; i < tasks.length; i += atOnce) {
      job.signal.throwIfAborted();
      await settleAll(tasks.slice(i, i + atOnce).map((task) => task()));
    }
    return volume;
  }

  async readStoredPlane(index: number, job: Job): Promise<Volume> {
    const plane = this.#plane(index);
    const { format } = plane.page;
    if (format.problem !== null) throw format.problem;
    const { width, height, samples, planar } = format;
    const axes = samples === 1 ? "YX" : planar ? "SYX" : "YXS";
    const shape =
      samples === 1 ? [height, width] : planar ? [samples, height, width] : [height, width, samples];
    this.#checkSize(shape);
    const pixels = allocatePixels(format.dtype!, shapeSize(shape));
    const side = planar ? 1 : samples;
    const target = {
      pixels,
      start: 0,
      rowStep: width * side,
      columnStep: side,
      sampleStep: planar ? width * height : 1,
    };
    const wanted = { rows: [0, height], columns: [0, width], samples: [0, samples] } as const;
    await readPlane(this.#chunks, plane, { region: wanted, target }, job);
    return makeVolume(pixels, shape, axes);
  }

  async close(): Promise<void> {
    await this.#source.close();
  }

  #checkSize(shape: readonly number[]): void {
    if (shapeSize(shape) <= MAX_PIXELS) return;
    throw new TilewrightError(
      "stack.tooLarge",
      `${this.#source.name}: ${shape.join(" x ")} pixels are more than fit into one array`,
      "read a smaller part of it",
    );
  }

  #plane(index: number): StoredPlane {
    const { pages } = this.#file.parts;
    const { contiguous } = this.#series;
    if (index < 0) {
      throw new TilewrightError(
        "stack.missingPlane",
        `${this.#source.name}: its metadata describe a plane that the file does not hold`,
        "read the part of the stack that is there",
      );
    }
    if (index >= Math.max(pages.length, contiguous))
      throw new RangeError(`there is no stored plane ${index}`);
    if (contiguous === 0) return { page: pages[index], index, shift: 0 };
    const { format } = pages[0];
    const bytes = format.width * format.height * format.samples * bytesPerPixel(format.dtype!);
    return { page: pages[0], index, shift: index * bytes };
  }

  /** One task per stored plane that the region touches. */
  #planeTasks(region: Region, volume: Volume, job: Job): (() => Promise<void>)[] {
    const { canonicalAxes: letters } = this.facts;
    const { samples: perPixel } = this.#file.parts.pages[0].format;
    const steps = stridesOf(volume.shape);
    const interval = (axis: string): readonly [number, number] => region[letters.indexOf(axis)] ?? [0, 1];
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
            pixels: volume.data,
            start,
            rowStep: step("Y"),
            columnStep: 1,
            sampleStep: step("C"),
          };
          const lead = t * stride("T") + z * stride("Z") + group * stride("C");
          const wanted = { rows, columns, samples };
          tasks.push(() =>
            readPlane(this.#chunks, this.#plane(this.#series.planes[lead]), { region: wanted, target }, job),
          );
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
function canonicalAxes(file: TiffFile, warnings: string[]): CanonicalAxis[] {
  const { series, parts } = file;
  const { width, height, samples } = parts.pages[0].format;
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
        `${parts.name}: its axes ${series.axes} cannot be brought to TZCYX`,
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

function factsOf(file: TiffFile, axes: readonly CanonicalAxis[], warnings: readonly string[]): StackFacts {
  const { parts, series, header } = file;
  const { format } = parts.pages[0];
  const { width, height, samples, planar } = format;
  const planeAxes = samples === 1 ? "YX" : planar ? "SYX" : "YXS";
  const planeShape =
    samples === 1 ? [height, width] : planar ? [samples, height, width] : [height, width, samples];
  return {
    file: parts.name,
    axes: series.axes + planeAxes,
    shape: [...series.shape, ...planeShape],
    canonicalAxes: axes.map(({ letter }) => letter).join(""),
    canonicalShape: axes.map(({ length }) => length),
    dtype: format.dtype!,
    planes: Math.max(parts.pages.length, series.contiguous),
    bigTiff: header.bigTiff,
    byteOrder: header.littleEndian ? "little" : "big",
    compression: COMPRESSION_NAMES[format.compression],
    layout: format.tiled ? "tiles" : "strips",
    levels: file.levels,
    pixelSize: series.pixelSize,
    flavour: series.flavour,
    channels: series.channels,
    warnings,
  };
}
