/**
 * Number fields of the limits, slider and field of gamma.
 * @module
 */
import { element, inputElement } from "../dom";
import { arePercentiles } from "../../src/protocol/viewer";
import type { Percentiles } from "../../src/protocol/viewer";
import type { Limits } from "../draw/renderer";
import { newDragKind } from "../history";
import { formatValue } from "../texts";
import { GAMMA_RANGE, gammaAt, gammaShare } from "./contrastScale";
import type { LimitEnd } from "./contrastScale";

const GAMMA_STEPS = 200;

/** Fields that show something. */
export interface Fields<T> {
  readonly element: HTMLElement;
  show(value: T): void;
}

/** Smallest and largest value that is shown. */
export function makeLimitFields(choose: (limits: Limits) => void): Fields<Limits | null> {
  let shown: Limits | null = null;
  const fields = (["low", "high"] as const).map((end: LimitEnd) => {
    const label = end === "low" ? "Value shown black" : "Value shown white";
    const input = inputElement({
      id: `channels-${end}`,
      type: "number",
      step: "any",
      "aria-label": label,
      title: label,
    });
    input.addEventListener("change", () => {
      const value = input.valueAsNumber;
      if (shown !== null && Number.isFinite(value)) choose({ ...shown, [end]: value });
      else write();
    });
    input.addEventListener("blur", () => write());
    return { end, input };
  });
  const write = (): void => {
    for (const { end, input } of fields) {
      input.disabled = shown === null;
      if (document.activeElement !== input) input.value = shown === null ? "" : formatValue(shown[end]);
    }
  };
  const [low, high] = fields;
  return {
    element: element(
      "div",
      { class: "field" },
      element("span", {}, "Limits"),
      low.input,
      element("span", { class: "to", "aria-hidden": "true" }, "to"),
      high.input,
    ),
    show: (limits) => {
      const isSame = shown?.low === limits?.low && shown?.high === limits?.high;
      shown = limits;
      if (!isSame) write();
    },
  };
}

/** The two percentiles of the button of that name; others than those between which something lies are put back. */
export function makePercentileFields(choose: (percentiles: Percentiles) => void): Fields<Percentiles> {
  let shown: Percentiles = { low: 0, high: 100 };
  const fields = { low: makePercentileInput("low"), high: makePercentileInput("high") };
  const write = (): void => {
    for (const end of ["low", "high"] as const)
      if (document.activeElement !== fields[end]) fields[end].value = formatValue(shown[end]);
  };
  for (const end of ["low", "high"] as const) {
    fields[end].addEventListener("change", () => {
      const next = { ...shown, [end]: fields[end].valueAsNumber };
      if (arePercentiles(next)) choose(next);
      else fields[end].value = formatValue(shown[end]);
    });
    fields[end].addEventListener("blur", write);
  }
  return {
    element: element(
      "span",
      { class: "percentiles" },
      fields.low,
      element("span", { class: "to", "aria-hidden": "true" }, "to"),
      fields.high,
      element("span", { class: "to", "aria-hidden": "true" }, "%"),
    ),
    show: (percentiles) => {
      shown = percentiles;
      write();
    },
  };
}

function makePercentileInput(end: LimitEnd): HTMLInputElement {
  const [word, color] = end === "low" ? ["Low", "black"] : ["High", "white"];
  return inputElement({
    id: `channels-percentile-${end}`,
    type: "number",
    min: "0",
    max: "100",
    step: "0.1",
    "aria-label": `${word} percentile, per cent`,
    title: `${word} percentile: the value that it gives is shown ${color}`,
  });
}

/** Gamma; `choose` also hears of what kind the change is: a drag is one step for undo. */
export function makeGammaField(choose: (kind: string, gamma: number) => void): Fields<number> {
  const title = "Brightness = value to the power of gamma: below 1 shows dim values brighter";
  const range = inputElement({
    id: "channels-gamma-slider",
    type: "range",
    min: "0",
    max: String(GAMMA_STEPS),
    step: "1",
    "aria-label": "Gamma",
    title: `${title}. Double click for 1`,
  });
  const number = inputElement({
    id: "channels-gamma",
    type: "number",
    min: String(GAMMA_RANGE.from),
    max: String(GAMMA_RANGE.to),
    step: "any",
    "aria-label": "Gamma number",
    title,
  });
  let kind = "gamma";
  range.addEventListener("pointerdown", () => {
    kind = newDragKind();
  });
  range.addEventListener("change", () => {
    kind = "gamma";
  });
  range.addEventListener("input", () => choose(kind, gammaAt(range.valueAsNumber / GAMMA_STEPS)));
  range.addEventListener("dblclick", () => choose("gamma", 1));
  let shown = 1;
  const write = (): void => {
    if (document.activeElement !== number) number.value = formatValue(shown);
  };
  number.addEventListener("change", () => {
    const value = number.valueAsNumber;
    if (Number.isFinite(value)) choose("gamma", Math.min(GAMMA_RANGE.to, Math.max(GAMMA_RANGE.from, value)));
  });
  number.addEventListener("blur", write);
  return {
    element: element("div", { class: "field" }, element("span", {}, "Gamma"), range, number),
    show: (gamma) => {
      shown = gamma;
      const place = Math.round(gammaShare(gamma) * GAMMA_STEPS);
      range.value = String(place);
      range.style.setProperty("--filled", `${(100 * place) / GAMMA_STEPS}%`);
      range.setAttribute("aria-valuetext", formatValue(gamma));
      write();
    },
  };
}
