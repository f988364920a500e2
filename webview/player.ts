/**
 * Plays an axis: the next plane comes when the one before is on the screen, at most so many a second.
 * @module
 */
import type { SlidingAxis } from "./state";

const PLANES_PER_SECOND = 12;

/** Steps along one axis, round and round. */
export class Player {
  readonly #step: (axis: SlidingAxis) => void;
  readonly #changed: (axis: SlidingAxis | null) => void;
  #axis: SlidingAxis | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stepped = 0;

  constructor(step: (axis: SlidingAxis) => void, changed: (axis: SlidingAxis | null) => void) {
    this.#step = step;
    this.#changed = changed;
  }

  /** Starts an axis, or stops it when it plays. */
  toggle(axis: SlidingAxis): void {
    const next = this.#axis === axis ? null : axis;
    this.stop();
    if (next === null) return;
    this.#axis = next;
    this.#changed(next);
    this.#next();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#axis === null) return;
    this.#axis = null;
    this.#changed(null);
  }

  /** The plane that was stepped to is on the screen. */
  drawn(): void {
    if (this.#axis === null || this.#timer !== null) return;
    const wait = Math.max(0, this.#stepped + 1000 / PLANES_PER_SECOND - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#next();
    }, wait);
  }

  #next(): void {
    if (this.#axis === null) return;
    this.#stepped = performance.now();
    this.#step(this.#axis);
  }
}
