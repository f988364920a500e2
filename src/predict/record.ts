/**
 * The run record written beside an output, and the result told to the caller.
 * @module
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { TilewrightError } from "../errors";
import type { RecordedSeam } from "../diagnose/run";
import type { Model } from "../models/model";
import type { PredictionRequest } from "../protocol/prediction";
import type { Plan } from "../tiling/plan";
import { version } from "../version";
import type { MeasuredNormalization } from "./normalize";
import { writeWholeFile } from "./wholeFile";

/** Something the user should know about a run or plan. */
export interface RunWarning {
  readonly code: string;
  readonly axis: string | null;
  readonly message: string;
  readonly fix: string;
}

/** Disagreement of neighbouring tiles; fractions of the output range (p99.9 − p0.1). */
export interface SeamSummary {
  /** Largest over all axes; null when no two tiles overlap. */
  readonly maxRelative: number | null;
  readonly perAxis: Readonly<Record<string, number>>;
}

/** The JSON of `tilewright predict`. */
export interface PredictionResult {
  readonly out: string;
  readonly record: string;
  readonly engine: { readonly name: string; readonly device: string };
  readonly tiles: number;
  readonly seconds: number;
  readonly voxelsPerSecond: number;
  /** All processes together. */
  readonly peakRssBytes: number;
  readonly seams: SeamSummary;
  /** Whether the result equals untiled prediction, as far as plan, normalisation and joining decide. */
  readonly exact: boolean;
  /** How often the tiles were made smaller because memory ran out. */
  readonly retiled: number;
  readonly warnings: readonly RunWarning[];
}

/** Schema of {@link RunRecord}. */
export const RECORD_SCHEMA = "tilewright-run/1";

/** What `OUT.run.json` holds; paths are relative to it. */
export interface RunRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly version: string;
  readonly started: string;
  readonly seconds: number;
  readonly input: string;
  readonly model: { readonly path: string; readonly kind: string; readonly sha256: string };
  readonly plan: Plan;
  readonly normalization: MeasuredNormalization & { readonly scope: string };
  readonly padding: { readonly mode: string; readonly perAxis: Plan["padding"] };
  readonly engine: { readonly name: string; readonly device: string; readonly threads: number };
  readonly options: Readonly<Record<string, unknown>>;
  readonly seams: SeamSummary & { readonly range: number | null; readonly all: readonly RecordedSeam[] };
  readonly warnings: readonly RunWarning[];
  readonly output: {
    readonly path: string;
    readonly axes: string;
    readonly shape: readonly number[];
    readonly dtype: string;
  };
}

/** Where the record of an output lies. */
export function recordPath(out: string): string {
  return `${out}.run.json`;
}

/** A path as it stands in a record that lies beside `out`. */
export function pathInRecord(out: string, path: string): string {
  return relative(dirname(out), path).split("\\").join("/");
}

/** Writes the record of an output. */
export async function writeRecord(
  out: string,
  record: Omit<RunRecord, "schema" | "version" | "input" | "model" | "output"> & {
    readonly input: string;
    readonly model: Model;
    readonly output: Omit<RunRecord["output"], "path">;
  },
): Promise<string> {
  const path = recordPath(out);
  const { input, model, output, ...rest } = record;
  const full: RunRecord = {
    schema: RECORD_SCHEMA,
    version,
    ...rest,
    input: pathInRecord(out, input),
    model: { path: pathInRecord(out, model.path), kind: model.kind, sha256: model.sha256 },
    output: { path: pathInRecord(out, out), ...output },
  };
  await writeWholeFile(path, `${JSON.stringify(full)}\n`);
  return path;
}

/**
 * Reads a record.
 *
 * @throws {TilewrightError} `record.unreadable` for a file that is none
 */
export async function readRecord(path: string): Promise<RunRecord> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) throw notARecord(path, "it is no JSON");
    throw error;
  }
  const record = found as Partial<RunRecord> | null;
  if (record?.schema !== RECORD_SCHEMA) throw notARecord(path, `its schema is not ${RECORD_SCHEMA}`);
  const { input, model, output, options } = record;
  if (typeof input !== "string" || typeof model?.path !== "string" || typeof output?.path !== "string") {
    throw notARecord(path, "it names no input, model or output");
  }
  if (typeof options !== "object" || options === null) throw notARecord(path, "it has no options");
  return record as RunRecord;
}

/**
 * What has to be asked for to repeat the run of a record: the same input, model and options, the output beside the
 * record under its recorded name. Resumes nothing and replaces nothing.
 *
 * @param path of the record, absolute or relative to the current folder; paths of the request are absolute
 */
export function requestOf(record: RunRecord, path: string): PredictionRequest {
  const folder = dirname(resolve(path));
  return {
    input: resolve(folder, record.input),
    model: resolve(folder, record.model.path),
    out: resolve(folder, basename(record.output.path)),
    options: { ...record.options, resume: false, overwrite: false },
  };
}

function notARecord(path: string, why: string): TilewrightError {
  return new TilewrightError(
    "record.unreadable",
    `${path} is no run record: ${why}`,
    "run records end in .run.json",
  );
}
