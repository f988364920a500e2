/**
 * How fast work goes and how long it will take; also keeps reports from coming too often.
 * @module
 */
import type { PacedProgress, Progress } from "../job";

const LEAST_INTERVAL_MS = 100;

/** Watches the progress of one job. */
export class Pace {
  #what: string | null = null;
  #startedAt = 0;
  #startedWith = 0;
  #toldAt = -Infinity;

  /**
   * Starts with no work seen.
   *
   * @param now milliseconds of a clock that only goes forward
   */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** The progress with its rate since this kind of work began; null when the last was told a moment ago. */
  tell(progress: Progress): PacedProgress | null {
    const now = this.now();
    if (progress.what !== this.#what) {
      this.#what = progress.what;
      this.#startedAt = now;
      this.#startedWith = progress.done;
      this.#toldAt = -Infinity;
    }
    const isLast = progress.total > 0 && progress.done >= progress.total;
    if (!isLast && now - this.#toldAt < LEAST_INTERVAL_MS) return null;
    this.#toldAt = now;
    const elapsed = (now - this.#startedAt) / 1000;
    const perSecond =
      elapsed > 0 && progress.done > this.#startedWith ? (progress.done - this.#startedWith) / elapsed : null;
    const secondsLeft =
      perSecond === null || progress.total === 0 ? null : (progress.total - progress.done) / perSecond;
    return { ...progress, perSecond, secondsLeft };
  }
}
