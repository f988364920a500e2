/**
 * Errors a user can act on: a code, one sentence, a hint.
 *
 * Everything the library throws on purpose is a {@link TilewrightError}; across a process boundary it
 * travels as a {@link Failure}.
 * @module
 */

/** An error as plain data, fit for JSON and for a message between processes. */
export interface Failure {
  /** `area.what`, stable, for programs. */
  readonly code: string;
  /** One sentence, for people. */
  readonly message: string;
  /** A way out, when there is one. */
  readonly hint?: string;
}

/** An error with a code, a sentence and a hint; thrown for what the user can act on. */
export class TilewrightError extends Error {
  override readonly name = "TilewrightError";

  /**
   * An error for the user.
   *
   * @param code    `area.what`
   * @param message one sentence naming what was expected and what was found
   * @param hint    a way out
   */
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** The same error as plain data. */
  toFailure(): Failure {
    return this.hint === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, hint: this.hint };
  }

  /** Rebuilds the error on the other side of a process boundary. */
  static from(failure: Failure): TilewrightError {
    return new TilewrightError(failure.code, failure.message, failure.hint);
  }
}

const SYSTEM_CAUSES: Record<string, readonly [code: string, why: string, hint: string]> = {
  ENOENT: ["file.missing", "the file or folder does not exist", "check the path"],
  EACCES: ["file.denied", "permission denied", "check the permissions, or choose another folder"],
  EPERM: ["file.denied", "operation not permitted", "check the permissions, or choose another folder"],
  EROFS: ["file.readOnly", "the folder is read-only", "choose another output folder"],
  ENOSPC: [
    "file.diskFull",
    "the disk is full",
    "free some space, or choose another output folder, and resume",
  ],
  EISDIR: ["file.isFolder", "this is a folder, a file was expected", "name a file inside it"],
  ENOTDIR: ["file.notFolder", "part of the path is a file, not a folder", "check the path"],
  EMFILE: ["file.tooManyOpen", "too many files are open", "close some, or raise the limit"],
  EIO: ["file.io", "the device reported a read or write error", "check the disk or the network share"],
};

/** Whether `error` came from an aborted signal rather than from a fault. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/**
 * Any thrown value as a {@link Failure}: system errors get a sentence, unknown ones the code `internal`.
 */
export function toFailure(error: unknown): Failure {
  if (error instanceof TilewrightError) return error.toFailure();
  if (isAbort(error)) return { code: "cancelled", message: "cancelled" };
  if (error instanceof Error) {
    const { code, path } = error as Error & { readonly code?: string; readonly path?: string };
    const cause = code === undefined ? undefined : SYSTEM_CAUSES[code];
    if (cause !== undefined) {
      return {
        code: cause[0],
        message: path === undefined ? cause[1] : `${path}: ${cause[1]}`,
        hint: cause[2],
      };
    }
    return { code: "internal", message: error.message };
  }
  return { code: "internal", message: String(error) };
}

/** A failure as one line: the sentence, then the hint in brackets. */
export function failureLine(failure: Failure): string {
  return failure.hint === undefined ? failure.message : `${failure.message} (${failure.hint})`;
}
