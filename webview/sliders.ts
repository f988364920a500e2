/**
 * One slider for each of channel, slice and time that the stack has.
 * @module
 */
import type { PlaneIndex, StackDescription } from "../src/protocol/viewer";
import { element, inputElement } from "./dom";
import { SLIDING_AXES } from "./state";
import type { SlidingAxis } from "./state";

interface Name {
  /** In front of the slider. */
  readonly mark: string;
  readonly label: string;
  readonly title: string;
}

const SERIES: Name = { mark: "S", label: "Series", title: "Stack of the file, from 0" };

const NAMES: Readonly<Record<SlidingAxis, Name>> = {
  c: { mark: "C", label: "Channel", title: "Channel, from 0 (C and Shift+C)" },
  z: { mark: "Z", label: "Z slice", title: "Slice, from 0 (← and →, or comma and full stop)" },
  t: { mark: "T", label: "Time", title: "Time point, from 0 (T and Shift+T)" },
};

/** The sliders and how to tell them which plane is shown. */
export interface Sliders {
  readonly element: HTMLElement;
  show(plane: PlaneIndex): void;
}

/** What a slider was moved to. */
export interface SliderActions {
  choosePlane(axis: SlidingAxis, index: number): void;
  chooseSeries(index: number): void;
}

/** Builds sliders for the axes that are longer than 1, and one for the series of a file that holds several. */
export function makeSliders(description: StackDescription, actions: SliderActions): Sliders {
  const { lengths, channels, series } = description;
  const box = element("div", { id: "sliders" });
  if (series.count > 1) {
    const row = makeRow({ id: "series", name: SERIES, count: series.count, noteOf: () => "" }, (index) =>
      actions.chooseSeries(index),
    );
    row.show(series.index);
    box.append(row.element);
  }
  const rows = SLIDING_AXES.filter((axis) => lengths[axis] > 1).map((axis) => {
    const noteOf = (index: number): string => (axis === "c" ? (channels[index]?.name ?? "") : "");
    const row = makeRow({ id: axis, name: NAMES[axis], count: lengths[axis], noteOf }, (index) =>
      actions.choosePlane(axis, index),
    );
    box.append(row.element);
    return { axis, row };
  });
  box.hidden = box.childElementCount === 0;
  return {
    element: box,
    show: (plane) => {
      for (const { axis, row } of rows) row.show(plane[axis]);
    },
  };
}

interface RowSpec {
  readonly id: string;
  readonly name: Name;
  readonly count: number;
  /** What stands behind a number. */
  readonly noteOf: (index: number) => string;
}

function makeRow(
  { id, name: { mark, label, title }, count, noteOf }: RowSpec,
  choose: (index: number) => void,
): { readonly element: HTMLElement; readonly show: (index: number) => void } {
  const last = count - 1;
  const common = { min: "0", max: String(last), step: "1", title };
  const range = inputElement({ ...common, type: "range", id: `${id}-slider`, "aria-label": label });
  const number = inputElement({
    ...common,
    type: "number",
    id: `${id}-number`,
    "aria-label": `${label} number`,
  });
  const name = element("span", { class: "note" }, "");
  range.addEventListener("input", () => choose(range.valueAsNumber));
  number.addEventListener("change", () => {
    if (Number.isFinite(number.valueAsNumber))
      choose(Math.min(last, Math.max(0, Math.round(number.valueAsNumber))));
  });
  const row = element("div", { class: "slider" }, element("span", { class: "axis", title }, mark));
  row.append(range, number, element("span", { class: "of" }, `/ ${last}`), name);
  return {
    element: row,
    show: (index) => {
      range.value = String(index);
      number.value = String(index);
      name.textContent = noteOf(index);
      range.setAttribute("aria-valuetext", `${label} ${index} of 0 to ${last} ${name.textContent}`.trim());
      range.style.setProperty("--filled", `${(100 * index) / Math.max(1, last)}%`);
    },
  };
}
