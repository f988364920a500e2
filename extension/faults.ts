/**
 * What webviews report that must not happen, for tests and bug reports.
 * @module
 */
import type * as vscode from "vscode";

const MOST = 100;
const LONGEST_TEXT = 500;

/** What webviews reported that must not happen. */
export interface ReportedFaults {
  readonly cspViolations: readonly string[];
  readonly faults: readonly string[];
}

/** The half of a channel that faults come from. */
interface FaultyChannel {
  on(event: "cspViolation" | "fault", listener: (payload: unknown) => void): unknown;
}

/** Collects faults; those of a page that goes mad are not kept without end. */
export class Faults implements ReportedFaults {
  readonly #cspViolations: string[] = [];
  readonly #faults: string[] = [];

  get cspViolations(): readonly string[] {
    return [...this.#cspViolations];
  }

  get faults(): readonly string[] {
    return [...this.#faults];
  }

  /** @param who the page, for the log */
  hear(channel: FaultyChannel, who: string, log: vscode.LogOutputChannel): void {
    channel.on("cspViolation", (payload) => {
      const text = `${fieldText(payload, "directive")}: ${fieldText(payload, "blocked")}`;
      if (this.#cspViolations.length < MOST) this.#cspViolations.push(text);
    });
    channel.on("fault", (payload) => {
      const text = fieldText(payload, "message");
      if (this.#faults.length >= MOST) return;
      this.#faults.push(text);
      log.error(`${who}: ${text}`);
    });
  }
}

/** A field of something that a webview sent, as a short text. */
export function fieldText(payload: unknown, field: string, longest = LONGEST_TEXT): string {
  if (typeof payload !== "object" || payload === null) return "";
  const value = (payload as Readonly<Record<string, unknown>>)[field];
  if (typeof value === "number") return String(Math.round(value));
  return typeof value === "string" ? value.slice(0, longest) : "";
}
