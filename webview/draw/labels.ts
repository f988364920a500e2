/**
 * Colours of labels: the same for the same number, far apart for neighbouring ones.
 * @module
 */
import { packColor } from "./luts";
import type { Lut } from "./luts";

/** 2³² divided by the golden ratio: consecutive numbers land far from each other. */
export const LABEL_FACTOR = 2654435769;

function fromHue(hue: number, saturation: number, value: number): number {
  const channel = (shift: number): number => {
    const k = (shift + hue * 6) % 6;
    return Math.round(255 * value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return packColor(channel(5), channel(3), channel(1));
}

/** 256 colours: hues around the circle, neighbours of different saturation and brightness. */
export const LABEL_COLORS: Lut = Uint32Array.from({ length: 256 }, (_, i) =>
  fromHue(i / 256, [0.9, 0.55, 0.75][i % 3], [1, 0.82, 0.66, 0.92][i % 4]),
);

/** The colour of a label; labels are taken as 32-bit integers, 0 has none. */
export function labelColor(label: number): number {
  return label === 0 ? 0 : LABEL_COLORS[Math.imul(label, LABEL_FACTOR) >>> 24];
}

/** The colour of labels that are not picked while another one is. */
export function dimmed(color: number): number {
  const dim = (shift: number): number => ((color >>> shift) & 0xff) >> 2;
  return packColor(dim(0), dim(8), dim(16));
}
