/**
 * The reader: a worker thread of the extension host that decodes planes, so that the host never does.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { registerReaders } from "../../src/builtins";
import { createRegistries } from "../../src/plugins/registries";
import { openStack } from "../../src/stack/open";
import { Channel } from "../../src/protocol/channel";
import type { Envelope } from "../../src/protocol/channel";
import type { Reader, ReaderOwner, ReaderSettings } from "../../src/protocol/reader";
import { createReader } from "./stacks";

/** Pixels have memory of their own, so it is handed over instead of copied. */
function memoryOf(message: Envelope): ArrayBuffer[] {
  if (message.kind !== "result" || typeof message.value !== "object" || message.value === null) return [];
  const { data } = message.value as { readonly data?: unknown };
  return ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer ? [data.buffer] : [];
}

if (parentPort === null) throw new Error("the reader runs in a worker thread");
const port = parentPort;
const registries = createRegistries();
registerReaders(registries);
const log = (line: string): void => {
  channel.emit("log", { line });
};
const channel = new Channel<Reader, ReaderOwner>(
  {
    post: (message) => {
      port.postMessage(message, memoryOf(message));
    },
    listen: (receive) => {
      port.on("message", receive);
      return () => port.off("message", receive);
    },
  },
  createReader(
    (place, job) => openStack(place, registries.readers.all(), job),
    workerData as ReaderSettings,
    log,
  ),
);
