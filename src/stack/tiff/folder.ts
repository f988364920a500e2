/**
 * The folder around a file, as far as a set of files may reach: files beside it, by plain names.
 * @module
 */
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { TilewrightError } from "../../errors";
import { openFileSource } from "../bytes";
import type { ByteSource } from "../bytes";

/** Files that stand side by side. Names come from image files and are not trusted. */
export interface Folder {
  /** Whether a file of this name stands here; false for everything that is a path rather than a name. */
  has(name: string): Promise<boolean>;
  /**
   * Opens a file of this folder; whoever opens it closes it.
   *
   * @throws {TilewrightError} `stack.fileName`; system errors
   */
  open(name: string): Promise<ByteSource>;
}

/** The folder that a file stands in. */
export function folderOf(path: string): Folder {
  return new DiskFolder(dirname(resolve(path)));
}

/** Whether a name stays inside its folder on every system. */
function isPlainName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && name.length <= 255 && !/[/\\:\0]/.test(name);
}

class DiskFolder implements Folder {
  readonly #path: string;
  #names: Promise<ReadonlySet<string>> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async has(name: string): Promise<boolean> {
    if (!isPlainName(name)) return false;
    this.#names ??= readdir(this.#path).then((names) => new Set(names));
    return (await this.#names).has(name);
  }

  async open(name: string): Promise<ByteSource> {
    return openFileSource(this.#inside(name));
  }

  #inside(name: string): string {
    if (isPlainName(name)) return join(this.#path, name);
    throw new TilewrightError(
      "stack.fileName",
      `the image names the file ${JSON.stringify(name.slice(0, 80))}, which is a path and no file beside it`,
      "put the files of a set into one folder and export it again",
    );
  }
}
