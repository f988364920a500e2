/**
 * How far a batch is: which file, and how long all of them will take together.
 * @module
 */
import type { PacedProgress } from "../job";

/** How far a batch is. */
export interface BatchProgress {
  /** The file that is being predicted, and which of those to predict it is, from 1. */
  readonly file: string;
  readonly number: number;
  readonly files: number;
  /** What happens in that file; null while its prediction starts. */
  readonly within: PacedProgress | null;
  /** Part of the whole work that is done, 0…1. */
  readonly fraction: number;
  /** For all files that are left, this one included; null while nothing is known. */
  readonly secondsLeft: number | null;
}

/** Work of one file, in any unit that time is proportional to: voxels that the network computes. */
export interface BatchWork {
  readonly file: string;
  readonly work: number;
}

/** Watches the progress of a batch: what is left is weighed by its voxels, the speed is that of the work done so far. */
export class BatchClock {
  readonly #files: readonly BatchWork[];
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #total: number;
  /** Work of files that are over, however they ended. */
  #passed = 0;
  /** Work that this batch did itself: the tiles of an earlier run took no time. */
  #did = 0;
  #current = -1;
  /** Tiles that were done before this file's first report; -1 before that. */
  #tilesBefore = -1;
  #tilesDone = 0;
  #tiles = 0;

  /**
   * Starts the clock.
   *
   * @param files those that are to be predicted, in order
   * @param now   milliseconds of a clock that only goes forward
   */
  constructor(files: readonly BatchWork[], now: () => number = () => performance.now()) {
    this.#files = files;
    this.#now = now;
    this.#startedAt = now();
    this.#total = files.reduce((sum, { work }) => sum + work, 0);
  }

  /** The next file begins. */
  next(): BatchProgress {
    this.#pass();
    this.#current++;
    return this.#progress(null);
  }

  /** The file that is being predicted tells how far it is. */
  tell(within: PacedProgress): BatchProgress {
    if (within.unit === "tiles" && within.total > 0) {
      // A prediction reports a tile once it is done: the first report is about the first tile of this run.
      if (this.#tilesBefore < 0) this.#tilesBefore = Math.max(0, within.done - 1);
      this.#tilesDone = within.done;
      this.#tiles = within.total;
    }
    return this.#progress(within);
  }

  #pass(): void {
    const file = this.#files[this.#current];
    if (file === undefined) return;
    this.#passed += file.work;
    this.#did += file.work * this.#share(this.#tilesDone - Math.max(0, this.#tilesBefore));
    this.#tilesBefore = -1;
    this.#tilesDone = 0;
    this.#tiles = 0;
  }

  #share(tiles: number): number {
    return this.#tiles > 0 ? tiles / this.#tiles : 0;
  }

  #progress(within: PacedProgress | null): BatchProgress {
    const { file, work } = this.#files[this.#current];
    const reached = this.#passed + work * this.#share(this.#tilesDone);
    const did = this.#did + work * this.#share(this.#tilesDone - Math.max(0, this.#tilesBefore));
    const seconds = (this.#now() - this.#startedAt) / 1000;
    return {
      file,
      number: this.#current + 1,
      files: this.#files.length,
      within,
      fraction: this.#total > 0 ? reached / this.#total : 0,
      secondsLeft: did > 0 && seconds > 0 ? ((this.#total - reached) * seconds) / did : null,
    };
  }
}
