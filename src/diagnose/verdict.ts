/**
 * The verdict: what can be said after all that was looked at.
 * @module
 */
import type { DiagnosisMode, Finding, Probe, SeamFigures, Verdict } from "./diagnosis";
import { isExactRun } from "./exact";
import { unexpectedDisagreement } from "./recorded";
import type { RunFacts } from "./run";
import { TOLERANCE } from "./tolerance";
import { causeText, fractionText } from "./words";

/** What a verdict is made from. */
export interface Evidence {
  readonly mode: DiagnosisMode;
  readonly range: number | null;
  readonly findings: readonly Finding[];
  readonly seams: readonly SeamFigures[];
  readonly run: RunFacts | null;
  readonly probe: Probe | null;
  /** Whether the pixels show a mark for certain. */
  readonly pixelsShow: boolean;
  /** Whether looking at the pixels would have shown a mark; false when they were not looked at. */
  readonly pixelsHadPower: boolean;
  /** Whether the stack is not as the run wrote it. */
  readonly wasChanged: boolean;
}

/**
 * The rule, in this order:
 *
 * 1. `artifacts` when a finding's magnitude is at least {@link TOLERANCE}, or when the pixels show one whose cause is
 *    `measured`. What only follows from the geometry and was measured below the tolerance, or not at all, makes no
 *    artifact: it may be too small to see.
 * 2. `seamless` only where a mark would have been seen. With the model: every probe was below the tolerance, wherever
 *    it was. With a record: the plan is exact, tiles are cropped and normalised as one, and where two tiles with their
 *    whole context meet they disagree by less than the tolerance; disagreement alone says nothing, two tiles can agree
 *    and both be wrong. From pixels alone: nothing stands out, and a mark would have.
 * 3. `undecided` otherwise.
 */
export function verdictOf(evidence: Evidence): Verdict {
  const { mode, findings, run, probe, seams, pixelsShow, pixelsHadPower } = evidence;
  const isMark = ({ magnitude }: Finding): boolean => (magnitude ?? 0) >= TOLERANCE;
  if (pixelsShow || findings.some(isMark)) return "artifacts";
  if (mode === "blind" || run === null)
    return pixelsHadPower && findings.length === 0 ? "seamless" : "undecided";
  if (probe !== null && probe.places.length > 0) return "seamless";
  const isRight = isExactRun(run) && !evidence.wasChanged;
  return isRight && unexpectedDisagreement(run, seams, null) < TOLERANCE && seamsAreKnown(run, seams)
    ? "seamless"
    : "undecided";
}

/** Whether every seam of the run has its disagreement recorded. */
function seamsAreKnown(run: RunFacts, seams: readonly SeamFigures[]): boolean {
  return run.untiled || seams.every(({ known, disagreement }) => !known || disagreement !== null);
}

/** The verdict in one or two sentences. */
export function summaryOf(verdict: Verdict, evidence: Evidence): string {
  const { mode, findings, probe, range } = evidence;
  const known = {
    blind: "the pixels alone",
    record: "the pixels and the run record",
    "record+model": "the pixels, the run record and the model",
  }[mode];
  if (range === null)
    return "The stack has no range of intensities: it is constant, or nothing in it is finite.";
  switch (verdict) {
    case "artifacts": {
      const [worst] = findings;
      const size = worst.magnitude === null ? "" : ` (${fractionText(worst.magnitude)} of the range)`;
      const more =
        findings.length > 1
          ? ` ${findings.length - 1} more ${findings.length === 2 ? "finding" : "findings"} below.`
          : "";
      if (findings.every(({ cause }) => cause === "training-patch"))
        return `Not what the network was trained for: in patches as in its training it gives something else${size}; the tiles themselves left no mark.${more}`;
      return `The tiles left marks: ${causeText(worst)}${size}.${more}`;
    }
    case "seamless": {
      if (probe !== null) {
        const most = probe.places.reduce((max, place) => Math.max(max, place.max), 0);
        return `No mark: at ${probe.places.length} places predicted again with full context the stack differs by at most ${fractionText(most)} of the range.`;
      }
      return mode === "blind"
        ? "No mark: nothing stands out where tiles could meet, and a mark would have."
        : "No mark: the plan is exact, so what is written equals an untiled prediction.";
    }
    case "undecided":
      return `Undecided: ${known} do not show whether tiles left marks. ${undecidedWhy(evidence)}`;
  }
}

function undecidedWhy({ mode, findings }: Evidence): string {
  if (findings.length > 0)
    return "The run could have left some, see the findings; with the model (--model) they can be measured.";
  return mode === "blind"
    ? "A run record (--run) or the model (--model) would tell."
    : "With the model (--model) it can be measured.";
}
