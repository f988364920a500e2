/**
 * An exit code a command ends with.
 * @module
 */

/** Thrown by a command that has said already why it ends with this code. */
export class ExitCode extends Error {
  /**
   * An end with this code.
   *
   * @param code as in the contract
   */
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}
