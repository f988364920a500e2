/**
 * "Diagnose Seams…": did the tiles leave marks in a stack, where, why, and what to do about it.
 * @module
 */
import { basename, isAbsolute } from "node:path";
import * as vscode from "vscode";
import type { Diagnosis } from "../../src/diagnose/diagnosis";
import { TilewrightError, failureLine, toFailure } from "../../src/errors";
import { exists } from "../../src/predict/partial";
import { recordPath, requestOf } from "../../src/predict/record";
import type { DiagnosisRequest } from "../../src/protocol/prediction";
import { signalOf } from "../job";
import { isCancelled } from "../log";
import type { Parts } from "../parts";
import { progressText } from "../progressText";
import { runThatMade } from "../runRecords";
import { diskPath, targetStack, uriOf } from "../targets";
import { requireTrust } from "../trust";
import { pathOf } from "./scripted";

/** What scripts ask for; paths, or null for what is not to be used though it is there. */
export interface DiagnosisOrder {
  readonly run?: string | null;
  readonly model?: string | null;
  readonly reference?: string;
  /** Report to be written: `.md` or `.html`. */
  readonly report?: string;
  readonly token?: vscode.CancellationToken;
}

/** Whether the second argument of the command is an order; menus give their own objects there. */
export function isDiagnosisOrder(order: unknown): order is DiagnosisOrder {
  return (
    typeof order === "object" &&
    order !== null &&
    !Array.isArray(order) &&
    !(order instanceof vscode.Uri) &&
    !("groupId" in order)
  );
}

/**
 * The command `tilewright.diagnoseSeams`. With an order it opens nothing; either way it resolves to the JSON of
 * `tilewright diagnose`, undefined when the user went away.
 */
export async function diagnoseSeams(
  parts: Parts,
  target: unknown,
  order: unknown,
): Promise<Diagnosis | undefined> {
  const isScripted = isDiagnosisOrder(order);
  const uri = isScripted ? uriOf(target) : await targetStack(uriOf(target) ?? parts.diagnoses.active);
  if (uri === undefined) {
    if (!isScripted) return undefined;
    throw new TilewrightError("diagnose.input", "the first argument must be a URI or a path of a stack");
  }
  const wish = isScripted ? await orderedRequest(parts, uri, order) : await foundRequest(parts, uri);
  const done = await diagnoseAsFarAsPossible(parts, wish, isScripted ? order : {});
  if (!isScripted) await parts.diagnoses.show({ key: uri.toString(), ...done });
  return done.diagnosis;
}

interface Wish {
  readonly request: DiagnosisRequest;
  /** What could be known with more than there is, and how. */
  readonly more: string | null;
  /** Whether a model that cannot be used is done without. */
  readonly isLenient: boolean;
}

/** All that lies beside the stack and may be used. */
async function foundRequest(parts: Parts, uri: vscode.Uri): Promise<Wish> {
  const file = diskPath(uri);
  const series = parts.editors.seriesOf(uri);
  const base = { file, ...(series === undefined ? {} : { series }) };
  const record = recordPath(file);
  const known = await runThatMade(file);
  if (known === null) {
    const more = (await exists(record))
      ? `${basename(record)} lies beside the stack but cannot be read; with it causes could be told.`
      : `There is no run record (${basename(record)}) beside the stack. What Tilewright predicts has one, and then causes can be told.`;
    return { request: base, more, isLenient: true };
  }
  const { model } = requestOf(known.record, record);
  const request = { ...base, run: record };
  if (!vscode.workspace.isTrusted) {
    const more = "This folder is open in Restricted Mode: trust it, and errors are measured with the model.";
    return { request, more, isLenient: true };
  }
  if (await exists(model)) return { request: { ...request, model }, more: null, isLenient: true };
  const more = `The model of the run is not at ${known.record.model.path} any more: put it back, and errors are measured with it.`;
  return { request, more, isLenient: true };
}

/** What an order names; what it leaves open is looked for. */
async function orderedRequest(parts: Parts, uri: vscode.Uri, order: DiagnosisOrder): Promise<Wish> {
  for (const name of ["run", "model", "reference", "report"] as const) {
    const value = order[name];
    const isFine = value === undefined || typeof value === "string" || (value === null && name !== "report");
    if (!isFine) throw new TilewrightError("diagnose.order", `${name} must be a path`, 'pass {model: "…"}');
  }
  if (typeof order.model === "string") requireTrust();
  const { request: found } = await foundRequest(parts, uri);
  const pick = (given: string | null | undefined, otherwise: string | undefined): string | undefined =>
    given === null ? undefined : given === undefined ? otherwise : pathOf(given);
  const run = pick(order.run, found.run);
  const model =
    run === undefined ? undefined : pick(order.model, order.run === undefined ? found.model : undefined);
  const reference = pick(order.reference, undefined);
  const { file, series } = found;
  return {
    request: {
      file,
      ...(series === undefined ? {} : { series }),
      ...(run === undefined ? {} : { run }),
      ...(model === undefined ? {} : { model }),
      ...(reference === undefined ? {} : { reference }),
    },
    more: null,
    isLenient: order.model === undefined,
  };
}

interface Done {
  readonly request: DiagnosisRequest;
  readonly diagnosis: Diagnosis;
  readonly more: string | null;
}

/** Without the model when it cannot be used: the others still tell something. */
async function diagnoseAsFarAsPossible(
  parts: Parts,
  { request, more, isLenient }: Wish,
  order: DiagnosisOrder,
): Promise<Done> {
  const { model, ...rest } = request;
  try {
    return { request, more, diagnosis: await diagnoseWithProgress(parts, request, order) };
  } catch (error) {
    if (model === undefined || !isLenient || isCancelled(error)) throw error;
    const why = failureLine(toFailure(error));
    parts.log.warn(`diagnosing ${request.file} without the model: ${why}`);
    const diagnosis = await diagnoseWithProgress(parts, rest, order);
    return { request: rest, diagnosis, more: `The model could not be used: ${why}` };
  }
}

async function diagnoseWithProgress(
  { workers, log }: Parts,
  request: DiagnosisRequest,
  { report, token }: DiagnosisOrder,
): Promise<Diagnosis> {
  const path = report === undefined ? undefined : pathOf(report);
  if (path !== undefined && !isAbsolute(path))
    throw new TilewrightError("diagnose.order", `${path} is no absolute path`, "pass the whole path");
  log.info(`diagnosing ${JSON.stringify(request)}`);
  const title = `Diagnosing ${basename(request.file)}`;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancel) => {
      const stop = signalOf(cancel, token);
      progress.report({ message: "starting" });
      try {
        const job = {
          signal: stop.signal,
          report: (now: Parameters<typeof progressText>[0]) =>
            progress.report({ message: progressText(now) }),
          log: (line: string) => log.info(line),
        };
        return await workers.asking(job, async (ask) => {
          const diagnosis = await ask("diagnose", request);
          const { file, series } = request;
          const which = series === undefined ? {} : { series };
          if (path !== undefined) await ask("report", { path, diagnosis, file, ...which });
          return diagnosis;
        });
      } finally {
        stop.dispose();
      }
    },
  );
}
