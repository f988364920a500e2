/**
 * Look-up tables: from levels 0…255 to colours.
 * @module
 */

import { PUBLISHED_TABLES } from "./lutTables";
import type { PublishedName } from "./lutTables";

/** 256 colours, each `0xAABBGGRR`, opaque. */
export type Lut = Uint32Array;

/** An opaque colour as it stands in a picture's memory. */
export function packColor(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A LUT from black to a colour `#rrggbb`. */
function rampTo(color: string): Lut {
  const full = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const [red, green, blue] = full.map((value) => Math.round((value * level) / 255));
    return packColor(red, green, blue);
  });
}

/** Names of the built-in LUTs, in the order in which they are offered: ImageJ's, then matplotlib's. */
export const LUT_NAMES = [
  ...(["gray", "red", "green", "blue", "cyan", "magenta", "yellow"] as const),
  ...(["fire", "ice", "spectrum", "rgb332", "hilo"] as const),
  ...(["viridis", "magma", "inferno", "plasma", "cividis", "turbo"] as const),
] as const;

/** A built-in LUT. */
export type LutName = (typeof LUT_NAMES)[number];

/** What the LUTs are called where people choose one: as in ImageJ and matplotlib. */
export const LUT_LABELS: Readonly<Record<LutName, string>> = {
  gray: "Grays",
  red: "Red",
  green: "Green",
  blue: "Blue",
  cyan: "Cyan",
  magenta: "Magenta",
  yellow: "Yellow",
  fire: "Fire",
  ice: "Ice",
  spectrum: "Spectrum",
  rgb332: "3-3-2 RGB",
  hilo: "HiLo",
  viridis: "viridis",
  magma: "magma",
  inferno: "inferno",
  plasma: "plasma",
  cividis: "cividis",
  turbo: "turbo",
};

/** ImageJ's tables of 32 colours: reds, greens, blues (ij.plugin.LutLoader, public domain). */
const FIRE = [
  [0, 0, 1, 25, 49, 73, 98, 122, 146, 162, 173, 184, 195, 207, 217, 229, 240, 252].concat(
    Array<number>(14).fill(255),
  ),
  Array<number>(13)
    .fill(0)
    .concat([14, 35, 57, 79, 101, 117, 133, 147, 161, 175, 190, 205, 219, 234, 248, 255, 255, 255, 255]),
  [0, 61, 96, 130, 165, 192, 220, 227, 210, 181, 151, 122, 93, 64, 35, 5].concat(
    Array<number>(11).fill(0),
    [35, 98, 160, 223, 255],
  ),
];
const ICE = [
  [0, 0, 0, 0, 0, 0, 19, 29, 50, 48, 79, 112, 134, 158, 186, 201].concat([
    217, 229, 242, 250, 250, 250, 250, 251, 250, 250, 250, 250, 251, 251, 243, 230,
  ]),
  [156, 165, 176, 184, 190, 196, 193, 184, 171, 162, 146, 125, 107, 93, 81, 87].concat([
    92, 97, 95, 93, 93, 90, 85, 69, 64, 54, 47, 35, 19, 0, 4, 0,
  ]),
  [140, 147, 158, 166, 170, 176, 209, 220, 234, 225, 236, 246, 250, 251, 250, 250].concat([
    245, 230, 230, 222, 202, 180, 163, 142, 123, 114, 106, 94, 84, 64, 26, 27,
  ]),
];

/** 256 colours between 32: ImageJ goes in steps of 1/8 and drops fractions. */
function between([reds, greens, blues]: readonly (readonly number[])[]): Lut {
  const at = (values: readonly number[], level: number): number => {
    const first = level >> 3;
    const next = Math.min(values.length - 1, first + 1);
    return Math.trunc(values[first] + (values[next] - values[first]) * ((level & 7) / 8));
  };
  return madeOf((level) => packColor(at(reds, level), at(greens, level), at(blues, level)));
}

function madeOf(color: (level: number) => number): Lut {
  return Uint32Array.from({ length: 256 }, (_, level) => color(level));
}

/** Hues around the circle, in single precision as Java computes them. */
function spectrumColor(level: number): number {
  const place = Math.fround(Math.fround(level / 255) * 6) % 6;
  const sector = Math.floor(place);
  const part = Math.fround(place - sector);
  const level8 = (fraction: number): number => Math.trunc(Math.fround(Math.fround(fraction * 255) + 0.5));
  const falling = level8(Math.fround(1 - part));
  const rising = level8(Math.fround(1 - Math.fround(1 - part)));
  const sectors = [
    [255, rising, 0],
    [falling, 255, 0],
    [0, 255, rising],
    [0, falling, 255],
    [rising, 0, 255],
    [255, 0, falling],
  ];
  const [red, green, blue] = sectors[sector];
  return packColor(red, green, blue);
}

/** Grays that show what is cut off: blue at the low end, red at the high one. */
function hiLoColor(level: number): number {
  if (level === 0) return packColor(0, 0, 255);
  return level === 255 ? packColor(255, 0, 0) : packColor(level, level, level);
}

function published(name: PublishedName): Lut {
  const bytes = Uint8Array.from(atob(PUBLISHED_TABLES[name]), (letter) => letter.charCodeAt(0));
  return madeOf((level) => packColor(bytes[3 * level], bytes[3 * level + 1], bytes[3 * level + 2]));
}

const MAKERS: Readonly<Record<LutName, () => Lut>> = {
  gray: () => rampTo("#ffffff"),
  red: () => rampTo("#ff0000"),
  green: () => rampTo("#00ff00"),
  blue: () => rampTo("#0000ff"),
  cyan: () => rampTo("#00ffff"),
  magenta: () => rampTo("#ff00ff"),
  yellow: () => rampTo("#ffff00"),
  fire: () => between(FIRE),
  ice: () => between(ICE),
  spectrum: () => madeOf(spectrumColor),
  rgb332: () => madeOf((level) => packColor(level & 0xe0, (level << 3) & 0xe0, (level << 6) & 0xc0)),
  hilo: () => madeOf(hiLoColor),
  viridis: () => published("viridis"),
  magma: () => published("magma"),
  inferno: () => published("inferno"),
  plasma: () => published("plasma"),
  cividis: () => published("cividis"),
  turbo: () => published("turbo"),
};

const made = new Map<string, Lut>();

/** The LUT of a name, or of a colour `#rrggbb`; the same memory each time, not to be changed. */
export function lutOf(name: string): Lut {
  const known = made.get(name);
  if (known !== undefined) return known;
  const lut = Object.hasOwn(MAKERS, name) ? MAKERS[name as LutName]() : rampTo(name);
  made.set(name, lut);
  return lut;
}

/** From blue over white (no difference) to red. */
export const DIFFERENCE_LUT: Lut = Uint32Array.from({ length: 256 }, (_, level) => {
  const away = (level - 127.5) / 127.5;
  const fade = (end: number): number => Math.round(247 + (end - 247) * Math.abs(away));
  return away < 0 ? packColor(fade(33), fade(102), fade(172)) : packColor(fade(178), fade(24), fade(43));
});
