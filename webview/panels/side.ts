/**
 * The side panel: one page at a time.
 * @module
 */
import { element } from "../dom";
import type { SidePage } from "../state";
import { SIDE_PAGES } from "../state";
import { makeChannelsPanel } from "./channels";
import { makeInfoPanel } from "./info";
import { makeLayersPanel } from "./layers";
import { makeMeasurePanel } from "./measure";
import type { Panel, PanelContext, PanelView } from "./panel";

const TITLES: Readonly<Record<SidePage, string>> = {
  channels: "Channels",
  measure: "Measure",
  layers: "Layers",
  info: "Info",
};

/** The side panel and how to tell it what is shown. */
export interface SidePanel {
  readonly element: HTMLElement;
  show(view: PanelView): void;
  dispose(): void;
}

/** Builds the side panel; its tabs move with the arrow keys. */
export function makeSidePanel(context: PanelContext): SidePanel {
  const pages: Readonly<Record<SidePage, Panel>> = {
    channels: makeChannelsPanel(context),
    measure: makeMeasurePanel(context),
    layers: makeLayersPanel(context),
    info: makeInfoPanel(context),
  };
  const body = element("div", { id: "side-page", role: "tabpanel", tabindex: "-1" });
  const choose = (side: SidePage): void => context.change("side", (state) => ({ ...state, side }));
  const tabs = SIDE_PAGES.map((page) => {
    const tab = element(
      "button",
      { id: `tab-${page}`, role: "tab", "aria-controls": "side-page" },
      TITLES[page],
    );
    tab.addEventListener("click", () => choose(page));
    return { page, tab };
  });
  const list = element("div", { id: "side-tabs", role: "tablist", "aria-label": "Side panel" });
  list.append(...tabs.map(({ tab }) => tab));
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const from = tabs.findIndex(({ tab }) => tab === document.activeElement);
    if (by === undefined || from < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const { page, tab } = tabs[(from + by + tabs.length) % tabs.length];
    choose(page);
    tab.focus();
  });
  const side = element("aside", { id: "side", "aria-label": "Side panel" }, list, body);
  return {
    element: side,
    show: (view) => {
      const open = view.state.side;
      side.hidden = open === null;
      if (open === null) return;
      for (const { page, tab } of tabs) {
        tab.setAttribute("aria-selected", String(page === open));
        tab.tabIndex = page === open ? 0 : -1;
      }
      if (body.firstChild !== pages[open].element) body.replaceChildren(pages[open].element);
      body.setAttribute("aria-labelledby", `tab-${open}`);
      pages[open].show(view);
    },
    dispose: () => {
      for (const page of SIDE_PAGES) pages[page].dispose?.();
    },
  };
}
