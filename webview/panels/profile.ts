/**
 * The line of the page "Measure": its ends, its length, and the values along it while it is drawn.
 * @module
 */
import type { Profile } from "../../src/protocol/viewer";
import { element } from "../dom";
import { measuredOf, profileAxis, profileTable } from "../measurements";
import type { Measured } from "../measurements";
import { Newest } from "../newest";
import { sourceKey } from "../pixels/pictures";
import { formatLength, lineFacts } from "../shapes";
import type { Line } from "../shapes";
import { makeButton } from "../toolkit";
import { makeNumberField } from "./fields";
import type { PanelContext, PanelView } from "./panel";
import { Plot } from "./plot";

/** A part of the page "Measure". */
export interface MeasurePart {
  readonly element: HTMLElement;
  /** Measures anew where something changed. */
  show(view: PanelView): void;
  /** The stacks changed: what was measured is worth nothing. */
  forget(): void;
  dispose(): void;
}

interface Measurement {
  readonly line: Line;
  readonly measured: readonly Measured[];
  readonly profiles: readonly Profile[];
}

/** Builds the part of the page for the line. */
export function makeProfilePart(context: PanelContext): MeasurePart {
  const { description, channel } = context;
  const plot = new Plot("profile-plot", "Values along the line");
  const facts = element("p", { id: "line-facts", class: "figures" });
  const wait = element("span", { class: "note", role: "status" });
  const results = element("div", { class: "results" });
  const ends = makeEnds(context);
  let shown: Measurement | null = null;
  const newest = new Newest<Measurement>({
    answered: (answer) => {
      shown = answer;
      showProfile(plot, answer, context);
    },
    failed: (error) => context.complain(error),
    waiting: (isWaiting) => {
      wait.textContent = isWaiting && shown === null ? "Measuring…" : "";
    },
  });
  results.append(
    plot.element,
    wait,
    makeProfileButtons(context, plot, () => shown),
  );
  return {
    element: element(
      "section",
      { class: "measure" },
      element("h3", {}, "Line"),
      ends.element,
      facts,
      results,
    ),
    show: (view) => {
      const { line } = view.state;
      ends.show(line);
      results.hidden = line === null;
      facts.hidden = line === null;
      if (line === null) {
        shown = null;
        newest.forget();
        return;
      }
      const { angle, ...lengths } = lineFacts(line, description);
      facts.textContent = `${formatLength(lengths)} · ${formatAngle(angle)}`;
      const measured = measuredOf(view.state, { description, layers: view.layers });
      const looks = measured.map(({ source, label, color }) => `${sourceKey(source)} ${label} ${color}`);
      newest.wish([JSON.stringify(line), ...looks].join("\n"), async (signal) => {
        const ask = ({ source }: Measured): Promise<Profile> =>
          channel.request("profile", { ...source, ...line }, signal);
        return { line, measured, profiles: await Promise.all(measured.map(ask)) };
      });
    },
    forget: () => newest.forget(),
    dispose: () => {
      newest.forget();
      plot.dispose();
    },
  };
}

const formatAngle = (angle: number): string => `${angle.toFixed(1).replace("-", "−")}°`;

function showProfile(
  plot: Plot,
  { line, measured, profiles }: Measurement,
  { description }: PanelContext,
): void {
  const axis = profileAxis(profiles, lineFacts(line, description));
  plot.show({
    x: axis.distances,
    xLabel: axis.unit,
    marker: null,
    lines: measured.map(({ label, color, isOther }, index) => ({
      ...{ label, color, isDashed: isOther },
      values: profiles[index].values,
    })),
  });
}

function makeProfileButtons(context: PanelContext, plot: Plot, shown: () => Measurement | null): HTMLElement {
  const { channel, description } = context;
  const copy = (): void => {
    const now = shown();
    if (now === null) return;
    const { line, measured, profiles } = now;
    const labels = measured.map(({ label }) => label);
    const text = profileTable(labels, profiles, profileAxis(profiles, lineFacts(line, description)));
    channel.request("copyText", { text }).catch((error: unknown) => context.complain(error));
  };
  const save = async (): Promise<void> => {
    const name = `${description.name.replace(/(\.ome)?\.[^.]+$/, "")}-profile.png`;
    try {
      await channel.request("savePicture", { name, png: await plot.png(description.name) });
    } catch (error) {
      context.complain(error);
    }
  };
  return element(
    "div",
    { class: "buttons" },
    makeButton(
      { id: "copy-profile", text: "Copy Values", title: "Copy distances and values, separated by tabs" },
      false,
      copy,
    ),
    makeButton(
      { id: "save-profile", text: "Save Plot as PNG…", title: "Save this plot as a picture" },
      false,
      () => void save(),
    ),
  );
}

/** Fields for the ends of the line; a button for those who do not draw. */
function makeEnds(context: PanelContext): { readonly element: HTMLElement; show(line: Line | null): void } {
  const { lengths } = context.description;
  const fields = (["from", "to"] as const).map((end) => makeEndFields(context, end));
  const middle: Line = { from: { y: lengths.y / 2, x: 0 }, to: { y: lengths.y / 2, x: lengths.x } };
  const across = makeButton(
    { id: "line-across", text: "Line Across the Middle", title: "Put a line across the middle of the plane" },
    false,
    () => context.change("line", (state) => ({ ...state, line: middle })),
  );
  const text = ["Drag in the picture with the line tool (", ") to see the values along a line."];
  const empty = element(
    "div",
    { class: "empty" },
    element("p", {}, text[0], element("kbd", {}, "L"), text[1]),
    across,
  );
  const rows = element("div", { class: "rows" }, ...fields.map((field) => field.element));
  return {
    element: element("div", {}, empty, rows),
    show: (line) => {
      empty.hidden = line !== null;
      rows.hidden = line === null;
      for (const field of fields) field.show(line);
    },
  };
}

function makeEndFields(
  context: PanelContext,
  end: "from" | "to",
): { readonly element: HTMLElement; show(line: Line | null): void } {
  const name = end === "from" ? "Beginning" : "End";
  const set = (axis: "x" | "y", value: number): void =>
    context.change("line", ({ line, ...state }) => ({
      ...state,
      line: line === null ? null : { ...line, [end]: { ...line[end], [axis]: value } },
    }));
  const fields = (["x", "y"] as const).map((axis) => ({
    axis,
    field: makeNumberField(
      { id: `line-${end}-${axis}`, text: axis, title: `${name} of the line, ${axis} in px` },
      (value) => set(axis, value),
    ),
  }));
  return {
    element: element(
      "div",
      { class: "row" },
      element("span", { class: "caption-fixed" }, end === "from" ? "From" : "To"),
      ...fields.map(({ field }) => field.element),
      element("span", { class: "note" }, "px"),
    ),
    show: (line) => {
      for (const { axis, field } of fields)
        field.show(line === null ? null : Number(line[end][axis].toFixed(2)));
    },
  };
}
