/**
 * Opening a stack with whichever reader knows its kind.
 * @module
 */
import { access, stat } from "node:fs/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack, StackPlace, StackReader } from "./stack";

/**
 * Opens a stack; whoever opens it closes it.
 *
 * @param readers asked in order, by file name ending, then by what is there
 * @throws {TilewrightError} `file.missing`, `stack.unknownKind`, and what the reader throws
 */
export async function openStack(
  place: StackPlace,
  readers: readonly StackReader[],
  job: Job,
): Promise<Stack> {
  const { path } = place;
  const name = path.toLowerCase();
  const reader =
    readers.find((one) => one.extensions.some((extension) => name.endsWith(extension))) ??
    (await claimingReader(path, readers));
  if (reader === undefined) {
    await access(path).catch((cause: unknown) => {
      throw new TilewrightError("file.missing", `${path}: there is no such file`, "check the path", {
        cause,
      });
    });
    throw new TilewrightError(
      "stack.unknownKind",
      `${path}: this is no kind of image that can be read`,
      `names end in ${readers.flatMap((one) => one.extensions).join(", ")}`,
    );
  }
  return reader.open(place, job);
}

/** Whether a folder is a stack itself, rather than a place where stacks lie. */
export async function isStackFolder(path: string, readers: readonly StackReader[]): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  return found?.isDirectory() === true && (await claimingReader(path, readers)) !== undefined;
}

async function claimingReader(
  path: string,
  readers: readonly StackReader[],
): Promise<StackReader | undefined> {
  for (const reader of readers) if ((await reader.claims?.(path)) === true) return reader;
  return undefined;
}
