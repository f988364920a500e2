/**
 * The page of one diagnosis: verdict first, then what was found, plots, seams.
 * @module
 */
import type { Channel } from "../../src/protocol/channel";
import type {
  DiagnosisHost,
  DiagnosisPanel,
  SavedFormat,
  ShownDiagnosis,
} from "../../src/protocol/diagnosis";
import { MODE_TEXTS, VERDICT_NAMES, gridTexts, stackText } from "../../src/diagnose/words";
import { element } from "../dom";
import { makeButton } from "../toolkit";
import { makeFigures } from "./figures";
import { makeFindings, makeOverlapTable } from "./findings";
import type { Part } from "./part";
import { makeSeamTable } from "./seamTable";

/** What the page talks to. */
export interface PageParts {
  readonly channel: Channel<DiagnosisPanel, DiagnosisHost>;
  /** Says that something went well or wrong, for a while. */
  readonly tell: (message: string) => void;
}

type Requests = DiagnosisHost["requests"];
type ParamsOf<K extends keyof Requests> = Requests[K] extends (params: infer P) => unknown ? P : never;

/** Builds the page. */
export function makePage(shown: ShownDiagnosis, { channel, tell }: PageParts): Part {
  const { diagnosis, canPredict } = shown;
  const fail = (error: unknown): void => tell(error instanceof Error ? error.message : String(error));
  const ask = <K extends keyof Requests>(method: K, params: ParamsOf<K>, done?: string): void => {
    channel.request(method, params as never).then((answer) => {
      if (done !== undefined && answer !== false) tell(done);
    }, fail);
  };
  const figures = makeFigures(diagnosis, {
    saveFigure: (figure) => ask("saveFigure", { figure }, "The plot was saved."),
    savePicture: (name, made) => {
      made.then((png) => ask("savePicture", { name, png }, "The plot was saved."), fail);
    },
  });
  const findings = makeFindings(diagnosis.findings, {
    canPredict,
    goTo: (place) => ask("goTo", { place }),
    predictAgain: (finding) => ask("predictAgain", { finding }),
    copyCommand: (finding) => ask("copyCommand", { finding }, "The command was copied."),
  });
  const overlaps = makeOverlapTable(diagnosis.probe);
  const grid = gridTexts(diagnosis).map((text) => element("p", {}, text));
  const seams =
    diagnosis.seams.length === 0 ? null : makeSeamTable(diagnosis, (place) => ask("goTo", { place }));
  const notes = diagnosis.notes.map((note) => element("li", {}, note));
  return {
    element: element(
      "main",
      { id: "page" },
      makeVerdict(shown),
      makeToolbar(shown, {
        report: (format) => ask("saveReport", { format }, "The report was saved."),
        heatMap: () => ask("showHeatMap", undefined),
        again: () => ask("diagnoseAgain", undefined),
      }),
      section("Findings", findings, ...grid, ...(overlaps === null ? [] : [overlaps])),
      ...(figures === null ? [] : [section("Plots", figures.element)]),
      ...(seams === null ? [] : [section("Seams", seams.element)]),
      ...(notes.length === 0 ? [] : [section("What was not looked at", element("ul", {}, ...notes))]),
    ),
    dispose: () => figures?.dispose?.(),
  };
}

function section(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  return element("section", { "aria-label": title }, element("h2", {}, title), ...content);
}

const SIGNS = { seamless: "✓", artifacts: "!", undecided: "?" } as const;

/** The verdict in words, and what it rests on. */
function makeVerdict({ diagnosis, name, more }: ShownDiagnosis): HTMLElement {
  const { verdict, summary, mode } = diagnosis;
  const { name: modeName, known, limits } = MODE_TEXTS[mode];
  return element(
    "header",
    { id: "verdict", "data-verdict": verdict },
    element("p", { class: "file" }, name),
    element(
      "h1",
      {},
      element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[verdict]),
      element("span", { id: "verdict-name" }, VERDICT_NAMES[verdict]),
    ),
    element("p", { id: "summary" }, summary),
    element(
      "p",
      { id: "mode", "data-mode": mode },
      element("strong", {}, `${modeName}. `),
      `${known} ${limits}`,
    ),
    ...(more === null ? [] : [element("p", { id: "more" }, more)]),
    element("p", { class: "note" }, stackText(diagnosis)),
  );
}

interface ToolbarPresses {
  readonly report: (format: SavedFormat) => void;
  readonly heatMap: () => void;
  readonly again: () => void;
}

function makeToolbar({ diagnosis }: ShownDiagnosis, { report, heatMap, again }: ToolbarPresses): HTMLElement {
  const hasMap = diagnosis.seams.length > 0 || diagnosis.reference !== null;
  const map = makeButton(
    {
      id: "heat-map",
      text: "Show Heat Map",
      title:
        diagnosis.reference === null
          ? "Lay the strength of the seams over the stack"
          : "Lay the difference from the reference over the stack",
    },
    true,
    heatMap,
  );
  return element(
    "div",
    { id: "actions", class: "buttons", role: "group", "aria-label": "What to do with the diagnosis" },
    ...(hasMap ? [map] : []),
    makeButton(
      { id: "diagnose-again", text: "Diagnose Again", title: "Look at the stack once more" },
      false,
      again,
    ),
    makeButton(
      { id: "save-html", text: "Save Report as HTML…", title: "One file with all plots and pictures" },
      false,
      () => report("html"),
    ),
    makeButton(
      {
        id: "save-markdown",
        text: "Save Report as Markdown…",
        title: "A text file with its pictures beside it",
      },
      false,
      () => report("markdown"),
    ),
  );
}
