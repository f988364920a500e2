/**
 * Display limits of pictures: chosen by the host, asked for once.
 * @module
 */
import type {
  ContrastLimits,
  ContrastMethod,
  ContrastRequest,
  PictureSource,
} from "../../src/protocol/viewer";
import { sourceKey } from "./pictures";

const KEPT = 4096;

/** Asks the host for limits. */
export type AskContrast = (request: ContrastRequest) => Promise<ContrastLimits>;

/** Limits by picture and method; `repeat` says how often Auto was pressed for a picture. */
export class ContrastSource {
  readonly #ask: AskContrast;
  readonly #answers = new Map<string, Promise<ContrastLimits>>();
  readonly #known = new Map<string, ContrastLimits>();

  constructor(ask: AskContrast) {
    this.#ask = ask;
  }

  /** Limits that are here already. */
  find(source: PictureSource, method: ContrastMethod, repeat = 0): ContrastLimits | undefined {
    return this.#known.get(keyOf(source, method, repeat));
  }

  /** Limits of a picture; a failed answer is not remembered. */
  limitsOf(source: PictureSource, method: ContrastMethod, repeat = 0): Promise<ContrastLimits> {
    const key = keyOf(source, method, repeat);
    const asked = this.#answers.get(key);
    if (asked !== undefined) return asked;
    const { layer, plane, section, projection } = source;
    const answer = this.#ask({
      plane,
      method,
      repeat,
      ...(layer === undefined ? {} : { layer }),
      ...(section === undefined ? {} : { section }),
      ...(projection === undefined ? {} : { projection }),
    });
    this.#answers.set(key, answer);
    answer.then(
      (limits) => this.#keep(key, limits),
      () => this.#answers.delete(key),
    );
    return answer;
  }

  /** Forgets everything: the file changed. */
  reset(): void {
    this.#answers.clear();
    this.#known.clear();
  }

  #keep(key: string, limits: ContrastLimits): void {
    if (!this.#answers.has(key)) return;
    this.#known.set(key, limits);
    if (this.#known.size <= KEPT) return;
    const oldest = this.#known.keys().next().value ?? key;
    this.#known.delete(oldest);
    this.#answers.delete(oldest);
  }
}

const keyOf = (source: PictureSource, method: ContrastMethod, repeat: number): string =>
  [sourceKey(source), method, repeat].join(" ");
