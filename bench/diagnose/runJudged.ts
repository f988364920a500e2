/**
 * One run diagnosed with its record, and with its record and its model.
 * @module
 */
import { join } from "node:path";
import type { Cause, Diagnosis, DiagnosisMode, Verdict } from "../../src/diagnose/diagnosis";
import { knownSeams } from "../../src/diagnose/places";
import { quietJob } from "../../src/job";
import { diagnoseFiles } from "../../src/predict/diagnoseRun";
import { recordPath } from "../../src/predict/record";
import { readStack } from "../../test/support/prediction";
import { FAULT_CAUSE, predictFile } from "./runCases";
import type { RunCase, RunFault, Workshop } from "./runCases";
import { largestAtSeams, rangeOf } from "./runFaults";

/** Modes that a record allows. */
export const RUN_MODES = ["record", "record+model"] as const satisfies readonly DiagnosisMode[];

/** One of the modes that a record allows. */
export type RunMode = (typeof RUN_MODES)[number];

/** What one mode said. */
export interface ModeResult {
  readonly verdict: Verdict;
  /** In the order of the findings. */
  readonly causes: readonly Cause[];
  readonly seconds: number;
}

/** What was said about a run. */
export interface JudgedRun {
  readonly seed: number;
  readonly planted: readonly RunFault[];
  readonly network: string;
  readonly specimen: string;
  readonly dtype: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly modes: Readonly<Record<RunMode, ModeResult>>;
  /** Largest error of the probes on seams ÷ the true largest beside all seams; null where nothing was planted there. */
  readonly probeShare: number | null;
  /** True largest error of a run with the overlap recommended for 1e-3, fraction of the range; null where none was made. */
  readonly recommendedError: number | null;
}

const TOLERANCE = 1e-3;

/** Diagnoses a run in both modes. */
export async function judgeRun(made: RunCase, shop: Workshop): Promise<JudgedRun> {
  const { out, model, planted } = made;
  const found = new Map<RunMode, Diagnosis>();
  const seconds = new Map<RunMode, number>();
  for (const mode of RUN_MODES) {
    const started = performance.now();
    const request = {
      file: out,
      run: recordPath(out),
      ...(mode === "record" ? {} : { model: model.path }),
      ...(made.trainingPatch === null ? {} : { trainingPatch: made.trainingPatch }),
    };
    found.set(mode, await diagnoseFiles(request, shop.sessions, quietJob()));
    seconds.set(mode, (performance.now() - started) / 1000);
  }
  const result = (mode: RunMode): ModeResult => {
    const { verdict, findings } = found.get(mode)!;
    return { verdict, causes: findings.map(({ cause }) => cause), seconds: seconds.get(mode)! };
  };
  const full = found.get("record+model")!;
  return {
    seed: made.seed,
    planted,
    network: model.name,
    specimen: made.specimen,
    dtype: full.dtype,
    options: made.options,
    modes: { record: result("record"), "record+model": result("record+model") },
    probeShare: probeShare(made, full),
    recommendedError: planted.join() === "overlap" ? await recommendedError(made, full, shop) : null,
  };
}

/** Whether everything that was planted is among what was found, and a single fault is the first. */
export function isRight({ planted }: Pick<JudgedRun, "planted">, { causes }: ModeResult): boolean {
  if (planted.length === 1) return causes[0] === FAULT_CAUSE[planted[0]];
  return planted.every((fault) => causes.includes(FAULT_CAUSE[fault]));
}

function probeShare({ planted, seamError }: RunCase, { probe, range }: Diagnosis): number | null {
  const atSeams = ["overlap", "misaligned", "normalization"];
  const all = planted.every((fault) => atSeams.includes(fault));
  if (!all || planted.length === 0 || seamError === null || probe === null || range === null) return null;
  const onSeams = probe.places.filter(({ why }) => why !== "stack end");
  return (onSeams.reduce((most, { max }) => Math.max(most, max), 0) * range) / seamError;
}

async function recommendedError(made: RunCase, { probe }: Diagnosis, shop: Workshop): Promise<number | null> {
  const overlap = probe?.recommended.find(({ tolerance }) => tolerance === TOLERANCE)?.overlap?.overlap;
  if (overlap === undefined || made.right === null) return null;
  const out = join(shop.folder, "recommended.tif");
  const options = { ...made.options, overlap };
  const plan = await predictFile(shop, { input: made.input, model: made.model.path, out }, options);
  const volume = await readStack(out);
  const seams = [...volume.axes].map((axis) => knownSeams(plan)[axis] ?? []);
  return largestAtSeams(volume, made.right, seams) / rangeOf(made.right);
}
