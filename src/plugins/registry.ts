/**
 * Registry: the one door through which formats, engines and readers come in, built in or from plugins.
 * @module
 */
import { TilewrightError } from "../errors";

/** Something that can be registered. */
export interface Contribution {
  readonly id: string;
}

/** Contributions of one kind, in the order in which they were registered. */
export class Registry<T extends Contribution> {
  readonly #kind: string;
  readonly #entries = new Map<string, T>();

  /**
   * An empty registry.
   *
   * @param kind for messages: "model format"
   */
  constructor(kind: string) {
    this.#kind = kind;
  }

  /**
   * Adds a contribution.
   *
   * @returns a function that takes it out again
   * @throws {TilewrightError} `plugins.duplicate`
   */
  register(contribution: T): () => void {
    if (this.#entries.has(contribution.id)) {
      throw new TilewrightError(
        "plugins.duplicate",
        `${this.#kind} "${contribution.id}" is registered already`,
        "give it another id",
      );
    }
    this.#entries.set(contribution.id, contribution);
    return () => {
      if (this.#entries.get(contribution.id) === contribution) this.#entries.delete(contribution.id);
    };
  }

  /** The contribution with this id. */
  get(id: string): T | undefined {
    return this.#entries.get(id);
  }

  /** All of them, oldest first. */
  all(): readonly T[] {
    return [...this.#entries.values()];
  }
}
