/**
 * The door of the diagnosis: what is known about the marks that tiles left in a predicted stack.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack } from "../stack/stack";
import { measureBlind } from "./blind/blind";
import { findCauses, worstFirst } from "./causes";
import type {
  Diagnosis,
  DiagnosisMode,
  Finding,
  ReferenceErrors,
  SeamFigures,
  SliceFigures,
} from "./diagnosis";
import { isExactRun } from "./exact";
import { knownSeams, plannedGrids, writtenRegion, writtenStart } from "./places";
import { probeRun } from "./probe/probe";
import type { ProbeResult } from "./probe/probe";
import { recordedSeams, unexpectedDisagreement } from "./recorded";
import { referenceErrors } from "./reference";
import type { Recompute, RunFacts } from "./run";
import { findingsTogether, seamsTogether } from "./together";
import { TOLERANCE } from "./tolerance";
import { summaryOf, verdictOf } from "./verdict";

/** What a diagnosis works with. Stacks stay open. */
export interface DiagnosisInput {
  readonly stack: Stack;
  /** The run that made the stack; without it only the pixels are looked at. */
  readonly run?: RunFacts;
  /** Predicts parts again; needs `run`. */
  readonly recompute?: Recompute;
  /** What to measure errors against; shape of the stack. */
  readonly reference?: Stack;
}

/**
 * Diagnoses a predicted stack.
 *
 * @throws {TilewrightError} `diagnose.referenceShape`, `diagnose.otherRun` when the record is that of another stack, `stack.*`
 */
export async function diagnose(input: DiagnosisInput, job: Job): Promise<Diagnosis> {
  const { stack, run, recompute, reference } = input;
  const { facts } = stack;
  if (run !== undefined) requireSameShape(stack, run);
  job.signal.throwIfAborted();
  const mode = modeOf(input);
  const known = run === undefined ? {} : knownSeams(run.plan);
  const blind = await measureBlind(stack, known, job);
  const { range } = blind;
  const recorded = run === undefined ? [] : recordedSeams(run, range);
  const probed =
    run === undefined || recompute === undefined || range === null
      ? null
      : await probeRun(stack, run, { recompute, range }, job);
  const seams = withErrors(seamsTogether(recorded, blind.seams), run ?? null, probed);
  const caused: Finding[] = run === undefined ? [] : findCauses(run, { seams, probe: probed });
  const joined = findingsTogether({ caused, seen: blind.findings }, seams, run ?? null, (axis) =>
    run === undefined ? false : leftNoMark(run, probed, seams, axis),
  );
  const findings = worstFirst(joined.findings);
  const evidence = {
    mode,
    range,
    findings,
    seams,
    run: run ?? null,
    probe: probed?.probe ?? null,
    pixelsShow: joined.seen,
    pixelsHadPower: blind.hadPower,
    wasChanged: run !== undefined && run.dtype !== facts.dtype,
  };
  const errors = reference === undefined ? null : await referenceErrors(stack, reference, seams, job);
  const verdict = verdictOf(evidence);
  return {
    verdict,
    mode,
    summary: summaryOf(verdict, evidence),
    file: facts.file,
    axes: facts.canonicalAxes,
    shape: facts.canonicalShape,
    dtype: facts.dtype,
    range,
    findings,
    seams,
    slices: slicesWithErrors(blind.slices, errors),
    grid: { ...blind.grid, ...plannedGrids(known) },
    excess: blind.excess,
    probe: probed?.probe ?? null,
    reference: errors,
    notes: [
      ...blind.notes,
      ...(run === undefined ? [] : [...changesSince(facts.dtype, run), ...borderNotes(run)]),
      ...(probed?.notes ?? []),
      ...joined.notes,
    ],
  };
}

function modeOf({ run, recompute }: DiagnosisInput): DiagnosisMode {
  if (run === undefined) return "blind";
  return recompute === undefined ? "record" : "record+model";
}

function slicesWithErrors(
  slices: readonly SliceFigures[],
  errors: ReferenceErrors | null,
): readonly SliceFigures[] {
  return slices.map((slice) => ({
    ...slice,
    error: errors?.perAxis[slice.axis]?.[slice.index] ?? slice.error,
  }));
}

/** Axes so short that every px depends on the padding that whole blocks need. */
function borderNotes({ plan, padding }: RunFacts): string[] {
  return [...plan.axes].flatMap((axis, i) => {
    const [before, after] = plan.padding[i];
    const [length, context] = [plan.shape[i], plan.context[i]];
    const isAll = plan.roles[i] === "tiled" && before + after > 0 && context >= length && length > 1;
    return isAll
      ? [
          `Every one of the ${length} px in ${axis} depends on the ${before} and ${after} px of padding at its ends (${padding}): the network sees ${context} px.`,
        ]
      : [];
  });
}

/** What was done to the stack after the run wrote it, as far as its pixel type tells. */
function changesSince(dtype: string, run: RunFacts): string[] {
  return run.dtype === dtype
    ? []
    : [
        `The run wrote ${run.dtype}, the stack is ${dtype}: it was changed since, and what the record says of the run does not say what stands there now.`,
      ];
}

/** Seams with the largest error of the probes on them. */
function withErrors(
  seams: readonly SeamFigures[],
  run: RunFacts | null,
  probed: ProbeResult | null,
): SeamFigures[] {
  if (run === null || probed === null) return [...seams];
  const starts = writtenStart(run.plan);
  return seams.map((seam) => {
    const padded = seam.position + starts[run.plan.axes.indexOf(seam.axis)];
    const places = probed.places.filter((place) => place.seams[seam.axis] === padded);
    return places.length === 0
      ? seam
      : { ...seam, error: places.reduce((most, { max }) => Math.max(most, max), 0) };
  });
}

/**
 * Whether the run's tiles left no mark across an axis: every probe on its seams is below the tolerance; without probes
 * there, the run is exact and its tiles agree.
 */
function leftNoMark(
  run: RunFacts,
  probed: ProbeResult | null,
  seams: readonly SeamFigures[],
  axis: string | null,
): boolean {
  const onAxis = (probed?.places ?? []).filter((place) => axis === null || place.seams[axis] !== undefined);
  if (onAxis.length > 0) return onAxis.every(({ max }) => max < TOLERANCE);
  return isExactRun(run) && unexpectedDisagreement(run, seams, axis) < TOLERANCE;
}

/** Axes of length 1 may be there or not. */
function requireSameShape({ facts }: Stack, { plan }: RunFacts): void {
  const written = writtenRegion(plan);
  const lengths = (axes: string, shape: readonly number[]): string =>
    [...axes]
      .flatMap((axis, i) => (axis === "C" || shape[i] === 1 ? [] : [`${axis} ${shape[i]}`]))
      .join(", ");
  const expected = lengths(
    plan.axes,
    written.map(([start, stop]) => stop - start),
  );
  const found = lengths(facts.canonicalAxes, facts.canonicalShape);
  if (expected === found) return;
  throw new TilewrightError(
    "diagnose.otherRun",
    `the record is that of another stack: its run wrote ${expected || "one px"}, ${facts.file} has ${found || "one px"}`,
    "use the record that was written with this stack, or diagnose without --run",
  );
}
