/**
 * Decoding a compressed stack once, however often its parts are read: what was decoded is kept, uncompressed, in a
 * file that is gone with the program.
 * @module
 */
import { rm } from "node:fs/promises";
import type { Job } from "../job";
import { bytesPerPixel } from "../volume/pixels";
import type { Dtype } from "../volume/pixels";
import { regionShape, shapeSize } from "../volume/region";
import type { Interval, Region } from "../volume/region";
import { makeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import type { Stack, StackFacts, StackWriter } from "./stack";
import { readableDtype } from "./stored";
import { tiffReader } from "./tiff/read";
import { createStackFile } from "./tiff/write";

/** Rows are decoded in bands of at most this size, bytes. */
const BAND_BYTES = 64 * 2 ** 20;

/** Size of the decoded pixels of a stack, bytes. */
export function decodedBytes(facts: StackFacts): number {
  return shapeSize(facts.canonicalShape) * bytesPerPixel(readableDtype(facts));
}

/**
 * The same stack, every plane of which is decoded at most once.
 *
 * @param stack is read from, not closed
 * @param path  of the file of decoded pixels; replaced when it exists. It takes {@link decodedBytes} at most, only what
 *              was read, and is removed when this stack is closed, or at once where the system allows
 * @throws {TilewrightError} `stack.layout` when no such file can be made; system errors such as ENOSPC
 */
export async function decodedOnce(stack: Stack, path: string, job: Job): Promise<Stack> {
  const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
  const dtype = readableDtype(stack.facts);
  const layout = { axes, shape, dtype, pixelSize: null, channels: [], format: "ome" } as const;
  const writer = await createStackFile(path, layout);
  try {
    const decoded = await tiffReader.open({ path }, job);
    // An open file can be removed everywhere but on Windows; there it stays until it is closed.
    if (process.platform !== "win32") await rm(path);
    return new DecodedStack(stack, writer, decoded);
  } catch (error) {
    await writer.close();
    await rm(path, { force: true });
    throw error;
  }
}

class DecodedStack implements Stack {
  readonly facts: StackFacts;
  readonly #stack: Stack;
  readonly #writer: StackWriter;
  readonly #decoded: Stack;
  readonly #dtype: Dtype;
  /** By index of the plane: done, or being done. */
  readonly #planes = new Map<number, Promise<void>>();

  constructor(stack: Stack, writer: StackWriter, decoded: Stack) {
    this.facts = stack.facts;
    this.#stack = stack;
    this.#writer = writer;
    this.#decoded = decoded;
    this.#dtype = readableDtype(stack.facts);
  }

  async read(region: Region, job: Job): Promise<Volume> {
    for (const plane of planesIn(region)) {
      job.signal.throwIfAborted();
      await this.#decode(plane, job);
    }
    const { canonicalAxes: axes } = this.facts;
    // Axes of length 1 do not come back from a file.
    const kept = region.filter((_, axis) => this.#decoded.facts.canonicalAxes.includes(axes[axis]));
    return makeVolume((await this.#decoded.read(kept, job)).data, regionShape(region), axes);
  }

  readLevel(level: number, region: Region, job: Job): Promise<Volume> {
    return level === 0 ? this.read(region, job) : this.#stack.readLevel(level, region, job);
  }

  readStoredPlane(index: number, job: Job): ReturnType<Stack["readStoredPlane"]> {
    return this.#stack.readStoredPlane(index, job);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#planes.values());
    await this.#decoded.close();
    await this.#writer.close();
    await rm(this.#writer.path, { force: true });
  }

  async #decode(plane: readonly number[], job: Job): Promise<void> {
    const { canonicalShape: shape } = this.facts;
    const index = plane.reduce((sum, at, axis) => sum * shape[axis] + at, 0);
    const known = this.#planes.get(index);
    if (known !== undefined) return known;
    const work = this.#copy(plane, job);
    this.#planes.set(index, work);
    try {
      await work;
    } catch (error) {
      this.#planes.delete(index);
      throw error;
    }
  }

  async #copy(plane: readonly number[], job: Job): Promise<void> {
    const { canonicalShape: shape } = this.facts;
    const [height, width] = shape.slice(-2);
    const rows = Math.max(1, Math.floor(BAND_BYTES / (width * bytesPerPixel(this.#dtype))));
    for (let row = 0; row < height; row += rows) {
      const lead = plane.map((at): Interval => [at, at + 1]);
      const band: Region = [...lead, [row, Math.min(height, row + rows)], [0, width]];
      await this.#writer.write(await this.#stack.read(band, job), [...plane, row, 0], job);
    }
  }
}

/** Indices along the axes before Y and X of all planes of a region. */
function planesIn(region: Region): number[][] {
  const lead = region.slice(0, -2);
  const lengths = regionShape(lead);
  return lengths.reduce<number[][]>(
    (planes, length, axis) =>
      planes.flatMap((plane) => Array.from({ length }, (_, i) => [...plane, lead[axis][0] + i])),
    [[]],
  );
}
