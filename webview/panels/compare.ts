/**
 * How two stacks are compared: one of five ways, its slider or its scale, and how much they differ on the screen.
 * @module
 */
import { DIFFERENCE_LUT } from "../draw/luts";
import { element } from "../dom";
import { channelLabel } from "../measurements";
import { differenceFacts, scaleEnd } from "../pixels/differences";
import type { DifferenceFacts } from "../pixels/differences";
import { COMPARE_MODES, shownChannels } from "../state";
import type { CompareMode, Comparison } from "../state";
import { formatValue } from "../texts";
import { makeButton } from "../toolkit";
import { makeNumberField, makeOneOf, makeShareSlider } from "./fields";
import type { PanelContext, PanelView } from "./panel";

const MODE_TEXTS: Readonly<Record<CompareMode, { readonly text: string; readonly title: string }>> = {
  swipe: { text: "Swipe", title: "One stack left of a border, the other right of it (X)" },
  blend: { text: "Blend", title: "Some of either stack (X)" },
  flicker: { text: "Flicker", title: "One stack after the other (F)" },
  difference: { text: "Difference", title: "This stack minus the other, with a scale of its own (X)" },
  beside: { text: "Beside", title: "One stack beside the other, at the same place (X)" },
};

/** The part of the page "Layers" for a comparison. */
export interface ComparePart {
  readonly element: HTMLElement;
  /** @param name of the other stack */
  show(view: PanelView, comparison: Comparison, name: string): void;
}

const short = (value: number): string => formatValue(Number(value.toPrecision(4)));

/** Builds the part of the page for a comparison. */
export function makeComparePart(context: PanelContext): ComparePart {
  const set = (kind: string, change: Partial<Comparison>): void =>
    context.change(kind, (state) =>
      state.comparison === null ? state : { ...state, comparison: { ...state.comparison, ...change } },
    );
  const modes = makeOneOf({ id: "compare-mode", title: "How the stacks are compared" }, MODE_TEXTS, (value) =>
    set("compare", { mode: COMPARE_MODES.find((mode) => mode === value) ?? "swipe" }),
  );
  const slider = makeShareSlider(
    {
      id: "compare-at",
      text: "",
      title: "Border of the swipe, or how much of the other stack is blended in",
    },
    (at) => set("compare at", { at }),
  );
  const sides = element("p", { class: "note" });
  const flicker = makeButton(
    { id: "compare-flicker", text: "Other Side", title: "Show the other stack (F)" },
    false,
    () => context.flicker(),
  );
  const scale = makeScale((limit) => set("compare limit", { limit }));
  const facts = element("p", { id: "compare-facts", class: "figures" });
  const factsOf = rememberFacts();
  return {
    element: element(
      "div",
      { class: "rows", id: "compare" },
      ...[modes.element, slider.element, sides, flicker, scale.element, facts],
    ),
    show: (view, comparison, name) => {
      const { mode, at } = comparison;
      const own = context.description.name;
      modes.set(mode);
      slider.show(at);
      slider.element.hidden = mode !== "swipe" && mode !== "blend";
      slider.input.setAttribute(
        "aria-label",
        mode === "swipe" ? "Border between the stacks" : `Share of ${name}`,
      );
      flicker.hidden = mode !== "flicker";
      scale.element.hidden = mode !== "difference";
      sides.textContent = sidesText(mode, own, name);
      const channels = shownChannels(view.state);
      if (mode === "difference" && channels.length > 1)
        sides.textContent = `Of the first channel that is shown: ${channelLabel(context.description, channels[0])}.`;
      sides.hidden = sides.textContent === "";
      const difference = factsOf(view);
      scale.show(comparison.limit, difference?.largest ?? 0, { own, name });
      facts.textContent =
        difference === null || difference.count === 0
          ? ""
          : `On the screen: root mean square difference ${short(difference.rms)}, largest ${short(difference.largest)}.`;
    },
  };
}

function sidesText(mode: CompareMode, own: string, other: string): string {
  if (mode === "swipe") return `Left: ${own}. Right: ${other}. Drag the border, or use the arrow keys here.`;
  if (mode === "blend") return `0 %: only ${own}. 100 %: only ${other}.`;
  if (mode === "flicker")
    return matchMedia("(prefers-reduced-motion: reduce)").matches
      ? "Changes sides with F, as this computer asks for little motion."
      : "Changes sides by itself; the picture says what is shown.";
  return "";
}

/** Differences of what is shown, computed when the pictures or the view have changed. */
function rememberFacts(): (view: PanelView) => DifferenceFacts | null {
  let key: readonly unknown[] = [];
  let known: DifferenceFacts | null = null;
  return (view) => {
    const { visible } = view;
    const cooked = view.picture("xy")?.cooked ?? [];
    const own = cooked.find(({ role }) => role === "own")?.pixels;
    const other = cooked.find(({ role }) => role === "other")?.pixels;
    if (own === undefined || other === undefined || visible === null) return null;
    const next = [own, other, ...visible.y, ...visible.x];
    if (next.length !== key.length || next.some((part, index) => part !== key[index]))
      known = differenceFacts(own, other, visible);
    key = next;
    return known;
  };
}

interface Scale {
  readonly element: HTMLElement;
  show(limit: number | null, largest: number, names: { readonly own: string; readonly name: string }): void;
}

/** The scale of differences: colours, its ends, and how they are chosen. */
function makeScale(choose: (limit: number | null) => void): Scale {
  const bar = element("canvas", {
    class: "ramp",
    width: "256",
    height: "1",
    "aria-hidden": "true",
  }) as HTMLCanvasElement;
  const context = bar.getContext("2d");
  if (context !== null) {
    const colors = new Uint8ClampedArray(Uint32Array.from(DIFFERENCE_LUT).buffer);
    context.putImageData(new ImageData(colors, 256, 1), 0, 0);
  }
  const low = element("span");
  const high = element("span");
  const title = element("p", { class: "note" });
  const field = makeNumberField(
    { id: "compare-limit", text: "Scale ±", title: "Difference at the ends of the scale", min: 0 },
    (value) => choose(value > 0 ? value : null),
  );
  const auto = makeButton(
    { id: "compare-auto", text: "Auto", title: "The scale ends at the largest difference on the screen" },
    false,
    () => choose(null),
  );
  return {
    element: element(
      "div",
      { class: "rows" },
      title,
      bar,
      element("div", { class: "ends" }, low, element("span", {}, "0"), high),
      element("div", { class: "row" }, field.element, auto),
    ),
    show: (limit, largest, { own, name }) => {
      const end = limit ?? scaleEnd({ largest });
      title.textContent = `${own} − ${name}`;
      low.textContent = `−${short(end)}`;
      high.textContent = `+${short(end)}`;
      field.show(Number(end.toPrecision(6)));
      auto.classList.toggle("pressed", limit === null);
      auto.setAttribute("aria-pressed", String(limit === null));
    },
  };
}
