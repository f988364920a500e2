/**
 * The help page: every key.
 * @module
 */
import { element } from "../dom";
import { KEY_TABLE } from "../keys";
import { makeButton } from "../toolkit";
import { keyName } from "./keyNames";

/** A dialog that lists all keys; Esc or its button closes it. */
export function makeHelp(): { readonly element: HTMLElement; toggle(): void } {
  const dialog = element("dialog", { id: "help", "aria-labelledby": "help-title" }) as HTMLDialogElement;
  const close = makeButton({ id: "close-help", text: "Close", title: "Close (Esc)" }, true, () =>
    dialog.close(),
  );
  const topics = Object.entries(KEY_TABLE).map(([topic, entries]) => {
    const table = element("table");
    for (const { keys, does } of entries) {
      const names = keys.flatMap((key, index) => [
        ...(index > 0 ? [" "] : []),
        element("kbd", {}, keyName(key)),
      ]);
      table.append(element("tr", {}, element("td", {}, ...names), element("td", {}, does)));
    }
    return element("section", {}, element("h3", {}, topic), table);
  });
  const mouse = element(
    "p",
    {},
    "Mouse: drag to move, wheel to zoom under the pointer, Shift+wheel for slices, double click for the whole plane; ends of a line, corners of a rectangle and the border of a swipe can be dragged.",
  );
  dialog.append(
    // With the keyboard on the button at its end the page would open scrolled to its end.
    element("h2", { id: "help-title", tabindex: "-1", autofocus: "" }, "Keys"),
    element("div", { class: "topics" }, ...topics),
    mouse,
    close,
  );
  return {
    element: dialog,
    toggle: () => {
      if (dialog.open) dialog.close();
      else dialog.showModal();
    },
  };
}
