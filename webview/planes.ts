/**
 * Gets pixels from the host: the newest wish first, what is stale is dropped, a few pictures are kept.
 * @module
 */
import type { PlanePixels, PlaneRequest } from "../src/protocol/viewer";

const PATIENCE_MS = 150;

/** Asks the host for pixels. */
export type ReadPlane = (request: PlaneRequest, signal: AbortSignal) => Promise<PlanePixels>;

const keyOf = (request: PlaneRequest): string =>
  JSON.stringify([request.plane, request.region, request.step]);

/** Pictures by request, bounded by bytes; at most one request is on its way and one waits. */
export class PlaneSource {
  readonly #read: ReadPlane;
  readonly #capacity: number;
  readonly #kept = new Map<string, PlanePixels>();
  readonly #now: () => number;
  #bytes = 0;
  #running: { readonly key: string; readonly started: number; readonly stop: AbortController } | null = null;
  #wish: {
    readonly request: PlaneRequest;
    readonly deliver: (pixels: PlanePixels) => void;
    readonly fail: (error: unknown) => void;
  } | null = null;

  /** @param capacity bytes of pictures to keep */
  constructor(read: ReadPlane, capacity: number, now: () => number = () => performance.now()) {
    this.#read = read;
    this.#capacity = capacity;
    this.#now = now;
  }

  /** The picture, if it is here. */
  find(request: PlaneRequest): PlanePixels | undefined {
    const key = keyOf(request);
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept;
  }

  /**
   * Wishes for a picture. A newer wish replaces one that waits, and cancels one that takes long; neither
   * `deliver` nor `fail` is called for those.
   */
  wish(request: PlaneRequest, deliver: (pixels: PlanePixels) => void, fail: (error: unknown) => void): void {
    this.#wish = { request, deliver, fail };
    if (this.#running === null) void this.#next();
    else if (this.#running.key !== keyOf(request) && this.#now() - this.#running.started > PATIENCE_MS) {
      this.#running.stop.abort();
    }
  }

  /** Forgets all pictures and wishes: the file changed. */
  reset(): void {
    this.#kept.clear();
    this.#bytes = 0;
    this.#wish = null;
    this.#running?.stop.abort();
  }

  async #next(): Promise<void> {
    while (this.#wish !== null) {
      const { request, deliver, fail } = this.#wish;
      this.#wish = null;
      const stop = new AbortController();
      this.#running = { key: keyOf(request), started: this.#now(), stop };
      try {
        const pixels = await this.#read(request, stop.signal);
        if (stop.signal.aborted) continue;
        this.#keep(keyOf(request), pixels);
        deliver(pixels);
      } catch (error) {
        if (!stop.signal.aborted) fail(error);
      } finally {
        this.#running = null;
      }
    }
  }

  #keep(key: string, pixels: PlanePixels): void {
    if (pixels.data.byteLength > this.#capacity || this.#kept.has(key)) return;
    this.#kept.set(key, pixels);
    this.#bytes += pixels.data.byteLength;
    for (const [oldest, dropped] of this.#kept) {
      if (this.#bytes <= this.#capacity) return;
      this.#kept.delete(oldest);
      this.#bytes -= dropped.data.byteLength;
    }
  }
}
