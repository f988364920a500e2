/**
 * The files of one Zarr array in a folder, read by name: nothing outside the folder, nothing larger than expected,
 * and never less than was asked for.
 * @module
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { AbsolutePath, AsyncReadable, RangeQuery } from "zarrita";
import { TilewrightError } from "../../errors";

/** Thrown for a chunk without a file: its pixels have the fill value, for which no chunk need be made. */
export class AbsentChunk extends Error {}

/** What the files of an array may be. */
export interface StoreLimits {
  /** No file and no part of one is read that is larger, bytes. */
  readonly mostBytes: number;
  /** Whether the index of a shard stands at its start; zarrita asks for it at the end. */
  readonly indexAtStart: boolean;
}

/** The chunk files of one array as zarrita reads them. */
export class ChunkStore implements AsyncReadable {
  readonly #folder: string;
  readonly #limits: StoreLimits;

  /**
   * Opens nothing yet.
   *
   * @param folder of the array; keys are paths below it
   */
  constructor(folder: string, limits: StoreLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** A whole chunk file. @throws {AbsentChunk}; {TilewrightError} `stack.decode`; system errors */
  async get(key: AbsolutePath): Promise<Uint8Array> {
    return this.#read(key, (size) => ({ offset: 0, length: size }));
  }

  /** Part of a shard. @throws as {@link get} */
  async getRange(key: AbsolutePath, range: RangeQuery): Promise<Uint8Array> {
    if ("offset" in range) return this.#read(key, () => range);
    const length = range.suffixLength;
    return this.#read(key, (size) => ({ offset: this.#limits.indexAtStart ? 0 : size - length, length }));
  }

  async #read(
    key: string,
    partOf: (size: number) => { readonly offset: number; readonly length: number },
  ): Promise<Uint8Array> {
    const path = join(this.#folder, ...key.split("/"));
    const handle = await openChunk(path);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw undecodable(path, "this is no file");
      const { offset, length } = partOf(stat.size);
      if (length > this.#limits.mostBytes) {
        throw undecodable(path, `${length} bytes are more than its chunk can need`);
      }
      if (offset < 0 || offset + length > stat.size) {
        throw undecodable(path, `it has ${stat.size} bytes, ${offset + length} are needed`);
      }
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0) throw undecodable(path, "it was cut short while it was read");
        done += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  }
}

async function openChunk(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new AbsentChunk();
    if (code === "ENOTDIR") throw undecodable(path, "a folder on its way is a file");
    throw error;
  }
}

/** The error for a chunk that is there and cannot be used. */
export function undecodable(chunk: string, why: string, cause?: unknown): TilewrightError {
  return new TilewrightError(
    "stack.decode",
    `${chunk}: this chunk cannot be decoded: ${why}`,
    "it was cut short or damaged; copy or export the image again",
    { cause },
  );
}
