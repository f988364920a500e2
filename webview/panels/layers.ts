/**
 * The page "Layers": stacks that are compared with or laid over the picture, and the tiles of a prediction.
 * @module
 */
import type { Layer, ViewerCommand } from "../../src/protocol/viewer";
import { element } from "../dom";
import { fitsInto } from "../scene";
import { makeButton } from "../toolkit";
import { makeComparePart } from "./compare";
import { makeLayerCard } from "./layerCard";
import type { LayerCard } from "./layerCard";
import type { Panel, PanelContext } from "./panel";
import { makeTilesPart } from "./tiles";

/** Builds the page. */
export function makeLayersPanel(context: PanelContext): Panel {
  const run = (command: ViewerCommand): void => {
    context.channel.request("runCommand", { command }).catch((error: unknown) => context.complain(error));
  };
  const explanation = element(
    "p",
    { class: "note" },
    "Compare this stack with another one of the same size, or lay a mask, a prediction or a heat map over it.",
  );
  const buttons = element(
    "div",
    { class: "buttons" },
    makeButton(
      { id: "compare-with", text: "Compare with…", title: "Choose a stack to compare this one with" },
      false,
      () => run("compareWith"),
    ),
    makeButton(
      { id: "add-layer", text: "Add Layer…", title: "Choose a stack to lay over this one" },
      false,
      () => run("addLayer"),
    ),
  );
  const list = element("div", { class: "rows", role: "radiogroup", "aria-label": "Stacks that were added" });
  const compare = makeComparePart(context);
  const tiles = makeTilesPart(context);
  let known: readonly Layer[] | null = null;
  let cards: readonly LayerCard[] = [];
  return {
    element: element(
      "div",
      { id: "layers" },
      element("h3", {}, "Other stacks"),
      ...[explanation, list, compare.element, buttons, tiles.element],
    ),
    show: (view) => {
      if (view.layers !== known) {
        known = view.layers;
        cards = view.layers.map((layer) => makeLayerCard(context, layer));
        list.replaceChildren(...cards.map((card) => card.element));
      }
      for (const card of cards) card.show(view);
      explanation.hidden = cards.length > 0;
      const { comparison } = view.state;
      const other = view.layers.find(
        (one) => one.layer === comparison?.layer && fitsInto(one, "xy", context.description),
      );
      compare.element.hidden = comparison === null || other === undefined;
      if (comparison !== null && other !== undefined) compare.show(view, comparison, other.description.name);
      tiles.show(view);
    },
  };
}
