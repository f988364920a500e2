/**
 * Walking a TIFF file's directories: header, chain, entries. Reads headers only and believes nothing: every
 * position and count is checked against the file before it is used.
 *
 * After TIFF 6.0 (Adobe, 1992) §2 and the BigTIFF extension.
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { truncated } from "../bytes";
import type { ByteSource } from "../bytes";
import { TYPE_BYTES } from "./tags";

/** What the first bytes of a file say. */
export interface TiffHeader {
  readonly littleEndian: boolean;
  readonly bigTiff: boolean;
  readonly firstDirectory: number;
}

/** One directory entry; its values are read when asked for. */
export interface Entry {
  readonly type: number;
  readonly count: number;
  /** Position of the first value in the file. */
  readonly at: number;
}

/** One image file directory. */
export interface Directory {
  readonly at: number;
  /** First entry of each tag. */
  readonly entries: ReadonlyMap<number, Entry>;
  /** Further entries of a tag that occurs twice (a second ImageDescription). */
  readonly repeated: readonly (readonly [tag: number, entry: Entry])[];
  /** Position of the next directory, 0 after the last. */
  readonly next: number;
}

const MAX_DIRECTORIES = 2 ** 20;
const MAX_ENTRIES = 4096;
/** Small enough that reading one directory of a large file stays cheap, large enough for most directories. */
const SMALL_READ = 4096;
const LARGE_READ = 2 ** 16;

/** For so long, in ms, headers are read without letting others have a turn. */
const TURN_MS = 20;

/** Reads small things near each other from a file with few system calls. */
export class HeaderReader {
  #held = new Uint8Array(0);
  #start = 0;
  #turn = 0;

  /** Reads from `source`; does not close it. */
  constructor(readonly source: ByteSource) {}

  /**
   * A view of `count` bytes from `position` on.
   *
   * @throws {TilewrightError} `stack.truncated`
   */
  async view(position: number, count: number): Promise<DataView> {
    if (!Number.isSafeInteger(position) || position < 0 || position + count > this.source.size) {
      throw truncated(this.source.name, position, count);
    }
    const end = this.#start + this.#held.length;
    if (position < this.#start || position + count > end) {
      const near = position >= this.#start && position <= end + SMALL_READ;
      const size = Math.max(count, near ? LARGE_READ : SMALL_READ);
      const bytes = new Uint8Array(Math.min(size, this.source.size - position));
      await this.#read(bytes, position);
      this.#held = bytes;
      this.#start = position;
    }
    return new DataView(this.#held.buffer, position - this.#start, count);
  }

  /** A stack of thousands of pages is thousands of small reads: through the thread pool they take ten times as long. */
  async #read(bytes: Uint8Array, position: number): Promise<void> {
    if (bytes.length > LARGE_READ) return this.source.readInto(bytes, position);
    if (performance.now() - this.#turn > TURN_MS) {
      await nextTurn();
      this.#turn = performance.now();
    }
    this.source.readNow(bytes, position);
  }
}

/**
 * Reads the header.
 *
 * @throws {TilewrightError} `stack.notTiff`, `stack.truncated`
 */
export async function readHeader(reader: HeaderReader): Promise<TiffHeader> {
  const { name, size } = reader.source;
  const notTiff = (why: string): TilewrightError =>
    new TilewrightError(
      "stack.notTiff",
      `${name}: this is not a TIFF file: ${why}`,
      "open a .tif or .tiff file",
    );
  if (size < 8) throw notTiff(size === 0 ? "it is empty" : `it has ${size} bytes only`);
  const view = await reader.view(0, 8);
  const mark = view.getUint16(0, false);
  if (mark !== 0x4949 && mark !== 0x4d4d) throw notTiff("its first two bytes are neither II nor MM");
  const littleEndian = mark === 0x4949;
  const version = view.getUint16(2, littleEndian);
  if (version === 42)
    return { littleEndian, bigTiff: false, firstDirectory: view.getUint32(4, littleEndian) };
  if (version !== 43) throw notTiff(`its version is ${version}, expected 42 or 43`);
  if (view.getUint16(4, littleEndian) !== 8) throw notTiff("its BigTIFF header is damaged");
  const rest = await reader.view(8, 8);
  return { littleEndian, bigTiff: true, firstDirectory: Number(rest.getBigUint64(0, littleEndian)) };
}

/** What walking the chain found. */
export interface Chain {
  readonly directories: number;
  /** Why the walk ended early, in a sentence; null when it reached the end. */
  readonly damage: string | null;
}

/**
 * Walks the chain of directories and hands each to `visit`. A cycle, a directory outside the file or too
 * many directories end the walk; so does an error of `visit`. Damage after the first directory is returned,
 * not thrown, so that the pages before it stay readable.
 *
 * @throws {TilewrightError} `stack.damaged`, `stack.truncated` when the first directory cannot be used
 */
export async function walkDirectories(
  reader: HeaderReader,
  header: TiffHeader,
  visit: (directory: Directory) => Promise<void>,
  job: Job,
): Promise<Chain> {
  const seen = new Set<number>();
  let at = header.firstDirectory;
  while (at !== 0) {
    job.signal.throwIfAborted();
    if (seen.has(at)) return { directories: seen.size, damage: "the list of pages runs in a circle" };
    if (seen.size === MAX_DIRECTORIES) {
      return { directories: seen.size, damage: `there are more than ${MAX_DIRECTORIES} pages` };
    }
    try {
      const directory = await readDirectory(reader, header, at);
      await visit(directory);
      seen.add(at);
      at = directory.next;
    } catch (error) {
      if (seen.size === 0 || !(error instanceof TilewrightError)) throw error;
      return { directories: seen.size, damage: error.message };
    }
  }
  if (seen.size === 0) {
    throw new TilewrightError(
      "stack.damaged",
      `${reader.source.name}: the file holds no page`,
      "export it again",
    );
  }
  return { directories: seen.size, damage: null };
}

/**
 * Reads one directory.
 *
 * @throws {TilewrightError} `stack.truncated`, `stack.damaged`
 */
export async function readDirectory(
  reader: HeaderReader,
  header: TiffHeader,
  at: number,
): Promise<Directory> {
  const { bigTiff, littleEndian } = header;
  const head = bigTiff ? 8 : 2;
  const start = await reader.view(at, head);
  const count = bigTiff ? Number(start.getBigUint64(0, littleEndian)) : start.getUint16(0, littleEndian);
  const entryBytes = bigTiff ? 20 : 12;
  const word = bigTiff ? 8 : 4;
  if (count > MAX_ENTRIES) {
    throw new TilewrightError(
      "stack.damaged",
      `${reader.source.name}: a page claims ${count} header entries, at most ${MAX_ENTRIES} are believable`,
      "the file is damaged; export it again",
    );
  }
  const view = await reader.view(at + head, count * entryBytes + word);
  const entries = new Map<number, Entry>();
  const repeated: (readonly [number, Entry])[] = [];
  for (let i = 0; i < count; i++) {
    const tag = view.getUint16(i * entryBytes, littleEndian);
    const entry = readEntry(view, i * entryBytes, header, at + head);
    if (entries.has(tag)) repeated.push([tag, entry]);
    else entries.set(tag, entry);
  }
  return { at, entries, repeated, next: getWord(view, count * entryBytes, header) };
}

function readEntry(view: DataView, offset: number, header: TiffHeader, base: number): Entry {
  const word = header.bigTiff ? 8 : 4;
  const type = view.getUint16(offset + 2, header.littleEndian);
  const count = getWord(view, offset + 4, header);
  const inline = count * (TYPE_BYTES[type] ?? 0) <= word;
  const valueAt = offset + 4 + word;
  return { type, count, at: inline ? base + valueAt : getWord(view, valueAt, header) };
}

function getWord(view: DataView, offset: number, header: TiffHeader): number {
  return header.bigTiff
    ? Number(view.getBigUint64(offset, header.littleEndian))
    : view.getUint32(offset, header.littleEndian);
}

const INTEGER_READERS: Record<number, (view: DataView, at: number, littleEndian: boolean) => number> = {
  1: (view, at) => view.getUint8(at),
  3: (view, at, little) => view.getUint16(at, little),
  4: (view, at, little) => view.getUint32(at, little),
  6: (view, at) => view.getInt8(at),
  8: (view, at, little) => view.getInt16(at, little),
  9: (view, at, little) => view.getInt32(at, little),
  13: (view, at, little) => view.getUint32(at, little),
  16: (view, at, little) => Number(view.getBigUint64(at, little)),
  17: (view, at, little) => Number(view.getBigInt64(at, little)),
  18: (view, at, little) => Number(view.getBigUint64(at, little)),
};

/**
 * Integer values of an entry, the first `limit` of them.
 *
 * @param label for messages: "ImageWidth"
 * @throws {TilewrightError} `stack.damaged` when the entry holds no integers; `stack.truncated`
 */
export async function readIntegers(
  reader: HeaderReader,
  header: TiffHeader,
  entry: Entry,
  { label, limit }: { readonly label: string; readonly limit: number },
): Promise<number[]> {
  const get = INTEGER_READERS[entry.type];
  if (get === undefined) {
    throw new TilewrightError(
      "stack.damaged",
      `${reader.source.name}: ${label} is of field type ${entry.type}, expected an integer`,
      "the file is damaged; export it again",
    );
  }
  const bytes = TYPE_BYTES[entry.type];
  if (entry.at + entry.count * bytes > reader.source.size) {
    throw truncated(reader.source.name, entry.at, entry.count * bytes);
  }
  const count = Math.min(entry.count, limit);
  const view = await reader.view(entry.at, count * bytes);
  const values: number[] = [];
  for (let i = 0; i < count; i++) values.push(get(view, i * bytes, header.littleEndian));
  return values;
}

/** A rational value; null when absent, of another type, or not positive and finite. */
export async function readRational(
  reader: HeaderReader,
  header: TiffHeader,
  entry: Entry | undefined,
): Promise<number | null> {
  if (entry?.type !== 5 || entry.count < 1 || entry.at + 8 > reader.source.size) return null;
  const view = await reader.view(entry.at, 8);
  const value = view.getUint32(0, header.littleEndian) / view.getUint32(4, header.littleEndian);
  return Number.isFinite(value) && value > 0 ? value : null;
}

/** The bytes of an entry; null when it is absent, larger than `limit` or sticks out of the file. */
export async function readBytes(
  reader: HeaderReader,
  entry: Entry | undefined,
  limit: number,
): Promise<Uint8Array | null> {
  if (entry === undefined) return null;
  const bytes = entry.count * (TYPE_BYTES[entry.type] ?? 0);
  if (bytes === 0 || bytes > limit || entry.at + bytes > reader.source.size) return null;
  const view = await reader.view(entry.at, bytes);
  return new Uint8Array(view.buffer, view.byteOffset, bytes).slice();
}
