/**
 * The keys of the viewer: those of Fiji where Fiji has one. The help page and docs/viewer.md list this table.
 * @module
 */
import type { SlidingAxis } from "./state";

/** What keys can do. */
export interface KeyActions {
  step(axis: SlidingAxis, by: number): void;
  jump(axis: SlidingAxis, to: "first" | "last"): void;
  play(): void;
  zoomBy(factor: number): void;
  fit(): void;
  oneToOne(): void;
  autoContrast(): void;
  resetContrast(): void;
  toggleOrthogonal(): void;
  nextProjection(): void;
  nextMode(): void;
  toggleChannel(channel: number): void;
  chooseTool(tool: "move" | "line" | "rectangle"): void;
  clearShapes(): void;
  nextCompareMode(): void;
  flicker(): void;
  toggleTiles(): void;
  toggleSide(): void;
  undo(): void;
  redo(): void;
  copyValues(): void;
  savePicture(): void;
  saveViews(): void;
  help(): void;
  /** Moves what is looked at, in parts of the picture area. */
  look(right: number, down: number): void;
}

const LOOKS: Readonly<Record<string, { readonly right: number; readonly down: number }>> = {
  ArrowLeft: { right: -0.1, down: 0 },
  ArrowRight: { right: 0.1, down: 0 },
  ArrowUp: { right: 0, down: -0.1 },
  ArrowDown: { right: 0, down: 0.1 },
};

/** One line of the help page. */
export interface KeyEntry {
  /**
   * As `KeyboardEvent.key`, with `Ctrl+` in front where Ctrl (Cmd on macOS) is held, and `Shift+` in front of arrows where
   * Shift is.
   */
  readonly keys: readonly string[];
  readonly does: string;
  readonly run: (actions: KeyActions, key: string) => void;
}

/** Keys by topic. */
export const KEY_TABLE: Readonly<Record<string, readonly KeyEntry[]>> = {
  "Slices, channels, time": [
    { keys: ["ArrowRight", ".", ">"], does: "Next slice", run: (actions) => actions.step("z", 1) },
    { keys: ["ArrowLeft", ",", "<"], does: "Previous slice", run: (actions) => actions.step("z", -1) },
    { keys: ["PageDown"], does: "Ten slices on", run: (actions) => actions.step("z", 10) },
    { keys: ["PageUp"], does: "Ten slices back", run: (actions) => actions.step("z", -10) },
    { keys: ["Home"], does: "First slice", run: (actions) => actions.jump("z", "first") },
    { keys: ["End"], does: "Last slice", run: (actions) => actions.jump("z", "last") },
    { keys: ["c"], does: "Next channel", run: (actions) => actions.step("c", 1) },
    { keys: ["C"], does: "Previous channel", run: (actions) => actions.step("c", -1) },
    { keys: ["t"], does: "Next time point", run: (actions) => actions.step("t", 1) },
    { keys: ["T"], does: "Previous time point", run: (actions) => actions.step("t", -1) },
    { keys: ["\\"], does: "Play or stop", run: (actions) => actions.play() },
  ],
  View: [
    { keys: ["+", "="], does: "Zoom in", run: (actions) => actions.zoomBy(Math.SQRT2) },
    { keys: ["-"], does: "Zoom out", run: (actions) => actions.zoomBy(1 / Math.SQRT2) },
    { keys: ["0"], does: "Show the whole plane", run: (actions) => actions.fit() },
    { keys: ["1"], does: "One screen pixel per image pixel", run: (actions) => actions.oneToOne() },
    {
      keys: ["Shift+ArrowLeft", "Shift+ArrowRight", "Shift+ArrowUp", "Shift+ArrowDown"],
      does: "Move what is looked at",
      run: (actions, key) => actions.look(LOOKS[key].right, LOOKS[key].down),
    },
    { keys: ["o"], does: "Orthogonal views on or off", run: (actions) => actions.toggleOrthogonal() },
    { keys: ["p"], does: "Projection: none, maximum, mean, sum", run: (actions) => actions.nextProjection() },
    { keys: ["g"], does: "Tile grid on or off", run: (actions) => actions.toggleTiles() },
    { keys: ["i"], does: "Side panel on or off", run: (actions) => actions.toggleSide() },
  ],
  "Contrast and colour": [
    { keys: ["a"], does: "Auto contrast; again for more", run: (actions) => actions.autoContrast() },
    { keys: ["r"], does: "Reset contrast, gamma and LUT", run: (actions) => actions.resetContrast() },
    { keys: ["m"], does: "Gray, colour, composite, labels", run: (actions) => actions.nextMode() },
    {
      keys: ["2", "3", "4", "5", "6", "7", "8", "9"],
      does: "Show or hide channel 0 to 7 of a composite",
      run: (actions, key) => actions.toggleChannel(Number(key) - 2),
    },
  ],
  "Measure and compare": [
    { keys: ["v"], does: "Move tool", run: (actions) => actions.chooseTool("move") },
    { keys: ["l"], does: "Line tool: profile", run: (actions) => actions.chooseTool("line") },
    { keys: ["b"], does: "Rectangle tool: statistics", run: (actions) => actions.chooseTool("rectangle") },
    { keys: ["Escape"], does: "Remove line and rectangle", run: (actions) => actions.clearShapes() },
    {
      keys: ["x"],
      does: "Compare: the next way",
      run: (actions) => actions.nextCompareMode(),
    },
    { keys: ["f"], does: "Flicker: the other stack", run: (actions) => actions.flicker() },
    { keys: ["Ctrl+c"], does: "Copy values", run: (actions) => actions.copyValues() },
    { keys: ["s"], does: "Save the view as PNG", run: (actions) => actions.savePicture() },
    {
      keys: ["S"],
      does: "Save all views as one PNG",
      run: (actions) => actions.saveViews(),
    },
    { keys: ["Ctrl+z"], does: "Undo", run: (actions) => actions.undo() },
    { keys: ["Ctrl+y", "Ctrl+Z"], does: "Redo", run: (actions) => actions.redo() },
    { keys: ["?", "h"], does: "This help", run: (actions) => actions.help() },
  ],
};

/** The entry of a key, or null when the viewer does not use it. */
export function entryOf(key: string): KeyEntry | null {
  return (
    Object.values(KEY_TABLE)
      .flat()
      .find(({ keys }) => keys.includes(key)) ?? null
  );
}

/** Whether the element with the focus, or one around it, needs the key for itself. */
function keepsKey(path: readonly EventTarget[], key: string): boolean {
  const around = path.filter((target) => target instanceof HTMLElement);
  const moves = "input[type=range], [role=slider], [role=radio], [role=tab]";
  if (around[0]?.matches(moves)) return /^(Arrow|Page|Home|End)/.test(key);
  return around.some((target) => target.matches("input, textarea, vscode-dropdown, dialog"));
}

/**
 * Listens to the whole page; fields that take text keep their keys. Whether the default is prevented says nothing:
 * VS Code prevents that of Ctrl+Z before it gets here.
 */
export function listenToKeys(actionsNow: () => KeyActions | null): void {
  window.addEventListener("keydown", (event) => {
    if (event.altKey) return;
    const plain = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
    const key = event.ctrlKey || event.metaKey ? `Ctrl+${plain}` : plain;
    if (keepsKey(event.composedPath(), event.key)) return;
    if (key === "Ctrl+c" && getSelection()?.isCollapsed === false) return;
    const entry = entryOf(key);
    const actions = actionsNow();
    if (entry === null || actions === null) return;
    event.preventDefault();
    entry.run(actions, event.key);
  });
}
