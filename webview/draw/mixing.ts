/**
 * Arithmetic of layers that lie over each other, the same for everything that draws.
 * @module
 */
import { packColor } from "./luts";
import type { Lut } from "./luts";

const KEPT_MIXES = 8;

/** Colours as `add` sums them: each channel times the opacity, rounded. */
export function weakened(lut: Lut, opacity: number): Lut {
  if (opacity === 1) return lut;
  const weak = (color: number, shift: number): number => Math.round(((color >>> shift) & 0xff) * opacity);
  return lut.map((color) => packColor(weak(color, 0), weak(color, 8), weak(color, 16)));
}

const kept = new Map<number, Uint8Array>();

/**
 * What becomes of a channel `from` that is covered by `to`: at 256 · from + to. The same memory for the same opacity,
 * not to be changed.
 */
export function mixesOf(opacity: number): Uint8Array {
  const known = kept.get(opacity);
  if (known !== undefined) return known;
  const mixes = new Uint8Array(65_536);
  for (let from = 0; from < 256; from++)
    for (let to = 0; to < 256; to++) mixes[256 * from + to] = Math.round(from + (to - from) * opacity);
  kept.set(opacity, mixes);
  if (kept.size > KEPT_MIXES) kept.delete(kept.keys().next().value ?? 0);
  return mixes;
}

/** Alpha of a translucent layer that nothing lies below. */
export function alphaAlone(opacity: number): number {
  return Math.round(255 * opacity);
}
