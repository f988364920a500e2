/**
 * What the pixels show and what the run says, put together: one seam has one entry, one thing one finding.
 * @module
 */
import { repeatWith } from "./cures";
import type { Cure, Finding, SeamFigures } from "./diagnosis";
import type { RunFacts } from "./run";

/** Probability from which on a plane is a seam by itself, wherever tiles were planned. */
const RARE = 0.01;
/** Robust standard deviations from which on the step at a planned seam is worth a word. */
const VISIBLE = 2;

/**
 * Seams of the run with what the pixels show at them, then those that only the pixels show. Planes that the pixels
 * only count in to complete a grid are left out on axes whose true grid is planned.
 *
 * @param recorded seams of the run; empty without one
 * @param seen     seams of the pixels, known and found
 */
export function seamsTogether(recorded: readonly SeamFigures[], seen: readonly SeamFigures[]): SeamFigures[] {
  const keyOf = ({ axis, position }: SeamFigures): string => `${axis} ${position}`;
  const pixels = new Map(seen.map((seam) => [keyOf(seam), seam]));
  const known = recorded.map((seam): SeamFigures => {
    const found = pixels.get(keyOf(seam));
    pixels.delete(keyOf(seam));
    return found === undefined ? seam : { ...seam, excess: found.excess, pValue: found.pValue };
  });
  const planned = new Set(recorded.map(({ axis }) => axis));
  const others = [...pixels.values()].filter(
    ({ axis, pValue }) => !planned.has(axis) || (pValue !== null && pValue < RARE),
  );
  return [...known, ...others];
}

/** What is left of the pixels' findings once the run is known, and what was said of the others. */
export interface Joined {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Whether the pixels show a mark for certain, as a finding of its own or as evidence of another. */
  readonly seen: boolean;
}

/**
 * Puts findings of the pixels to those of the run. A seam that only the pixels show and that the run explains becomes
 * evidence of the run's finding. One that the run cannot have made becomes a note: it comes from the input.
 *
 * @param caused findings of plan, network and probe
 * @param seams   of {@link seamsTogether}
 * @param cleared axes on which the run left no mark: its plan is exact there, or a probe of it was
 */
export function findingsTogether(
  { caused, seen }: { readonly caused: readonly Finding[]; readonly seen: readonly Finding[] },
  seams: readonly SeamFigures[],
  run: RunFacts | null,
  cleared: (axis: string | null) => boolean,
): Joined {
  const findings = [...caused];
  const notes: string[] = [];
  let isSeen = false;
  for (const finding of seen) {
    const cannotBe = isTileMark(finding) && cleared(finding.axis);
    isSeen ||= finding.certainty === "measured" && !cannotBe;
    const evidence = evidenceAtSeams(finding, seams);
    const same = evidence === null ? -1 : findings.findIndex((other) => isSameThing(other, finding));
    if (same >= 0) {
      const other = findings[same];
      findings[same] = { ...other, evidence: `${other.evidence}; in the pixels: ${evidence ?? ""}` };
    } else if (cannotBe) {
      notes.push(`${finding.evidence} The tiles of this run did not make that: look at the input.`);
    } else {
      findings.push(run === null ? finding : { ...finding, cure: cureWith(run, finding) });
    }
  }
  return { findings, notes, seen: isSeen };
}

/**
 * What a finding of the pixels says of the planned seams; null when what it found lies elsewhere. The pixels guess
 * where tiles meet, the plan knows.
 */
function evidenceAtSeams(finding: Finding, seams: readonly SeamFigures[]): string | null {
  const { cause, axis, evidence } = finding;
  const planned = seams.filter((seam) => seam.known && seam.axis === axis);
  if (!isTileMark(finding) || planned.length === 0) return evidence;
  const worst = planned.reduce((most, seam) => ((seam.excess ?? 0) > (most.excess ?? 0) ? seam : most));
  if ((worst.excess ?? 0) < VISIBLE) return cause === "unknown" ? null : evidence;
  const size = worst.excess!.toFixed(1);
  return `the step at ${worst.axis} ${worst.position} exceeds those around it by ${size} robust standard deviations`;
}

/** The cure of a finding of the pixels, once the run is known that has to be repeated. */
function cureWith(run: RunFacts, { cause, cure }: Finding): Cure {
  switch (cause) {
    case "integer-wrap":
      return repeatWith(run, cure.text, { dtype: null });
    case "missing-tile":
      return repeatWith(run, cure.text, {});
    case "tile-normalization":
      return repeatWith(run, cure.text, { normalizeScope: null });
    case "overlap-too-small":
    case "misaligned-tiles":
    case "border-padding":
    case "training-patch":
    case "unknown":
      return cure;
  }
}

/** Marks at seams have one cause per axis, whatever the pixels call it. */
function isSameThing(caused: Finding, seen: Finding): boolean {
  if (caused.cause === seen.cause)
    return seen.axis === null || caused.axis === null || seen.axis === caused.axis;
  const atSeams = ["overlap-too-small", "misaligned-tiles", "tile-normalization", "missing-tile", "unknown"];
  const isSteps = seen.cause === "unknown" || seen.cause === "tile-normalization";
  return (
    isSteps &&
    atSeams.includes(caused.cause) &&
    (seen.axis === null || caused.axis === null || seen.axis === caused.axis)
  );
}

function isTileMark({ cause }: Finding): boolean {
  return cause === "unknown" || cause === "tile-normalization";
}
