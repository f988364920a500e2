/**
 * The line to a webview.
 * @module
 */
import type * as vscode from "vscode";
import type { Envelope, MessagePortLike } from "../src/protocol/channel";

/** A channel's port over a webview; what it sends that is no message is dropped. */
export function portOf(webview: vscode.Webview): MessagePortLike {
  return {
    post: (message) => {
      void webview.postMessage(message);
    },
    listen: (receive) => {
      const listener = webview.onDidReceiveMessage((message: unknown) => {
        if (isEnvelope(message)) receive(message);
      });
      return () => {
        listener.dispose();
      };
    },
  };
}

function isEnvelope(message: unknown): message is Envelope {
  return typeof message === "object" && message !== null && "kind" in message;
}
