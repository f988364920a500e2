/**
 * A typed request/event channel over any port that posts plain data: a webview, a worker thread, a
 * child process. Replies are typed from the method name, handlers are an exhaustive map; failures,
 * cancellation and the end of the channel cross it too.
 * @module
 */
import { TilewrightError, toFailure } from "../errors";
import type { Failure } from "../errors";

/** What one end of a channel answers, and what it announces unasked. */
export interface Contract {
  /** Method name → signature: at most one parameter; the return type is the reply. */
  readonly requests: object;
  /** Event name → payload type. */
  readonly events: object;
}

type ParamsOf<F> = F extends (params: infer P) => unknown ? P : undefined;
type ResultOf<F> = F extends (...args: never[]) => infer R ? R : never;

/** One function per request of `C`; leaving one out is a compile error. */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C["requests"]]: (
    params: ParamsOf<C["requests"][K]>,
    signal: AbortSignal,
  ) => ResultOf<C["requests"][K]> | Promise<ResultOf<C["requests"][K]>>;
};

/** Everything that ever crosses a channel. */
export type Envelope =
  | { readonly kind: "request"; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "result"; readonly id: number; readonly value: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "event"; readonly event: string; readonly payload: unknown };

/** The half of a message port a channel needs. */
export interface MessagePortLike {
  post(message: Envelope): void;
  /** Starts delivery; returns a function that stops it. */
  listen(receive: (message: Envelope) => void): () => void;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly cleanup: () => void;
}

const closed = (): TilewrightError =>
  new TilewrightError("channel.closed", "the other process has gone", "try again");

/** The error of a failure message; the far side may be hostile and send anything. */
function errorFrom(failure: unknown): TilewrightError {
  const { code, message, hint } = (failure ?? {}) as { readonly [K in keyof Failure]?: unknown };
  if (typeof code !== "string" || typeof message !== "string") {
    return new TilewrightError("channel.badMessage", "the other process sent a failure that cannot be read");
  }
  return new TilewrightError(code, message, typeof hint === "string" ? hint : undefined);
}

/**
 * One end of a boundary: answers `Local` requests, makes `Remote` ones. Whoever creates it disposes it.
 */
export class Channel<Local extends Contract, Remote extends Contract> {
  readonly #port: MessagePortLike;
  readonly #handlers: Handlers<Local>;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, AbortController>();
  readonly #listeners = new Map<string, Set<(payload: never) => void>>();
  readonly #stop: () => void;
  #nextId = 0;
  #isClosed = false;

  /** Starts listening at once, so that no early message is lost. */
  constructor(port: MessagePortLike, handlers: Handlers<Local>) {
    this.#port = port;
    this.#handlers = handlers;
    this.#stop = port.listen((message) => {
      this.#receive(message);
    });
  }

  /**
   * Asks the far side.
   *
   * @throws {TilewrightError} what the far handler threw, or `channel.closed`
   * @throws `signal.reason` when aborted before the reply
   */
  request<K extends keyof Remote["requests"] & string>(
    method: K,
    params: ParamsOf<Remote["requests"][K]>,
    signal?: AbortSignal,
  ): Promise<ResultOf<Remote["requests"][K]>> {
    if (this.#isClosed) return Promise.reject(closed());
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#port.post({ kind: "cancel", id });
        this.#settle(id, (pending) => {
          pending.reject(signal?.reason);
        });
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      const cleanup = (): void => signal?.removeEventListener("abort", onAbort);
      this.#pending.set(id, { resolve, reject, cleanup });
      try {
        this.#port.post({ kind: "request", id, method, params });
      } catch (error) {
        this.#settle(id, (pending) => {
          pending.reject(error); // such as parameters that cannot be cloned
        });
      }
    });
  }

  /** Tells the far side something; no reply, and no delivery once the channel is closed. */
  emit<K extends keyof Local["events"] & string>(event: K, payload: Local["events"][K]): void {
    if (!this.#isClosed) this.#port.post({ kind: "event", event, payload });
  }

  /** Hears the far side's events; returns a function that unsubscribes. */
  on<K extends keyof Remote["events"] & string>(
    event: K,
    listener: (payload: Remote["events"][K]) => void,
  ): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Rejects what is awaited, aborts what runs, stops listening. Can be called twice. */
  dispose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stop();
    for (const id of [...this.#pending.keys()]) {
      this.#settle(id, (pending) => {
        pending.reject(closed());
      });
    }
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
  }

  #receive(message: Envelope): void {
    switch (message.kind) {
      case "request":
        void this.#answer(message.id, message.method, message.params);
        return;
      case "cancel":
        this.#running.get(message.id)?.abort();
        return;
      case "result":
        this.#settle(message.id, (pending) => {
          pending.resolve(message.value as never);
        });
        return;
      case "failure":
        this.#settle(message.id, (pending) => {
          pending.reject(errorFrom(message.failure));
        });
        return;
      case "event":
        for (const listener of this.#listeners.get(message.event) ?? []) listener(message.payload as never);
    }
  }

  async #answer(id: number, method: string, params: unknown): Promise<void> {
    const controller = new AbortController();
    this.#running.set(id, controller);
    try {
      if (!Object.hasOwn(this.#handlers, method)) {
        throw new TilewrightError("channel.unknownMethod", `there is no request "${method}"`);
      }
      const handlers = this.#handlers as Record<string, (params: unknown, signal: AbortSignal) => unknown>;
      const value = await handlers[method](params, controller.signal);
      if (!this.#isClosed) this.#port.post({ kind: "result", id, value });
    } catch (error) {
      if (!this.#isClosed) this.#port.post({ kind: "failure", id, failure: toFailure(error) });
    } finally {
      this.#running.delete(id);
    }
  }

  #settle(id: number, act: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return; // a late reply to a cancelled request
    this.#pending.delete(id);
    pending.cleanup();
    act(pending);
  }
}
