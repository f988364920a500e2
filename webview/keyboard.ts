/**
 * The keys of the viewer: those of Fiji where Fiji has one.
 * @module
 */
import type { SlidingAxis } from "./state";

/** What keys can do. */
export interface KeyActions {
  step(axis: SlidingAxis, by: number): void;
  jump(axis: SlidingAxis, to: "first" | "last"): void;
  zoomBy(factor: number): void;
  fit(): void;
  oneToOne(): void;
  autoContrast(): void;
}

/** The action of a key, or null when the viewer does not use it. */
export function actionOf(key: string, actions: KeyActions): (() => void) | null {
  const table: Readonly<Record<string, () => void>> = {
    ArrowRight: () => actions.step("z", 1),
    ArrowLeft: () => actions.step("z", -1),
    ".": () => actions.step("z", 1),
    ",": () => actions.step("z", -1),
    ">": () => actions.step("z", 1),
    "<": () => actions.step("z", -1),
    PageDown: () => actions.step("z", 10),
    PageUp: () => actions.step("z", -10),
    Home: () => actions.jump("z", "first"),
    End: () => actions.jump("z", "last"),
    c: () => actions.step("c", 1),
    C: () => actions.step("c", -1),
    t: () => actions.step("t", 1),
    T: () => actions.step("t", -1),
    "+": () => actions.zoomBy(Math.SQRT2),
    "=": () => actions.zoomBy(Math.SQRT2),
    "-": () => actions.zoomBy(1 / Math.SQRT2),
    "0": () => actions.fit(),
    "1": () => actions.oneToOne(),
    a: () => actions.autoContrast(),
  };
  return Object.hasOwn(table, key) ? table[key] : null;
}

/** Whether the element with the focus needs the key for itself. */
function keepsKey(target: EventTarget | undefined, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches("input[type=range]")) return /^(Arrow|Page|Home|End)/.test(key);
  return target.closest("input, vscode-dropdown") !== null;
}

/** Listens to the whole page; fields that take text keep their keys. */
export function listenToKeys(actions: KeyActions): void {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (keepsKey(event.composedPath()[0], event.key)) return;
    const action = actionOf(event.key, actions);
    if (action === null) return;
    event.preventDefault();
    action();
  });
}
