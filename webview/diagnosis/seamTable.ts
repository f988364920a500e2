/**
 * The seam table: sorted by its headings, walked through with the arrow keys; each seam goes to its place in the viewer.
 * @module
 */
import type { Diagnosis, Place, SeamFigures } from "../../src/diagnose/diagnosis";
import { element } from "../dom";
import { makeButton } from "../toolkit";
import type { Part } from "./part";
import { SEAM_COLUMNS, firstOrder, nextOrder, sortedSeams } from "./seamOrder";
import type { SeamColumn, SeamOrder } from "./seamOrder";

/** Rows that are shown at first, and that are added at a time. */
const ROWS = 200;
/** px on either side of a seam that are shown. */
const AROUND = 32;
const PAGE_ROWS = 10;

/** A seam with what lies around it, px of the stack. */
export function seamPlace(
  { axis, position }: SeamFigures,
  { axes, shape }: Pick<Diagnosis, "axes" | "shape">,
): Place {
  const length = shape[axes.indexOf(axis)] ?? 0;
  const around = axis === "Y" || axis === "X" ? AROUND : 1;
  const start = Math.max(0, Math.min(position - around, length - 1));
  return { [axis]: [start, Math.min(length, Math.max(start + 1, position + around))] };
}

/** Builds the table. */
export function makeSeamTable(diagnosis: Diagnosis, goTo: (place: Place) => void): Part {
  const { seams } = diagnosis;
  let order = firstOrder(seams);
  let rows = sortedSeams(seams, order);
  let shown = ROWS;
  const body = element("tbody");
  const note = element("p", { class: "note", role: "status" });
  const heads = makeHeads((column) => {
    order = nextOrder(order, column);
    rows = sortedSeams(seams, order);
    show();
  });
  const more = makeButton(
    { id: "more-seams", text: `Show ${ROWS} More`, title: "Add rows to the table" },
    false,
    () => {
      const first = shown;
      shown += ROWS;
      show();
      focusRow(body, first);
    },
  );
  const show = (): void => {
    heads.show(order);
    body.replaceChildren(
      ...rows.slice(0, shown).map((seam, i) => makeRow(seam, i, () => goTo(seamPlace(seam, diagnosis)))),
    );
    const count = Math.min(shown, rows.length);
    note.textContent =
      count < rows.length ? `${count} of ${rows.length} seams are shown.` : `${rows.length} seams.`;
    more.hidden = count >= rows.length;
  };
  show();
  listenToArrows(body);
  const hint = element(
    "p",
    { id: "seams-hint", class: "note" },
    "Press a heading to sort. Enter or a click on a seam shows it in the viewer; arrow keys move through the rows.",
  );
  const named = { "aria-label": "Seams", "aria-describedby": "seams-hint" };
  const table = element("table", { id: "seams", class: "numbers", ...named }, heads.element, body);
  const frame = element("div", { class: "scrolling-wide" }, table);
  return { element: element("div", { class: "seam-table" }, hint, frame, note, more) };
}

function makeHeads(press: (column: SeamColumn["id"]) => void): {
  readonly element: HTMLElement;
  show(order: SeamOrder): void;
} {
  const cells = SEAM_COLUMNS.map((column) => {
    const { id, head, title, isNumber } = column;
    const button = element(
      "button",
      { type: "button", id: `sort-${id}`, title: `${title}. Press to sort` },
      head,
    );
    button.addEventListener("click", () => press(id));
    return { column, cell: element("th", { scope: "col", class: isNumber ? "number" : "" }, button) };
  });
  return {
    element: element("thead", {}, element("tr", {}, ...cells.map(({ cell }) => cell))),
    show: (order) => {
      for (const { column, cell } of cells)
        cell.setAttribute("aria-sort", column.id === order.column ? order.direction : "none");
    },
  };
}

function makeRow(seam: SeamFigures, index: number, go: () => void): HTMLElement {
  const name = `${seam.axis} ${seam.position}`;
  const button = element(
    "button",
    { type: "button", tabindex: index === 0 ? "0" : "-1", title: `Show the seam at ${name} in the viewer` },
    seam.axis,
  );
  button.setAttribute("aria-label", `Seam ${name}: show in the viewer`);
  const cells = SEAM_COLUMNS.map((column, i) => {
    if (i === 0) return element("th", { scope: "row" }, button);
    return element("td", { class: column.isNumber ? "number" : "" }, column.text(seam));
  });
  const row = element("tr", { "data-seam": name }, ...cells);
  row.addEventListener("click", () => {
    select(row);
    go();
  });
  button.addEventListener("focus", () => select(row));
  return row;
}

/** The one row that Tab comes to. */
function select(row: HTMLElement): void {
  for (const other of row.parentElement?.querySelectorAll("tr.in-hand") ?? [])
    other.classList.remove("in-hand");
  for (const button of row.parentElement?.querySelectorAll('button[tabindex="0"]') ?? [])
    button.setAttribute("tabindex", "-1");
  row.classList.add("in-hand");
  row.querySelector("button")?.setAttribute("tabindex", "0");
}

function focusRow(body: HTMLElement, index: number): void {
  body.children[Math.min(body.children.length - 1, Math.max(0, index))]?.querySelector("button")?.focus();
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE_ROWS,
  PageUp: -PAGE_ROWS,
  Home: -Infinity,
  End: Infinity,
};

function listenToArrows(body: HTMLElement): void {
  body.addEventListener("keydown", (event) => {
    const step = event.ctrlKey || event.altKey || event.metaKey ? undefined : STEPS[event.key];
    const row = (event.target as Element).closest("tr");
    if (step === undefined || row === null) return;
    event.preventDefault();
    const now = [...body.children].indexOf(row);
    focusRow(body, step === -Infinity ? 0 : step === Infinity ? body.children.length - 1 : now + step);
  });
}
