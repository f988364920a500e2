/**
 * The line below the picture: what is under the pointer, what kind of stack this is.
 * @module
 */
import type { PlaneIndex, StackDescription } from "../src/protocol/viewer";
import { element } from "./dom";
import type { PicturePoint } from "../src/protocol/viewer";
import { formatFacts, formatPosition, formatValue } from "./texts";

/** What is under the pointer. */
export interface PixelReadout {
  readonly plane: PlaneIndex;
  readonly pixel: PicturePoint;
  /** Values of all pictures there, from the bottom to the top; null while one is being read. */
  readonly values: readonly (number | null)[];
}

/** The status bar and how to fill it. */
export interface StatusBar {
  readonly element: HTMLElement;
  /** What is under the pointer; null while it is outside. */
  showPixel(readout: PixelReadout | null): void;
  showBusy(isBusy: boolean): void;
  /** What was read out last, also when the pointer has left the picture since; "" before that. */
  readonly lastReadout: string;
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
  let last = "";
  return {
    element: bar,
    get lastReadout() {
      return last;
    },
    showPixel: (under) => {
      const first = under?.values[0] ?? null;
      readout.dataset.value = first === null ? "" : String(first);
      readout.dataset.x = under === null ? "" : String(under.pixel.x);
      readout.dataset.y = under === null ? "" : String(under.pixel.y);
      const shown = under?.values.map((value) => (value === null ? "…" : formatValue(value))).join("  |  ");
      readout.textContent =
        under === null ? "" : `${formatPosition(description, under.plane, under.pixel)}   =  ${shown}`;
      if (under !== null) last = readout.textContent;
    },
    showBusy: (isBusy) => {
      busy.hidden = !isBusy;
    },
  };
}
