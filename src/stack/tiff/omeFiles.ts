/**
 * Sets of OME files: where the metadata of a file are, and which files of its set are there.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { ByteSource } from "../bytes";
import type { Folder } from "./folder";
import { MAX_OME_BYTES, OmeProblem, isOmeXml, parseOmeXml } from "./omeRead";
import type { OmeDocument } from "./omeRead";
import type { FileParts, Series } from "./series";

/**
 * The OME document of a file: its own, or that of the companion that it names.
 *
 * @param folder the folder that the file stands in; null when nothing is known of it
 * @returns null when the file carries none; the problem when it cannot be used
 */
export async function findOme(
  parts: FileParts,
  folder: Folder | null,
): Promise<OmeDocument | OmeProblem | null> {
  const text = parts.descriptions.find(isOmeXml);
  if (text === undefined) return null;
  try {
    const own = parseOmeXml(text);
    return own.metadataFile === null ? own : await readCompanion(own.metadataFile, folder);
  } catch (error) {
    if (error instanceof OmeProblem) return error;
    throw error;
  }
}

async function readCompanion(name: string, folder: Folder | null): Promise<OmeDocument> {
  const shown = JSON.stringify(name.slice(0, 80));
  if (folder === null || !(await folder.has(name))) {
    throw new OmeProblem(`stand in the file ${shown}, which is not beside it`);
  }
  const source = await folder.open(name);
  try {
    const document = parseOmeXml(await readText(source));
    if (document.images === 0) throw new OmeProblem(`stand in the file ${shown}, which names another one`);
    return document;
  } finally {
    await source.close();
  }
}

/**
 * The text of a companion file.
 *
 * @throws {OmeProblem} when it is too long
 */
export async function readText(source: ByteSource): Promise<string> {
  if (source.size > MAX_OME_BYTES) throw new OmeProblem(`are longer than ${MAX_OME_BYTES} bytes`);
  const bytes = new Uint8Array(source.size);
  await source.readInto(bytes, 0);
  return Buffer.from(bytes).toString("utf8");
}

/**
 * A series without the planes whose files are not there.
 *
 * @throws {TilewrightError} `stack.severalFiles` when no plane is left
 */
export async function withoutMissingFiles(
  parts: FileParts,
  series: Series,
  folder: Folder | null,
): Promise<Series> {
  const { fileOf, files, planes, warnings } = series;
  if (fileOf === null) return series;
  const missing = new Set<number>();
  for (let file = 1; file < files.length; file++) {
    if (folder === null || !(await folder.has(files[file]))) missing.add(file);
  }
  if (missing.size === 0) return series;
  const shown = [...missing].slice(0, 3).map((file) => JSON.stringify(files[file].slice(0, 80)));
  const names = `${shown.join(", ")}${missing.size > 3 ? "…" : ""}`;
  const left = planes.map((page, i) => (missing.has(fileOf[i]) ? -1 : page));
  if (left.every((page) => page < 0)) {
    throw new TilewrightError(
      "stack.severalFiles",
      `${parts.name}: the pixels of series ${series.index} are in other files (${names}), which are not beside it`,
      "put all files of the set into one folder",
    );
  }
  const lost = left.filter((page, i) => page < 0 && planes[i] >= 0).length;
  const warning = `${missing.size} of the ${files.length} files of its set are not beside it (${names}): ${lost} of ${planes.length} planes cannot be read`;
  return { ...series, planes: left, warnings: [...warnings, warning] };
}
