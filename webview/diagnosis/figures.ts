/**
 * The plots of a diagnosis, each with buttons that save it.
 * @module
 */
import type { Diagnosis } from "../../src/diagnose/diagnosis";
import { figuresOf } from "../../src/diagnose/report/plots";
import type { Figure } from "../../src/diagnose/report/plots";
import { element } from "../dom";
import { Plot } from "../panels/plot";
import type { PlotContent, PlotLine } from "../panels/plot";
import { makeButton } from "../toolkit";
import type { Part } from "./part";

/** Told apart also by people who see fewer colours (Okabe & Ito 2008). */
const COLORS = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2"];

/** What can be done with a plot. */
export interface FigureActions {
  saveFigure(figure: string): void;
  savePicture(name: string, png: Promise<Uint8Array>): void;
}

/** Builds all plots that there are numbers for; null when there are none. */
export function makeFigures(diagnosis: Diagnosis, actions: FigureActions): Part | null {
  const figures = figuresOf(diagnosis);
  if (figures.length === 0) return null;
  const built = figures.map((figure) => makeFigure(figure, actions));
  return {
    element: element("div", { class: "figures" }, ...built.map((part) => part.element)),
    dispose: () => {
      for (const part of built) part.dispose?.();
    },
  };
}

function makeFigure(figure: Figure, actions: FigureActions): Part {
  const { id, title, description } = figure;
  const plot = new Plot(`plot-${id}`, `${title}. ${description}`);
  plot.show(contentOf(figure));
  const saveSvg = makeButton({ id: `svg-${id}`, text: "SVG…", title: `Save “${title}” as SVG` }, false, () =>
    actions.saveFigure(id),
  );
  const savePng = makeButton({ id: `png-${id}`, text: "PNG…", title: `Save “${title}” as PNG` }, false, () =>
    actions.savePicture(id, plot.png(title)),
  );
  const heading = element(
    "div",
    { class: "figure-head" },
    element("h3", {}, title),
    element("div", { class: "buttons", role: "group", "aria-label": `Save ${title}` }, saveSvg, savePng),
  );
  return {
    element: element(
      "figure",
      { class: "figure", id: `figure-${id}` },
      heading,
      plot.element,
      element("figcaption", {}, description),
    ),
    dispose: () => plot.dispose(),
  };
}

function contentOf({ x, xLabel, yLabel, isLog, kind, lines, marks }: Figure): PlotContent {
  const numbers = (values: readonly (number | null)[]): number[] =>
    values.map((value) => value ?? Number.NaN);
  const lineOf = (line: Figure["lines"][number], i: number): PlotLine => ({
    label: line.label,
    color: COLORS[i % COLORS.length],
    isDashed: line.isDashed,
    values: numbers(line.values),
    ...(line.band === undefined
      ? {}
      : { band: { low: numbers(line.band.low), high: numbers(line.band.high) } }),
  });
  return {
    ...{ x, xLabel, yLabel, isLog, kind, marks },
    marker: null,
    hasWholeX: true,
    lines: lines.map(lineOf),
  };
}
