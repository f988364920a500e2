/**
 * Display limits of pictures: chosen by the host, asked for once.
 * @module
 */
import type {
  ContrastLimits,
  ContrastMethod,
  ContrastRequest,
  Percentiles,
  PictureSource,
} from "../../src/protocol/viewer";
import { sourceKey } from "./pictures";

const KEPT = 4096;
/** A question that has taken this long is dropped when its picture is not shown any more. */
const PATIENCE_MS = 150;

/** Asks the host for limits. */
export type AskContrast = (request: ContrastRequest, signal: AbortSignal) => Promise<ContrastLimits>;

/** How limits are chosen: `repeat` says how often Auto was pressed for a picture before. */
export interface ContrastChoice {
  readonly method: ContrastMethod;
  readonly repeat: number;
  readonly percentiles: Percentiles;
}

interface Running {
  readonly source: string;
  readonly started: number;
  readonly stop: AbortController;
}

/** Limits by picture, and by how they are chosen. */
export class ContrastSource {
  readonly #ask: AskContrast;
  readonly #answers = new Map<string, Promise<ContrastLimits>>();
  readonly #known = new Map<string, ContrastLimits>();
  readonly #running = new Map<string, Running>();

  constructor(ask: AskContrast) {
    this.#ask = ask;
  }

  /** Limits that are here already. */
  find(source: PictureSource, choice: ContrastChoice): ContrastLimits | undefined {
    return this.#known.get(keyOf(source, choice));
  }

  /** Only these pictures are shown now: questions about others that take long are dropped. */
  keepOnly(sources: readonly PictureSource[]): void {
    const shown = new Set(sources.map(sourceKey));
    for (const [key, { source, started, stop }] of this.#running) {
      if (shown.has(source) || performance.now() - started <= PATIENCE_MS) continue;
      this.#running.delete(key);
      this.#answers.delete(key);
      stop.abort();
    }
  }

  /** Limits of a picture; a failed answer is not remembered. Rejects when the question is dropped. */
  limitsOf(source: PictureSource, choice: ContrastChoice): Promise<ContrastLimits> {
    const key = keyOf(source, choice);
    const asked = this.#answers.get(key);
    if (asked !== undefined) return asked;
    const { layer, plane, section, projection } = source;
    const request: ContrastRequest = {
      plane,
      ...choice,
      ...(layer === undefined ? {} : { layer }),
      ...(section === undefined ? {} : { section }),
      ...(projection === undefined ? {} : { projection }),
    };
    const stop = new AbortController();
    const answer = this.#ask(request, stop.signal);
    this.#answers.set(key, answer);
    this.#running.set(key, { source: sourceKey(source), started: performance.now(), stop });
    const settle = (limits: ContrastLimits | null): void => {
      // It may have been dropped, and asked again, meanwhile.
      if (this.#answers.get(key) !== answer) return;
      this.#running.delete(key);
      if (limits === null) this.#answers.delete(key);
      else this.#keep(key, limits);
    };
    answer.then(settle, () => settle(null));
    return answer;
  }

  /** Forgets everything: the file changed. */
  reset(): void {
    for (const { stop } of this.#running.values()) stop.abort();
    this.#running.clear();
    this.#answers.clear();
    this.#known.clear();
  }

  #keep(key: string, limits: ContrastLimits): void {
    this.#known.set(key, limits);
    if (this.#known.size <= KEPT) return;
    const oldest = this.#known.keys().next().value ?? key;
    this.#known.delete(oldest);
    this.#answers.delete(oldest);
  }
}

const keyOf = (
  source: PictureSource,
  { method, repeat, percentiles: { low, high } }: ContrastChoice,
): string => [sourceKey(source), method, ...(method === "percentile" ? [low, high] : [repeat])].join(" ");
