/**
 * The line below the picture: what is under the pointer, what kind of stack this is.
 * @module
 */
import type { PlaneIndex, StackDescription } from "../src/protocol/viewer";
import { element } from "./dom";
import type { Point } from "./geometry";
import { formatFacts, formatPosition, formatValue } from "./state";

/** The status bar and how to fill it. */
export interface StatusBar {
  readonly element: HTMLElement;
  /** A pixel and its value; null while the pointer is outside, value null while it is being read. */
  showPixel(pixel: Point | null, plane: PlaneIndex, value: number | null): void;
  showBusy(isBusy: boolean): void;
}

/** Builds the status bar of a stack. */
export function makeStatusBar(description: StackDescription, engine: string): StatusBar {
  const readout = element("span", { id: "readout" }, "");
  const busy = element("span", { id: "busy", class: "spinner", role: "status", "aria-label": "Loading" });
  busy.hidden = true;
  const facts = element(
    "span",
    { id: "facts", title: "Axes and shape, pixel type, pixel size, storage" },
    formatFacts(description),
  );
  const hint = element(
    "span",
    { id: "engine", title: "Engine that predictions use (setting tilewright.engine.preferred)" },
    `Engine: ${engine}`,
  );
  const bar = element(
    "footer",
    { id: "status" },
    readout,
    element("span", { class: "gap" }),
    busy,
    facts,
    hint,
  );
  if (description.warnings.length > 0) {
    const text = description.warnings.length === 1 ? "1 note" : `${description.warnings.length} notes`;
    facts.before(
      element("span", { id: "warnings", title: description.warnings.join("\n"), tabindex: "0" }, `⚠ ${text}`),
    );
  }
  return {
    element: bar,
    showPixel: (pixel, plane, value) => {
      readout.dataset.value = value === null ? "" : String(value);
      readout.dataset.x = pixel === null ? "" : String(pixel.x);
      readout.dataset.y = pixel === null ? "" : String(pixel.y);
      const shown = value === null ? "…" : formatValue(value);
      readout.textContent =
        pixel === null ? "" : `${formatPosition(description, plane, pixel)}   =  ${shown}`;
    },
    showBusy: (isBusy) => {
      busy.hidden = !isBusy;
    },
  };
}
