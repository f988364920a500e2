/**
 * The head of a TIFF file: all its pages and what the first one says about the stack.
 * @module
 */
import type { Job } from "../../job";
import type { ByteSource } from "../bytes";
import { ChunkReader } from "./chunks";
import { isImagejDescription, parseImagejBlock } from "./imagej";
import type { ImagejExtras } from "./imagej";
import { HeaderReader, readBytes, readHeader, readIntegers, readRational } from "./ifd";
import type { Directory, TiffHeader } from "./ifd";
import { MAX_OME_BYTES } from "./omeRead";
import { pageBytes } from "./page";
import type { Page } from "./page";
import { readPages } from "./pages";
import type { PageWalk } from "./pages";
import type { FileParts } from "./series";
import { TAG, TYPE, TYPE_BYTES } from "./tags";

/** What the head of a file says. */
export interface TiffFile {
  readonly header: TiffHeader;
  readonly parts: FileParts;
  readonly warnings: readonly string[];
}

const MAX_EXTRA_BYTES = 2 ** 22;

/**
 * Reads the head of a file.
 *
 * @throws {TilewrightError} `stack.notTiff`, `stack.damaged`, `stack.truncated`
 */
export async function readTiffFile(source: ByteSource, job: Job): Promise<TiffFile> {
  const reader = new HeaderReader(source);
  const header = await readHeader(reader);
  const { pages, sound, last, damage, warnings: damages } = await readPages(reader, header, job);
  const first = sound.directory;
  const warnings = [...damages];
  const outside = entriesOutside(first, source.size);
  if (outside > 0) warnings.push(`${outside} header entries of page ${sound.index} point outside the file`);
  const extent = await firstExtent(source, header, sound);
  if (extent.warning !== null) warnings.push(extent.warning);
  if (pages.length > 1 && (await isCut(source, header, last))) {
    warnings.push("the file was cut short: pixels of its last page are missing");
  }
  const parts = {
    name: source.name,
    size: source.size,
    pages,
    // Behind a chain that broke there are pages, not planes without a directory.
    contiguousAt: damage === null ? extent.contiguousAt : null,
    metadataAt: metadataBehind(first, extent.contiguousAt ?? 0),
    ...(await readMetadata(reader, header, first)),
  };
  return { header, parts, warnings };
}

function entriesOutside({ entries }: Directory, size: number): number {
  const ends = [...entries.values()].map(({ type, count, at }) => at + count * (TYPE_BYTES[type] ?? 0));
  return ends.filter((end) => end > size).length;
}

/** Position of the first thing behind `start` that is no pixel, as far as a directory knows; Infinity if nothing is. */
function metadataBehind({ at, entries }: Directory, start: number): number {
  const places = [at, ...[...entries.values()].map((entry) => entry.at)];
  return Math.min(...places.filter((place) => place >= start), Infinity);
}

type Metadata = Pick<
  FileParts,
  "descriptions" | "resolution" | "resolutionUnit" | "extras" | "metamorphPlanes" | "thumbnails"
>;

async function readMetadata(
  reader: HeaderReader,
  header: TiffHeader,
  directory: Directory,
): Promise<Metadata> {
  const { entries, repeated } = directory;
  const own = entries.get(TAG.imageDescription);
  const more = repeated.filter(([tag]) => tag === TAG.imageDescription).map(([, entry]) => entry);
  const descriptions: string[] = [];
  for (const entry of own === undefined ? [] : [own, ...more].slice(0, 4)) {
    const bytes = await readBytes(reader, entry, MAX_OME_BYTES);
    if (bytes !== null) descriptions.push(Buffer.from(bytes).toString("utf8").replace(/\0+$/, ""));
  }
  const resolution = [
    await readRational(reader, header, entries.get(TAG.xResolution)),
    await readRational(reader, header, entries.get(TAG.yResolution)),
  ] as const;
  const unit = entries.get(TAG.resolutionUnit);
  const readable = unit !== undefined && (unit.type === TYPE.short || unit.type === TYPE.long);
  const [resolutionUnit = 2] = readable
    ? await readIntegers(reader, header, unit, { label: "ResolutionUnit", limit: 1 })
    : [];
  const extras = descriptions.some(isImagejDescription)
    ? await readExtras(reader, header, directory)
    : NO_EXTRAS;
  return {
    descriptions,
    resolution,
    resolutionUnit,
    extras,
    metamorphPlanes: Math.max(1, entries.get(TAG.metamorphPlanes)?.count ?? 1),
    thumbnails: entries.has(TAG.zeissLsm),
  };
}

const NO_EXTRAS: ImagejExtras = { labels: [], colors: [] };

async function readExtras(
  reader: HeaderReader,
  header: TiffHeader,
  { entries }: Directory,
): Promise<ImagejExtras> {
  const countsEntry = entries.get(TAG.imagejMetadataCounts);
  const bytes = await readBytes(reader, entries.get(TAG.imagejMetadata), MAX_EXTRA_BYTES);
  if (countsEntry?.type !== TYPE.long || countsEntry.count > 2 ** 16 || bytes === null) return NO_EXTRAS;
  const counts = await readIntegers(reader, header, countsEntry, {
    label: "ImageJ metadata",
    limit: 2 ** 16,
  });
  return parseImagejBlock({ counts, bytes }, header.littleEndian);
}

async function isCut(source: ByteSource, header: TiffHeader, page: Page): Promise<boolean> {
  const { chunks } = page.format;
  const [last] = await new ChunkReader(source, header).places(page, chunks - 1, 1);
  return last.at + (last.bytes ?? 0) > source.size;
}

interface FirstExtent {
  /** Position of the pixels of page 0 when they stand in one piece; null otherwise. */
  readonly contiguousAt: number | null;
  readonly warning: string | null;
}

/** Looks where the pixels of the first page are: for stacks under one directory, and for truncated files. */
async function firstExtent(
  source: ByteSource,
  header: TiffHeader,
  { page, index }: PageWalk["sound"],
): Promise<FirstExtent> {
  const { format } = page;
  const needed = pageBytes(format);
  if (format.chunks > 4096) return { contiguousAt: null, warning: null };
  const places = await new ChunkReader(source, header).places(page, 0, format.chunks);
  const beyond = places.some(({ at, bytes }) => at + (bytes ?? 0) > source.size);
  const [{ at, bytes }] = places;
  if (format.compression !== 1 || format.tiled || format.planar || format.dtype === null) {
    return {
      contiguousAt: null,
      warning: beyond ? `the file was cut short: pixels of page ${index} are missing` : null,
    };
  }
  if (format.chunks === 1 && bytes !== needed && at + needed <= source.size) {
    const warning =
      bytes === null
        ? `page ${index} does not say how many bytes it has; the ${needed} that it needs were used`
        : `page ${index} says it has ${bytes} bytes, it needs ${needed}; those were used`;
    return { contiguousAt: at, warning };
  }
  const stripBytes = (needed / format.height) * format.chunkHeight;
  const contiguous = places.every((place, i) => place.at === at + i * stripBytes);
  const cut = beyond || (contiguous && at + needed > source.size);
  return {
    contiguousAt: contiguous ? at : null,
    warning: cut ? `the file was cut short: pixels of page ${index} are missing` : null,
  };
}
