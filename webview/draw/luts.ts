/**
 * Look-up tables: from levels 0…255 to colours.
 * @module
 */

/** 256 colours, each `0xAABBGGRR`, opaque. */
export type Lut = Uint32Array;

/** An opaque colour as it stands in a picture's memory. */
export function packColor(red: number, green: number, blue: number): number {
  return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A LUT from black to a colour `#rrggbb`. */
export function rampTo(color: string): Lut {
  const full = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const [red, green, blue] = full.map((value) => Math.round((value * level) / 255));
    return packColor(red, green, blue);
  });
}

/** Names of the built-in LUTs, in the order in which they are offered. */
export const LUT_NAMES = ["gray", "red", "green", "blue", "cyan", "magenta", "yellow"] as const;

/** A built-in LUT. */
export type LutName = (typeof LUT_NAMES)[number];

const RAMPS: Readonly<Record<LutName, string>> = {
  gray: "#ffffff",
  red: "#ff0000",
  green: "#00ff00",
  blue: "#0000ff",
  cyan: "#00ffff",
  magenta: "#ff00ff",
  yellow: "#ffff00",
};

const made = new Map<string, Lut>();

/** The LUT of a name, or of a colour `#rrggbb`; the same memory each time, not to be changed. */
export function lutOf(name: string): Lut {
  const known = made.get(name);
  if (known !== undefined) return known;
  const lut = rampTo(Object.hasOwn(RAMPS, name) ? RAMPS[name as LutName] : name);
  made.set(name, lut);
  return lut;
}

/** From blue over white (no difference) to red. */
export const DIFFERENCE_LUT: Lut = Uint32Array.from({ length: 256 }, (_, level) => {
  const away = (level - 127.5) / 127.5;
  const fade = (end: number): number => Math.round(247 + (end - 247) * Math.abs(away));
  return away < 0 ? packColor(fade(33), fade(102), fade(172)) : packColor(fade(178), fade(24), fade(43));
});
