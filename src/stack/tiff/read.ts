/**
 * Reading TIFF stacks: classic and BigTIFF, ImageJ, OME (also sets of files), plain; lazily, by region.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { openFileSource } from "../bytes";
import type { ByteSource } from "../bytes";
import { COMPANION_ENDING, TIFF_ENDINGS } from "../names";
import { findSeries } from "./findSeries";
import { folderOf } from "./folder";
import type { Folder } from "./folder";
import { findLevels } from "./levels";
import type { Level } from "./levels";
import { MemberFile, MemberFiles } from "./memberFiles";
import { findOme, readText, withoutMissingFiles } from "./omeFiles";
import { OmeProblem, parseOmeXml } from "./omeRead";
import type { OmeDocument } from "./omeRead";
import type { Series } from "./series";
import type { Stack, StackFacts, StackReader } from "../stack";
import { readTiffFile } from "./file";
import { makeTiffStack } from "./tiffStack";

/** Opens TIFF files, and sets of them by their companion file. */
export const tiffReader: StackReader = {
  id: "tiff",
  label: "TIFF, BigTIFF, OME-TIFF, ImageJ",
  extensions: TIFF_ENDINGS,
  open: async ({ path, series = null }, job) => {
    const folder = folderOf(path);
    if (path.toLowerCase().endsWith(COMPANION_ENDING)) return openCompanion({ path, folder, series }, job);
    return open(await openFileSource(path), { folder, series, ome: null, name: path }, job);
  },
};

/**
 * Facts of a TIFF file; the file is closed afterwards.
 *
 * @throws {TilewrightError} `stack.*`; system errors
 */
export async function stackFacts(path: string, job: Job): Promise<StackFacts> {
  const stack = await tiffReader.open({ path }, job);
  try {
    return stack.facts;
  } finally {
    await stack.close();
  }
}

/**
 * Opens a TIFF file from any source of bytes; the source is closed with the stack, or at once on failure. Nothing
 * is known of files beside it.
 *
 * @throws {TilewrightError} `stack.notTiff`, `stack.damaged`, `stack.truncated`, `stack.pixelType`,
 *   `stack.compression`, `stack.predictor`, `stack.series`, `stack.severalFiles`
 */
export function openTiff(source: ByteSource, job: Job): Promise<Stack> {
  return open(source, { folder: null, series: null, ome: null, name: source.name }, job);
}

interface Opening {
  readonly folder: Folder | null;
  /** Which stack of the file; null: the first that has pixels in it. */
  readonly series: number | null;
  /** Metadata of a companion; null: those of the file. */
  readonly ome: OmeDocument | null;
  /** The file that was asked for: the companion, or the file itself. */
  readonly name: string;
}

async function open(source: ByteSource, opening: Opening, job: Job): Promise<Stack> {
  try {
    const file = await readTiffFile(source, job);
    const first = new MemberFile(source, file);
    const { folder } = opening;
    const ome = opening.ome ?? (await findOme(file.parts, folder));
    const found = findSeries(file.parts, { ome, index: opening.series });
    const series = await withoutMissingFiles(file.parts, found, folder);
    const files = new MemberFiles(first, series.files, folder);
    const levels = await seriesLevels(files, series);
    const { problem } = levels[0].format;
    if (problem !== null) throw problem;
    return makeTiffStack({ name: opening.name, first, files, series, levels });
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function seriesLevels(files: MemberFiles, series: Series): Promise<readonly Level[]> {
  const { planes, fileOf, contiguous } = series;
  const first = planes.findIndex((page) => page >= 0);
  if (fileOf !== null && first >= 0)
    return files.use(fileOf[first], (file) => findLevels(file, [planes[first]], false));
  const pages = contiguous > 0 ? [0] : planes.filter((page) => page >= 0).sort((a, b) => a - b);
  return files.use(0, (file) => findLevels(file, pages.length === 0 ? [0] : pages, true));
}

interface CompanionOpening {
  readonly path: string;
  readonly folder: Folder;
  readonly series: number | null;
}

/** Opens the set of files that a companion describes. */
async function openCompanion({ path, folder, series }: CompanionOpening, job: Job): Promise<Stack> {
  const ome = await readCompanion(path);
  const all = Array.from({ length: ome.images }, (_, i) => i);
  const wanted = series !== null && series < ome.images ? [series] : all;
  const listed = wanted.flatMap((i) => ome.image(i).planes.map(({ fileName }) => fileName));
  const names = new Set(listed.filter((name) => name !== null));
  for (const name of names) {
    if (!(await folder.has(name))) continue;
    return open(await folder.open(name), { folder, series, ome, name: path }, job);
  }
  const shown = [...names].slice(0, 3).map((name) => JSON.stringify(name.slice(0, 80)));
  throw new TilewrightError(
    "stack.severalFiles",
    `${path}: none of the ${names.size} files with its pixels is beside it${shown.length > 0 ? ` (${shown.join(", ")})` : ""}`,
    "put all files of the set into one folder",
  );
}

async function readCompanion(path: string): Promise<OmeDocument> {
  const source = await openFileSource(path);
  try {
    const document = parseOmeXml(await readText(source));
    if (document.images > 0) return document;
    throw new OmeProblem("describe no image");
  } catch (error) {
    if (!(error instanceof OmeProblem)) throw error;
    throw new TilewrightError(
      "stack.companion",
      `${path}: its OME metadata ${error.message}`,
      "export the image again",
    );
  } finally {
    await source.close();
  }
}
