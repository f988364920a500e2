/**
 * Stack: an opened image file. Facts, and pixels by region; never the whole file in memory.
 * @module
 */
import type { Job } from "../job";
import { dtypeOf } from "../volume/pixels";
import type { Dtype, PixelArray } from "../volume/pixels";
import { isInside } from "../volume/region";
import type { Region } from "../volume/region";
import type { Volume } from "../volume/volume";

/**
 * Pixel types as files store them. Integers of other lengths stand here under the shortest of these types that
 * holds them: 12 bits as uint16, 24 bits as uint32.
 */
export type StoredDtype = Dtype | "float16" | "int64" | "uint64" | "complex64" | "complex128";

/** Distance between neighbouring pixels. */
export interface PixelSize {
  readonly x: number | null;
  readonly y: number | null;
  readonly z: number | null;
  /** As written in the file, `µm` for every spelling of micrometre. */
  readonly unit: string;
}

/** One channel as the file describes it. */
export interface ChannelFacts {
  readonly name: string | null;
  /** `#rrggbb`, when the file says so. */
  readonly color: string | null;
}

/** What is known about an image file without reading its pixels. */
export interface StackFacts {
  readonly file: string;
  /** Axes as stored: letters of `STCZYXIQ` (S samples such as RGB, I unknown sequence, Q other). */
  readonly axes: string;
  /** Shape as stored, in the order of `axes`. */
  readonly shape: readonly number[];
  /** Subset of `TZCYX` in that order; S became C, I became Z. */
  readonly canonicalAxes: string;
  readonly canonicalShape: readonly number[];
  /** Pixel type as stored. */
  readonly dtype: StoredDtype;
  /**
   * Pixel type of what `read` returns: `dtype` itself where a Volume can hold it, float32 for float16, float64 for
   * 64-bit integers (exact up to 2^53; a warning says so), null for complex numbers, which are not read.
   */
  readonly readsAs: Dtype | null;
  /** Number of stored planes (pages). */
  readonly planes: number;
  readonly bigTiff: boolean;
  readonly byteOrder: "little" | "big";
  /** `none`, `lzw`, `deflate`, `packbits`… */
  readonly compression: string;
  readonly layout: "strips" | "tiles" | "chunks";
  /** Resolution levels, 1 when there is no pyramid. */
  readonly levels: number;
  /** Shape of each level in the order of `canonicalAxes`, largest first; the first is `canonicalShape`. */
  readonly levelShapes: readonly (readonly number[])[];
  /** Which stack of the file this is, from 0, and how many the file holds. */
  readonly series: { readonly index: number; readonly count: number };
  /** Names of the files that hold its pixels, without their folder; several for a set of OME files. */
  readonly files: readonly string[];
  readonly pixelSize: PixelSize | null;
  /** Who wrote it, as far as readers care. */
  readonly flavour: "imagej" | "ome" | "ome-zarr" | "plain";
  readonly channels: readonly ChannelFacts[];
  readonly warnings: readonly string[];
}

/** Decoded pixels of one stored plane, bit for bit: no palette, inversion or colour conversion. */
export interface StoredPixels {
  /** Row-major, little endian. */
  readonly bytes: Uint8Array;
  readonly shape: readonly number[];
  /** `YX`, `YXS` or `SYX`. */
  readonly axes: string;
  readonly dtype: StoredDtype;
}

/** An opened image file. Whoever opens it closes it. */
export interface Stack {
  readonly facts: StackFacts;
  /**
   * Text that the writer left in the file, at most 2²⁰ characters: ImageJ's description, OME-XML, the attributes of a
   * Zarr group as JSON; null when there is none. Not every kind of file has it.
   */
  readonly description?: string | null;
  /**
   * Reads pixels.
   *
   * @param region with respect to `facts.canonicalShape`, axes `facts.canonicalAxes`
   * @returns a volume of the region's shape, axes `facts.canonicalAxes`, dtype `facts.readsAs`; owned by the caller
   * @throws {TilewrightError} `stack.pixelType` for complex pixels, `stack.truncated`, `stack.decode`… — never zeros in place of missing bytes
   */
  read(region: Region, job: Job): Promise<Volume>;
  /**
   * Reads pixels of a smaller copy of the stack; level 0 is the stack itself.
   *
   * @param region with respect to `facts.levelShapes[level]`, axes `facts.canonicalAxes`
   * @throws {TilewrightError} as `read`
   */
  readLevel(level: number, region: Region, job: Job): Promise<Volume>;
  /**
   * The same as `read` into memory of the caller: making new memory for each part of a stack takes longer than
   * reading it. Not every kind of file has it; {@link readStackInto} does for all.
   *
   * @param target as many pixels as the region has, of `facts.readsAs`; undefined when this throws
   */
  readInto?(region: Region, target: PixelArray, job: Job): Promise<void>;
  /**
   * Decoded pixels of stored plane `index` as stored, complex ones too, for checksums.
   *
   * @throws {TilewrightError} `stack.*`; {RangeError} when there is no such plane
   */
  readStoredPlane(index: number, job: Job): Promise<StoredPixels>;
  close(): Promise<void>;
}

/** Where a stack is. */
export interface StackPlace {
  readonly path: string;
  /** Which stack of the file, from 0; left out: the first that has pixels in it. */
  readonly series?: number | undefined;
}

/** Opens one kind of image file. Built-in readers and those of plugins are registered the same way. */
export interface StackReader {
  readonly id: string;
  readonly label: string;
  /** Lower-case file name endings with the dot. */
  readonly extensions: readonly string[];
  /** Whether a folder or a file of any other name is an image of this kind. */
  claims?(path: string): Promise<boolean>;
  /** @throws {TilewrightError} `stack.*` */
  open(place: StackPlace, job: Job): Promise<Stack>;
}

/** What a written stack looks like. */
export interface StackLayout {
  /** Subset of `TZCYX` in that order. */
  readonly axes: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly pixelSize: PixelSize | null;
  readonly channels: readonly ChannelFacts[];
  readonly format: "ome" | "imagej" | "ome-zarr-0.4" | "ome-zarr-0.5";
  /** Regions are written that start at multiples of this, px in the order of `axes`; 0 where they are not cut. */
  readonly writeGrid?: readonly number[];
}

/**
 * Checks that a stack of this layout can take a volume at a place.
 *
 * @throws {RangeError} when axes or pixel type differ, or the volume sticks out
 */
export function requireFit(layout: StackLayout, volume: Volume, at: readonly number[]): void {
  const { axes, shape, dtype } = layout;
  if (volume.axes !== axes || dtypeOf(volume.data) !== dtype) {
    throw new RangeError(`a ${axes} stack of ${dtype} cannot take ${volume.axes} of ${dtypeOf(volume.data)}`);
  }
  const region = volume.shape.map((length, axis) => [at[axis], at[axis] + length] as const);
  if (at.length !== axes.length || !isInside(region, shape)) {
    throw new RangeError(
      `[${volume.shape.join(", ")}] at [${at.join(", ")}] sticks out of [${shape.join(", ")}]`,
    );
  }
}

/** A stack file being written; regions may come in any order and from several processes. */
export interface StackWriter {
  readonly path: string;
  /** Size of the finished file, bytes. */
  readonly bytes: number;
  /**
   * Writes the pixels of one region; other bytes are not touched.
   *
   * @param volume same axes as the layout, layout's dtype, not changed; keep it untouched until the promise settles
   * @param at     first pixel, with respect to the layout's shape
   */
  write(volume: Volume, at: readonly number[], job: Job): Promise<void>;
  /**
   * Writes what depends on all pixels, once all of them are written; may be repeated.
   *
   * @throws {TilewrightError} `stack.truncated` when something is missing; `AbortError`
   */
  complete(job: Job): Promise<void>;
  /** Flushes to the device. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Reads pixels into memory of the caller, however the stack is stored.
 *
 * @param region with respect to `facts.canonicalShape`
 * @param target as many pixels as the region has, of `facts.dtype`; undefined when this throws
 */
export async function readStackInto(
  stack: Stack,
  region: Region,
  target: PixelArray,
  job: Job,
): Promise<void> {
  if (stack.readInto !== undefined) return stack.readInto(region, target, job);
  target.set((await stack.read(region, job)).data);
}
