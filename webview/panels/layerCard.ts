/**
 * One stack that was added to the viewer: whether it is compared with or laid over the picture, and how it looks.
 * @module
 */
import type { Layer } from "../../src/protocol/viewer";
import { element } from "../dom";
import { LUT_LABELS } from "../draw/luts";
import { fitsInto } from "../scene";
import { formatValue } from "../texts";
import { makeButton, makeChoice, makeToggle } from "../toolkit";
import { initialLayerLook } from "../state";
import type { LayerLook } from "../state";
import { makeNumberField, makeShareSlider } from "./fields";
import type { PanelContext, PanelView } from "./panel";

/** The card of one layer. */
export interface LayerCard {
  readonly element: HTMLElement;
  show(view: PanelView): void;
}

type ChangeLook = (kind: string, change: Partial<LayerLook>) => void;

/** Builds the card of a layer. */
export function makeLayerCard(context: PanelContext, layer: Layer): LayerCard {
  const { layer: number, description } = layer;
  const id = `layer-${number}`;
  const change: ChangeLook = (kind, look) =>
    context.change(`${kind} ${id}`, (state) => ({
      ...state,
      layers: {
        ...state.layers,
        [number]: { ...(state.layers[number] ?? initialLayerLook(description)), ...look },
      },
    }));
  const compare = makeCompareChoice(context, layer);
  const over = makeToggle(
    { id: `${id}-visible`, text: "Over the picture", title: `Lay ${description.name} over the picture` },
    (visible) => change("visible", { visible }),
  );
  const look = makeLook(layer, change);
  const fits = fitsInto(layer, "xy", context.description);
  const misfit = element("p", {}, "Not shown: it has another width or height than this stack.");
  const name = element("strong", { title: description.name }, description.name);
  const size = description.shape.map((length) => formatValue(length)).join(" × ");
  return {
    element: element(
      "section",
      { class: "card", id, "aria-label": description.name },
      element("div", { class: "row" }, name, makeRemove(context, layer)),
      element("p", { class: "note" }, `${description.axes} ${size} · ${description.storedDtype}`),
      ...(fits ? [element("div", { class: "row" }, compare.element, over.element), look.element] : [misfit]),
    ),
    show: (view) => {
      const isCompared = view.state.comparison?.layer === number;
      const shown = view.state.layers[number] ?? initialLayerLook(description);
      compare.set(isCompared);
      over.set(shown.visible && !isCompared);
      over.element.toggleAttribute("disabled", isCompared);
      look.element.hidden = isCompared || !shown.visible;
      look.show(shown, view);
    },
  };
}

function makeRemove(context: PanelContext, { layer, description }: Layer): HTMLElement {
  const label = `Remove ${description.name}`;
  const button = element(
    "button",
    { class: "icon", title: label, "aria-label": label, id: `layer-${layer}-remove` },
    "✕",
  );
  button.addEventListener("click", () => {
    context.channel.request("removeLayer", { layer }).catch((error: unknown) => context.complain(error));
  });
  return button;
}

/** One of the radio buttons of all cards; pressed again it ends the comparison. */
function makeCompareChoice(
  context: PanelContext,
  { layer, description }: Layer,
): { readonly element: HTMLElement; set(isOn: boolean): void } {
  const title = `Compare with ${description.name}; again to stop`;
  const button = element(
    "button",
    { class: "radio", role: "radio", id: `layer-${layer}-compare`, title },
    "Compare",
  );
  button.addEventListener("click", () =>
    context.change("compare", (state) => ({
      ...state,
      comparison:
        state.comparison?.layer === layer
          ? null
          : { layer, mode: state.comparison?.mode ?? "swipe", at: 0.5, limit: null },
    })),
  );
  return {
    element: button,
    set: (isOn) => button.setAttribute("aria-checked", String(isOn)),
  };
}

const KINDS = { intensity: "Intensity", labels: "Labels" } as const;

function makeLook(
  { layer, description }: Layer,
  change: ChangeLook,
): { readonly element: HTMLElement; show(look: LayerLook, view: PanelView): void } {
  const id = `layer-${layer}`;
  const kind = makeChoice(
    { id: `${id}-kind`, text: "Kind", title: "As brightness, or every number a colour of its own" },
    KINDS,
    (value) => change("kind", { kind: value === "labels" ? "labels" : "intensity" }),
  );
  const isWhole = !description.dtype.startsWith("float");
  const lut = makeChoice(
    { id: `${id}-lut`, text: "LUT", title: "Colours of the layer" },
    LUT_LABELS,
    (value) => change("lut", { lut: value }),
  );
  const opacity = makeShareSlider(
    { id: `${id}-opacity`, text: "Opacity", title: `Opacity of ${description.name}` },
    (share) => change("opacity", { opacity: share }),
  );
  let limits = { low: 0, high: 1 };
  const low = makeNumberField({ id: `${id}-low`, text: "Low", title: "Shown black" }, (value) =>
    change("limits", { limits: { ...limits, low: value } }),
  );
  const high = makeNumberField({ id: `${id}-high`, text: "High", title: "Shown white" }, (value) =>
    change("limits", { limits: { ...limits, high: value } }),
  );
  const auto = makeButton(
    { id: `${id}-auto`, text: "Auto", title: "Choose the limits for each picture" },
    false,
    () => change("limits", { limits: null }),
  );
  const range = element("div", { class: "row" }, low.element, high.element, auto);
  const choices = element("div", { class: "row" }, ...(isWhole ? [kind.element] : []), lut.element);
  return {
    element: element("div", { class: "rows" }, opacity.element, choices, range),
    show: (look, view) => {
      kind.set(look.kind);
      lut.set(look.lut);
      lut.element.hidden = look.kind === "labels";
      range.hidden = look.kind === "labels";
      opacity.show(look.opacity);
      const cooked = view
        .picture("xy")
        ?.cooked.find(({ role, source }) => role === "over" && source.layer === layer);
      limits = look.limits ?? cooked?.shownLimits ?? limits;
      low.show(Number(limits.low.toPrecision(6)));
      high.show(Number(limits.high.toPrecision(6)));
      auto.classList.toggle("pressed", look.limits === null);
    },
  };
}
