/**
 * The row of buttons above the picture.
 * @module
 */
import type { ContrastLimits, ContrastMethod, ViewerCommand } from "../src/protocol/viewer";
import { element, inputElement } from "./dom";
import { formatValue } from "./state";
import type { Limits } from "./state";
import { makeButton, makeChoice, makeToggle } from "./toolkit";

/** What the toolbar can do. */
export interface ToolbarActions {
  run(command: ViewerCommand): void;
  autoContrast(): void;
  setMethod(method: ContrastMethod): void;
  setKeep(isKept: boolean): void;
  setLimits(limits: Limits): void;
  zoomBy(factor: number): void;
  fit(): void;
  oneToOne(): void;
}

/** The toolbar and how to tell it what is shown. */
export interface Toolbar {
  readonly element: HTMLElement;
  showContrast(limits: Limits, extremes: ContrastLimits | null): void;
  showMethod(method: ContrastMethod, isKept: boolean): void;
  showZoom(zoom: number): void;
}

const METHODS: Readonly<Record<ContrastMethod, string>> = {
  auto: "ImageJ Auto",
  percentile: "0.3–99.7 %",
  minmax: "Min – max",
};

const PREDICT_TITLE = "Run a network over this stack, tile by tile";

/**
 * Builds the toolbar.
 *
 * @param canPredict false in Restricted Mode, where the button only offers to change that
 */
export function makeToolbar(actions: ToolbarActions, canPredict: boolean): Toolbar {
  const predict = makeButton(
    {
      id: "predict",
      text: "Predict Tiled…",
      title: canPredict ? PREDICT_TITLE : `${PREDICT_TITLE} (needs a trusted folder)`,
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
  const zoom = makeZoom(actions);
  const bar = element("div", { id: "toolbar", role: "toolbar", "aria-label": "Stack viewer" });
  bar.append(group("Prediction", predict, explain), contrast.element, zoom.element);
  return { element: bar, showContrast: contrast.show, showMethod: contrast.showMethod, showZoom: zoom.show };
}

function group(name: string, ...children: HTMLElement[]): HTMLElement {
  return element("div", { class: "group", role: "group", "aria-label": name }, ...children);
}

function makeContrast(actions: ToolbarActions): {
  readonly element: HTMLElement;
  readonly show: Toolbar["showContrast"];
  readonly showMethod: Toolbar["showMethod"];
} {
  const pair = makeLimitPair(actions);
  const auto = makeButton(
    { id: "auto", text: "Auto", title: "Automatic contrast (A); again for more" },
    false,
    () => actions.autoContrast(),
  );
  const method = makeChoice(
    { id: "method", text: "How contrast is chosen", title: "How contrast is chosen" },
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
