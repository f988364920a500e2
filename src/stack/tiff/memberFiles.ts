/**
 * The files that a stack is read from: one, or the members of an OME set, opened when they are needed.
 * @module
 */
import { TilewrightError } from "../../errors";
import { quietJob } from "../../job";
import type { ByteSource } from "../bytes";
import { ChunkReader } from "./chunks";
import type { Folder } from "./folder";
import { HeaderReader, readDirectory } from "./ifd";
import { readPage } from "./page";
import type { Page } from "./page";
import { readTiffFile } from "./file";
import type { TiffFile } from "./file";

const KEPT_PAGES = 256;
/** Files of a set that stay open; a system lets one process have about a thousand. */
const MAX_OPEN = 64;

/** One open TIFF file. */
export class MemberFile {
  readonly chunks: ChunkReader;
  readonly #pages = new Map<string, Promise<Page>>();

  /**
   * An open file.
   *
   * @param source is closed by `close`
   */
  constructor(
    readonly source: ByteSource,
    readonly file: TiffFile,
  ) {
    this.chunks = new ChunkReader(source, file.header);
  }

  /**
   * A page in the main chain.
   *
   * @throws {TilewrightError} `stack.missingPlane`
   */
  page(index: number): Page {
    const page = this.file.parts.pages[index] as Page | undefined;
    if (page !== undefined) return page;
    throw new TilewrightError(
      "stack.missingPlane",
      `${this.source.name}: it has ${this.file.parts.pages.length} pages, page ${index} is asked for`,
      "the file was cut short or belongs to another set; export it again",
    );
  }

  /**
   * The page in SubIFD `sub` of page `index`, read when it is first asked for.
   *
   * @throws {TilewrightError} `stack.missingPlane`, `stack.damaged`, `stack.truncated`
   */
  async subPage(index: number, sub: number): Promise<Page> {
    const key = `${index}/${sub}`;
    const known = this.#pages.get(key) ?? this.#readSubPage(index, sub);
    this.#pages.delete(key);
    this.#pages.set(key, known);
    if (this.#pages.size > KEPT_PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    return known;
  }

  async #readSubPage(index: number, sub: number): Promise<Page> {
    const at = this.page(index).subIfds[sub] as number | undefined;
    if (at === undefined) {
      throw new TilewrightError(
        "stack.missingPlane",
        `${this.source.name}: page ${index} has no smaller copy ${sub + 1}, other pages have one`,
        "export it again",
      );
    }
    const reader = new HeaderReader(this.source);
    const { header } = this.file;
    return readPage(reader, header, await readDirectory(reader, header, at));
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.source.close();
  }
}

interface Opened {
  readonly member: Promise<MemberFile>;
  users: number;
}

/** The files of a stack by number; file 0 is the one that was opened. */
export class MemberFiles {
  readonly #first: MemberFile;
  readonly #names: readonly string[];
  readonly #folder: Folder | null;
  readonly #open = new Map<number, Opened>();

  /**
   * The files of a stack.
   *
   * @param first closed with the others by `close`
   * @param names of all files, the first one's included; those beyond it stand in `folder`
   */
  constructor(first: MemberFile, names: readonly string[], folder: Folder | null) {
    this.#first = first;
    this.#names = names;
    this.#folder = folder;
  }

  /**
   * Lets `work` use file `index`, which stays open until `work` has ended.
   *
   * @throws {TilewrightError} `stack.*` when it cannot be opened, and what `work` throws
   */
  async use<T>(index: number, work: (file: MemberFile) => Promise<T>): Promise<T> {
    if (index === 0) return work(this.#first);
    const opened = this.#open.get(index) ?? { member: this.#openMember(index), users: 0 };
    this.#open.delete(index);
    this.#open.set(index, opened);
    opened.users += 1;
    try {
      return await work(await opened.member);
    } catch (error) {
      // A file that could not be opened is tried again the next time.
      if (this.#open.get(index) === opened && !(await isOpen(opened))) this.#open.delete(index);
      throw error;
    } finally {
      opened.users -= 1;
      await this.#closeUnused();
    }
  }

  /** Closes all files that are open. */
  async close(): Promise<void> {
    const members = await Promise.allSettled([...this.#open.values()].map(({ member }) => member));
    this.#open.clear();
    for (const member of members) if (member.status === "fulfilled") await member.value.close();
    await this.#first.close();
  }

  async #openMember(index: number): Promise<MemberFile> {
    const source = await this.#folder!.open(this.#names[index]);
    try {
      // Several readers may wait for it: it is opened to the end even when the first of them leaves.
      return new MemberFile(source, await readTiffFile(source, quietJob()));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  async #closeUnused(): Promise<void> {
    for (const [index, opened] of this.#open) {
      if (this.#open.size <= MAX_OPEN) return;
      if (opened.users > 0) continue;
      this.#open.delete(index);
      await (await opened.member).close();
    }
  }
}

async function isOpen({ member }: Opened): Promise<boolean> {
  return member.then(
    () => true,
    () => false,
  );
}
