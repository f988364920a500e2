/**
 * Writing stacks: uncompressed (Big)TIFF in which every region has its own bytes, so that tiles may be
 * written in any order and by several processes, and a killed run can be resumed.
 * @module
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { bytesPerPixel } from "../../volume/pixels";
import { stridesOf } from "../../volume/region";
import type { Volume } from "../../volume/volume";
import { openFileSource, settleAll, writeFully } from "../bytes";
import { requireFit } from "../stack";
import type { StackLayout, StackWriter } from "../stack";
import { planFile } from "./layout";
import type { FilePlan } from "./layout";

/** Writes started at once; the rest of a large region follows as these finish. */
const MAX_IN_FLIGHT = 16384;

/**
 * Makes a stack file of its full size (sparse where the file system can) with all its metadata; pixels are 0
 * until they are written. An existing file of this name is replaced.
 *
 * @throws {TilewrightError} `stack.layout`; system errors such as ENOSPC, EROFS
 */
export async function createStackFile(path: string, layout: StackLayout): Promise<StackWriter> {
  const plan = planFile(layout);
  const handle = await open(path, "w+");
  try {
    await handle.truncate(plan.bytes);
    await writeFully(handle.fd, plan.head, 0);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return new TiffWriter(path, layout, plan, handle);
}

/**
 * Opens a stack file made by {@link createStackFile} with the same layout, to write more of it.
 *
 * @throws {TilewrightError} `stack.resume` when its size or its metadata are not those of the layout
 */
export async function openStackFile(path: string, layout: StackLayout): Promise<StackWriter> {
  const plan = planFile(layout);
  await checkSameFile(path, plan);
  return new TiffWriter(path, layout, plan, await open(path, "r+"));
}

async function checkSameFile(path: string, plan: FilePlan): Promise<void> {
  const source = await openFileSource(path);
  try {
    const found = new Uint8Array(plan.head.length);
    if (source.size === plan.bytes) await source.readInto(found, 0);
    if (source.size !== plan.bytes || Buffer.compare(found, plan.head) !== 0) {
      throw new TilewrightError(
        "stack.resume",
        source.size === plan.bytes
          ? `${path}: its metadata are not those of the stack to be resumed`
          : `${path}: it has ${source.size} bytes, the stack to be resumed has ${plan.bytes}`,
        "start again without --resume",
      );
    }
  } finally {
    await source.close();
  }
}

class TiffWriter implements StackWriter {
  readonly bytes: number;
  readonly #layout: StackLayout;
  readonly #pixelsAt: number;
  readonly #handle: FileHandle;
  readonly #pending = new Set<Promise<void>>();
  #closed = false;

  constructor(
    readonly path: string,
    layout: StackLayout,
    plan: FilePlan,
    handle: FileHandle,
  ) {
    this.bytes = plan.bytes;
    this.#layout = layout;
    this.#pixelsAt = plan.pixelsAt;
    this.#handle = handle;
  }

  /** Starts the system calls before it returns, so they proceed while the caller's thread computes. */
  async write(volume: Volume, at: readonly number[], job: Job): Promise<void> {
    job.signal.throwIfAborted();
    this.#check(volume, at);
    const runs = fileRuns(this.#layout.shape, volume.shape, at);
    const size = bytesPerPixel(this.#layout.dtype);
    const { buffer, byteOffset } = volume.data;
    const runBytes = runs.length * size;
    let next = 0;
    let source = byteOffset;
    const startOne = (): Promise<void> => {
      const bytes = new Uint8Array(buffer, source, runBytes);
      const position = this.#pixelsAt + runs.startOf(next) * size;
      next += 1;
      source += runBytes;
      return writeFully(this.#handle.fd, bytes, position);
    };
    const follow = async (first: Promise<void>): Promise<void> => {
      await first;
      while (next < runs.count) {
        job.signal.throwIfAborted();
        await startOne();
      }
    };
    const started: Promise<void>[] = [];
    while (next < runs.count && started.length < MAX_IN_FLIGHT) started.push(startOne());
    const work = settleAll(next < runs.count ? started.map(follow) : started);
    this.#pending.add(work);
    try {
      await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  complete(): Promise<void> {
    return Promise.resolve();
  }

  async flush(): Promise<void> {
    await this.#handle.datasync();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // The number of a closed descriptor may be given to another file: writes under way must end first.
    await Promise.allSettled(this.#pending);
    await this.#handle.close();
  }

  #check(volume: Volume, at: readonly number[]): void {
    if (this.#closed)
      throw new TilewrightError("stack.closed", `${this.path}: written to after it was closed`);
    requireFit(this.#layout, volume, at);
  }
}

interface Runs {
  /** Pixels per run. */
  readonly length: number;
  readonly count: number;
  /** First pixel of run `index` in the file's array; runs follow each other in the written volume. */
  startOf(index: number): number;
}

/** How a block maps to stretches of a row-major array; as many trailing axes as are covered whole are merged. */
function fileRuns(whole: readonly number[], part: readonly number[], at: readonly number[]): Runs {
  let axis = part.length - 1;
  let length = part[axis];
  while (axis > 0 && part[axis] === whole[axis]) {
    axis -= 1;
    length *= part[axis];
  }
  const strides = stridesOf(whole);
  const first = at.reduce((sum, start, i) => sum + start * strides[i], 0);
  const outer = part.slice(0, axis);
  const count = outer.reduce((product, n) => product * n, 1);
  const startOf = (index: number): number => {
    let rest = index;
    let start = first;
    for (let i = outer.length - 1; i >= 0; i--) {
      start += (rest % outer[i]) * strides[i];
      rest = Math.floor(rest / outer[i]);
    }
    return start;
  };
  return { length, count, startOf };
}
