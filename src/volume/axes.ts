/**
 * Axes: letters that say what each dimension of an array means.
 * @module
 */
import { TilewrightError } from "../errors";

/** One axis of a Volume: time, depth, channel, row, column. */
export type Axis = "T" | "Z" | "C" | "Y" | "X";

/** The order in which canonical axes stand. */
export const CANONICAL_AXES = "TZCYX";

/** Whether `letter` names an axis. */
export function isAxis(letter: string): letter is Axis {
  return letter.length === 1 && CANONICAL_AXES.includes(letter);
}

/**
 * Checks axes letters: subset of `TZCYX`, each at most once, any order, case-insensitive.
 *
 * @returns the letters in upper case
 * @throws {TilewrightError} `axes.unknown`, `axes.repeated`
 */
export function parseAxes(text: string): string {
  const axes = text.toUpperCase();
  for (const letter of axes) {
    if (!isAxis(letter)) {
      throw new TilewrightError(
        "axes.unknown",
        `axes "${text}": "${letter}" is not an axis`,
        "axes are letters of TZCYX, one per dimension, such as ZYX",
      );
    }
  }
  if (new Set(axes).size !== axes.length) {
    throw new TilewrightError(
      "axes.repeated",
      `axes "${text}": a letter is used twice`,
      "use each axis once",
    );
  }
  return axes;
}

/** The letters of `axes` in canonical order. */
export function canonicalOrder(axes: string): string {
  return [...CANONICAL_AXES].filter((axis) => axes.includes(axis)).join("");
}
