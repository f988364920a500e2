/**
 * Histograms of pictures: the newest wish wins, some are kept.
 * @module
 */
import type { Histogram, PictureSource } from "../../src/protocol/viewer";
import { Newest } from "../newest";
import { sourceKey } from "./pictures";

const KEPT = 256;

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
  readonly #kept = new Map<string, Histogram>();
  readonly #newest: Newest<readonly [key: string, histogram: Histogram]>;

  constructor(ask: AskHistogram, events: HistogramEvents) {
    this.#ask = ask;
    this.#newest = new Newest({
      answered: ([key, histogram]) => {
        this.#keep(key, histogram);
        events.arrived();
      },
      failed: (error) => events.failed(error),
      waiting: () => undefined,
    });
  }

  /** The histogram of a picture if it is here; else it is asked for, and what was wished before is not. */
  want(source: PictureSource): Histogram | null {
    const key = sourceKey(source);
    const known = this.#kept.get(key);
    if (known === undefined)
      this.#newest.wish(key, async (signal) => [key, await this.#ask(source, signal)] as const);
    else this.#newest.rest();
    return known ?? null;
  }

  dispose(): void {
    this.#newest.forget();
  }

  #keep(key: string, histogram: Histogram): void {
    this.#kept.set(key, histogram);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value ?? key);
  }
}
