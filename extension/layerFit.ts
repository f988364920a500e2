/**
 * Whether a stack can lie over another.
 * @module
 */
import { TilewrightError } from "../src/errors";
import type { StackDescription } from "../src/protocol/viewer";

/** What of a stack decides. */
export type Sized = Pick<StackDescription, "name" | "lengths">;

/**
 * Checks that rows and columns of two stacks are the same; slices, channels and time points may differ.
 *
 * @throws {TilewrightError} `layer.size`
 */
export function checkFits(base: Sized, other: Sized): void {
  if (base.lengths.y === other.lengths.y && base.lengths.x === other.lengths.x) return;
  throw new TilewrightError(
    "layer.size",
    `${other.name} has ${sizeText(other)}, ${base.name} has ${sizeText(base)}: they do not lie over each other`,
    "choose a stack with as many rows and columns",
  );
}

const sizeText = ({ lengths: { y, x } }: Sized): string => `${y} × ${x} px (Y × X)`;
