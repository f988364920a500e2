import { describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { Channel } from "../../../src/protocol/channel";
import type { Envelope, MessagePortLike } from "../../../src/protocol/channel";
import { processPort } from "../../../src/protocol/processPort";

interface Server {
  requests: {
    add(numbers: { readonly a: number; readonly b: number }): number;
    fail(how: "ours" | "system" | "other"): never;
    wait(params: undefined): string;
    unclonable(params: undefined): unknown;
  };
  events: { tick: number };
}
interface Client {
  requests: object;
  events: { poke: string };
}

/** Two ends of a port that copies like a process boundary. */
function ports(): [MessagePortLike, MessagePortLike, Envelope[]] {
  const listeners: (((message: Envelope) => void) | null)[] = [null, null];
  const sent: Envelope[] = [];
  const end = (mine: number): MessagePortLike => ({
    post: (message) => {
      const copy = structuredClone(message);
      sent.push(copy);
      setImmediate(() => listeners[1 - mine]?.(copy));
    },
    listen: (receive) => {
      listeners[mine] = receive;
      return () => (listeners[mine] = null);
    },
  });
  return [end(0), end(1), sent];
}

function pair() {
  const [near, far, sent] = ports();
  const aborted: string[] = [];
  const server: Channel<Server, Client> = new Channel<Server, Client>(far, {
    add: ({ a, b }) => a + b,
    fail: (how) => {
      if (how === "ours") throw new TilewrightError("test.failed", "it failed", "try less");
      if (how === "system") throw Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" });
      throw new TypeError("a bug");
    },
    wait: (_, signal) =>
      new Promise<string>((resolve) => {
        signal.addEventListener("abort", () => {
          aborted.push("wait");
          resolve("stopped");
        });
      }),
    unclonable: () => () => 1,
  });
  const client = new Channel<Client, Server>(near, {});
  return { server, client, aborted, sent, near };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("a channel", () => {
  test("answers each request with its own reply", async () => {
    const { client } = pair();
    const sums = await Promise.all([1, 2, 3].map((a) => client.request("add", { a, b: 10 })));
    expect(sums).toEqual([11, 12, 13]);
  });

  test("carries code, sentence and hint of a failure, and explains system errors", async () => {
    const { client } = pair();
    await expect(client.request("fail", "ours")).rejects.toMatchObject({
      code: "test.failed",
      message: "it failed",
      hint: "try less",
    });
    await expect(client.request("fail", "system")).rejects.toMatchObject({ code: "file.diskFull" });
    await expect(client.request("fail", "other")).rejects.toMatchObject({
      code: "internal",
      message: "a bug",
    });
    await expect(client.request("fail", "ours")).rejects.toBeInstanceOf(TilewrightError);
  });

  test("refuses a method that is not there, also one every object has", async () => {
    const { client } = pair();
    for (const method of ["nothing", "toString", "__proto__"]) {
      await expect(client.request(method as "add", { a: 1, b: 1 })).rejects.toMatchObject({
        code: "channel.unknownMethod",
      });
    }
  });

  test("cancels: the caller gets the reason at once, the far handler its signal, a late reply is dropped", async () => {
    const { client, aborted } = pair();
    const controller = new AbortController();
    const waiting = client.request("wait", undefined, controller.signal);
    await settled();
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
    await settled();
    expect(aborted).toEqual(["wait"]);
    await expect(client.request("wait", undefined, controller.signal)).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(await client.request("add", { a: 1, b: 1 })).toBe(2);
  });

  test("posts no cancellation of what has been answered", async () => {
    const { client, sent } = pair();
    const controller = new AbortController();
    await client.request("add", { a: 1, b: 1 }, controller.signal);
    controller.abort();
    expect(sent.map(({ kind }) => kind)).toEqual(["request", "result"]);
  });

  test("disposed rejects what is awaited, aborts what runs, and posts nothing more", async () => {
    const { client, server, aborted, sent } = pair();
    const waiting = client.request("wait", undefined);
    await settled();
    client.dispose();
    client.dispose();
    await expect(waiting).rejects.toMatchObject({ code: "channel.closed" });
    await expect(client.request("add", { a: 1, b: 1 })).rejects.toMatchObject({ code: "channel.closed" });
    server.dispose();
    expect(aborted).toEqual(["wait"]);
    const before = sent.length;
    server.emit("tick", 1);
    client.emit("poke", "x");
    await settled();
    expect(sent).toHaveLength(before);
  });

  test("delivers events to every listener until it unsubscribes", async () => {
    const { client, server } = pair();
    const heard: number[] = [];
    const stop = client.on("tick", (n) => heard.push(n));
    client.on("tick", (n) => heard.push(10 * n));
    server.emit("tick", 1);
    await settled();
    stop();
    server.emit("tick", 2);
    await settled();
    expect(heard).toEqual([1, 10, 20]);
  });

  test("turns what cannot be cloned into a failure, in both directions, and leaves nothing waiting", async () => {
    const { client } = pair();
    await expect(client.request("unclonable", undefined)).rejects.toMatchObject({ code: "internal" });
    await expect(client.request("add", { a: (() => 1) as unknown as number, b: 1 })).rejects.toThrow(/clone/);
    expect(await client.request("add", { a: 2, b: 1 })).toBe(3);
  });

  test.each<unknown>([
    { kind: "failure", id: 0 },
    { kind: "failure", id: 0, failure: null },
    { kind: "failure", id: 0, failure: { code: 1, message: {} } },
  ])("survives a failure that is none: %o", async (message) => {
    const [near, far] = ports();
    const client = new Channel<Client, Server>(near, {});
    const waiting = client.request("wait", undefined);
    far.post(message as Envelope);
    await expect(waiting).rejects.toMatchObject({ code: "channel.badMessage" });
  });

  test.each<unknown>([
    { kind: "result", id: 99, value: 1 },
    { kind: "failure", id: "x", failure: { code: "a", message: "b" } },
    { kind: "cancel", id: 99 },
    { kind: "event", event: "constructor", payload: 1 },
    { kind: "nonsense" },
  ])("ignores %o", async (message) => {
    const { client, near } = pair();
    near.post(message as Envelope);
    await settled();
    expect(await client.request("add", { a: 2, b: 2 })).toBe(4);
  });
});

describe("the port of a process", () => {
  test("drops messages once the other end has gone, and hears envelopes only", () => {
    const posted: unknown[] = [];
    let listener: (message: unknown) => void = () => undefined;
    const end = {
      connected: true,
      send: (message: unknown) => posted.push(message) > 0,
      on: (_: "message", given: typeof listener) => (listener = given),
      off: () => undefined,
    };
    const port = processPort(end);
    const heard: Envelope[] = [];
    port.listen((message) => heard.push(message));
    for (const message of [null, 5, "text", {}, { kind: 3 }, { kind: "cancel", id: 1 }]) listener(message);
    expect(heard).toEqual([{ kind: "cancel", id: 1 }]);
    port.post({ kind: "cancel", id: 2 });
    end.connected = false;
    port.post({ kind: "cancel", id: 3 });
    expect(posted).toEqual([{ kind: "cancel", id: 2 }]);
  });
});
