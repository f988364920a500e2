/**
 * Saving what a viewer shows: one picture, or a movie as a row of pictures. The user says where.
 * @module
 */
import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import { checkCount, checkPng, partName, plainName } from "./pictureFiles";
import { refuse } from "../src/protocol/viewerChecks";

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
    for (;;) {
      const folder = await this.#askFolder(movie.count);
      if (folder === undefined) return null;
      const choice = await replaceOrOther(folder, movie);
      if (choice === undefined) return null;
      if (choice === "other") continue;
      this.#movie = { ...movie, folder, key: randomUUID() };
      return this.#movie.key;
    }
  }

  /**
   * Writes one picture of the movie that was begun last.
   *
   * @throws {TilewrightError} `viewer.badMessage`; what writing throws
   */
  async savePart(key: unknown, index: unknown, png: unknown): Promise<void> {
    const movie = this.#movie;
    if (movie === null || key !== movie.key) throw refuse("no folder was chosen for these pictures");
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= movie.count)
      throw refuse(`picture ${String(index).slice(0, 50)} is none of 0 to ${movie.count - 1}`);
    const target = vscode.Uri.joinPath(movie.folder, partName(movie.name, index, movie.count));
    await vscode.workspace.fs.writeFile(target, checkPng(png));
  }

  async #askFolder(count: number): Promise<vscode.Uri | undefined> {
    const proposal = this.#folder();
    const chosen = await vscode.window.showOpenDialog({
      title: `Folder for ${count} pictures`,
      openLabel: "Save Here",
      canSelectFiles: false,
      canSelectFolders: true,
      canSelectMany: false,
      ...(proposal === undefined ? {} : { defaultUri: proposal }),
    });
    return chosen?.[0];
  }

  /** Of the stack when it lies on a disk, else of the workspace. */
  #folder(): vscode.Uri | undefined {
    if (this.#stack.scheme === "file") return vscode.Uri.joinPath(this.#stack, "..");
    return vscode.workspace.workspaceFolders?.[0]?.uri;
  }
}

/** What to do about pictures of these names that are there already; undefined when the user went away. */
async function replaceOrOther(
  folder: vscode.Uri,
  { name, count }: { readonly name: string; readonly count: number },
): Promise<"replace" | "other" | undefined> {
  const there = new Set((await vscode.workspace.fs.readDirectory(folder)).map(([entry]) => entry));
  const names = Array.from({ length: count }, (_, index) => partName(name, index, count));
  const replaced = names.filter((part) => there.has(part));
  if (replaced.length === 0) return "replace";
  const replace = { label: "$(replace-all) Replace", detail: `${replaced[0]} and what else has these names` };
  const other = { label: "$(folder) Choose Another Folder", detail: "Nothing is replaced" };
  const choice = await vscode.window.showQuickPick([replace, other], {
    title: `${replaced.length} of ${count} pictures are in this folder already`,
    placeHolder: "What is to be done with them?",
    ignoreFocusOut: true,
  });
  return choice === undefined ? undefined : choice === replace ? "replace" : "other";
}
