/**
 * Which tile grid lies over the picture, and what its strokes mean.
 * @module
 */
import type { TileGrid } from "../../src/protocol/viewer";
import { element } from "../dom";
import { TILE_STROKES, tileCount } from "../overlay/tiles";
import { makeChoice, makeToggle } from "../toolkit";
import type { Choice } from "../toolkit";
import type { PanelContext, PanelView } from "./panel";

/** The part of the page "Layers" for tiles. */
export function makeTilesPart(context: PanelContext): {
  readonly element: HTMLElement;
  show(view: PanelView): void;
} {
  const toggle = makeToggle(
    {
      id: "show-tiles",
      text: "Show tiles",
      title: "Borders of the tiles, and the tile under the pointer (G)",
    },
    (tiles) => context.change("extras", (state) => ({ ...state, extras: { ...state.extras, tiles } })),
  );
  const none = element(
    "p",
    { class: "note" },
    "None yet: make a plan with Explain Tiling…, or open a result that Tilewright wrote.",
  );
  const place = element("div");
  const count = element("p", { class: "figures" });
  const legend = makeLegend();
  let known: readonly TileGrid[] | null = null;
  let choice: Choice | null = null;
  return {
    element: element(
      "section",
      { id: "tiles" },
      element("h3", {}, "Tiles"),
      none,
      place,
      toggle.element,
      count,
      legend,
    ),
    show: ({ grids, state }) => {
      if (grids !== known) {
        known = grids;
        const names = Object.fromEntries(grids.map(({ name }, index) => [String(index), name]));
        choice = makeChoice(
          { id: "tile-grid", text: "Tile grid", title: "Which tiles are shown" },
          names,
          (value) => context.change("tiles", (old) => ({ ...old, tileGrid: Number(value) })),
        );
        place.replaceChildren(choice.element);
      }
      const index = Math.min(state.tileGrid, grids.length - 1);
      const hasNone = grids.length === 0;
      none.hidden = !hasNone;
      for (const part of [place, toggle.element, count, legend]) part.hidden = hasNone;
      if (hasNone) return;
      choice?.set(String(index));
      toggle.set(state.extras.tiles);
      legend.hidden = !state.extras.tiles;
      count.textContent = `${tileCount(grids[index])} tiles${state.extras.tiles ? "; point at one to see what it read:" : ""}`;
    },
  };
}

function makeLegend(): HTMLElement {
  const lines = Object.entries(TILE_STROKES).map(([part, { text, dash, color }]) => {
    const sample = element("canvas", {
      width: "56",
      height: "24",
      "aria-hidden": "true",
    }) as HTMLCanvasElement;
    drawSample(sample, color, dash);
    return element("li", { "data-part": part }, sample, element("span", {}, text));
  });
  return element("ul", { class: "strokes" }, ...lines);
}

/** A piece of a stroke, as it is drawn over the picture. */
function drawSample(canvas: HTMLCanvasElement, color: string, dash: readonly number[]): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  context.scale(2, 2);
  context.fillStyle = "#404040";
  context.fillRect(0, 0, 28, 12);
  context.setLineDash([...dash]);
  context.lineWidth = 2;
  context.strokeStyle = color;
  context.beginPath();
  context.moveTo(2, 6);
  context.lineTo(26, 6);
  context.stroke();
}
