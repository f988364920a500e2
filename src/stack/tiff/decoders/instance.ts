/**
 * One loaded instance of a WebAssembly codec. Its memory never shrinks, so that a grown one is dropped.
 * @module
 */

const MAX_KEPT_BYTES = 256 * 2 ** 20;

/** Keeps what `load` makes between uses. */
export class CodecInstance<T extends { readonly HEAPU8: Uint8Array }> {
  readonly #load: () => Promise<T>;
  #loaded: Promise<T> | null = null;

  /** `load` is called at the first use, and again when the last instance was dropped. */
  constructor(load: () => Promise<T>) {
    this.#load = load;
  }

  /** Gives the codec to `work`, which must not keep it; an instance that threw is not used again. */
  async use<R>(work: (codec: T) => R): Promise<R> {
    this.#loaded ??= this.#load();
    const loaded = this.#loaded;
    let keep = false;
    try {
      const codec = await loaded;
      const result = work(codec);
      keep = codec.HEAPU8.length <= MAX_KEPT_BYTES;
      return result;
    } finally {
      if (!keep && this.#loaded === loaded) this.#loaded = null;
    }
  }
}
