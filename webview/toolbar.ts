/**
 * The row of buttons above the picture.
 * @module
 */
import { PROJECTION_METHODS } from "../src/protocol/viewer";
import type { ContrastLimits, ContrastMethod, ProjectionMethod, ViewerCommand } from "../src/protocol/viewer";
import type { Limits } from "./draw/renderer";
import { element, inputElement } from "./dom";
import type { DisplayMode, Tool, ViewerState } from "./state";
import { formatValue, modeNames } from "./texts";
import { makeButton, makeChoice, makeToggle } from "./toolkit";

/** What the toolbar can do. */
export interface ToolbarActions {
  run(command: ViewerCommand): void;
  autoContrast(): void;
  setMethod(method: ContrastMethod): void;
  setKeep(isKept: boolean): void;
  setLimits(limits: Limits): void;
  setMode(mode: DisplayMode): void;
  setProjection(method: ProjectionMethod | null): void;
  toggleOrthogonal(): void;
  chooseTool(tool: Tool): void;
  toggleSide(): void;
  help(): void;
  zoomBy(factor: number): void;
  fit(): void;
  oneToOne(): void;
}

/** The toolbar and how to tell it what is shown. */
export interface Toolbar {
  readonly element: HTMLElement;
  showContrast(limits: Limits, extremes: ContrastLimits | null): void;
  show(state: ViewerState): void;
  showZoom(zoom: number): void;
}

/** What the buttons depend on. */
export interface ToolbarFacts {
  /** False in Restricted Mode, where the button only offers to change that. */
  readonly canPredict: boolean;
  /** Slices and channels of the stack. */
  readonly depth: number;
  readonly channels: number;
}

const METHODS: Readonly<Record<ContrastMethod, string>> = {
  auto: "ImageJ Auto",
  percentile: "Percentiles",
  minmax: "Min – max",
};

const PROJECTIONS: Readonly<Record<ProjectionMethod | "none", string>> = {
  none: "Slice",
  max: "Maximum",
  mean: "Mean",
  sum: "Sum",
};

const TOOL_NAMES: Readonly<Record<Tool, string>> = { move: "Move", line: "Line", rectangle: "Rectangle" };

const PREDICT_TITLE = "Run a network over this stack, tile by tile";

/** Builds the toolbar. */
export function makeToolbar(actions: ToolbarActions, facts: ToolbarFacts): Toolbar {
  const predict = makeButton(
    {
      id: "predict",
      text: "Predict Tiled…",
      title: facts.canPredict ? PREDICT_TITLE : `${PREDICT_TITLE} (needs a trusted folder)`,
    },
    true,
    () => actions.run("predictTiled"),
  );
  const explain = makeButton(
    { id: "explain", text: "Explain Tiling…", title: "How this stack would be cut into tiles, and why" },
    false,
    () => actions.run("explainTiling"),
  );
  const contrast = makeContrast(actions);
  const view = makeView(actions, facts);
  const zoom = makeZoom(actions);
  const side = makePressed(
    { id: "toggle-side", text: "Panel", title: "Channels, measurements, layers, metadata (I)" },
    () => actions.toggleSide(),
  );
  const help = makeButton({ id: "open-help", text: "?", title: "All keys (H)" }, false, () => actions.help());
  help.setAttribute("aria-label", "Help");
  const bar = element("div", { id: "toolbar", role: "toolbar", "aria-label": "Stack viewer" });
  bar.append(
    group("Prediction", predict, explain),
    contrast.element,
    view.element,
    zoom.element,
    group("Panels", side.element, help),
  );
  return {
    element: bar,
    showContrast: contrast.show,
    show: (state) => {
      contrast.showMethod(state.method, state.keepContrast);
      contrast.element.hidden = state.mode === "labels";
      view.show(state);
      side.set(state.side !== null);
    },
    showZoom: zoom.show,
  };
}

function group(name: string, ...children: HTMLElement[]): HTMLElement {
  return element("div", { class: "group", role: "group", "aria-label": name }, ...children);
}

/** A button that stays down. */
function makePressed(
  wording: { readonly id: string; readonly text: string; readonly title: string },
  press: () => void,
): { readonly element: HTMLElement; readonly set: (isOn: boolean) => void } {
  const button = makeButton(wording, false, press);
  return {
    element: button,
    set: (isOn) => {
      button.setAttribute("aria-pressed", String(isOn));
      button.classList.toggle("pressed", isOn);
    },
  };
}

function makeView(
  actions: ToolbarActions,
  { depth, channels }: ToolbarFacts,
): { readonly element: HTMLElement; readonly show: (state: ViewerState) => void } {
  const mode = makeChoice(
    { id: "mode", text: "Display mode", title: "How values become colours (M)" },
    modeNames(channels),
    (value) => actions.setMode(value as DisplayMode),
  );
  const projection = makeChoice(
    { id: "projection", text: "Projection", title: "One slice, or several projected along depth (P)" },
    PROJECTIONS,
    (value) => actions.setProjection(PROJECTION_METHODS.find((method) => method === value) ?? null),
  );
  const orthogonal = makePressed({ id: "orthogonal", text: "XZ/YZ", title: "Orthogonal views (O)" }, () =>
    actions.toggleOrthogonal(),
  );
  const tool = makeChoice(
    {
      id: "tool",
      text: "Tool",
      title: "What dragging does: move (V), line profile (L), statistics of a rectangle (B)",
    },
    TOOL_NAMES,
    (value) => actions.chooseTool(value as Tool),
  );
  const isDeep = depth > 1;
  return {
    element: group(
      "View",
      mode.element,
      ...(isDeep ? [projection.element, orthogonal.element] : []),
      tool.element,
    ),
    show: (state) => {
      mode.set(channels > 1 || state.mode === "labels" ? state.mode : "color");
      projection.set(state.projection?.method ?? "none");
      orthogonal.set(state.isOrthogonal);
      tool.set(state.tool);
    },
  };
}

function makeContrast(actions: ToolbarActions): {
  readonly element: HTMLElement;
  readonly show: Toolbar["showContrast"];
  readonly showMethod: (method: ContrastMethod, isKept: boolean) => void;
} {
  const pair = makeLimitPair(actions);
  const auto = makeButton(
    { id: "auto", text: "Auto", title: "Choose contrast as ImageJ's Auto does; press again for more (A)" },
    false,
    () => actions.autoContrast(),
  );
  const method = makeChoice(
    { id: "method", text: "Contrast method", title: "How contrast is chosen for each plane" },
    METHODS,
    (value) => actions.setMethod(value as ContrastMethod),
  );
  const keep = makeToggle(
    { id: "keep", text: "Keep", title: "Keep the limits when the plane changes" },
    (isOn) => actions.setKeep(isOn),
  );
  const caption = element("span", { class: "caption" }, "Contrast");
  return {
    element: group("Contrast", caption, auto, method.element, pair.element, keep.element),
    show: pair.show,
    showMethod: (value, isKept) => {
      method.set(value);
      keep.set(isKept);
    },
  };
}

/** The fields for the values shown black and white. */
function makeLimitPair(actions: ToolbarActions): {
  readonly element: HTMLElement;
  readonly show: Toolbar["showContrast"];
} {
  const low = limitInput("low", "Value shown black");
  const high = limitInput("high", "Value shown white");
  let shown: Limits = { low: 0, high: 1 };
  const write = (limits: Limits): void => {
    shown = limits;
    if (document.activeElement !== low) low.value = formatLimit(limits.low);
    if (document.activeElement !== high) high.value = formatLimit(limits.high);
  };
  for (const [input, end] of [
    [low, "low"],
    [high, "high"],
  ] as const) {
    input.addEventListener("change", () => {
      if (!Number.isFinite(input.valueAsNumber)) return;
      shown = { ...shown, [end]: input.valueAsNumber };
      actions.setLimits(shown);
    });
    input.addEventListener("blur", () => write(shown));
  }
  return {
    element: element("span", { class: "pair" }, low, element("span", { "aria-hidden": "true" }, "–"), high),
    show: (limits, extremes) => {
      write(limits);
      const range =
        extremes === null
          ? ""
          : ` This plane has ${formatValue(extremes.min)} to ${formatValue(extremes.max)}.`;
      low.title = `Value shown black.${range}`;
      high.title = `Value shown white.${range}`;
    },
  };
}

/** Short enough for its field. */
function formatLimit(value: number): string {
  return formatValue(Number.isInteger(value) ? value : Number(value.toPrecision(5)));
}

function limitInput(id: string, label: string): HTMLInputElement {
  return inputElement({ id, type: "number", step: "any", "aria-label": label, title: label });
}

function makeZoom(actions: ToolbarActions): {
  readonly element: HTMLElement;
  readonly show: (zoom: number) => void;
} {
  const text = element("output", { id: "zoom", "aria-label": "Zoom" }, "");
  const out = makeButton({ id: "zoom-out", text: "−", title: "Zoom out (−)" }, false, () =>
    actions.zoomBy(1 / Math.SQRT2),
  );
  const into = makeButton({ id: "zoom-in", text: "+", title: "Zoom in (+)" }, false, () =>
    actions.zoomBy(Math.SQRT2),
  );
  const fit = makeButton({ id: "fit", text: "Fit", title: "Show the whole plane (0)" }, false, () =>
    actions.fit(),
  );
  const one = makeButton(
    { id: "one", text: "1:1", title: "One screen pixel per image pixel (1)" },
    false,
    () => actions.oneToOne(),
  );
  out.setAttribute("aria-label", "Zoom out");
  into.setAttribute("aria-label", "Zoom in");
  return {
    element: group("Zoom", element("span", { class: "caption" }, "Zoom"), out, text, into, fit, one),
    show: (zoom) => {
      text.textContent = `${zoom < 0.1 ? (zoom * 100).toFixed(1) : Math.round(zoom * 100)} %`;
    },
  };
}
