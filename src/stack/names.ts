/**
 * Names of stacks: the one list of their endings, light enough for code that reads no pixels.
 * @module
 */

/** Ending of the XML file that stands for a set of OME-TIFF files. */
export const COMPANION_ENDING = ".companion.ome";

/** Endings of TIFF files, lower case with the dot. */
export const TIFF_ENDINGS: readonly string[] = [".tif", ".tiff", ".btf", ".tf8", ".tf2", COMPANION_ENDING];

/** Endings of Zarr folders, lower case with the dot. */
export const ZARR_ENDINGS: readonly string[] = [".zarr"];

/** Endings of everything that comes with Tilewright, lower case with the dot. */
export const STACK_ENDINGS: readonly string[] = [...TIFF_ENDINGS, ...ZARR_ENDINGS];

/**
 * Whether a file or folder name is that of a stack: some formats are folders. A name that is nothing but an ending is
 * none.
 *
 * @param path    with `/` or, on Windows, `\` between names
 * @param endings lower case with the dot
 */
export function isStackName(path: string, endings: readonly string[] = STACK_ENDINGS): boolean {
  const name = /[^/\\]*$/.exec(path)?.[0].toLowerCase() ?? "";
  return endings.some((ending) => name.endsWith(ending) && name.length > ending.length);
}

/** A file name without the ending that makes it a stack's, and without `.ome` before that. */
export function stackStem(name: string): string {
  const ending = STACK_ENDINGS.find((known) => isStackName(name, [known])) ?? "";
  const stem = name.slice(0, name.length - ending.length);
  return stem.length > 4 && stem.toLowerCase().endsWith(".ome") ? stem.slice(0, -4) : stem;
}
