/**
 * The pixels of one Zarr array: decodes the chunks that a region touches and copies their part of it.
 * @module
 */
import { Array as ChunkedArray } from "zarrita";
import type { Chunk, DataType } from "zarrita";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import type { PixelArray } from "../../volume/pixels";
import { intersectRegions, regionShape, shapeSize } from "../../volume/region";
import type { Interval, Region } from "../../volume/region";
import { settleAll } from "../bytes";
import { installCodecs } from "./codecs";
import type { ZarrArrayFacts } from "./metadata";
import { AbsentChunk, ChunkStore, undecodable } from "./store";
import { bitsOf, fillPixel, pixelsOf } from "./types";
import type { ChunkData } from "./types";

/** Where a region goes: an array with one stride per stored axis. */
export interface ArrayTarget {
  readonly data: PixelArray | BigUint64Array;
  readonly strides: readonly number[];
  /** Whether the bits are wanted instead of values. */
  readonly asBits: boolean;
}

/** A decoded chunk; null where there is none and all pixels have the fill value. */
interface Decoded {
  readonly data: ChunkData;
  readonly strides: readonly number[];
}

const CHUNKS_AT_ONCE = 4;
/** Decoded chunks that are kept because only part of them was wanted. */
const CACHE_BYTES = 64 * 2 ** 20;
/** A single larger chunk is kept up to here: reading it plane by plane would decode it for each. */
const MOST_KEPT_BYTES = 256 * 2 ** 20;
const SLACK_BYTES = 2 ** 20;
const INDEX_ENTRY_BYTES = 16;

/** An array whose chunks are decoded when they are needed. */
export class ZarrArray {
  readonly facts: ZarrArrayFacts;
  readonly #array: ChunkedArray<DataType, ChunkStore>;
  readonly #kept = new Map<string, Promise<Decoded | null>>();
  readonly #mostKept: number;

  /** Opens nothing yet. */
  constructor(facts: ZarrArrayFacts) {
    installCodecs();
    this.facts = facts;
    const chunkBytes = shapeSize(facts.chunkShape) * facts.dtype.bytes;
    const perShard =
      shapeSize(facts.metadata.chunk_grid.configuration.chunk_shape) / shapeSize(facts.chunkShape);
    const store = new ChunkStore(facts.folder, {
      mostBytes: Math.max(2 * chunkBytes, INDEX_ENTRY_BYTES * perShard) + SLACK_BYTES,
      indexAtStart: facts.indexAtStart,
    });
    this.#array = new ChunkedArray(store, "/", facts.metadata);
    this.#mostKept = Math.max(Math.floor(CACHE_BYTES / chunkBytes), chunkBytes <= MOST_KEPT_BYTES ? 1 : 0);
  }

  /**
   * Reads a region.
   *
   * @param region with respect to the array as stored, inside it
   * @param target takes the values (or bits) of the region, its first pixel at index 0
   * @throws {TilewrightError} `stack.decode` naming the chunk
   */
  async readInto(region: Region, target: ArrayTarget, job: Job): Promise<void> {
    const { chunkShape } = this.facts;
    const first = region.map(([start], axis) => Math.floor(start / chunkShape[axis]));
    const counts = region.map(([, stop], axis) => Math.ceil(stop / chunkShape[axis]) - first[axis]);
    const total = shapeSize(counts);
    for (let next = 0; next < total; next += CHUNKS_AT_ONCE) {
      job.signal.throwIfAborted();
      const some = Array.from({ length: Math.min(CHUNKS_AT_ONCE, total - next) }, (_, i) =>
        place(next + i, counts).map((index, axis) => first[axis] + index),
      );
      await settleAll(some.map((chunk) => this.#copyChunk(chunk, region, target)));
    }
  }

  /** Forgets the chunks that were kept. */
  close(): void {
    this.#kept.clear();
  }

  async #copyChunk(chunk: readonly number[], region: Region, target: ArrayTarget): Promise<void> {
    const { chunkShape, shape, dtype } = this.facts;
    const covers = chunk.map((index, axis): Interval => {
      const start = index * chunkShape[axis];
      return [start, Math.min(start + chunkShape[axis], shape[axis])];
    });
    const part = intersectRegions(covers, region);
    const extent = regionShape(part);
    const whole = extent.every((length, axis) => length === covers[axis][1] - covers[axis][0]);
    const decoded = await this.#decoded(chunk, whole);
    const to = {
      data: target.data,
      strides: target.strides,
      start: dot(
        part.map(([start], axis) => start - region[axis][0]),
        target.strides,
      ),
    };
    if (decoded === null) {
      const fill = target.asBits ? dtype.fill : fillPixel(dtype);
      fillStrided(
        extent,
        target.data instanceof BigUint64Array ? BigInt.asUintN(64, BigInt(fill)) : fill,
        to,
      );
      return;
    }
    const { strides } = decoded;
    const data = target.asBits ? bitsOf(decoded.data) : pixelsOf(decoded.data, dtype);
    const start = dot(
      part.map(([begin], axis) => begin - covers[axis][0]),
      strides,
    );
    copyStrided(extent, { data, strides, start }, to);
  }

  /** A decoded chunk; one that will be asked for again is kept. */
  #decoded(chunk: readonly number[], whole: boolean): Promise<Decoded | null> {
    const key = chunk.join("/");
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const decoding = this.#decode(chunk);
    if (whole || this.#mostKept === 0) return decoding;
    this.#kept.set(key, decoding);
    decoding.catch(() => this.#kept.delete(key));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#mostKept) break;
      this.#kept.delete(oldest);
    }
    return decoding;
  }

  async #decode(chunk: readonly number[]): Promise<Decoded | null> {
    const where = `${this.facts.folder}, chunk ${chunk.join(", ")}`;
    let found: Chunk<DataType>;
    try {
      found = await this.#array.getChunk([...chunk]);
    } catch (error) {
      if (error instanceof AbsentChunk) return null;
      if (error instanceof TilewrightError || isSystemError(error)) throw error;
      throw undecodable(where, reason(error), error);
    }
    const data = found.data as ChunkData;
    const pixels = shapeSize(this.facts.chunkShape);
    if (data.length !== pixels)
      throw undecodable(where, `it holds ${data.length} pixels, ${pixels} are needed`);
    return { data, strides: found.stride };
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

/** What a decoder said; zarrita wraps it. */
function reason(error: unknown): string {
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const text = inner instanceof Error ? inner.message : String(inner);
  return text.split("\n")[0].slice(0, 200);
}

/** Position number `index` of a row-major grid. */
function place(index: number, counts: readonly number[]): number[] {
  const at = new Array<number>(counts.length);
  for (let axis = counts.length - 1, rest = index; axis >= 0; axis--) {
    at[axis] = rest % counts[axis];
    rest = Math.floor(rest / counts[axis]);
  }
  return at;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

interface Strided {
  readonly data: PixelArray | BigUint64Array;
  readonly strides: readonly number[];
  readonly start: number;
}

/** Calls `row` with the first index on both sides of every row along the last axis. */
function eachRow(
  extent: readonly number[],
  from: Pick<Strided, "strides" | "start">,
  to: Strided,
  row: (from: number, to: number) => void,
): void {
  const last = extent.length - 1;
  const walk = (axis: number, source: number, target: number): void => {
    if (axis === last) {
      row(source, target);
      return;
    }
    for (let i = 0; i < extent[axis]; i++) {
      walk(axis + 1, source + i * from.strides[axis], target + i * to.strides[axis]);
    }
  };
  walk(0, from.start, to.start);
}

function copyStrided(extent: readonly number[], from: Strided, to: Strided): void {
  const last = extent.length - 1;
  const [length, step, toStep] = [extent[last], from.strides[last], to.strides[last]];
  const source = from.data as Float64Array;
  const target = to.data as Float64Array;
  eachRow(extent, from, to, (a, b) => {
    if (step === 1 && toStep === 1) target.set(source.subarray(a, a + length), b);
    else for (let i = 0; i < length; i++) target[b + i * toStep] = source[a + i * step];
  });
}

function fillStrided(extent: readonly number[], value: number | bigint, to: Strided): void {
  const last = extent.length - 1;
  const [length, step] = [extent[last], to.strides[last]];
  const target = to.data as Float64Array;
  const pixel = value as number;
  eachRow(extent, to, to, (_, b) => {
    if (step === 1) target.fill(pixel, b, b + length);
    else for (let i = 0; i < length; i++) target[b + i * step] = pixel;
  });
}
