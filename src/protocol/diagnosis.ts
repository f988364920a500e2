/**
 * Every message between the extension host and the panel that shows a diagnosis, and the checks of what comes from the
 * panel: it names findings, plots and places, never a path or a command.
 * @module
 */
import type { Diagnosis, Place } from "../diagnose/diagnosis";
import type { Interval } from "../volume/region";
import { refuse } from "./viewerChecks";

/** What the panel shows. */
export interface ShownDiagnosis {
  readonly diagnosis: Diagnosis;
  /** File name of the stack without the folder. */
  readonly name: string;
  /** Which stack it is, for the panel to remember over a reload of the window; it is handed back and not looked into. */
  readonly key: string;
  /** What could be known with more than there is, and how; null when there is nothing more. */
  readonly more: string | null;
  /** Whether predicting again can be started: there is a record, and the workspace is trusted. */
  readonly canPredict: boolean;
}

/** Formats in which a report is saved. */
export const SAVED_FORMATS = ["html", "markdown"] as const;

/** One of the formats of a saved report. */
export type SavedFormat = (typeof SAVED_FORMATS)[number];

/** The extension host: answers the panel, announces a new diagnosis. */
export interface DiagnosisHost {
  requests: {
    /** What is to be shown; null when it is not there any more. */
    diagnosis(params: undefined): ShownDiagnosis | null;
    /** Shows a place in the viewer of the stack, which is opened when it is not. */
    goTo(params: { readonly place: Place }): undefined;
    /** Lays the map of the marks over the stack. */
    showHeatMap(params: undefined): undefined;
    /** Predicts again with the cure of a finding. */
    predictAgain(params: { readonly finding: number }): undefined;
    /** Puts the command line of a cure on the clipboard. */
    copyCommand(params: { readonly finding: number }): undefined;
    diagnoseAgain(params: undefined): undefined;
    /** Asks where to save a report; false when the user changed their mind. */
    saveReport(params: { readonly format: SavedFormat }): boolean;
    /** Asks where to save a plot as SVG; false when the user changed their mind. */
    saveFigure(params: { readonly figure: string }): boolean;
    /** Asks where to save a PNG; false when the user changed their mind. */
    savePicture(params: { readonly name: string; readonly png: Uint8Array }): boolean;
    showLog(params: undefined): undefined;
  };
  events: {
    /** There is another diagnosis of the stack: ask for it. */
    diagnosisChanged: undefined;
  };
}

/** The panel: it answers nothing. */
export interface DiagnosisPanel {
  requests: object;
  events: {
    /** A violation of the content security policy, which must never happen. */
    cspViolation: { readonly directive: string; readonly blocked: string };
    /** Something failed in the panel itself. */
    fault: { readonly message: string };
  };
}

/**
 * Which finding is meant.
 *
 * @param count of findings that there are
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkFinding(value: unknown, count: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= count)
    throw refuse(`there is no such finding, there are ${count}`);
  return value;
}

/**
 * Which plot is meant.
 *
 * @param known ids of the plots that there are
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkFigure(value: unknown, known: readonly string[]): string {
  const found = known.find((id) => id === value);
  if (found === undefined) throw refuse("there is no such plot");
  return found;
}

/**
 * Which format a report is to have.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkFormat(value: unknown): SavedFormat {
  const found = SAVED_FORMATS.find((format) => format === value);
  if (found === undefined) throw refuse("a report is html or markdown");
  return found;
}

/**
 * A place inside a stack.
 *
 * @throws {TilewrightError} `viewer.badMessage` when an axis is not the stack's, or an interval is empty or sticks out
 */
export function checkPlace(value: unknown, { axes, shape }: Pick<Diagnosis, "axes" | "shape">): Place {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw refuse("a place is an interval for each axis");
  const place: Record<string, Interval> = {};
  for (const [axis, interval] of Object.entries(value).slice(0, axes.length + 1)) {
    const index = axis.length === 1 ? axes.indexOf(axis) : -1;
    if (index === -1) throw refuse("a place has only axes of the stack");
    const [start, stop] = Array.isArray(interval) ? (interval as readonly unknown[]) : [];
    const isInside =
      Number.isInteger(start) &&
      Number.isInteger(stop) &&
      Number(start) >= 0 &&
      Number(start) < Number(stop) &&
      Number(stop) <= shape[index];
    if (!isInside) throw refuse(`${axis} must be an interval inside 0:${shape[index]}`);
    place[axis] = [Number(start), Number(stop)];
  }
  return place;
}
