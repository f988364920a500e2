/**
 * Cancellation between VS Code (tokens) and the library (signals).
 * @module
 */
import type * as vscode from "vscode";

/** A signal that aborts when the token is cancelled; dispose it when the work is done. */
export interface TokenSignal {
  readonly signal: AbortSignal;
  dispose(): void;
}

/** The signal of one or several tokens: any of them aborts it. */
export function signalOf(...tokens: readonly (vscode.CancellationToken | undefined)[]): TokenSignal {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  const listeners = tokens.flatMap((token) => {
    if (token === undefined) return [];
    if (token.isCancellationRequested) abort();
    return [token.onCancellationRequested(abort)];
  });
  return {
    signal: controller.signal,
    dispose: () => {
      for (const listener of listeners) listener.dispose();
    },
  };
}
