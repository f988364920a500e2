/**
 * What long work gets from its caller: a way to stop, a way to tell how far it is, a log.
 * @module
 */

/** How far a job is. */
export interface Progress {
  /** What is being done, for people: "predicting", "measuring intensities". */
  readonly what: string;
  /** Units done so far, 0…total. */
  readonly done: number;
  /** Units in all; 0 when unknown. */
  readonly total: number;
  /** What is counted. */
  readonly unit: "tiles" | "planes" | "bytes" | "files";
}

/** A progress with its rate. */
export interface PacedProgress extends Progress {
  /** Units per second; null while nothing is known. */
  readonly perSecond: number | null;
  readonly secondsLeft: number | null;
}

/** What a long operation needs from whoever started it; always the last parameter. */
export interface Job {
  /** Aborted when the caller no longer wants the result. */
  readonly signal: AbortSignal;
  /** Called often; the caller throttles. */
  report(progress: Progress): void;
  /** One line for the log. */
  log(line: string): void;
}

/** A job nobody watches; stops when `signal` aborts. */
export function quietJob(signal: AbortSignal = new AbortController().signal): Job {
  return { signal, report: () => undefined, log: () => undefined };
}
