/**
 * The page "Measure": which tool draws, values along the line, statistics of the rectangle.
 * @module
 */
import type { Layer } from "../../src/protocol/viewer";
import { element } from "../dom";
import { TOOLS } from "../state";
import type { Tool } from "../state";
import { makeButton } from "../toolkit";
import { makeOneOf } from "./fields";
import type { Panel, PanelContext } from "./panel";
import { makeProfilePart } from "./profile";
import { makeStatisticsPart } from "./statistics";

const TOOL_TEXTS: Readonly<Record<Tool, { readonly text: string; readonly title: string }>> = {
  move: { text: "Move", title: "Dragging moves the picture (V)" },
  line: { text: "Line", title: "Dragging draws a line (L)" },
  rectangle: { text: "Rectangle", title: "Dragging draws a rectangle (B)" },
};

/** Builds the page. */
export function makeMeasurePanel(context: PanelContext): Panel {
  const tools = makeOneOf(
    { id: "measure-tool", title: "What dragging in the picture does" },
    TOOL_TEXTS,
    (value) =>
      context.change("tool", (state) => ({
        ...state,
        tool: TOOLS.find((tool) => tool === value) ?? state.tool,
      })),
  );
  const line = makeProfilePart(context);
  const rectangle = makeStatisticsPart(context);
  const remove = makeButton(
    { id: "clear-shapes", text: "Remove", title: "Remove line and rectangle (Esc)" },
    false,
    () => context.change("shapes", (state) => ({ ...state, line: null, rectangle: null })),
  );
  let layers: readonly Layer[] | null = null;
  return {
    element: element(
      "div",
      { id: "measure" },
      element("div", { class: "row" }, tools.element, element("span", { class: "gap" }), remove),
      line.element,
      rectangle.element,
    ),
    show: (view) => {
      const { state } = view;
      const parts = [line, rectangle];
      if (view.layers !== layers) for (const part of parts) part.forget();
      layers = view.layers;
      tools.set(state.tool);
      const hasNone = state.line === null && state.rectangle === null;
      remove.hidden = hasNone;
      line.element.hidden =
        state.line === null && (state.tool === "rectangle" || !hasNone) && state.tool !== "line";
      // What is being drawn stands on top; an element that is moved loses the keyboard, so only then.
      const [above, below] =
        state.tool === "rectangle" ? [rectangle.element, line.element] : [line.element, rectangle.element];
      if (above.nextElementSibling !== below) above.parentElement?.insertBefore(above, below);
      rectangle.element.hidden =
        state.rectangle === null && (state.tool === "line" || !hasNone) && state.tool !== "rectangle";
      for (const part of parts) part.show(view);
    },
    dispose: () => {
      line.dispose();
      rectangle.dispose();
    },
  };
}
