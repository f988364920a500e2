/**
 * Planes of one open stack and parts of them, at any level; whole planes are kept in memory while there is room.
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../../src/errors";
import type { Job } from "../../src/job";
import type { PlaneIndex, PlaneRegion, StackLengths } from "../../src/protocol/viewer";
import type { Stack } from "../../src/stack/stack";
import { readableDtype } from "../../src/stack/stored";
import { bytesPerPixel } from "../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import type { PlaneCache } from "./planeCache";

/** Rows and columns, px. */
export interface Size {
  readonly y: number;
  readonly x: number;
}

/** A plane at one of the resolutions of the stack. */
export interface LevelPlane {
  readonly plane: PlaneIndex;
  readonly level: number;
}

/** Pixels in memory that hold part of a picture; not to be changed. */
export interface Part {
  readonly data: PixelArray;
  /** Pixels from one row to the next. */
  readonly stride: number;
  /** Where the first pixel lies in the picture. */
  readonly top: number;
  readonly left: number;
}

/** A box of one channel at one time. */
export interface Box extends PlaneRegion {
  readonly t: number;
  readonly c: number;
  readonly z: Interval;
}

/** Lengths of the axes of a stack, 1 for those it lacks. */
export function lengthsOf(stack: Stack): StackLengths {
  const { canonicalAxes, canonicalShape } = stack.facts;
  const length = (axis: string): number =>
    canonicalAxes.includes(axis) ? canonicalShape[canonicalAxes.indexOf(axis)] : 1;
  return { t: length("T"), z: length("Z"), c: length("C"), y: length("Y"), x: length("X") };
}

/** Lets messages come in, such as that nobody wants the result any more. */
export async function breathe(job: Job): Promise<void> {
  await nextTurn();
  job.signal.throwIfAborted();
}

/** The planes of one open stack. */
export class PlaneStore {
  readonly #stack: Stack;
  readonly #cache: PlaneCache;
  readonly #prefix: string;
  readonly #wholeBytes: number;
  /** Of the pixels that are read. */
  readonly dtype: Dtype;
  readonly lengths: StackLengths;

  /**
   * @param prefix     of the keys in `cache`, unlike that of any other stack
   * @param wholeBytes pictures larger than this are never made whole
   * @throws {TilewrightError} `stack.pixelType` when the pixels cannot be shown
   */
  constructor(stack: Stack, cache: PlaneCache, prefix: string, wholeBytes: number) {
    this.#stack = stack;
    this.dtype = readableDtype(stack.facts);
    this.#cache = cache;
    this.#prefix = prefix;
    this.#wholeBytes = wholeBytes;
    this.lengths = lengthsOf(stack);
  }

  /** Whether rows can be had without those between them. */
  get readsSingleRows(): boolean {
    return this.#stack.facts.compression === "none" && this.#stack.facts.layout !== "chunks";
  }

  /**
   * The smallest copy of the stack that still has a pixel for each one that is shown; every copy has all slices.
   *
   * @param need px of the stack for each one that is shown; Infinity where it does not matter
   */
  levelFor(need: Size): number {
    const { levelShapes } = this.#stack.facts;
    let best = 0;
    for (const [level, shape] of levelShapes.entries()) {
      const [y, x] = shape.slice(-2);
      const onlySmaller = shape.slice(0, -2).every((length, axis) => length === levelShapes[0][axis]);
      if (onlySmaller && y * need.y >= this.lengths.y && x * need.x >= this.lengths.x) best = level;
    }
    return best;
  }

  /** Rows and columns of the planes of a level. */
  sizeOf(level: number): Size {
    const [y, x] = this.#stack.facts.levelShapes[level].slice(-2);
    return { y, x };
  }

  /** Whether a picture of this size is made and kept whole. */
  isSmall({ y, x }: Size, dtype: Dtype): boolean {
    return y * x * bytesPerPixel(dtype) <= this.#wholeBytes;
  }

  /**
   * Whether decoding every slice of a stack once, and keeping all, is better than decoding parts again and again.
   */
  worthKeeping(level: number): boolean {
    const { y, x } = this.sizeOf(level);
    const bytes = y * x * bytesPerPixel(this.dtype);
    return (
      this.#stack.facts.compression !== "none" &&
      bytes <= this.#wholeBytes &&
      bytes * this.lengths.z <= this.#cache.capacity / 2
    );
  }

  /** What `make` makes, or what it made before; not to be changed. */
  kept(key: string, make: (job: Job) => Promise<PixelArray>, job: Job): Promise<PixelArray> {
    return this.#cache.get(`${this.#prefix}${key}`, (signal) => make({ ...job, signal }), job.signal);
  }

  /** Whether `make` was done for `key` and what came of it is still in memory. */
  isKept(key: string): boolean {
    return this.#cache.peek(`${this.#prefix}${key}`) !== undefined;
  }

  /** All pixels of a plane, kept; not to be changed. */
  async whole(where: LevelPlane, job: Job): Promise<Part> {
    const { y, x } = this.sizeOf(where.level);
    const region: PlaneRegion = { y: [0, y], x: [0, x] };
    const data = await this.kept(planeKey(where), (inner) => this.#plane(where, region, inner), job);
    return { data, stride: x, top: 0, left: 0 };
  }

  /** The whole plane if it is in memory. */
  inMemory(where: LevelPlane): Part | null {
    const data = this.#cache.peek(`${this.#prefix}${planeKey(where)}`);
    return data === undefined ? null : { data, stride: this.sizeOf(where.level).x, top: 0, left: 0 };
  }

  /** Part of a plane: from memory if it is there, else from the file without being kept. */
  async part(where: LevelPlane, region: PlaneRegion, job: Job): Promise<Part> {
    const kept = this.inMemory(where);
    if (kept !== null) return kept;
    const data = await this.#plane(where, region, job);
    return { data, stride: region.x[1] - region.x[0], top: region.y[0], left: region.x[0] };
  }

  /** Pixels of a box, slices slowest; memory of their own. */
  async box(level: number, box: Box, job: Job): Promise<PixelArray> {
    const place: Record<string, Interval> = {
      T: [box.t, box.t + 1],
      Z: box.z,
      C: [box.c, box.c + 1],
      Y: box.y,
      X: box.x,
    };
    const region = [...this.#stack.facts.canonicalAxes].map((axis) => place[axis]);
    const { data } = await this.#stack.readLevel(level, region, job);
    const wanted = (box.z[1] - box.z[0]) * (box.y[1] - box.y[0]) * (box.x[1] - box.x[0]);
    if (data.length === wanted) return data;
    throw new TilewrightError("reader.size", `${wanted} pixels were expected, found ${data.length}`);
  }

  #plane({ plane, level }: LevelPlane, region: PlaneRegion, job: Job): Promise<PixelArray> {
    return this.box(level, { ...region, t: plane.t, c: plane.c, z: [plane.z, plane.z + 1] }, job);
  }
}

function planeKey({ plane, level }: LevelPlane): string {
  return `${level},${plane.t},${plane.z},${plane.c}`;
}
