/**
 * A queue in which the newest request goes first and cancelled ones never start.
 * @module
 */

/** Lets a few tasks run at once; of those that wait, the last to come is the next to run. */
export class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  /** @param atOnce how many tasks run at the same time, ≥ 1 */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Runs `task` when it is its turn.
   *
   * @throws `signal.reason` when aborted before its turn, or what the task throws
   */
  async take<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    await this.#turn(signal);
    try {
      return await task();
    } finally {
      const next = this.#waiting.pop();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(start), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(start);
    });
  }
}
