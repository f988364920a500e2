/**
 * The kinds of stacks that can be written, chosen by the name of the output: TIFF files and OME-Zarr folders.
 * @module
 */
import { rename, rm, stat } from "node:fs/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack, StackLayout, StackWriter } from "./stack";
import { tiffReader } from "./tiff/read";
import { createStackFile, openStackFile } from "./tiff/write";
import { isZarrFolder, openZarr } from "./zarr/read";
import { createZarr, reopenZarr } from "./zarr/write";

/** A kind of stack that can be written; a stack being written may have another name than in the end. */
export interface WrittenKind {
  /** @throws {TilewrightError} `stack.layout`; system errors */
  create(path: string, layout: StackLayout): Promise<StackWriter>;
  /** Goes on with what `create` made. @throws {TilewrightError} `stack.resume` */
  reopen(path: string, layout: StackLayout): Promise<StackWriter>;
  /** Reads what was written. */
  read(path: string, job: Job): Promise<Stack>;
  /**
   * Whether what stands under the name of an output may be replaced by one of this kind.
   *
   * @returns null when it may, else what it is
   */
  whatForbids(out: string): Promise<string | null>;
}

const tiffFiles: WrittenKind = {
  create: createStackFile,
  reopen: openStackFile,
  read: (path, job) => tiffReader.open({ path }, job),
  whatForbids: async (out) => {
    const found = await stat(out).catch(() => null);
    if (found === null || found.isFile()) return null;
    return found.isDirectory() ? "is a folder; the output is one file" : "is no ordinary file";
  },
};

const zarrFolders: WrittenKind = {
  create: createZarr,
  reopen: reopenZarr,
  read: (path) => openZarr({ path }),
  whatForbids: async (out) => {
    const found = await stat(out).catch(() => null);
    if (found === null || (found.isDirectory() && (await isZarrFolder(out)))) return null;
    return found.isDirectory()
      ? "is a folder that holds no Zarr image; it is not replaced"
      : "is a file; the output is a folder";
  },
};

/** The kind that an output of this name has. */
export function writtenKind(out: string): WrittenKind {
  return isZarrName(out) ? zarrFolders : tiffFiles;
}

/** Whether an output of this name is an OME-Zarr folder. */
export function isZarrName(path: string): boolean {
  return /\.zarr[\\/]?$/i.test(path);
}

/**
 * The format of an output of this name: `ome` is what OME has for its kind.
 *
 * @throws {TilewrightError} `stack.layout` when name and format contradict each other
 */
export function formatFor(out: string, format: StackLayout["format"]): StackLayout["format"] {
  const zarr = isZarrName(out);
  if (zarr && format === "ome") return "ome-zarr-0.5";
  if (zarr === format.startsWith("ome-zarr")) return format;
  throw new TilewrightError(
    "stack.layout",
    zarr
      ? `${out}: an OME-Zarr folder cannot be written as ${format}`
      : `${out}: ${format} is a folder whose name ends in .zarr`,
    zarr
      ? "choose --format ome or ome-zarr-0.4, or a name that ends in .tif"
      : "choose --format ome, or a name that ends in .zarr",
  );
}

/**
 * Gives a finished output its name; what stands there is removed once it is there.
 *
 * @throws {Error} system errors; the old output stands under its name, or beside it with the ending `.replaced`
 */
export async function putInPlace(finished: string, out: string): Promise<void> {
  const [own, old] = [await stat(finished), await stat(out).catch(() => null)];
  if (!own.isDirectory() || old === null) {
    await rename(finished, out);
    return;
  }
  // A folder does not take the place of another.
  const aside = `${out}.replaced`;
  await rm(aside, { recursive: true, force: true });
  await rename(out, aside);
  try {
    await rename(finished, out);
  } catch (error) {
    await rename(aside, out);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
