import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundsOf, colorsOfAll, rankFinder, rankIn } from "../../../webview/draw/levels";
import { lutOf } from "../../../webview/draw/luts";
import { levelOf } from "../../../webview/draw/renderer";
import type { Scale } from "../../../webview/draw/renderer";
import { boundKeys } from "../../../webview/draw/webglSources";

const limit = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.double({ min: -1e-6, max: 1e-6, noNaN: true }),
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.constantFrom(0, -0, 1, 255, 65535, 1e300, -1e300),
);
const scales = fc
  .tuple(limit, limit, fc.constantFrom(1, 1, 0.5, 2, 0.45))
  .map(([low, high, gamma]): Scale => ({ limits: { low, high }, gamma }));
const ranked = (scale: Scale, value: number): number =>
  scale.limits.low > scale.limits.high ? 255 - levelOf(value, scale) : levelOf(value, scale);

/** Values of all sorts, with the bounds themselves and their neighbours among them. */
function valuesFor(scale: Scale): number[] {
  const { low, high } = scale.limits;
  const bounds = [...boundsOf(scale).bounds];
  const between = Array.from({ length: 100 }, (_, i) => low + ((high - low) * (i - 10)) / 80);
  return [...bounds, ...between, ...bounds.map(Math.fround), low, high, 0, -0, Infinity, -Infinity];
}

describe("levels by bounds", () => {
  test("are those of levelOf, whatever the limits and gamma", () => {
    fc.assert(
      fc.property(scales, (scale) => {
        const fast = rankFinder(scale);
        for (const value of valuesFor(scale)) {
          const rank = ranked(scale, value);
          expect([rankIn(boundsOf(scale), value), fast(value)]).toEqual([rank, rank]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a table of all values of a type holds the colour of each", () => {
    const lut = lutOf("fire");
    const scale = { limits: { low: 9000.5, high: -20_000 }, gamma: 2 };
    const values = Int16Array.from({ length: 65_536 }, (_, i) => i);
    const table = colorsOfAll(values, lut, boundsOf(scale));
    const wrong = [...values].filter((value, i) => table[i] !== lut[levelOf(value, scale)]);
    expect(wrong).toEqual([]);
  });

  test.each([
    ["uint", 3e9, -5],
    ["int", -2e9, 2e9],
    ["float", -0.3, 0.7],
    ["float", 0, 0],
    ["double", 1e-300, -1],
  ] as const)("bits of %s between %d and %d reach as many bounds as the values", (painter, low, high) => {
    const scale = { limits: { low, high }, gamma: 1 };
    const levels = boundsOf(scale);
    const keys = boundKeys(painter, levels);
    const words = painter === "double" ? 2 : 1;
    const asKey = (at: number): bigint =>
      words === 2 ? (BigInt(keys[2 * at]) << 32n) | BigInt(keys[2 * at + 1]) : BigInt(keys[at]);
    for (const value of valuesFor(scale)) {
      const key = keyOf(painter, value);
      if (key === null) continue;
      const reached = Array.from({ length: keys.length / words }, (_, i) => asKey(i) <= key.key);
      expect(reached.filter(Boolean).length).toBe(rankIn(levels, key.value));
    }
  });
});

/** The value as pixels of a type hold it, and its place in the order of all of them. */
function keyOf(
  painter: "uint" | "int" | "float" | "double",
  given: number,
): { value: number; key: bigint } | null {
  const bits = new DataView(new ArrayBuffer(8));
  if (painter === "double" || painter === "float") {
    const width = painter === "double" ? 64 : 32;
    if (width === 64) bits.setFloat64(0, given);
    else bits.setFloat32(0, given);
    const word = width === 64 ? bits.getBigUint64(0) : BigInt(bits.getUint32(0));
    const top = 1n << BigInt(width - 1);
    const key = word >= top ? BigInt.asUintN(width, ~word) : word | top;
    return { value: width === 64 ? given : Math.fround(given), key };
  }
  if (!Number.isFinite(given)) return null;
  const value = painter === "uint" ? Math.round(given) >>> 0 : Math.round(given) | 0;
  return { value, key: BigInt(value) + (painter === "int" ? 2n ** 31n : 0n) };
}
