/**
 * One slider for each of channel, slice and time that the stack has.
 * @module
 */
import type { PlaneIndex, StackDescription } from "../src/protocol/viewer";
import { element, inputElement } from "./dom";
import { SLIDING_AXES } from "./state";
import type { SlidingAxis } from "./state";

const NAMES: Readonly<Record<SlidingAxis, { readonly label: string; readonly title: string }>> = {
  c: { label: "Channel", title: "Channel, from 0 (C and Shift+C)" },
  z: { label: "Z slice", title: "Slice, from 0 (← and →, or comma and full stop)" },
  t: { label: "Time", title: "Time point, from 0 (T and Shift+T)" },
};

/** The sliders and how to tell them which plane is shown. */
export interface Sliders {
  readonly element: HTMLElement;
  show(plane: PlaneIndex): void;
}

/** Builds sliders for the axes that are longer than 1. */
export function makeSliders(
  description: StackDescription,
  choose: (axis: SlidingAxis, index: number) => void,
): Sliders {
  const box = element("div", { id: "sliders" });
  const rows = SLIDING_AXES.filter((axis) => description.lengths[axis] > 1).map((axis) => {
    const row = makeRow(axis, description, (index) => choose(axis, index));
    box.append(row.element);
    return { axis, row };
  });
  box.hidden = rows.length === 0;
  return {
    element: box,
    show: (plane) => {
      for (const { axis, row } of rows) row.show(plane[axis]);
    },
  };
}

function makeRow(
  axis: SlidingAxis,
  { lengths, channels }: StackDescription,
  choose: (index: number) => void,
): { readonly element: HTMLElement; readonly show: (index: number) => void } {
  const { label, title } = NAMES[axis];
  const last = lengths[axis] - 1;
  const common = { min: "0", max: String(last), step: "1", title };
  const range = inputElement({ ...common, type: "range", id: `${axis}-slider`, "aria-label": label });
  const number = inputElement({
    ...common,
    type: "number",
    id: `${axis}-number`,
    "aria-label": `${label} number`,
  });
  const name = element("span", { class: "note" }, "");
  range.addEventListener("input", () => choose(range.valueAsNumber));
  number.addEventListener("change", () => {
    if (Number.isFinite(number.valueAsNumber))
      choose(Math.min(last, Math.max(0, Math.round(number.valueAsNumber))));
  });
  const row = element(
    "div",
    { class: "slider" },
    element("span", { class: "axis", title }, axis.toUpperCase()),
  );
  row.append(range, number, element("span", { class: "of" }, `/ ${last}`), name);
  return {
    element: row,
    show: (index) => {
      range.value = String(index);
      number.value = String(index);
      name.textContent = axis === "c" ? (channels[index]?.name ?? "") : "";
      range.setAttribute("aria-valuetext", `${label} ${index} of 0 to ${last} ${name.textContent}`.trim());
      range.style.setProperty("--filled", `${(100 * index) / Math.max(1, last)}%`);
    },
  };
}
