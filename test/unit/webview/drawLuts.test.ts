import { describe, expect, test } from "vitest";
import { LUT_LABELS, LUT_NAMES, lutOf } from "../../../webview/draw/luts";
import type { LutName } from "../../../webview/draw/luts";

const AT = [0, 1, 64, 127, 128, 200, 255];
const rgb = (word: number): string => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255].join(" ");

/**
 * Golden numbers at the levels `AT`: matplotlib's as `colormaps[name](levels, bytes=True)` of matplotlib 3.11.2 gives
 * them; ImageJ's by the arithmetic of ij.plugin.LutLoader (spectrum in single precision, computed with NumPy).
 */
const GOLDEN: Partial<Record<LutName, readonly string[]>> = {
  fire: ["0 0 0", "0 0 7", "146 0 210", "238 76 0", "240 79 0", "255 219 0", "255 255 255"],
  ice: ["0 156 140", "0 157 140", "50 171 234", "215 91 245", "217 92 245", "250 54 114", "230 0 27"],
  spectrum: ["255 0 0", "255 6 0", "126 255 0", "0 255 252", "0 252 255", "180 0 255", "255 0 0"],
  rgb332: ["0 0 0", "0 0 64", "64 0 0", "96 224 192", "128 0 0", "192 64 0", "224 224 192"],
  viridis: ["68 1 84", "68 2 85", "58 82 139", "32 143 140", "32 144 140", "112 206 86", "253 231 36"],
  magma: ["0 0 3", "0 0 4", "80 18 123", "181 54 121", "182 54 121", "253 151 104", "251 252 191"],
  inferno: ["0 0 3", "0 0 4", "87 15 109", "186 54 85", "187 55 84", "251 157 6", "252 254 164"],
  plasma: ["12 7 134", "16 7 135", "126 3 167", "202 70 120", "203 71 119", "250 160 57", "239 248 33"],
  cividis: ["0 34 77", "0 35 79", "67 78 107", "123 123 119", "124 123 120", "196 180 104", "253 231 55"],
  turbo: ["48 18 59", "49 21 66", "40 187 235", "161 252 61", "164 252 59", "244 101 22", "122 4 2"],
};

describe("LUTs", () => {
  test.each(Object.entries(GOLDEN))("%s has the published colours", (name, colors) => {
    expect(AT.map((level) => rgb(lutOf(name)[level]))).toEqual(colors);
  });

  test.each(LUT_NAMES)("%s has 256 opaque colours and a name for people", (name) => {
    const lut = lutOf(name);
    expect(lut).toHaveLength(256);
    expect(lut.every((color) => color >>> 24 === 255)).toBe(true);
    expect(new Set(lut).size).toBeGreaterThan(200);
    expect(LUT_LABELS[name]).toMatch(/\S/);
  });

  test("Grays, HiLo and the ramps are what their names say", () => {
    expect([1, 77, 254].map((level) => lutOf("hilo")[level] === lutOf("gray")[level])).toEqual([
      true,
      true,
      true,
    ]);
    expect([0, 255].map((level) => rgb(lutOf("hilo")[level]))).toEqual(["0 0 255", "255 0 0"]);
    expect(rgb(lutOf("magenta")[100])).toBe("100 0 100");
    expect(rgb(lutOf("#ff8000")[255])).toBe("255 128 0");
    expect(lutOf("viridis")).toBe(lutOf("viridis"));
  });
});
