/**
 * The webview's line to the extension host, and its memory.
 * @module
 */
import type { Channel, Envelope, MessagePortLike } from "../src/protocol/channel";
import type { Host, Viewer } from "../src/protocol/viewer";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** What VS Code gives a webview: messages, and a state that survives tab switches and reloads. */
export interface HostDoor extends MessagePortLike {
  load(): unknown;
  save(state: unknown): void;
}

/** The viewer's line to its host, and its memory. */
export interface ViewerDoor {
  readonly channel: Channel<Viewer, Host>;
  load(): unknown;
  save(state: unknown): void;
}

/** Opens the door; can be called once. */
export function openHostDoor(): HostDoor {
  const api = acquireVsCodeApi();
  return {
    post: (message) => {
      api.postMessage(message);
    },
    listen: (receive) => {
      const hear = (event: MessageEvent<unknown>): void => {
        if (isEnvelope(event.data)) receive(event.data);
      };
      window.addEventListener("message", hear);
      return () => window.removeEventListener("message", hear);
    },
    load: () => api.getState(),
    save: (state) => {
      api.setState(state);
    },
  };
}

function isEnvelope(data: unknown): data is Envelope {
  return typeof data === "object" && data !== null && "kind" in data;
}
