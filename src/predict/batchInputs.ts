/**
 * Which stacks the inputs of a batch name: files, folders and globs.
 * @module
 */
import { readdir, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { TilewrightError, toFailure } from "../errors";
import type { Job } from "../job";
import type { BatchRequest, FoundStacks } from "../protocol/prediction";
import { isStackName } from "../stack/names";
import { exists } from "./partial";

/** Files that one batch takes: more than anybody has, fewer than would fill the memory. */
const MOST_FILES = 100_000;
/** Sub folders of sub folders are followed this far. */
const MOST_DEPTH = 32;

/** What is looked for, and where. */
export type StackWish = Pick<BatchRequest, "inputs" | "cwd" | "recursive" | "out">;

/**
 * Whether inputs are a batch: several of them, a folder, a glob, or a folder to write to. One file into one file is
 * a single prediction.
 *
 * @param endings of the names of stacks, lower case with the dot
 */
export async function isBatch(
  inputs: readonly string[],
  out: string,
  endings: readonly string[],
): Promise<boolean> {
  if (inputs.length !== 1 || /[\\/]$/.test(out)) return true;
  const [input] = inputs;
  const found = await stat(input).catch(() => null);
  if (found === null) return isGlob(input);
  if (found.isDirectory() && !isStackName(input, endings)) return true;
  return !isStackName(out, endings) && (await isFolder(out));
}

/**
 * Finds the stacks of a batch. A folder gives the stacks directly in it, with `recursive` also those of its sub
 * folders; a folder that is itself a stack is one, never searched. Files that are no image, and names that begin
 * with a dot, are left out of folders and globs; a file that is named is taken as it is. Reads only folders.
 *
 * @param endings of the names of stacks, lower case with the dot
 * @throws {TilewrightError} `batch.tooMany`; whatever is wrong with one input is among the problems
 */
export async function findStacks(
  wish: StackWish,
  endings: readonly string[],
  job: Job,
): Promise<FoundStacks> {
  const files = new Set<string>();
  const problems: { file: string; error: ReturnType<typeof toFailure> }[] = [];
  const roots: string[] = [];
  const search: Search = { ...wish, endings, problems, job };
  for (const input of wish.inputs) {
    try {
      const { root, found } = await stacksOf(input, search);
      roots.push(root);
      for (const file of found) files.add(file);
    } catch (error) {
      job.signal.throwIfAborted();
      problems.push({
        file: isGlob(input) ? input : resolve(wish.cwd, input),
        error: toFailure(error),
      });
    }
    if (files.size > MOST_FILES) {
      throw new TilewrightError(
        "batch.tooMany",
        `more than ${MOST_FILES} stacks were found`,
        "name fewer folders",
      );
    }
  }
  return { base: roots.length === 0 ? null : commonFolder(roots), files: [...files], problems };
}

interface Search extends StackWish {
  readonly endings: readonly string[];
  readonly problems: { file: string; error: ReturnType<typeof toFailure> }[];
  readonly job: Job;
}

interface Found {
  /** Folder from which the names of results are mirrored. */
  readonly root: string;
  readonly found: readonly string[];
}

async function stacksOf(input: string, search: Search): Promise<Found> {
  const path = resolve(search.cwd, input);
  // What exists is taken literally first: "scan [1].tif" is a name people have.
  const there = await stat(path).catch((error: unknown) => {
    if (isGlob(input)) return null;
    throw error;
  });
  if (there === null) return stacksOfGlob(input, search);
  if (!there.isDirectory() || isStackName(path, search.endings))
    return { root: dirname(path), found: [path] };
  const found = await stacksIn(path, search, 0);
  if (found.length > 0) return { root: path, found };
  throw new TilewrightError(
    "batch.noStacks",
    `${input} holds no image`,
    `names of images end in ${search.endings.join(", ")}${search.recursive ? "" : "; sub folders are searched with --recursive"}`,
  );
}

async function stacksIn(folder: string, search: Search, depth: number): Promise<string[]> {
  search.job.signal.throwIfAborted();
  const entries = await readdir(folder, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith("."));
  const found: string[] = [];
  for (const entry of visible.sort((a, b) => order.compare(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (isResult(path, folder, search)) continue;
    if (isStackName(path, search.endings)) {
      if (await exists(path)) found.push(path); // not a link that leads nowhere
    } else if (search.recursive && depth < MOST_DEPTH && entry.isDirectory()) {
      found.push(...(await stacksOfSubFolder(path, search, depth + 1)));
    }
    if (found.length > MOST_FILES) break;
  }
  return found;
}

/** What lies in the folder of the results is no input, unless the inputs lie there themselves. */
function isResult(path: string, searched: string, { out }: Search): boolean {
  return out !== null && isInside(out, path) && !isInside(out, searched);
}

/** A sub folder that cannot be read is a problem of its own: the other folders go on. */
async function stacksOfSubFolder(path: string, search: Search, depth: number): Promise<string[]> {
  try {
    return await stacksIn(path, search, depth);
  } catch (error) {
    search.job.signal.throwIfAborted();
    search.problems.push({ file: path, error: toFailure(error) });
    return [];
  }
}

/** scan2 before scan10. */
const order = new Intl.Collator("en", { numeric: true });

async function stacksOfGlob(input: string, search: Search): Promise<Found> {
  const { folder, pattern } = splitGlob(input);
  const root = resolve(search.cwd, folder);
  const matched = await glob(pattern, {
    cwd: root,
    absolute: true,
    onlyFiles: false,
    expandDirectories: false,
    followSymbolicLinks: false,
    signal: search.job.signal,
  });
  const named = new Set(
    matched.map((path) => resolve(path)).filter((path) => isStackName(path, search.endings)),
  );
  const stacks = [...named].filter((path) => !isResult(path, root, search) && !isBelowOne(path, named));
  if (stacks.length > 0) return { root, found: stacks.sort((a, b) => order.compare(a, b)) };
  throw new TilewrightError(
    "batch.noMatch",
    matched.length === 0 ? `nothing matches ${input}` : `what matches ${input} is no image`,
    `names of images end in ${search.endings.join(", ")}`,
  );
}

/** Whether one of the folders above a path is among `stacks`: its files are parts, not stacks. */
function isBelowOne(path: string, stacks: ReadonlySet<string>): boolean {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (stacks.has(folder)) return true;
    if (folder === dirname(folder)) return false;
  }
}

/** Whether an input is a glob; backslashes of Windows are no part of one. */
function isGlob(input: string): boolean {
  return isDynamicPattern(slashed(input));
}

function slashed(input: string): string {
  return sep === "\\" ? input.replaceAll("\\", "/") : input;
}

/** The part of a glob that is a plain folder, and the rest; a glob has `/` on every system. */
export function splitGlob(input: string): { readonly folder: string; readonly pattern: string } {
  const parts = slashed(input).split("/");
  const first = parts.findIndex((part) => isDynamicPattern(part));
  const plain = parts.slice(0, first);
  const folder = plain.length === 1 && plain[0] === "" ? "/" : plain.join("/");
  return { folder: folder === "" ? "." : folder, pattern: parts.slice(first).join("/") };
}

/** Whether a path lies in a folder or is the folder. */
function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

function commonFolder(roots: readonly string[]): string | null {
  let base = roots[0];
  while (!roots.every((root) => isInside(base, root))) {
    if (dirname(base) === base) return null; // another drive
    base = dirname(base);
  }
  return base;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
