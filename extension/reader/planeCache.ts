/**
 * Decoded planes in memory, bounded by bytes; a plane that several requests want is decoded once, and
 * decoding stops when the last of them has gone.
 * @module
 */
import type { PixelArray } from "../../src/volume/pixels";

interface Decoding {
  readonly promise: Promise<PixelArray>;
  readonly stop: AbortController;
  waiting: number;
}

/** Planes by key, the least recently used dropped first. */
export class PlaneCache {
  /** Bytes. */
  readonly capacity: number;
  readonly #planes = new Map<string, PixelArray>();
  readonly #decoding = new Map<string, Decoding>();
  #bytes = 0;
  #decoded = 0;
  #found = 0;

  /** @param capacity bytes; larger planes are never kept */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Bytes in memory, planes decoded so far, and how often one was found here. */
  get statistics(): { readonly bytes: number; readonly decoded: number; readonly found: number } {
    return { bytes: this.#bytes, decoded: this.#decoded, found: this.#found };
  }

  /**
   * The plane under `key`, decoded by `decode` when it is not here; do not change its pixels.
   *
   * @param decode gets a signal that aborts when nobody waits any more
   * @throws `signal.reason` when aborted, or what `decode` throws
   */
  async get(
    key: string,
    decode: (signal: AbortSignal) => Promise<PixelArray>,
    signal: AbortSignal,
  ): Promise<PixelArray> {
    signal.throwIfAborted();
    const kept = this.peek(key);
    if (kept !== undefined) return kept;
    const decoding = this.#decoding.get(key) ?? this.#start(key, decode);
    decoding.waiting++;
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        decoding.waiting--;
        if (decoding.waiting === 0) this.#abandon(key, decoding);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", leave, { once: true });
      decoding.promise
        .then(resolve, reject)
        .finally(() => signal.removeEventListener("abort", leave))
        .catch(() => undefined);
    });
  }

  /** The plane under `key` if it is here; do not change its pixels. */
  peek(key: string): PixelArray | undefined {
    const kept = this.#planes.get(key);
    if (kept === undefined) return undefined;
    this.#found++;
    this.#planes.delete(key);
    this.#planes.set(key, kept);
    return kept;
  }

  /** Forgets every plane whose key starts with `prefix`. */
  drop(prefix: string): void {
    for (const [key, plane] of this.#planes) {
      if (!key.startsWith(prefix)) continue;
      this.#planes.delete(key);
      this.#bytes -= plane.byteLength;
    }
    for (const [key, decoding] of this.#decoding) if (key.startsWith(prefix)) this.#abandon(key, decoding);
  }

  #start(key: string, decode: (signal: AbortSignal) => Promise<PixelArray>): Decoding {
    const stop = new AbortController();
    const promise = decode(stop.signal).then((plane) => {
      this.#decoded++;
      if (this.#decoding.get(key) === decoding) this.#keep(key, plane);
      return plane;
    });
    const decoding: Decoding = { promise, stop, waiting: 0 };
    this.#decoding.set(key, decoding);
    promise
      .finally(() => {
        if (this.#decoding.get(key) === decoding) this.#decoding.delete(key);
      })
      .catch(() => undefined);
    return decoding;
  }

  #abandon(key: string, decoding: Decoding): void {
    if (this.#decoding.get(key) === decoding) this.#decoding.delete(key);
    decoding.stop.abort();
  }

  #keep(key: string, plane: PixelArray): void {
    if (plane.byteLength > this.capacity) return;
    this.#planes.set(key, plane);
    this.#bytes += plane.byteLength;
    for (const [oldest, dropped] of this.#planes) {
      if (this.#bytes <= this.capacity) return;
      this.#planes.delete(oldest);
      this.#bytes -= dropped.byteLength;
    }
  }
}
