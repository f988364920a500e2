/**
 * The peer that reading is measured against: a Python process with tifffile and imagecodecs.
 * @module
 */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PYTHON_VARIABLE } from "../test/support/python";

/** What a read took and gave. */
export interface PeerRead {
  readonly seconds: number;
  /** Processor time, s. */
  readonly busy: number;
  /** Of all values, to see that the same was read. */
  readonly sum: number;
}

/** One Python process for all files, so that neither its start nor its imports are measured. */
export class PythonPeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    readonly versions: string,
  ) {
    this.#child = child;
    this.#lines = lines;
  }

  /** Starts it; a sentence when there is none. */
  static async start(): Promise<PythonPeer | string> {
    const python = process.env[PYTHON_VARIABLE];
    if (python === undefined) {
      return `${PYTHON_VARIABLE} names no Python with tifffile and imagecodecs: nothing is compared with them`;
    }
    const child = spawn(python, [join(process.cwd(), "bench", "reading.py")], { stdio: "pipe" });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
    child.on("error", (error) => (complaint += error.message));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hello = await lines.next();
    if (hello.done === true) return `${python}: ${complaint.trim().split("\n").at(-1) ?? "it ended"}`;
    const versions = JSON.parse(hello.value) as Record<string, string>;
    const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    return new PythonPeer(child, lines, named.join(", "));
  }

  /** tifffile.imread of a file. */
  async read(path: string): Promise<PeerRead> {
    return (await this.#ask({ read: path })) as PeerRead;
  }

  /** The same page by page into one array, which is not measured. */
  async readPlanes(path: string): Promise<PeerRead> {
    return (await this.#ask({ planes: path })) as PeerRead;
  }

  /** Writes a file again, compressed with Zstandard: Node 20 has no encoder. */
  async writeZstd(path: string, to: string, how: { predictor: number; rows: number }): Promise<void> {
    await this.#ask({ zstd: path, to, ...how });
  }

  /** Ends the process. */
  stop(): void {
    this.#child.stdin.end();
  }

  async #ask(request: object): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the Python process ended at ${JSON.stringify(request)}`);
    return JSON.parse(line.value);
  }
}
