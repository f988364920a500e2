/**
 * Whether the bytes of a file come from memory or from a device: the former are read at once, the latter through the
 * thread pool. The way to a thread of the pool and back takes as long as copying 1 MiB that the system has in memory; a
 * device, or a server, can take any time, and then nothing else may wait.
 * @module
 */

/** Memory delivers several GB/s, a fast device one or two. */
const QUICK_BYTES_PER_MS = 500_000;
/** Smaller reads say more about calling than about the file, bytes. */
const TELLING_BYTES = 2 ** 16;
/** For so long others may wait while pieces are read at once, and decoded between the reads, ms. */
const LONGEST_MS = 20;

/** What is known of a file's speed from its latest reads. */
export class ReadPace {
  #isQuick = false;
  #turn = -Infinity;

  /** Whether the next piece is likely to be in memory. False until a read through the pool was quick. */
  get isQuick(): boolean {
    return this.#isQuick;
  }

  /** Whether others should have the thread before more is read at once; `now` in ms. */
  isLong(now: number): boolean {
    return now - this.#turn > LONGEST_MS;
  }

  /** Notes that others have just had the thread. */
  rested(now: number): void {
    this.#turn = now;
  }

  /** Notes a read, through the pool with the waiting for others. A slow one sends the next ones through the pool. */
  took(bytes: number, ms: number): void {
    if (bytes >= TELLING_BYTES) this.#isQuick = bytes / ms > QUICK_BYTES_PER_MS;
  }
}
