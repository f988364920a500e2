/**
 * Bytes of a file at positions: reads that are complete or fail, writes that are complete or fail.
 * @module
 */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { read as readCallback, readSync, write as writeCallback } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../errors";
import { ReadPace } from "./readPace";

/** Where the bytes of an image come from. */
export interface ByteSource {
  /** For messages. */
  readonly name: string;
  /** Bytes in all when it was opened. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `position` on.
   *
   * @throws {TilewrightError} `stack.truncated` when the file ends before; never fills up with zeros
   */
  readInto(target: Uint8Array, position: number): Promise<void>;
  /**
   * The same at once, for a few small pieces: the way through the thread pool costs ten times as much as
   * reading a row of pixels.
   *
   * @throws {TilewrightError} `stack.truncated`
   */
  readNow(target: Uint8Array, position: number): void;
  close(): Promise<void>;
}

/** One read call moves at most this many bytes, so that several can proceed at once. */
const PIECE_BYTES = 2 ** 20;

/**
 * Opens a file for reading; the descriptor stays open until `close`.
 *
 * @throws {Error} system errors (ENOENT, EACCES…) and {TilewrightError} `stack.notFile`
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const handle = await open(path, "r");
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      throw new TilewrightError("stack.notFile", `${path}: not a regular file`, "name an image file");
    }
    return new FileSource(path, stat.size, handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class FileSource implements ByteSource {
  readonly #handle: FileHandle;
  readonly #pending = new Set<Promise<void>>();
  readonly #pace = new ReadPace();
  #closed = false;

  constructor(
    readonly name: string,
    readonly size: number,
    handle: FileHandle,
  ) {
    this.#handle = handle;
  }

  async readInto(target: Uint8Array, position: number): Promise<void> {
    this.#checkOpen();
    const work = this.#readPieces(target, position);
    this.#pending.add(work);
    try {
      await work;
    } finally {
      this.#pending.delete(work);
    }
  }

  async #readPieces(target: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < target.length && this.#pace.isQuick) {
      let started = performance.now();
      if (this.#pace.isLong(started)) {
        await nextTurn();
        started = performance.now();
        this.#pace.rested(started);
      }
      const piece = pieceOf(target, done);
      this.#readAtOnce(piece, position + done);
      this.#pace.took(piece.length, performance.now() - started);
      done += piece.length;
    }
    const pieces: Promise<void>[] = [];
    for (; done < target.length; done += PIECE_BYTES) {
      pieces.push(this.#readThroughPool(pieceOf(target, done), position + done));
    }
    await settleAll(pieces);
  }

  async #readThroughPool(piece: Uint8Array, position: number): Promise<void> {
    const started = performance.now();
    await readFully(this.#handle.fd, piece, position, this.name);
    this.#pace.took(piece.length, performance.now() - started);
  }

  readNow(target: Uint8Array, position: number): void {
    this.#checkOpen();
    this.#readAtOnce(target, position);
  }

  #readAtOnce(target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length;) {
      const count = readSync(this.#handle.fd, target, done, target.length - done, position + done);
      if (count === 0) throw truncated(this.name, position + done, target.length - done);
      done += count;
    }
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new TilewrightError("stack.closed", `${this.name}: the file was closed while in use`);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // The number of a closed descriptor may be given to another file: reads under way must end first.
    await Promise.allSettled(this.#pending);
    await this.#handle.close();
  }
}

function pieceOf(target: Uint8Array, start: number): Uint8Array {
  return target.subarray(start, Math.min(start + PIECE_BYTES, target.length));
}

/** Waits for all, then throws the first failure: nothing is in flight when it returns. */
export async function settleAll(work: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(work)) {
    if (result.status === "rejected") throw result.reason;
  }
}

function readFully(fd: number, target: Uint8Array, position: number, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      if (done === target.length) {
        resolve();
        return;
      }
      readCallback(fd, target, done, target.length - done, position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (count === 0) reject(truncated(name, position + done, target.length - done));
        else step(done + count);
      });
    };
    step(0);
  });
}

/** The error for bytes that the file should have and has not. */
export function truncated(name: string, position: number, count: number): TilewrightError {
  return new TilewrightError(
    "stack.truncated",
    `${name}: the file ends before byte ${position + count}, which the image needs`,
    "the file was cut short or is damaged; copy or export it again",
  );
}

/**
 * Writes all of `source` at `position`; the call is started before this function returns, so it proceeds
 * while the caller's thread is busy. `source` must stay untouched until the promise settles.
 *
 * @throws {Error} system errors; {TilewrightError} `stack.shortWrite`
 */
export function writeFully(fd: number, source: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (done: number): void => {
      writeCallback(fd, source, done, source.length - done, position + done, (error, count) => {
        if (error !== null) reject(error);
        else if (done + count === source.length) resolve();
        else if (count > 0) step(done + count);
        else {
          reject(
            new TilewrightError(
              "stack.shortWrite",
              `the device took ${done} of ${source.length} bytes and no more`,
              "check the free space of the output folder",
            ),
          );
        }
      });
    };
    step(0);
  });
}
