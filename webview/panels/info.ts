/**
 * What the file says about itself.
 * @module
 */
import { element } from "../dom";
import { makeButton } from "../toolkit";
import type { Panel, PanelContext } from "./panel";

/** Builds the page; asks the host when it is first shown. */
export function makeInfoPanel(context: PanelContext): Panel {
  const box = element("div", { id: "info" });
  let isAsked = false;
  const ask = async (): Promise<void> => {
    try {
      const { rows, text } = await context.channel.request("metadata", undefined);
      const table = element("table", { class: "facts" });
      for (const [name, value] of rows)
        table.append(element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)));
      box.replaceChildren(table);
      if (text === null) return;
      const copy = makeButton(
        { id: "copy-metadata", text: "Copy", title: "Copy this text" },
        false,
        () =>
          void context.channel
            .request("copyText", { text })
            .catch((error: unknown) => context.complain(error)),
      );
      const raw = element("pre", { tabindex: "0", "aria-label": "Text in the file" }, text);
      box.append(element("h3", {}, "Text in the file"), copy, raw);
    } catch (error) {
      isAsked = false;
      context.complain(error);
    }
  };
  return {
    element: box,
    show: () => {
      if (isAsked) return;
      isAsked = true;
      void ask();
    },
  };
}
