/**
 * ImageJ's dialect of TIFF: the text in ImageDescription, the block of labels and lookup tables.
 *
 * After ImageJ 1.54 (`ij.io.TiffDecoder`, `ij.io.FileSaver`), read as published source.
 * @module
 */
import { normalUnit } from "../units";
import type { ChannelFacts, PixelSize } from "../stack";

/** What an ImageJ description says. */
export interface ImagejDescription {
  readonly images: number;
  readonly channels: number;
  readonly slices: number;
  readonly frames: number;
  /** Unit of the resolution tags; null when none is given. */
  readonly unit: string | null;
  /** Distance of slices in `unit`. */
  readonly spacing: number | null;
}

/** ImageJ shows at most this many channels together. */
const MAX_COMPOSITE = 7;
const MAX_COUNT = 2 ** 31 - 1;

/** Whether a description was written by ImageJ (or by something that imitates it). */
export function isImagejDescription(text: string): boolean {
  return text.startsWith("ImageJ=") || text.startsWith("SCIFIO=");
}

/** Reads an ImageJ description; keys that are missing, unknown or no numbers are as if absent. */
export function parseImagejDescription(text: string): ImagejDescription {
  const values = new Map<string, string>();
  for (const line of text.split(/[\r\n\0]+/, 4096)) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals).trim().toLowerCase(), line.slice(equals + 1).trim());
  }
  const count = (key: string): number => {
    const value = Number(values.get(key));
    return Number.isInteger(value) && value >= 1 && value <= MAX_COUNT ? value : 1;
  };
  const spacing = Number(values.get("spacing") ?? Number.NaN);
  const unit = normalUnit(values.get("unit") ?? "");
  return {
    images: count("images"),
    channels: count("channels"),
    slices: count("slices"),
    frames: count("frames"),
    unit: unit === "" || unit === "pixel" || unit === "pixels" ? null : unit,
    spacing: Number.isFinite(spacing) && spacing !== 0 ? Math.abs(spacing) : null,
  };
}

/** Pixel size from a description and the resolution tags (px per unit). */
export function imagejPixelSize(
  description: ImagejDescription,
  resolution: readonly [x: number | null, y: number | null],
): PixelSize | null {
  const { unit, spacing } = description;
  if (unit === null) return null;
  const size = (perUnit: number | null): number | null =>
    perUnit === null || perUnit <= 0 ? null : 1 / perUnit;
  const [x, y] = resolution.map(size);
  return x === null && y === null && spacing === null ? null : { x, y, z: spacing, unit };
}

/** Lengths of the leading axes of a written hyperstack. */
export interface ImagejCounts {
  readonly channels: number;
  readonly slices: number;
  readonly frames: number;
}

/** The description of a hyperstack; pages in the order T, Z, C with C fastest. ASCII, no final NUL. */
export function formatImagejDescription(counts: ImagejCounts, pixelSize: PixelSize | null): string {
  const { channels, slices, frames } = counts;
  const images = channels * slices * frames;
  const lines = ["ImageJ=1.54f"];
  if (images > 1) lines.push(`images=${images}`);
  if (channels > 1) lines.push(`channels=${channels}`);
  if (slices > 1) lines.push(`slices=${slices}`);
  if (frames > 1) lines.push(`frames=${frames}`);
  if (images > 1) lines.push("hyperstack=true");
  if (channels > 1) lines.push(channels <= MAX_COMPOSITE ? "mode=composite" : "mode=grayscale");
  if (pixelSize !== null) {
    lines.push(`unit=${pixelSize.unit === "µm" ? "micron" : asciiEscape(pixelSize.unit)}`);
    if (pixelSize.z !== null) lines.push(`spacing=${pixelSize.z}`);
  }
  if (images > 1) lines.push("loop=false");
  return `${lines.join("\n")}\n`;
}

function asciiEscape(text: string): string {
  return [...text.replace(/[\r\n\0]/g, " ")]
    .flatMap((letter) =>
      letter < "\u0080" ? [letter] : [...Array(letter.length).keys()].map((i) => escapeUnit(letter, i)),
    )
    .join("");
}

function escapeUnit(letter: string, index: number): string {
  return `\\u${letter.charCodeAt(index).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Px per unit for the resolution tags; null when the size is unknown. Different z units were converted before. */
export function pixelsPerUnit(size: number | null): number | null {
  return size === null || !(size > 0) ? null : 1 / size;
}

const LABELS = 0x6c61626c;
const LUTS = 0x6c757473;
const MAGIC = 0x494a494a;
const LUT_BYTES = 768;

/** Labels and lookup tables as they stand in the tags 50838 (lengths) and 50839 (bytes). */
export interface ImagejBlock {
  readonly counts: readonly number[];
  readonly bytes: Uint8Array;
}

/** What a metadata block says. */
export interface ImagejExtras {
  /** One per slice. */
  readonly labels: readonly string[];
  /** `#rrggbb` of the last entry of each lookup table. */
  readonly colors: readonly string[];
}

/**
 * Reads slice labels and lookup tables out of an ImageJ metadata block; what is damaged is left out.
 *
 * @param littleEndian byte order of the file
 */
export function parseImagejBlock(block: ImagejBlock, littleEndian: boolean): ImagejExtras {
  const { bytes, counts } = block;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const labels: string[] = [];
  const colors: string[] = [];
  const usable = counts.length > 1 && counts[0] >= 12 && counts[0] <= bytes.length && counts[0] % 8 === 4;
  if (!usable || view.getUint32(0, littleEndian) !== MAGIC) return { labels, colors };
  const decoder = new TextDecoder(littleEndian ? "utf-16le" : "utf-16be");
  let next = 1;
  let at = counts[0];
  for (let entry = 4; entry + 8 <= counts[0]; entry += 8) {
    const kind = view.getUint32(entry, littleEndian);
    const many = Math.min(view.getUint32(entry + 4, littleEndian), counts.length - next);
    for (let i = 0; i < many; i++) {
      const length = counts[next++];
      if (at + length > bytes.length) return { labels, colors };
      const part = bytes.subarray(at, at + length);
      if (kind === LABELS) labels.push(decoder.decode(part));
      if (kind === LUTS && length === LUT_BYTES) colors.push(topColor(part));
      at += length;
    }
  }
  return { labels, colors };
}

function topColor(table: Uint8Array): string {
  return `#${[255, 511, 767].map((i) => table[i].toString(16).padStart(2, "0")).join("")}`;
}

/** Channels from labels and lookup tables; a label is a channel's name when all its slices have the same one. */
export function imagejChannels(extras: ImagejExtras, channels: number): ChannelFacts[] {
  const { labels, colors } = extras;
  const named =
    labels.length >= channels && labels.every((label, i) => label !== "" && label === labels[i % channels]);
  const colored = colors.length === channels;
  if (!named && !colored) return [];
  return Array.from({ length: channels }, (_, i) => ({
    name: named ? labels[i] : null,
    color: colored ? colors[i] : null,
  }));
}

/**
 * A metadata block (little endian) that gives each channel its colour as a linear lookup table and names the
 * slices after their channel; null when no channel has either.
 *
 * @param images number of pages; labels are left out above 4096, they would outgrow the file's head
 */
export function imagejBlock(channels: readonly ChannelFacts[], images: number): ImagejBlock | null {
  const named = channels.length > 0 && images <= 4096 && channels.some((channel) => channel.name !== null);
  const colored = channels.some((channel) => channel.color !== null);
  if (!named && !colored) return null;
  const parts: Uint8Array[] = [];
  const header: number[] = [MAGIC];
  if (named) {
    header.push(LABELS, images);
    for (let i = 0; i < images; i++)
      parts.push(Buffer.from(channels[i % channels.length].name ?? "", "utf16le"));
  }
  if (colored) {
    header.push(LUTS, channels.length);
    for (const channel of channels) parts.push(linearTable(channel.color ?? "#ffffff"));
  }
  const head = Buffer.alloc(header.length * 4);
  header.forEach((value, i) => head.writeUInt32LE(value, i * 4));
  return {
    counts: [head.length, ...parts.map((part) => part.length)],
    bytes: Buffer.concat([head, ...parts]),
  };
}

function linearTable(color: string): Uint8Array {
  const table = new Uint8Array(LUT_BYTES);
  for (let plane = 0; plane < 3; plane++) {
    const top = Number.parseInt(color.slice(1 + 2 * plane, 3 + 2 * plane), 16);
    for (let i = 0; i < 256; i++) table[plane * 256 + i] = Math.round((top * i) / 255);
  }
  return table;
}
