/**
 * The pages of a file in their order. A page whose directory is damaged keeps its place: those behind it stay where
 * they were, and reading it is an error.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { readIntegers, walkDirectories } from "./ifd";
import type { Directory, HeaderReader, TiffHeader } from "./ifd";
import { readPage } from "./page";
import type { Page, PageFormat } from "./page";
import { TAG } from "./tags";

/** What a walk along the pages found. */
export interface PageWalk {
  readonly pages: readonly Page[];
  /** The first page that is sound, its place and its directory. */
  readonly sound: { readonly page: Page; readonly index: number; readonly directory: Directory };
  /** The last page that is sound. */
  readonly last: Page;
  /** Why the list of pages breaks off; null when it does not. */
  readonly damage: string | null;
  /** One sentence per damaged page, and one when the list breaks off. */
  readonly warnings: readonly string[];
}

/** With more damaged pages than this, the file is not looked at further. */
const MAX_DAMAGED = 64;
const MAX_WARNINGS = 4;

/**
 * Reads all pages of a file.
 *
 * @throws {TilewrightError} the first page's `stack.damaged` or `stack.truncated` when no page is sound
 */
export async function readPages(reader: HeaderReader, header: TiffHeader, job: Job): Promise<PageWalk> {
  const pages: Page[] = [];
  const damaged: { readonly index: number; readonly reduced: boolean; readonly error: TilewrightError }[] =
    [];
  let sound: PageWalk["sound"] | undefined;
  let last: Page | undefined;
  const visit = async (directory: Directory): Promise<void> => {
    const index = pages.length + (sound === undefined ? damaged.length : 0);
    try {
      const page = shareFormat(await readPage(reader, header, directory), last);
      last = page;
      if (sound === undefined) {
        for (const { error, reduced } of damaged) pages.push(unreadable(page, error, reduced));
        sound = { page, index, directory };
      }
      pages.push(page);
    } catch (error) {
      if (!(error instanceof TilewrightError) || damaged.length === MAX_DAMAGED) throw error;
      const reduced = await isReduced(reader, header, directory);
      damaged.push({ index, reduced, error });
      if (last !== undefined) pages.push(unreadable(last, error, reduced));
    }
  };
  const chain = await walkDirectories(reader, header, visit, job);
  if (sound === undefined) throw damaged[0].error;
  const warnings = damaged
    .slice(0, MAX_WARNINGS)
    .map(({ index, error }) => `page ${index} cannot be read: ${error.message}`);
  const more = damaged.length - MAX_WARNINGS;
  if (more > 0) warnings.push(`${more} more pages cannot be read`);
  if (chain.damage !== null) {
    const readable = pages.length === 1 ? "page" : `${pages.length} pages`;
    warnings.push(`only the first ${readable} can be read: ${chain.damage}`);
  }
  return { pages, sound, last: last!, damage: chain.damage, warnings };
}

/** A page in the place of a damaged one: like its neighbour, but for its pixels. */
function unreadable(neighbour: Page, problem: TilewrightError, reduced: boolean): Page {
  return { ...neighbour, format: { ...neighbour.format, problem }, reduced, subIfds: [] };
}

/** What a damaged directory says about its page being a smaller copy. */
async function isReduced(reader: HeaderReader, header: TiffHeader, { entries }: Directory): Promise<boolean> {
  const entry = entries.get(TAG.newSubfileType);
  if (entry === undefined) return false;
  try {
    const [kind = 0] = await readIntegers(reader, header, entry, { label: "NewSubfileType", limit: 1 });
    return (kind & 1) === 1;
  } catch {
    // It is damaged as well.
    return false;
  }
}

/** Stacks of many pages keep one format object instead of one per page. */
function shareFormat(page: Page, previous: Page | undefined): Page {
  if (previous === undefined || page.format.problem !== null) return page;
  const keys = Object.keys(page.format) as (keyof PageFormat)[];
  const same = keys.every((key) => page.format[key] === previous.format[key]);
  return same ? { ...page, format: previous.format } : page;
}
