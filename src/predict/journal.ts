/**
 * The journal beside a run's partial output: what the run was, and which tiles are written. A killed
 * run is resumed from it, and refused when anything differs.
 * @module
 */
import { createHash } from "node:crypto";
import { appendFile, open, readFile, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { TilewrightError } from "../errors";
import type { RecordedSeam } from "../diagnose/run";
import type { MeasuredNormalization } from "./normalize";
import { thisOwner } from "./owner";
import { writeWholeFile } from "./wholeFile";

const SCHEMA = "tilewright-journal/1";
/** A journal is read into memory: larger ones are not ours. */
const MOST_BYTES = 512 * 2 ** 20;
/** Files of a folder that are looked at to tell whether it is the same. */
const MOST_FILES = 20_000;

/** What must be equal for a run to be resumed; plain data. */
export interface RunIdentity {
  /** Size, time of change and hash of the ends of the input file. */
  readonly input: string;
  readonly model: string;
  /** Hash of the plan. */
  readonly plan: string;
  readonly options: string;
  readonly engine: string;
  readonly threads: number;
}

/** What a journal says. */
export interface JournalState {
  readonly identity: RunIdentity;
  /** Tiles per tiled axis of the image: "auto" depends on what memory was free, and tiles may have been made smaller. */
  readonly tiles: Readonly<Record<string, number>>;
  readonly normalization: MeasuredNormalization;
  readonly started: string;
  /** Indices of tiles whose bytes are written. */
  readonly done: ReadonlySet<number>;
  readonly seams: readonly RecordedSeam[];
}

/** Appends to a journal. */
export class Journal {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Starts a journal; an existing one is replaced. */
  static async create(path: string, head: Omit<JournalState, "done" | "seams">): Promise<Journal> {
    await writeWholeFile(path, `${JSON.stringify({ schema: SCHEMA, ...head })}\n${ownerLine()}`);
    return new Journal(path);
  }

  /** Goes on with a journal that was read. */
  static async resume(path: string): Promise<Journal> {
    await appendFile(path, ownerLine());
    return new Journal(path);
  }

  /** Notes a tile; call it once the tile's bytes are written. */
  async tileDone(index: number, seams: readonly RecordedSeam[]): Promise<void> {
    await appendFile(this.path, `${JSON.stringify({ tile: index, seams })}\n`);
  }
}

/** What a journal says in its first line. */
type JournalHead = Omit<JournalState, "done" | "seams">;

/**
 * Reads the first line of a journal.
 *
 * @throws {TilewrightError} `resume.noJournal`, `resume.badJournal`
 */
export async function readJournalHead(path: string): Promise<JournalHead> {
  const text = await journalText(path);
  return readable(path, () => headOf(text.slice(0, text.indexOf("\n") + 1)));
}

/**
 * Reads a journal; a last line that was cut off is left out, and the file is shortened to what is whole.
 *
 * @param tileCount of the plan, bounds the indices
 * @throws {TilewrightError} `resume.noJournal`, `resume.badJournal`
 */
export async function readJournal(path: string, tileCount: number): Promise<JournalState> {
  const text = await journalText(path);
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const state = readable(path, () => stateOf(whole, tileCount));
  if (whole.length < text.length) await truncateText(path, whole);
  return state;
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new TilewrightError(
      "resume.badJournal",
      `${path} is no journal of a run: ${(error as Error).message}`,
      "start over with --overwrite",
      { cause: error },
    );
  }
}

function stateOf(text: string, tileCount: number): JournalState {
  const [first, ...lines] = text.split("\n").filter((line) => line !== "");
  const head = headOf(first ?? "");
  const done = new Set<number>();
  const seams: RecordedSeam[] = [];
  for (const line of lines) {
    const entry = JSON.parse(line) as { tile: number; seams: RecordedSeam[] };
    if ("owner" in entry) continue;
    if (
      !Number.isInteger(entry.tile) ||
      entry.tile < 0 ||
      entry.tile >= tileCount ||
      !Array.isArray(entry.seams)
    ) {
      throw new Error("it names a tile that is not in the plan");
    }
    if (!done.has(entry.tile)) seams.push(...entry.seams);
    done.add(entry.tile);
  }
  return { ...head, done, seams };
}

function ownerLine(): string {
  return `${JSON.stringify({ owner: thisOwner() })}\n`;
}

function headOf(line: string): JournalHead {
  if (line === "") throw new Error("it has no first line");
  const head = JSON.parse(line) as ({ schema?: unknown } & Partial<JournalHead>) | null;
  if (head?.schema !== SCHEMA) throw new Error(`its schema is not ${SCHEMA}`);
  const { identity, tiles, normalization, started } = head;
  if (typeof identity !== "object" || typeof tiles !== "object" || typeof started !== "string") {
    throw new Error("its first line is not complete");
  }
  if (!Array.isArray(normalization?.maps)) throw new Error("it has no intensities");
  return { identity, tiles, normalization, started };
}

/**
 * Refuses to resume a run that is not the same.
 *
 * @throws {TilewrightError} `resume.differs`, naming everything that differs
 */
export function requireSameRun(recorded: RunIdentity, now: RunIdentity): void {
  const names: Record<keyof RunIdentity, string> = {
    input: "the input file",
    model: "the model",
    plan: "the tiling",
    options: "the options",
    engine: "the engine",
    threads: "the number of threads",
  };
  const keys = Object.keys(names) as (keyof RunIdentity)[];
  const differing = keys.filter((key) => recorded[key] !== now[key]).map((key) => names[key]);
  if (differing.length === 0) return;
  throw new TilewrightError(
    "resume.differs",
    `the run cannot be resumed: ${differing.join(" and ")} changed since it was started`,
    "run it as it was, or start over with --overwrite",
  );
}

/**
 * Says in a few characters which file this is: size, time of change, hash of its first and last MiB. A folder is
 * its files, by name, size and time of change; above {@link MOST_FILES} the first of them in order.
 */
async function fileIdentity(path: string): Promise<string> {
  if ((await stat(path)).isDirectory()) return folderIdentity(path);
  const file = await open(path, "r");
  try {
    const { size, mtimeMs } = await file.stat();
    const hash = createHash("sha256");
    const length = Math.min(size, 2 ** 20);
    for (const position of [0, size - length]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return `${size} ${Math.round(mtimeMs)} ${hash.digest("hex")}`;
  } finally {
    await file.close();
  }
}

/**
 * Says in a few characters which stack this is: the file that is opened and, for a set, the others it is read from.
 *
 * @param members names beside the input; those that are missing are left out
 */
export async function inputIdentity(input: string, members: readonly string[]): Promise<string> {
  const own = await fileIdentity(input);
  if (members.length === 1) return own;
  const states: (readonly [string, number, number])[] = [];
  for (const name of members) {
    const found = await stat(join(dirname(input), basename(name))).catch(() => null);
    if (found !== null) states.push([name, found.size, Math.round(found.mtimeMs)]);
  }
  return `${own} ${digest(states)}`;
}

async function folderIdentity(folder: string): Promise<string> {
  const hash = createHash("sha256");
  let [files, bytes] = [0, 0];
  const walk = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (files >= MOST_FILES) return;
      const own = join(path, entry.name);
      if (entry.isDirectory()) await walk(own);
      else {
        const { size, mtimeMs } = await stat(own);
        hash.update(`${relative(folder, own)}\0${size} ${Math.round(mtimeMs)}\n`);
        files += 1;
        bytes += size;
      }
    }
  };
  await walk(folder);
  return `${bytes} in ${files} ${hash.digest("hex")}`;
}

/** SHA-256 of plain data, hex. */
export function digest(data: unknown): string {
  return createHash("sha256").update(JSON.stringify(data)).digest("hex");
}

async function journalText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MOST_BYTES)
      throw new TilewrightError("resume.badJournal", `${path} is too large to be a journal`);
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new TilewrightError(
      "resume.noJournal",
      `there is nothing to resume: ${path} does not exist`,
      "run without --resume",
    );
  }
}

async function truncateText(path: string, whole: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.truncate(Buffer.byteLength(whole));
  } finally {
    await file.close();
  }
}
