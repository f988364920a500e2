/**
 * One slider for each of channel, slice and time that the stack has; two ends in place of the slice for a projection.
 * @module
 */
import type { StackDescription } from "../src/protocol/viewer";
import type { Interval } from "../src/volume/region";
import { element, inputElement } from "./dom";
import { SLIDING_AXES } from "./state";
import type { SlidingAxis, ViewerState } from "./state";

interface Name {
  /** In front of the slider. */
  readonly mark: string;
  readonly label: string;
  readonly title: string;
}

const SERIES: Name = {
  mark: "Series",
  label: "Series",
  title: "Stack of the file, from 1 (--series of the command line counts from 0)",
};

const NAMES: Readonly<Record<SlidingAxis, Name>> = {
  c: { mark: "C", label: "Channel", title: "Channel, from 0 (C and Shift+C)" },
  z: { mark: "Z", label: "Z slice", title: "Slice, from 0 (← and →, or comma and full stop)" },
  t: { mark: "T", label: "Time", title: "Time point, from 0 (T and Shift+T)" },
};

/** The sliders and how to tell them what is shown. */
export interface Sliders {
  readonly element: HTMLElement;
  show(state: ViewerState): void;
  /** Which axis plays; null when none does. */
  showPlaying(axis: SlidingAxis | null): void;
}

/** What a slider was moved to. */
export interface SliderActions {
  choosePlane(axis: SlidingAxis, index: number): void;
  chooseSeries(index: number): void;
  /** First and last slice of the projection. */
  chooseRange(range: Interval): void;
  play(axis: SlidingAxis): void;
}

/** Builds sliders for the axes that are longer than 1, and one for the series of a file that holds several. */
export function makeSliders(description: StackDescription, actions: SliderActions): Sliders {
  const { lengths, channels, series } = description;
  const box = element("div", { id: "sliders" });
  if (series.count > 1) {
    const spec = { id: "series", name: SERIES, count: series.count, first: 1, noteOf: () => "" };
    const row = makeRow(spec, (index) => actions.chooseSeries(index));
    row.show(series.index);
    box.append(row.element);
  }
  const rows = SLIDING_AXES.filter((axis) => lengths[axis] > 1).map((axis) => {
    const noteOf = (index: number): string => (axis === "c" ? (channels[index]?.name ?? "") : "");
    const row = makeRow({ id: axis, name: NAMES[axis], count: lengths[axis], first: 0, noteOf }, (index) =>
      actions.choosePlane(axis, index),
    );
    const play = makePlayButton(axis, () => actions.play(axis));
    if (axis !== "c") row.element.append(play.element);
    box.append(row.element);
    return { axis, row, play };
  });
  const range = makeRange(lengths.z, (ends) => actions.chooseRange(ends));
  if (lengths.z > 1) box.append(range.element);
  box.hidden = box.childElementCount === 0;
  return {
    element: box,
    show: (state) => {
      for (const { axis, row } of rows) {
        row.show(state.plane[axis]);
        row.element.hidden = axis === "z" && state.projection !== null && !state.isOrthogonal;
      }
      range.element.hidden = state.projection === null;
      if (state.projection !== null) range.show(state.projection.z);
    },
    showPlaying: (playing) => {
      for (const { axis, play } of rows) play.set(axis === playing);
    },
  };
}

function makePlayButton(
  axis: SlidingAxis,
  press: () => void,
): { readonly element: HTMLElement; readonly set: (isOn: boolean) => void } {
  const button = element("button", { id: `${axis}-play`, class: "icon" });
  button.addEventListener("click", press);
  const set = (isOn: boolean): void => {
    button.textContent = isOn ? "❚❚" : "▶";
    const label = `${isOn ? "Stop" : "Play"} ${NAMES[axis].label.toLowerCase()}`;
    button.setAttribute("aria-label", label);
    button.title = axis === "z" ? `${label} (\\)` : label;
  };
  set(false);
  return { element: button, set };
}

/** First and last slice of a projection. */
function makeRange(
  depth: number,
  choose: (range: Interval) => void,
): { readonly element: HTMLElement; readonly show: (range: Interval) => void } {
  const ends = (["first", "last"] as const).map((end) => {
    const common = {
      min: "0",
      max: String(depth - 1),
      step: "1",
      title: `The ${end} slice of the projection, from 0`,
    };
    const slider = inputElement({
      ...common,
      type: "range",
      id: `projection-${end}-slider`,
      "aria-label": `Projection, ${end} slice`,
    });
    const number = inputElement({
      ...common,
      type: "number",
      id: `projection-${end}`,
      "aria-label": `Projection, ${end} slice number`,
    });
    return { end, slider, number };
  });
  const [first, last] = ends;
  const tell = (from: number, to: number): void => {
    if (!Number.isFinite(from) || !Number.isFinite(to)) return;
    const clamp = (value: number): number => Math.min(depth - 1, Math.max(0, Math.round(value)));
    choose([Math.min(clamp(from), clamp(to)), Math.max(clamp(from), clamp(to)) + 1]);
  };
  for (const kind of ["slider", "number"] as const) {
    const event = kind === "slider" ? "input" : "change";
    for (const { [kind]: input } of ends)
      input.addEventListener(event, () => tell(first[kind].valueAsNumber, last[kind].valueAsNumber));
  }
  const row = element("div", { class: "slider", role: "group", "aria-label": "Slices of the projection" });
  row.append(
    element("span", { class: "axis", title: "Slices of the projection" }, "Z"),
    first.slider,
    first.number,
    element("span", { class: "of" }, "to"),
    last.slider,
    last.number,
    element("span", { class: "of" }, `/ ${depth - 1}`),
  );
  return {
    element: row,
    show: ([start, stop]) => {
      for (const [{ slider, number }, value] of [
        [first, start],
        [last, stop - 1],
      ] as const) {
        slider.value = String(value);
        number.value = String(value);
        slider.style.setProperty("--filled", `${(100 * value) / Math.max(1, depth - 1)}%`);
      }
    },
  };
}

interface RowSpec {
  readonly id: string;
  readonly name: Name;
  readonly count: number;
  /** What people call index 0. */
  readonly first: number;
  /** What stands behind a number. */
  readonly noteOf: (index: number) => string;
}

function makeRow(
  { id, name: { mark, label, title }, count, first, noteOf }: RowSpec,
  choose: (index: number) => void,
): { readonly element: HTMLElement; readonly show: (index: number) => void } {
  const last = first + count - 1;
  const common = { min: String(first), max: String(last), step: "1", title };
  const range = inputElement({ ...common, type: "range", id: `${id}-slider`, "aria-label": label });
  const number = inputElement({
    ...common,
    type: "number",
    id: `${id}-number`,
    "aria-label": `${label} number`,
  });
  const name = element("span", { class: "note" }, "");
  range.addEventListener("input", () => choose(range.valueAsNumber - first));
  number.addEventListener("change", () => {
    if (Number.isFinite(number.valueAsNumber))
      choose(Math.min(last, Math.max(first, Math.round(number.valueAsNumber))) - first);
  });
  const row = element("div", { class: "slider" }, element("span", { class: "axis", title }, mark));
  row.append(range, number, element("span", { class: "of" }, `/ ${last}`), name);
  return {
    element: row,
    show: (index) => {
      range.value = String(first + index);
      number.value = String(first + index);
      name.textContent = noteOf(index);
      const spoken = `${label} ${first + index} of ${first} to ${last} ${name.textContent}`;
      range.setAttribute("aria-valuetext", spoken.trim());
      range.style.setProperty("--filled", `${(100 * index) / Math.max(1, count - 1)}%`);
    },
  };
}
