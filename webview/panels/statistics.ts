/**
 * The rectangle of the page "Measure": where it is, statistics of its pixels, and of the same pixels in every slice.
 * @module
 */
import type { PlaneRegion, Statistics } from "../../src/protocol/viewer";
import { element } from "../dom";
import { STATISTICS_COLUMNS, measuredOf, statisticsTable } from "../measurements";
import type { Measured } from "../measurements";
import { Newest } from "../newest";
import type { Ask } from "../newest";
import { sourceKey } from "../pixels/pictures";
import { formatRectangle, spanOf } from "../shapes";
import { formatValue } from "../texts";
import { makeButton, makeToggle } from "../toolkit";
import { makeNumberField } from "./fields";
import type { PanelContext, PanelView } from "./panel";
import { Plot } from "./plot";
import type { MeasurePart } from "./profile";

interface Measurement {
  readonly region: PlaneRegion;
  readonly isOverDepth: boolean;
  readonly measured: readonly Measured[];
  /** Of each picture, one for each slice. */
  readonly answers: readonly (readonly Statistics[])[];
}

const round = (value: number): string =>
  Number.isFinite(value) ? formatValue(Number(value.toPrecision(6))) : "–";

/** Builds the part of the page for the rectangle. */
export function makeStatisticsPart(context: PanelContext): MeasurePart {
  const { description } = context;
  const figures = makeFigures(context);
  const place = makePlace(context);
  const size = element("p", { id: "rectangle-facts", class: "figures" });
  let isOverDepth = false;
  let last: PanelView | null = null;
  const newest = new Newest<Measurement>({
    answered: (answer) => figures.show(answer, last?.state.plane.z ?? 0),
    failed: (error) => context.complain(error),
    waiting: (isWaiting) => figures.wait(isWaiting),
  });
  const depth = makeToggle(
    { id: "over-depth", text: "Over z", title: "Statistics of the same rectangle in every slice" },
    (isOn) => {
      isOverDepth = isOn;
      if (last !== null) show(last);
    },
  );
  const choices = element("div", { class: "row" }, depth.element, figures.copy);
  const show = (view: PanelView): void => {
    last = view;
    const { state } = view;
    const region = state.rectangle;
    place.show(region);
    for (const part of [size, figures.element, choices]) part.hidden = region === null;
    depth.element.hidden = description.lengths.z === 1;
    depth.element.toggleAttribute("disabled", state.projection !== null);
    if (region === null) {
      newest.forget();
      return;
    }
    size.textContent = formatRectangle(region, description);
    const overDepth = isOverDepth && state.projection === null && description.lengths.z > 1;
    const question = questionOf(context, view, { region, isOverDepth: overDepth });
    figures.move(state.plane.z);
    newest.wish(question.key, question.ask);
  };
  return {
    element: element(
      "section",
      { class: "measure" },
      element("h3", {}, "Rectangle"),
      ...[place.element, size, choices, figures.element],
    ),
    show,
    forget: () => newest.forget(),
    dispose: () => {
      newest.forget();
      figures.dispose();
    },
  };
}

/** What has to be asked for the rectangle. */
function questionOf(
  { description, channel }: PanelContext,
  { state, layers }: PanelView,
  { region, isOverDepth }: Pick<Measurement, "region" | "isOverDepth">,
): { readonly key: string; readonly ask: Ask<Measurement> } {
  // The same question whichever slice is shown.
  const asked = isOverDepth ? { ...state, plane: { ...state.plane, z: 0 } } : state;
  const measured = measuredOf(asked, { description, layers });
  const looks = measured.map(({ source, label, color }) => `${sourceKey(source)} ${label} ${color}`);
  const more = { region, ...(isOverDepth ? { overDepth: true } : {}) };
  return {
    key: [JSON.stringify(region), isOverDepth, ...looks].join("\n"),
    ask: async (signal) => {
      const one = ({ source }: Measured): Promise<readonly Statistics[]> =>
        channel.request("statistics", { ...source, ...more }, signal);
      return { region, isOverDepth, measured, answers: await Promise.all(measured.map(one)) };
    },
  };
}

interface Figures {
  readonly element: HTMLElement;
  /** The button that copies them. */
  readonly copy: HTMLElement;
  show(measurement: Measurement, z: number): void;
  /** Another slice is shown. */
  move(z: number): void;
  wait(isWaiting: boolean): void;
  dispose(): void;
}

/** The table, and the plot over depth. */
function makeFigures(context: PanelContext): Figures {
  const plot = new Plot("depth-plot", "Mean and standard deviation of each slice");
  const wait = element("span", { class: "note", role: "status" });
  const table = element("div", { id: "statistics", class: "scrolling", tabindex: "0", role: "region" });
  table.setAttribute("aria-label", "Statistics of the rectangle");
  let now: Measurement | null = null;
  const copy = makeButton(
    { id: "copy-statistics", text: "Copy", title: "Copy this table, columns separated by tabs" },
    false,
    () => {
      if (now === null) return;
      const labels = now.measured.map(({ label }) => label);
      const place = { region: now.region, hasSlices: context.description.lengths.z > 1 };
      const text = statisticsTable(labels, now.answers, place);
      context.channel.request("copyText", { text }).catch((error: unknown) => context.complain(error));
    },
  );
  const figures: Figures = {
    copy,
    element: element("div", { class: "results" }, plot.element, table, wait),
    show: (measurement, z) => {
      now = measurement;
      plot.element.hidden = !measurement.isOverDepth;
      table.replaceChildren(measurement.isOverDepth ? depthTable(measurement) : planeTable(measurement));
      if (measurement.isOverDepth) showDepth(plot, measurement, z);
      figures.move(z);
    },
    move: (z) => {
      if (now?.isOverDepth !== true) return;
      showDepth(plot, now, z);
      for (const row of table.querySelectorAll("tr[data-z]"))
        row.toggleAttribute("aria-current", row.getAttribute("data-z") === String(z));
    },
    wait: (isWaiting) => {
      wait.textContent = isWaiting && (now === null || !now.isOverDepth) ? "Measuring…" : "";
    },
    dispose: () => plot.dispose(),
  };
  plot.element.hidden = true;
  return figures;
}

/** One column for each picture. */
function planeTable({ measured, answers }: Measurement): HTMLElement {
  const head = measured.map(({ label }) => element("th", { scope: "col", title: label }, label));
  const rows = Object.entries(STATISTICS_COLUMNS).map(([column, name]) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, name),
      ...answers.map(([one]) => element("td", {}, round(one[column as keyof typeof STATISTICS_COLUMNS]))),
    ),
  );
  return element("table", { class: "numbers" }, element("tr", {}, element("td"), ...head), ...rows);
}

/** One line for each slice, mean and standard deviation of each picture. */
function depthTable({ measured, answers }: Measurement): HTMLElement {
  const head = measured.map(({ label }) => element("th", { scope: "col", title: label }, label));
  const table = element("table", { class: "numbers" });
  table.append(element("tr", {}, element("th", { scope: "col" }, "z"), ...head));
  for (let z = 0; z < Math.max(...answers.map(({ length }) => length)); z++) {
    const cells = answers.map((slices) => {
      const one = slices.find((slice) => slice.z === z);
      return element("td", {}, one === undefined ? "–" : `${round4(one.mean)} ± ${round4(one.sd)}`);
    });
    table.append(
      element("tr", { "data-z": String(z) }, element("th", { scope: "row" }, String(z)), ...cells),
    );
  }
  return table;
}

const round4 = (value: number): string => round(Number(value.toPrecision(4)));

function showDepth(plot: Plot, { measured, answers }: Measurement, z: number): void {
  const x = Array.from({ length: Math.max(...answers.map(({ length }) => length)) }, (_, slice) => slice);
  plot.show({
    x,
    xLabel: "z slice",
    marker: z,
    lines: measured.map(({ label, color, isOther }, index) => {
      const bySlice = new Map(answers[index].map((one) => [one.z, one]));
      const column = (figure: (one: Statistics) => number): number[] =>
        x.map((slice) => {
          const one = bySlice.get(slice);
          return one === undefined ? Number.NaN : figure(one);
        });
      return {
        ...{ label, color, isDashed: isOther },
        values: column(({ mean }) => mean),
        // Bands of many pictures would hide each other.
        ...(measured.length > 3
          ? {}
          : {
              band: { low: column(({ mean, sd }) => mean - sd), high: column(({ mean, sd }) => mean + sd) },
            }),
      };
    }),
  });
}

type SetRegion = (make: (region: PlaneRegion) => PlaneRegion) => void;

/** Fields for the first pixel and the size of the rectangle along an axis. */
function makeAxisFields(
  axis: "x" | "y",
  length: number,
  set: SetRegion,
): { readonly element: HTMLElement; show(region: PlaneRegion | null): void } {
  const name = axis === "x" ? "Width" : "Height";
  const start = makeNumberField(
    { id: `rectangle-${axis}`, text: axis, title: `First ${axis} of the rectangle, px`, step: "1", min: 0 },
    (value) =>
      set((region) => {
        const extent = region[axis][1] - region[axis][0];
        const first = Math.min(length - extent, Math.max(0, Math.round(value)));
        return { ...region, [axis]: [first, first + extent] };
      }),
  );
  const size = makeNumberField(
    { id: `rectangle-${name.toLowerCase()}`, text: name, title: `${name}, px`, step: "1", min: 1 },
    (value) =>
      set((region) => {
        const first = region[axis][0];
        return { ...region, [axis]: spanOf(first, first + Math.max(1, Math.round(value)), length) };
      }),
  );
  return {
    element: element(
      "div",
      { class: "row" },
      start.element,
      size.element,
      element("span", { class: "note" }, "px"),
    ),
    show: (region) => {
      start.show(region === null ? null : region[axis][0]);
      size.show(region === null ? null : region[axis][1] - region[axis][0]);
    },
  };
}

/** Fields for the place and size of the rectangle; a button for those who do not draw. */
function makePlace(context: PanelContext): {
  readonly element: HTMLElement;
  show(region: PlaneRegion | null): void;
} {
  const { lengths } = context.description;
  const set: SetRegion = (make) =>
    context.change("rectangle", (state) =>
      state.rectangle === null ? state : { ...state, rectangle: make(state.rectangle) },
    );
  const fields = (["x", "y"] as const).map((axis) => makeAxisFields(axis, lengths[axis], set));
  const all: PlaneRegion = { y: [0, lengths.y], x: [0, lengths.x] };
  const whole = makeButton(
    { id: "rectangle-all", text: "Whole Plane", title: "Measure the whole plane" },
    false,
    () => context.change("rectangle", (state) => ({ ...state, rectangle: all })),
  );
  const text = ["Drag in the picture with the rectangle tool (", ") to see statistics of its pixels."];
  const empty = element(
    "div",
    { class: "empty" },
    element("p", {}, text[0], element("kbd", {}, "B"), text[1]),
    whole,
  );
  const rows = element("div", { class: "rows" }, ...fields.map((field) => field.element));
  return {
    element: element("div", {}, empty, rows),
    show: (region) => {
      empty.hidden = region !== null;
      rows.hidden = region === null;
      for (const field of fields) field.show(region);
    },
  };
}
