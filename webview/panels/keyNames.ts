/**
 * Keys as they are printed on keyboards.
 * @module
 */

const NAMES: Readonly<Record<string, string>> = {
  ArrowRight: "→",
  ArrowLeft: "←",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageDown: "Page Down",
  PageUp: "Page Up",
  Escape: "Esc",
};

/** A key as it is printed on keyboards. */
export function keyName(key: string): string {
  if (key.startsWith("Shift+")) return `Shift+${keyName(key.slice(6))}`;
  const shifted = /^[A-Z]$/.test(key.replace("Ctrl+", ""));
  if (shifted) return key.startsWith("Ctrl+") ? `Ctrl+Shift+${key.slice(5)}` : `Shift+${key}`;
  return (
    NAMES[key] ??
    (key.length === 1
      ? key.toUpperCase()
      : key.replace(/^Ctrl\+(.)$/, (_, letter: string) => `Ctrl+${letter.toUpperCase()}`))
  );
}
