/**
 * Length units as image files spell them.
 * @module
 */

const MICROMETRE = "µm";

const SPELLINGS: Record<string, string> = {
  "\u00b5m": MICROMETRE,
  "\u03bcm": MICROMETRE,
  um: MICROMETRE,
  micron: MICROMETRE,
  microns: MICROMETRE,
  micrometer: MICROMETRE,
  micrometers: MICROMETRE,
  micrometre: MICROMETRE,
  "\\u00b5m": MICROMETRE,
  "\\u03bcm": MICROMETRE,
};

const METRES: Record<string, number> = {
  m: 1,
  dm: 1e-1,
  cm: 1e-2,
  mm: 1e-3,
  [MICROMETRE]: 1e-6,
  nm: 1e-9,
  pm: 1e-12,
  Å: 1e-10,
  inch: 0.0254,
  in: 0.0254,
};

/** The unit with one spelling of micrometre (`µm`, micro sign U+00B5); others as written, trimmed. */
export function normalUnit(text: string): string {
  const trimmed = text.trim();
  return SPELLINGS[trimmed.toLowerCase()] ?? trimmed;
}

/** `value` given in unit `from` as a number in unit `to`; null when one of them is no known length. */
export function convertLength(value: number, from: string, to: string): number | null {
  if (from === to) return value;
  const a = METRES[from];
  const b = METRES[to];
  return a === undefined || b === undefined ? null : value * (a / b);
}
