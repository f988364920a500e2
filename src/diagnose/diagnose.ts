/**
 * The door of the diagnosis: what is known about the marks that tiles left in a predicted stack.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Stack } from "../stack/stack";
import { measureBlind } from "./blind/blind";
import { findCauses, worstFirst } from "./causes";
import type { Diagnosis, DiagnosisMode, Finding } from "./diagnosis";
import { knownSeams, writtenRegion } from "./places";
import { recordedSeams, worstDisagreement } from "./recorded";
import type { Recompute, RunFacts } from "./run";
import { findingsTogether, seamsTogether } from "./together";
import { TOLERANCE, isExactRun, summaryOf, verdictOf } from "./verdict";

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
 * @throws {TilewrightError} `diagnose.otherRun` when the record is that of another stack, `stack.*`
 */
export async function diagnose(input: DiagnosisInput, job: Job): Promise<Diagnosis> {
  const { stack, run, recompute } = input;
  const { facts } = stack;
  if (run !== undefined) requireSameShape(stack, run);
  job.signal.throwIfAborted();
  const mode: DiagnosisMode =
    run === undefined ? "blind" : recompute === undefined ? "record" : "record+model";
  const blind = await measureBlind(stack, run === undefined ? {} : knownSeams(run.plan), job);
  const { range } = blind;
  const recorded = run === undefined ? [] : recordedSeams(run, range);
  const seams = seamsTogether(recorded, blind.seams);
  const caused: Finding[] = run === undefined ? [] : findCauses(run, { seams });
  const isClear =
    run !== undefined && isExactRun(run) && (worstDisagreement(recorded, null) ?? 0) < TOLERANCE;
  const joined = findingsTogether(caused, blind.findings, () => isClear);
  const findings = worstFirst(joined.findings);
  const evidence = {
    mode,
    range,
    findings,
    seams,
    run: run ?? null,
    probe: null,
    pixelsHadPower: blind.hadPower,
  };
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
    slices: blind.slices,
    grid: blind.grid,
    excess: blind.excess,
    probe: null,
    reference: null,
    notes: [...blind.notes, ...joined.notes],
  };
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
