/**
 * Colours of the theme, for what is drawn and cannot be styled.
 * @module
 */

/** Red, green, blue, 0…255. */
type Rgb = readonly [number, number, number];

/** Colours of a page, as CSS colours. */
export interface PageColors {
  readonly text: string;
  readonly quiet: string;
  readonly ground: string;
  readonly grid: string;
}

const LEAST_CONTRAST = 2.6;

/** The colours of the page as it is now. */
export function pageColors(): PageColors {
  const style = getComputedStyle(document.body);
  const text = style.color;
  const quiet = style.getPropertyValue("--vscode-descriptionForeground").trim() || text;
  const ground = style.backgroundColor;
  return { text, quiet, ground, grid: mixed(parseColor(text), parseColor(ground), 0.18) };
}

/** A colour, moved towards that of the text as far as it takes to be seen on the ground. */
export function readableOn(color: string, { text, ground }: Pick<PageColors, "text" | "ground">): string {
  const [from, to, under] = [color, text, ground].map(parseColor);
  for (let share = 0; share < 1; share += 0.1) {
    const candidate = mixed(to, from, share);
    if (contrast(parseColor(candidate), under) >= LEAST_CONTRAST) return candidate;
  }
  return mixed(to, from, 1);
}

/** Calls back whenever the theme changes; returns what ends it. */
export function onThemeChange(react: () => void): () => void {
  const observer = new MutationObserver(react);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  return () => observer.disconnect();
}

/** `#rrggbb` or `rgb(…)`; black for anything else. */
function parseColor(color: string): Rgb {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(color);
  if (hex !== null)
    return [hex[1], hex[2], hex[3]].map((part) => Number.parseInt(part, 16)) as unknown as Rgb;
  const numbers = (color.match(/[\d.]+/g) ?? []).map(Number);
  return numbers.length >= 3 ? [numbers[0], numbers[1], numbers[2]] : [0, 0, 0];
}

/** `share` of a colour over another. */
function mixed(color: Rgb, ground: Rgb, share: number): string {
  return `rgb(${color.map((part, i) => Math.round(part * share + ground[i] * (1 - share))).join(", ")})`;
}

/** Contrast ratio 1…21 (WCAG 2.2, "contrast ratio" and "relative luminance"). */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = (color: Rgb): number => {
    const [red, green, blue] = color.map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark, light] = [luminance(a), luminance(b)].sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}
