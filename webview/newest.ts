/**
 * Questions of which only the newest counts: one is under way at a time, and the last that was asked is asked next.
 * @module
 */

/** A question that has taken this long is dropped for a newer one; until then its answer is shown while it waits. */
const PATIENCE_MS = 150;

/** Who hears the answers. */
export interface NewestEvents<T> {
  answered(answer: T): void;
  failed(error: unknown): void;
  /** Whether an answer is awaited. */
  waiting(isWaiting: boolean): void;
}

/** Asks; gets an answer unless the signal stops it. */
export type Ask<T> = (signal: AbortSignal) => Promise<T>;

interface Question<T> {
  readonly key: string;
  readonly ask: Ask<T>;
}

/** Asks one question after the other and leaves out those that nobody waits for any more. */
export class Newest<T> {
  readonly #events: NewestEvents<T>;
  #next: Question<T> | null = null;
  #running: { readonly key: string; readonly started: number; readonly stop: AbortController } | null = null;
  #settled: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(events: NewestEvents<T>) {
    this.#events = events;
  }

  /** Asks unless the question of this key is the one that is under way or was answered last. */
  wish(key: string, ask: Ask<T>): void {
    if (this.#running?.key === key && !this.#running.stop.signal.aborted) {
      this.#next = null;
      return;
    }
    if (this.#running === null && this.#settled === key) return;
    this.#next = { key, ask };
    if (this.#running === null) this.#start();
    else this.#stopSoon();
  }

  /** Nothing more is wished: a question that waits is dropped, the one under way is not. */
  rest(): void {
    this.#next = null;
  }

  /** Drops all questions; the next wish is asked whatever was answered before. */
  forget(): void {
    this.#next = null;
    this.#settled = null;
    this.#running?.stop.abort();
  }

  #stopSoon(): void {
    if (this.#timer !== null || this.#running === null) return;
    const { started, stop } = this.#running;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.#next !== null && this.#running?.stop === stop) stop.abort();
      },
      Math.max(0, started + PATIENCE_MS - performance.now()),
    );
  }

  #start(): void {
    const question = this.#next;
    if (question === null) return;
    this.#next = null;
    void this.#run(question);
  }

  async #run({ key, ask }: Question<T>): Promise<void> {
    const stop = new AbortController();
    this.#running = { key, started: performance.now(), stop };
    this.#events.waiting(true);
    try {
      const answer = await ask(stop.signal);
      if (stop.signal.aborted) return;
      this.#settled = key;
      this.#events.answered(answer);
    } catch (error) {
      if (stop.signal.aborted) return;
      this.#settled = key;
      if (this.#next === null) this.#events.failed(error);
    } finally {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#running = null;
      if (this.#next === null) this.#events.waiting(false);
      this.#start();
    }
  }
}
