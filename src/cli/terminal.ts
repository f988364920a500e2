/**
 * What the command line prints: results on stdout, everything else on stderr.
 * @module
 */
import { Format, SingleBar } from "cli-progress";
import { failureLine, isAbort, toFailure } from "../errors";
import type { Failure } from "../errors";
import type { Job, PacedProgress } from "../job";
import { Pace } from "../predict/pace";

/** Exit codes of the contract. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Prints one JSON document. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Prints text for people. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints one note on stderr. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Prints an error as one line.
 *
 * @param what the command
 * @returns the exit code
 */
export function reportError(what: string, error: unknown, verbose: boolean): number {
  if (isAbort(error)) {
    note(`tilewright: ${what}: interrupted`);
    return EXIT.interrupted;
  }
  const failure = toFailure(error);
  reportFailure(what, failure);
  if (verbose && error instanceof Error) note(error.stack ?? "");
  return isWrongUsage(failure) ? EXIT.usage : EXIT.failed;
}

/** Prints a failure as one line, in the form of the contract. */
export function reportFailure(what: string, failure: Failure): void {
  note(`tilewright: ${what}: ${failureLine(failure).replace(/\s*\n\s*/g, " ")}`);
}

/** Values that are wrong whatever the image and the model are; those that do not fit a given image are failures. */
function isWrongUsage({ code }: Failure): boolean {
  return /^(options\.|plan\.|axes\.(unknown|repeated)$)/.test(code);
}

/** How far work is, as a terminal shows it. */
export interface ProgressLine {
  readonly what: string;
  readonly done: number;
  readonly total: number;
  /** After the bar: numbers, rate, time left. */
  readonly text: string;
}

/** A job of the command line: Ctrl-C stops it, a bar (on a terminal) or lines tell how far it is. */
export class TerminalJob implements Job {
  readonly #controller = new AbortController();
  readonly #pace = new Pace();
  readonly #interrupt = (): void => {
    this.#controller.abort();
  };
  #bar: SingleBar | null = null;
  #what = "";
  #toldAt = 0;

  /** Starts listening for Ctrl-C. */
  constructor() {
    process.once("SIGINT", this.#interrupt);
    process.once("SIGTERM", this.#interrupt);
  }

  /** Aborted by Ctrl-C. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Shows how far the work is. */
  report(progress: Parameters<Job["report"]>[0]): void {
    const paced = this.#pace.tell(progress);
    if (paced !== null) this.show({ ...paced, text: rateText(paced) });
  }

  /** Prints a line on stderr. */
  log(line: string): void {
    this.#endBar();
    note(line);
  }

  /** Ends the bar and stops listening for Ctrl-C. */
  dispose(): void {
    this.#endBar();
    process.off("SIGINT", this.#interrupt);
    process.off("SIGTERM", this.#interrupt);
  }

  /** Shows one line that changes, with a bar on a terminal; another `what` begins another line. */
  show(line: ProgressLine): void {
    if (process.stderr.isTTY) this.#showBar(line);
    else this.#showLine(line);
  }

  #showBar(line: ProgressLine): void {
    if (line.what !== this.#what) this.#endBar();
    this.#what = line.what;
    this.#bar ??= new SingleBar({
      stream: process.stderr,
      hideCursor: true,
      format: (options, params, payload: ProgressLine) =>
        `${payload.what} [${Format.BarFormat(params.progress, options)}] ${payload.text}`,
    });
    if (!this.#bar.isActive) this.#bar.start(line.total, line.done, line);
    this.#bar.update(line.done, line);
    if (line.done >= line.total) this.#endBar();
  }

  #showLine({ what, done, total, text }: ProgressLine): void {
    const now = performance.now();
    const isNew = what !== this.#what;
    if (!isNew && done < total && now - this.#toldAt < 1000) return;
    this.#what = what;
    this.#toldAt = now;
    note(`${what}: ${text}`);
  }

  #endBar(): void {
    this.#bar?.stop();
    this.#bar = null;
  }
}

/** "3/12 tiles, 0.52 tiles/s, 17 s left". */
export function rateText({ done, total, unit, perSecond, secondsLeft }: PacedProgress): string {
  const parts = [`${done}/${total} ${unit}`];
  if (perSecond !== null) parts.push(`${perSecond.toPrecision(3)} ${unit}/s`);
  if (secondsLeft !== null) parts.push(`${durationText(secondsLeft)} left`);
  return parts.join(", ");
}

/** "17 s", "4 min 10 s", "2 h 5 min". */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
