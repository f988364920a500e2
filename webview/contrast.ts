/**
 * Display limits of planes: chosen by the host, asked for once.
 * @module
 */
import type { ContrastLimits, ContrastMethod, ContrastRequest, PlaneIndex } from "../src/protocol/viewer";

const KEPT = 4096;

/** Asks the host for limits. */
export type AskContrast = (request: ContrastRequest) => Promise<ContrastLimits>;

/** Limits by plane and method; `repeat` says how often Auto was pressed for a plane. */
export class ContrastSource {
  readonly #ask: AskContrast;
  readonly #answers = new Map<string, Promise<ContrastLimits>>();

  constructor(ask: AskContrast) {
    this.#ask = ask;
  }

  /** Limits of a plane; a failed answer is not remembered. */
  limitsOf(plane: PlaneIndex, method: ContrastMethod, repeat = 0): Promise<ContrastLimits> {
    const key = [plane.t, plane.z, plane.c, method, repeat].join(",");
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const answer = this.#ask({ plane, method, repeat });
    this.#answers.set(key, answer);
    answer.catch(() => this.#answers.delete(key));
    if (this.#answers.size > KEPT) this.#answers.delete(this.#answers.keys().next().value ?? key);
    return answer;
  }

  /** Forgets everything: the file changed. */
  reset(): void {
    this.#answers.clear();
  }
}
