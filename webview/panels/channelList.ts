/**
 * The display mode, and a row for each channel: shown or not, its LUT, its name.
 * @module
 */
import { element } from "../dom";
import { LUT_LABELS, LUT_NAMES, lutOf } from "../draw/luts";
import { withLook } from "../state";
import type { DisplayMode, Look, ViewerState } from "../state";
import { makeChoice, makeToggle } from "../toolkit";
import type { Choice } from "../toolkit";
import { channelName, modeNames } from "../texts";
import { makeLutBar } from "./lutBar";
import type { Panel, PanelContext } from "./panel";

interface Row {
  readonly element: HTMLElement;
  show(state: ViewerState): void;
}

/** Builds the list. */
export function makeChannelList(context: PanelContext): Panel {
  const { description } = context;
  const count = description.lengths.c;
  const mode = makeChoice(
    { id: "channels-mode", text: "Display mode", title: "How values become colours (M)" },
    modeNames(count),
    (value) => context.change("mode", (state) => ({ ...state, mode: value as DisplayMode })),
  );
  const rows = Array.from({ length: count }, (_, channel) => makeRow(context, channel));
  const list = element("ul", { class: "channel-rows", "aria-label": "Channels" });
  list.append(...rows.map((row) => row.element));
  const lut = element("div", { class: "field lut-field" });
  const choices = new Map<number, Choice>();
  const showChoice = ({ channels, plane: { c } }: ViewerState): void => {
    const choice = choices.get(c) ?? makeLutChoice(context, c, channels[c]);
    choices.set(c, choice);
    choice.set(channels[c].lut);
    if (lut.lastChild !== choice.element) lut.replaceChildren(element("span", {}, "LUT"), choice.element);
  };
  let last: Pick<ViewerState, "channels" | "mode"> & { readonly c: number } = {
    channels: [],
    mode: "gray",
    c: -1,
  };
  return {
    element: element(
      "section",
      { "aria-label": "Channels" },
      element("div", { class: "field" }, element("span", {}, "Show as"), mode.element),
      list,
      lut,
    ),
    show: ({ state }) => {
      mode.set(count > 1 || state.mode === "labels" ? state.mode : "color");
      const { c } = state.plane;
      if (last.channels === state.channels && last.mode === state.mode && last.c === c) return;
      const isOther = last.c !== c;
      last = { channels: state.channels, mode: state.mode, c };
      list.dataset.mode = state.mode;
      for (const row of rows) row.show(state);
      list.hidden = count === 1;
      lut.hidden = state.mode === "labels";
      showChoice(state);
      if (isOther) keepInSight(list, rows[c].element);
    },
  };
}

/** Scrolls the list, and nothing around it. */
function keepInSight(list: HTMLElement, row: HTMLElement): void {
  const top = row.offsetTop - list.offsetTop;
  if (top < list.scrollTop) list.scrollTop = top;
  const bottom = top + row.offsetHeight - list.clientHeight;
  if (bottom > list.scrollTop) list.scrollTop = bottom;
}

function makeRow(context: PanelContext, channel: number): Row {
  const { description } = context;
  const name = channelName(description, channel);
  const visible = makeToggle(
    { id: `channel-${channel}-visible`, text: "", title: `Show ${name} in the composite` },
    (isOn) => context.change(`channel ${channel}`, (state) => withLook(state, channel, { visible: isOn })),
  );
  visible.element.setAttribute("aria-label", `Show ${name}`);
  const bar = makeLutBar();
  const pick = element(
    "button",
    { id: `channel-${channel}`, class: "channel-name", title: `Work on ${name}` },
    name,
  );
  const lut = element("span", { class: "channel-lut" });
  const row = element("li", { class: "channel-row" });
  if (description.lengths.c > 1) row.append(visible.element);
  row.append(bar.element, pick, lut);
  row.addEventListener("click", (event) => {
    if (event.target instanceof Node && visible.element.contains(event.target)) return;
    context.change("step c", (state) =>
      state.plane.c === channel ? state : { ...state, plane: { ...state.plane, c: channel } },
    );
  });
  return {
    element: row,
    show: ({ channels, mode, plane }) => {
      const look = channels[channel];
      const isInHand = plane.c === channel;
      visible.set(look.visible);
      visible.element.toggleAttribute("disabled", mode !== "composite");
      row.classList.toggle("in-hand", isInHand);
      row.classList.toggle("out-of-sight", mode === "composite" && !look.visible);
      pick.setAttribute("aria-pressed", String(isInHand));
      bar.showLut(lutOf(mode === "gray" ? "gray" : look.lut));
      lut.textContent = lutName(look.lut);
    },
  };
}

function makeLutChoice(context: PanelContext, channel: number, look: Look): Choice {
  const name = channelName(context.description, channel);
  const options: Record<string, string> = {};
  for (const color of [context.description.channels[channel]?.color, look.lut])
    if (color?.startsWith("#") === true) options[color] = lutName(color);
  for (const lut of LUT_NAMES) options[lut] = lutName(lut);
  return makeChoice(
    { id: `channel-${channel}-lut`, text: `LUT of ${name}`, title: `Colours of ${name}` },
    options,
    (lut) =>
      context.change(`lut ${channel}`, (state) => ({
        ...withLook(state, channel, { lut }),
        mode: state.mode === "gray" ? "color" : state.mode,
      })),
  );
}

/** What a LUT is called. */
function lutName(lut: string): string {
  if (lut.startsWith("#")) return "File colour";
  return (LUT_LABELS as Readonly<Record<string, string>>)[lut] ?? lut;
}
