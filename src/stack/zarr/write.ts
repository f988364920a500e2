/**
 * Writing OME-Zarr folders: uncompressed chunks in which every pixel has its own bytes, so that tiles may be written
 * in any order and by several processes, and a killed run can be resumed; smaller levels when all is written.
 * @module
 */
import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, statSync } from "node:fs";
import { mkdir, open, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { bytesPerPixel } from "../../volume/pixels";
import { intersectRegions, regionShape, shapeSize, stridesOf } from "../../volume/region";
import type { Interval, Region } from "../../volume/region";
import { transposeVolume } from "../../volume/volume";
import type { Volume } from "../../volume/volume";
import { settleAll, writeFully } from "../bytes";
import { requireFit } from "../stack";
import type { StackLayout, StackWriter } from "../stack";
import { arrayFiles, chunkCounts, chunkPath, groupFiles, planZarr } from "./layout";
import type { ZarrLevel, ZarrPlan } from "./layout";
import { writeLevels } from "./levels";

const CHUNKS_AT_ONCE = 64;
const FILES_FLUSHED_AT_ONCE = 16;

/**
 * Makes the folder of an OME-Zarr image with its metadata; pixels are 0 until they are written.
 *
 * @throws {TilewrightError} `stack.layout`; system errors, also when there is such a folder already
 */
export async function createZarr(path: string, layout: StackLayout): Promise<StackWriter> {
  const plan = planZarr(layout);
  await mkdir(path);
  for (const [name, text] of [...groupFiles(plan, layout, path, null), ...arrayFiles(plan)]) {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return new ZarrWriter(path, layout, plan);
}

/**
 * Opens a folder made by {@link createZarr} with the same layout, to write more of it.
 *
 * @throws {TilewrightError} `stack.resume` when its arrays are not those of the layout
 */
export async function reopenZarr(path: string, layout: StackLayout): Promise<StackWriter> {
  const plan = planZarr(layout);
  for (const [name, text] of arrayFiles(plan)) {
    const found = await readFile(join(path, name), "utf8").catch(() => null);
    if (found === text) continue;
    throw new TilewrightError(
      "stack.resume",
      `${join(path, name)}: ${found === null ? "it is not there" : "it is not that of the image to be resumed"}`,
      "start again without --resume",
    );
  }
  return new ZarrWriter(path, layout, plan);
}

class ZarrWriter implements StackWriter {
  readonly bytes: number;
  readonly #layout: StackLayout;
  readonly #plan: ZarrPlan;
  /** Which folder this is: one of the same name may take its place while an old process still writes. */
  readonly #inode: number;
  readonly #folders = new Set<string>();
  readonly #pending = new Set<Promise<void>>();
  #closed = false;

  constructor(
    readonly path: string,
    layout: StackLayout,
    plan: ZarrPlan,
  ) {
    this.bytes = plan.bytes;
    this.#layout = layout;
    this.#plan = plan;
    this.#inode = statSync(path).ino;
  }

  /** Starts the first system calls before it returns, so they proceed while the caller's thread computes. */
  async write(volume: Volume, at: readonly number[], job: Job): Promise<void> {
    job.signal.throwIfAborted();
    this.#check(volume, at);
    const { axes } = this.#plan;
    const stored = transposeVolume(volume, axes);
    const start = [...axes].map((letter) => at[this.#layout.axes.indexOf(letter)]);
    await this.#track(this.#writePart(this.#plan.levels[0], stored, start, job));
  }

  async complete(job: Job): Promise<void> {
    await this.#requireWhole(job);
    const write = (level: ZarrLevel, part: Volume, start: readonly number[]): Promise<void> =>
      this.#track(this.#writePart(level, part, start, job));
    const ranges = await writeLevels({ path: this.path, plan: this.#plan, layout: this.#layout, write }, job);
    for (const [name, text] of groupFiles(this.#plan, this.#layout, this.path, ranges)) {
      await writeFile(join(this.path, name), text);
    }
  }

  async flush(): Promise<void> {
    const files = this.#plan.levels.flatMap((level) =>
      chunksOf(level).map((chunk) => this.#fileOf(level, chunk)),
    );
    for (let i = 0; i < files.length; i += FILES_FLUSHED_AT_ONCE) {
      await settleAll(files.slice(i, i + FILES_FLUSHED_AT_ONCE).map(flushFile));
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#pending);
  }

  #fileOf(level: ZarrLevel, chunk: readonly number[]): string {
    return join(this.path, ...chunkPath(this.#plan, level, chunk));
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#pending.add(work);
    try {
      await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  /** Writes a part of a level, its axes in stored order. */
  async #writePart(level: ZarrLevel, part: Volume, start: readonly number[], job: Job): Promise<void> {
    const { chunkShape } = level;
    const region = part.shape.map((length, axis): Interval => [start[axis], start[axis] + length]);
    const first = region.map(([begin], axis) => Math.floor(begin / chunkShape[axis]));
    const counts = region.map(([, stop], axis) => Math.ceil(stop / chunkShape[axis]) - first[axis]);
    const chunks = places(counts).map((place) => place.map((index, axis) => first[axis] + index));
    for (let i = 0; i < chunks.length; i += CHUNKS_AT_ONCE) {
      job.signal.throwIfAborted();
      this.#requireSameFolder();
      await settleAll(
        chunks.slice(i, i + CHUNKS_AT_ONCE).map((chunk) => this.#writeChunk(level, chunk, part, region)),
      );
    }
  }

  async #writeChunk(level: ZarrLevel, chunk: readonly number[], part: Volume, region: Region): Promise<void> {
    const pieces = piecesOf(level, chunk, part, region);
    const file = this.#fileOf(level, chunk);
    const fd = this.#openChunk(file, shapeSize(level.chunkShape) * bytesPerPixel(this.#plan.dtype));
    try {
      await settleAll(pieces.map(({ bytes, position }) => writeFully(fd, bytes, position)));
    } finally {
      closeSync(fd);
    }
  }

  /** A chunk has its full size from the first piece on; what is not written is 0. */
  #openChunk(file: string, bytes: number): number {
    const folder = dirname(file);
    if (!this.#folders.has(folder)) mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o666);
    try {
      if (fstatSync(fd).size !== bytes) ftruncateSync(fd, bytes);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  #requireSameFolder(): void {
    if (statSync(this.path, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new TilewrightError(
      "out.takenOver",
      `${this.path} was removed or replaced while it was written`,
      "run it again, with another output name",
    );
  }

  /** Every chunk of the full level must be there with all its bytes. */
  async #requireWhole(job: Job): Promise<void> {
    const [full] = this.#plan.levels;
    const bytes = shapeSize(full.chunkShape) * bytesPerPixel(this.#plan.dtype);
    for (const chunk of chunksOf(full)) {
      job.signal.throwIfAborted();
      const file = this.#fileOf(full, chunk);
      const size = await stat(file).then(
        (found) => found.size,
        () => null,
      );
      if (size === bytes) continue;
      throw new TilewrightError(
        "stack.truncated",
        `${file}: ${size === null ? "it is not there" : `it has ${size} bytes`}, ${bytes} bytes were written`,
        "start over with --overwrite",
      );
    }
  }

  #check(volume: Volume, at: readonly number[]): void {
    if (this.#closed)
      throw new TilewrightError("stack.closed", `${this.path}: written to after it was closed`);
    requireFit(this.#layout, volume, at);
  }
}

interface Piece {
  readonly bytes: Uint8Array;
  /** In the chunk file. */
  readonly position: number;
}

/** What of `part` lies in a chunk, as stretches of the chunk file: the whole file, whole rows or pieces of rows. */
function piecesOf(level: ZarrLevel, chunk: readonly number[], part: Volume, region: Region): Piece[] {
  const { shape, chunkShape } = level;
  const covers = chunk.map((index, axis): Interval => {
    const start = index * chunkShape[axis];
    return [start, Math.min(start + chunkShape[axis], shape[axis])];
  });
  const wanted = intersectRegions(covers, region);
  const extent = regionShape(wanted);
  const size = part.data.BYTES_PER_ELEMENT;
  const [from, to] = [stridesOf(part.shape), stridesOf(chunkShape)];
  const last = extent.length - 1;
  const source = new Uint8Array(part.data.buffer, part.data.byteOffset, part.data.byteLength);
  const isWhole = extent.every((length, axis) => length === covers[axis][1] - covers[axis][0]);
  const whole = isWhole ? new Uint8Array(shapeSize(chunkShape) * size) : null;
  const pieces: Piece[] = whole === null ? [] : [{ bytes: whole, position: 0 }];
  for (const row of places(extent.slice(0, last))) {
    let [begin, position] = [wanted[last][0] - region[last][0], wanted[last][0] - covers[last][0]];
    row.forEach((index, axis) => {
      begin += (wanted[axis][0] - region[axis][0] + index) * from[axis];
      position += (wanted[axis][0] - covers[axis][0] + index) * to[axis];
    });
    const bytes = source.subarray(begin * size, (begin + extent[last]) * size);
    if (whole === null) pieces.push({ bytes, position: position * size });
    else whole.set(bytes, position * size);
  }
  return pieces;
}

/** All positions of a grid, last axis fastest. */
export function places(counts: readonly number[]): number[][] {
  const steps = stridesOf(counts);
  return Array.from({ length: shapeSize(counts) }, (_, index) =>
    counts.map((count, axis) => Math.floor(index / steps[axis]) % count),
  );
}

function chunksOf(level: ZarrLevel): number[][] {
  return places(chunkCounts(level));
}

async function flushFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}
