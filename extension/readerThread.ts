/**
 * Owns the reader, a worker thread, and the stacks that it has open. A reader that dies is started again
 * by the next request.
 * @module
 */
import { Worker } from "node:worker_threads";
import { TilewrightError } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type { Envelope } from "../src/protocol/channel";
import type { OpenedStack, Reader, ReaderOwner, ReaderSettings } from "../src/protocol/reader";
import type {
  ContrastLimits,
  ContrastRequest,
  Histogram,
  PictureSource,
  PlanePixels,
  PlaneRequest,
  Profile,
  ProfileRequest,
  StackDescription,
  StackMetadata,
  Statistics,
  StatisticsRequest,
} from "../src/protocol/viewer";

type ReaderChannel = Channel<ReaderOwner, Reader>;

interface Running {
  readonly worker: Worker;
  readonly channel: ReaderChannel;
}

/** The reader's thread; started when it is first needed. */
export class ReaderThread {
  readonly #script: string;
  readonly #settings: () => ReaderSettings;
  readonly #log: (line: string) => void;
  #running: Running | null = null;
  #isDisposed = false;

  constructor(script: string, settings: () => ReaderSettings, log: (line: string) => void) {
    this.#script = script;
    this.#settings = settings;
    this.#log = log;
  }

  /** Whether the thread runs now. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** The line to the reader, which is started when it does not run. */
  get channel(): ReaderChannel {
    if (this.#isDisposed) throw new TilewrightError("reader.closed", "Tilewright is shutting down");
    this.#running ??= this.#start();
    return this.#running.channel;
  }

  /** A stack file; nothing is opened before it is asked for something. */
  file(path: string, series?: number): StackFile {
    return new StackFile(this, path, series);
  }

  dispose(): void {
    this.#isDisposed = true;
    const running = this.#running;
    this.#running = null;
    running?.channel.dispose();
    void running?.worker.terminate();
  }

  #start(): Running {
    const worker = new Worker(this.#script, {
      workerData: this.#settings(),
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    const channel: ReaderChannel = new Channel<ReaderOwner, Reader>(
      {
        post: (message) => {
          worker.postMessage(message);
        },
        listen: (receive) => {
          worker.on("message", (message: Envelope) => {
            receive(message);
          });
          return () => worker.removeAllListeners("message");
        },
      },
      {},
    );
    channel.on("log", ({ line }) => {
      this.#log(line);
    });
    worker.stderr.on("data", (text: Buffer) => {
      this.#log(text.toString().trimEnd());
    });
    worker.on("error", (error) => {
      this.#log(`the reader stopped: ${error.message}`);
    });
    worker.on("exit", () => {
      channel.dispose();
      if (this.#running?.worker === worker) this.#running = null;
    });
    return { worker, channel };
  }
}

/** One stack file as the reader sees it. */
export class StackFile {
  readonly path: string;
  readonly #thread: ReaderThread;
  #opening: { readonly channel: ReaderChannel; readonly stack: Promise<OpenedStack> } | null = null;
  #series: number | undefined;

  constructor(thread: ReaderThread, path: string, series: number | undefined) {
    this.#thread = thread;
    this.path = path;
    this.#series = series;
  }

  /** Which stack of the file is shown, when another than the first was chosen. */
  get series(): number | undefined {
    return this.#series;
  }

  /** Shows another stack of the file from now on. */
  chooseSeries(index: number): void {
    this.#series = index;
    this.close();
  }

  /** @throws {TilewrightError} what opening the file throws */
  async describe(): Promise<StackDescription> {
    return (await this.#open().stack).description;
  }

  readPlane(request: PlaneRequest, signal: AbortSignal): Promise<PlanePixels> {
    return this.#ask((channel, id) => channel.request("readPlane", { ...request, id }, signal));
  }

  contrast(request: ContrastRequest, signal: AbortSignal): Promise<ContrastLimits> {
    return this.#ask((channel, id) => channel.request("contrast", { ...request, id }, signal));
  }

  histogram(request: PictureSource, signal: AbortSignal): Promise<Histogram> {
    return this.#ask((channel, id) => channel.request("histogram", { ...request, id }, signal));
  }

  profile(request: ProfileRequest, signal: AbortSignal): Promise<Profile> {
    return this.#ask((channel, id) => channel.request("profile", { ...request, id }, signal));
  }

  statistics(request: StatisticsRequest, signal: AbortSignal): Promise<readonly Statistics[]> {
    return this.#ask((channel, id) => channel.request("statistics", { ...request, id }, signal));
  }

  metadata(signal: AbortSignal): Promise<StackMetadata> {
    return this.#ask((channel, id) => channel.request("metadata", { id }, signal));
  }

  /** Closes the file; the next request opens it again. */
  close(): void {
    const opening = this.#opening;
    this.#opening = null;
    opening?.stack.then(({ id }) => opening.channel.request("close", { id })).catch(() => undefined);
  }

  #open(): { readonly channel: ReaderChannel; readonly stack: Promise<OpenedStack> } {
    if (this.#opening !== null) return this.#opening;
    const { channel } = this.#thread;
    const opening = { channel, stack: channel.request("open", { path: this.path, series: this.#series }) };
    this.#opening = opening;
    opening.stack.catch(() => {
      if (this.#opening === opening) this.#opening = null;
    });
    return opening;
  }

  /** Asks once more when the reader died or the file was closed meanwhile. */
  async #ask<T>(question: (channel: ReaderChannel, id: number) => Promise<T>): Promise<T> {
    const opening = this.#open();
    try {
      return await question(opening.channel, (await opening.stack).id);
    } catch (error) {
      const isLost =
        error instanceof TilewrightError && ["channel.closed", "reader.closed"].includes(error.code);
      if (!isLost) throw error;
      if (this.#opening === opening) this.#opening = null;
      const again = this.#open();
      return question(again.channel, (await again.stack).id);
    }
  }
}
