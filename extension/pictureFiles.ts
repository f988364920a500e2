/**
 * Names and bytes of pictures that a viewer wants saved; nothing that it sends is trusted.
 * @module
 */
import { refuse } from "../src/protocol/viewerChecks";

const MOST_BYTES = 256 * 2 ** 20;
/** A movie of an hour at 25 pictures a second. */
const MOST_PICTURES = 90_000;
const LONGEST_NAME = 100;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Names of devices, which Windows keeps for itself. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/**
 * A plain file name, without folder and ending, that every system takes.
 *
 * @param name what was asked for; "picture" when nothing of it is left
 */
export function plainName(name: unknown): string {
  if (typeof name !== "string") throw refuse("a picture needs a name");
  const plain = name
    .slice(0, 4 * LONGEST_NAME)
    .replace(/\.png$/i, "")
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]+/g, "-")
    .slice(0, LONGEST_NAME)
    .replace(/^[.\s-]+|[.\s-]+$/g, "");
  if (plain === "") return "picture";
  return RESERVED.test(plain) ? `${plain}-` : plain;
}

/**
 * Bytes that begin as a PNG file.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkPng(png: unknown): Uint8Array {
  if (!(png instanceof Uint8Array)) throw refuse("a picture is a list of bytes");
  if (png.length > MOST_BYTES)
    throw refuse(`a picture of ${png.length} bytes is too large, at most ${MOST_BYTES} are saved`);
  if (SIGNATURE.some((byte, i) => png[i] !== byte)) throw refuse("a picture is a PNG file");
  return png;
}

/** @throws {TilewrightError} `viewer.badMessage` */
export function checkCount(count: unknown): number {
  if (typeof count !== "number" || !Number.isInteger(count) || count < 1 || count > MOST_PICTURES)
    throw refuse(`a movie has 1 to ${MOST_PICTURES} pictures`);
  return count;
}

/** Name of one picture of a movie: `name_0000.png`; more digits where there are more pictures. */
export function partName(name: string, index: number, count: number): string {
  return `${name}_${String(index).padStart(Math.max(4, String(count - 1).length), "0")}.png`;
}
