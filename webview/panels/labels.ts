/**
 * Labels: the one that is picked, those that are hidden.
 * @module
 */
import { element, inputElement } from "../dom";
import { labelColor } from "../draw/labels";
import type { ViewerState } from "../state";
import { formatValue } from "../texts";
import { makeButton } from "../toolkit";
import type { Panel, PanelContext } from "./panel";

const NOTE =
  "A label has the same colour in every slice and every file. Click one in the picture to pick it; 0 is background.";

/** Builds the part. */
export function makeLabelsPart(context: PanelContext): Panel {
  const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
  const number = inputElement({
    id: "channels-label",
    type: "number",
    step: "1",
    placeholder: "none",
    "aria-label": "Picked label",
    title: "Number of the label that is picked; empty for none",
  });
  number.addEventListener("change", () => {
    const label = number.valueAsNumber;
    const pickedLabel = Number.isSafeInteger(label) && label !== 0 ? label : null;
    context.change("pick", (state) => ({ ...state, pickedLabel }));
  });
  const hide = makeButton(
    { id: "channels-hide-label", text: "Hide this label", title: "Does not draw the picked label" },
    false,
    () => context.change("hide label", hidePicked),
  );
  const showAll = makeButton(
    { id: "channels-show-labels", text: "Show all", title: "Draws all labels again" },
    false,
    () => context.change("hide label", (state) => ({ ...state, hiddenLabels: [] })),
  );
  const list = element("ul", { class: "hidden-labels", "aria-label": "Hidden labels" });
  const title = element("h3", {}, "Hidden labels");
  let listed: readonly number[] | null = null;
  const showOne = (label: number): void =>
    context.change("hide label", (state) => ({
      ...state,
      hiddenLabels: state.hiddenLabels.filter((one) => one !== label),
    }));
  return {
    element: element(
      "section",
      { "aria-label": "Labels" },
      element("h3", {}, "Picked label"),
      element("div", { class: "field" }, swatch, number, hide),
      title,
      list,
      element("div", { class: "buttons" }, showAll),
      element("p", { class: "small-note" }, NOTE),
    ),
    show: ({ state: { pickedLabel, hiddenLabels } }) => {
      paint(swatch, pickedLabel);
      if (document.activeElement !== number) number.value = pickedLabel === null ? "" : String(pickedLabel);
      hide.toggleAttribute("disabled", pickedLabel === null || hiddenLabels.includes(pickedLabel));
      const isEmpty = hiddenLabels.length === 0;
      for (const part of [title, list, showAll]) part.hidden = isEmpty;
      if (listed === hiddenLabels) return;
      listed = hiddenLabels;
      list.replaceChildren(...hiddenLabels.map((label) => hiddenRow(label, showOne)));
    },
  };
}

/** The state in which the picked label is hidden and none is picked. */
function hidePicked(state: ViewerState): ViewerState {
  const { pickedLabel, hiddenLabels } = state;
  return pickedLabel === null || hiddenLabels.includes(pickedLabel)
    ? state
    : { ...state, pickedLabel: null, hiddenLabels: [...hiddenLabels, pickedLabel] };
}

function hiddenRow(label: number, show: (label: number) => void): HTMLElement {
  const swatch = element("span", { class: "swatch", "aria-hidden": "true" });
  paint(swatch, label);
  const button = makeButton(
    { id: `channels-show-${label}`, text: "Show", title: `Draws label ${label} again` },
    false,
    () => show(label),
  );
  button.setAttribute("aria-label", `Show label ${label}`);
  return element("li", {}, swatch, element("span", {}, formatValue(label)), button);
}

/** Fills a swatch with the colour of a label. */
function paint(swatch: HTMLElement, label: number | null): void {
  swatch.classList.toggle("empty", label === null);
  const color = label === null ? 0 : labelColor(label);
  const [red, green, blue] = [0, 8, 16].map((shift) => (color >>> shift) & 0xff);
  swatch.style.backgroundColor = label === null ? "" : `rgb(${red}, ${green}, ${blue})`;
}
