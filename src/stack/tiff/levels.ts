/**
 * Levels: the resolutions of a stack. Smaller copies of a page stand in SubIFDs below it (OME, tifffile) or behind
 * it in the chain of pages (marked as reduced).
 * @module
 */
import { TilewrightError } from "../../errors";
import type { MemberFile } from "./memberFiles";
import { sameFormat } from "./page";
import type { Page, PageFormat } from "./page";

/** One resolution of a stack. */
export interface Level {
  /** What its pages have in common. */
  readonly format: PageFormat;
  /**
   * The page of this level that belongs to a full-size page.
   *
   * @param index of the full-size page in the chain of `file`
   * @throws {TilewrightError} `stack.missingPlane`, `stack.damaged`, `stack.truncated`
   */
  page(file: MemberFile, index: number): Promise<Page>;
}

/**
 * The levels of a stack, largest first; level 0 is the stack itself. A damaged smaller copy is no level.
 *
 * @param pages the full-size pages of the stack in `file`
 * @param alone whether the stack has no pages in other files
 */
export async function findLevels(
  file: MemberFile,
  pages: readonly number[],
  alone: boolean,
): Promise<readonly Level[]> {
  // A damaged page says nothing about the others.
  const full = file.page(pages.find((index) => file.page(index).format.problem === null) ?? pages[0]);
  const found = [...(alone ? chainLevels(file, pages) : []), ...(await subLevels(file, pages[0]))]
    .filter(({ format }) => isSmallerCopy(format, full.format))
    .sort((a, b) => b.format.width - a.format.width || b.format.height - a.format.height);
  const distinct = found.filter(
    ({ format }, i) =>
      i === 0 || format.width !== found[i - 1].format.width || format.height !== found[i - 1].format.height,
  );
  const original: Level = {
    format: full.format,
    page: (member, index) => Promise.resolve(alike(member.page(index), full.format, member)),
  };
  return [original, ...distinct];
}

function isSmallerCopy(format: PageFormat, full: PageFormat): boolean {
  return (
    format.problem === null &&
    (format.width < full.width || format.height < full.height) &&
    format.width <= full.width &&
    format.height <= full.height &&
    format.typeName === full.typeName &&
    format.bits === full.bits &&
    format.samples === full.samples
  );
}

async function subLevels(file: MemberFile, first: number): Promise<Level[]> {
  const levels: Level[] = [];
  for (const sub of file.page(first).subIfds.keys()) {
    try {
      const { format } = await file.subPage(first, sub);
      levels.push({
        format,
        page: async (member, index) => alike(await member.subPage(index, sub), format, member),
      });
    } catch (error) {
      if (!(error instanceof TilewrightError)) throw error;
    }
  }
  return levels;
}

function alike(page: Page, format: PageFormat, { source }: MemberFile): Page {
  if (sameFormat(page.format, format)) return page;
  const words = ({ width, height, samples, typeName }: PageFormat): string =>
    `${width} x ${height} x ${samples} ${typeName}`;
  throw new TilewrightError(
    "stack.damaged",
    `${source.name}: a page has ${words(page.format)}, the others of its stack ${words(format)}`,
    "export it again",
  );
}

/** Reduced pages of one size stand for the full-size pages in their order, if there is one for each. */
function chainLevels(file: MemberFile, pages: readonly number[]): Level[] {
  if (file.file.parts.thumbnails) return [];
  const bySize = new Map<string, Page[]>();
  for (const page of file.file.parts.pages.slice(1)) {
    if (!page.reduced) continue;
    const key = `${page.format.width}x${page.format.height}`;
    const group = bySize.get(key);
    if (group === undefined) bySize.set(key, [page]);
    else group.push(page);
  }
  return [...bySize.values()]
    .filter((group) => group.length === pages.length)
    .map((group) => ({
      format: group[0].format,
      page: (_, index) => Promise.resolve(alike(group[pages.indexOf(index)], group[0].format, file)),
    }));
}
