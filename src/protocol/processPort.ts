/**
 * A channel's port over the IPC of a forked process, either end.
 * @module
 */
import type { Envelope, MessagePortLike } from "./channel";

/** What `process` and a `ChildProcess` have in common. */
interface ProcessEnd {
  send?(message: unknown, done: (error: Error | null) => void): boolean;
  readonly connected?: boolean;
  on(event: "message", listener: (message: unknown) => void): unknown;
  off(event: "message", listener: (message: unknown) => void): unknown;
}

/** The port of one end; messages sent after the other end has gone are dropped. */
export function processPort(end: ProcessEnd): MessagePortLike {
  return {
    post(message: Envelope): void {
      // Without a callback a message to a process that is just dying becomes an uncaught error.
      if (end.connected === true) end.send?.(message, () => undefined);
    },
    listen(receive: (message: Envelope) => void): () => void {
      const listener = (message: unknown): void => {
        if (isEnvelope(message)) receive(message);
      };
      end.on("message", listener);
      return () => end.off("message", listener);
    },
  };
}

function isEnvelope(message: unknown): message is Envelope {
  return (
    typeof message === "object" &&
    message !== null &&
    typeof (message as { kind?: unknown }).kind === "string"
  );
}
