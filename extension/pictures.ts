/**
 * Saving what a viewer shows: one picture, or a movie as a row of pictures. The user says where.
 * @module
 */
import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import { checkCount, checkPng, partName, plainName } from "./pictureFiles";

interface Movie {
  readonly key: string;
  readonly folder: vscode.Uri;
  readonly name: string;
  readonly count: number;
}

/** The pictures that one editor saves; a movie at a time. */
export class Pictures {
  readonly #stack: vscode.Uri;
  #movie: Movie | null = null;

  /** @param stack beside which pictures are saved unless the user chooses otherwise */
  constructor(stack: vscode.Uri) {
    this.#stack = stack;
  }

  /**
   * Asks where to save a picture, and saves it.
   *
   * @returns false when the user closed the dialog
   * @throws {TilewrightError} `viewer.badMessage`; what writing throws
   */
  async save(name: unknown, png: unknown): Promise<boolean> {
    const bytes = checkPng(png);
    const proposal = this.#folder();
    const target = await vscode.window.showSaveDialog({
      title: "Save the picture",
      filters: { "PNG pictures": ["png"] },
      ...(proposal === undefined
        ? {}
        : { defaultUri: vscode.Uri.joinPath(proposal, `${plainName(name)}.png`) }),
    });
    if (target === undefined) return false;
    await vscode.workspace.fs.writeFile(target, bytes);
    return true;
  }

  /**
   * Asks for the folder of a movie, and whether to replace pictures that have its names.
   *
   * @returns key for {@link savePart}; null when the user changed their mind
   * @throws {TilewrightError} `viewer.badMessage`
   */
  async chooseFolder(name: unknown, count: unknown): Promise<string | null> {
    const movie = { name: plainName(name), count: checkCount(count) };
    const proposal = this.#folder();
    const chosen = await vscode.window.showOpenDialog({
      title: `Folder for ${movie.count} pictures`,
      openLabel: "Save Here",
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
      ...(proposal === undefined ? {} : { defaultUri: proposal }),
    });
    const folder = chosen?.[0];
    if (folder === undefined || !(await mayReplace(folder, movie))) return null;
    this.#movie = { ...movie, folder, key: randomUUID() };
    return this.#movie.key;
  }

  /**
   * Writes one picture of the movie that was begun last.
   *
   * @throws {TilewrightError} `viewer.badMessage`; what writing throws
   */
  async savePart(key: unknown, index: unknown, png: unknown): Promise<void> {
    const movie = this.#movie;
    if (movie === null || key !== movie.key)
      throw new TilewrightError("viewer.badMessage", "viewer: no folder was chosen for these pictures");
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= movie.count) {
      const message = `viewer: picture ${String(index)} is none of 0 to ${movie.count - 1}`;
      throw new TilewrightError("viewer.badMessage", message);
    }
    const target = vscode.Uri.joinPath(movie.folder, partName(movie.name, index, movie.count));
    await vscode.workspace.fs.writeFile(target, checkPng(png));
  }

  /** Of the stack when it lies on a disk, else of the workspace. */
  #folder(): vscode.Uri | undefined {
    if (this.#stack.scheme === "file") return vscode.Uri.joinPath(this.#stack, "..");
    return vscode.workspace.workspaceFolders?.[0]?.uri;
  }
}

async function mayReplace(
  folder: vscode.Uri,
  { name, count }: { readonly name: string; readonly count: number },
): Promise<boolean> {
  const there = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([entry]) => entry));
  let replaced = 0;
  for (let index = 0; index < count; index++) if (there.has(partName(name, index, count))) replaced++;
  if (replaced === 0) return true;
  const first = partName(name, 0, count);
  const message = `${replaced} of the ${count} pictures (${first}…) are in this folder already.`;
  return (await vscode.window.showWarningMessage(message, { modal: true }, "Replace")) === "Replace";
}
