/**
 * Histograms of pictures: one request at a time, the newest wish wins, some are kept.
 * @module
 */
import type { Histogram, PictureSource } from "../../src/protocol/viewer";
import { sourceKey } from "./pictures";

const KEPT = 256;
const PATIENCE_MS = 250;

/** Asks the host for a histogram. */
export type AskHistogram = (source: PictureSource, signal: AbortSignal) => Promise<Histogram>;

/** Whom the source tells. */
export interface HistogramEvents {
  arrived(): void;
  failed(error: unknown): void;
}

/** Histograms by picture. */
export class HistogramSource {
  readonly #ask: AskHistogram;
  readonly #events: HistogramEvents;
  readonly #kept = new Map<string, Histogram>();
  readonly #failed = new Set<string>();
  #running: { readonly key: string; readonly stop: AbortController } | null = null;
  #wish: PictureSource | null = null;
  #impatience: ReturnType<typeof setTimeout> | null = null;

  constructor(ask: AskHistogram, events: HistogramEvents) {
    this.#ask = ask;
    this.#events = events;
  }

  /** The histogram of a picture if it is here; else it is asked for, and what was wished before is not. */
  want(source: PictureSource): Histogram | null {
    const key = sourceKey(source);
    const known = this.#kept.get(key);
    const isComing = this.#running?.key === key;
    this.#wish = known !== undefined || isComing || this.#failed.has(key) ? null : source;
    if (this.#running === null) void this.#next();
    else if (isComing) this.#calm();
    else this.#hurry();
    return known ?? null;
  }

  dispose(): void {
    this.#wish = null;
    this.#running?.stop.abort();
    this.#calm();
  }

  /** What is on its way and not wished any more may still come, but not for long. */
  #hurry(): void {
    this.#impatience ??= setTimeout(() => this.#running?.stop.abort(), PATIENCE_MS);
  }

  #calm(): void {
    if (this.#impatience !== null) clearTimeout(this.#impatience);
    this.#impatience = null;
  }

  async #next(): Promise<void> {
    const source = this.#wish;
    if (source === null) return;
    const key = sourceKey(source);
    const stop = new AbortController();
    this.#running = { key, stop };
    this.#wish = null;
    try {
      this.#keep(key, await this.#ask(source, stop.signal));
    } catch (error) {
      if (!stop.signal.aborted) {
        this.#failed.add(key);
        this.#events.failed(error);
      }
    } finally {
      this.#calm();
      this.#running = null;
    }
    if (!stop.signal.aborted) this.#events.arrived();
    if (this.#running === null) void this.#next();
  }

  #keep(key: string, histogram: Histogram): void {
    this.#kept.set(key, histogram);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value ?? key);
  }
}
