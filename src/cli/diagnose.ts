/**
 * The command `diagnose`: what marks tiles left in a predicted stack.
 * @module
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Diagnosis, Finding, SeamFigures } from "../diagnose/diagnosis";
import { requireReportName } from "../diagnose/report/write";
import { causeText, fractionText } from "../diagnose/words";
import { TilewrightError } from "../errors";
import { KeptWorker } from "../predict/drive";
import { readPerAxis, readSeries } from "../predict/options";
import { recordPath } from "../predict/record";
import type { DiagnosisRequest } from "../protocol/prediction";
import { TerminalJob, note, print, printJson } from "./terminal";
import { WORKER_SCRIPT } from "./worker";

/** Rows of the seam table for people; JSON has them all. */
const MOST_ROWS = 20;

/** Adds the command to the program. */
export function addDiagnosisCommand(program: Command): void {
  program
    .command("diagnose")
    .description("did the tiles leave marks in a predicted stack, where, why, and what to do about it")
    .argument("<pred>", "predicted stack")
    .option("--run <record>", "record of the run that made it; without it only the pixels are looked at")
    .option("--model <path>", "model folder or file: parts are predicted again and compared")
    .option("--reference <ref>", "stack to measure errors against, such as an untiled prediction")
    .option("--training-patch <list>", "px that the network saw in training, such as Z=16,Y=64,X=64")
    .option("--series <n>", "which series of the file")
    .option("--report <file>", "write a report with plots and pictures: a .md or .html file")
    .option("--json", "print JSON")
    .action(diagnoseStack);
}

interface Given {
  readonly run?: string;
  readonly model?: string;
  readonly reference?: string;
  readonly trainingPatch?: string;
  readonly series?: string;
  readonly report?: string;
  readonly json?: boolean;
}

async function diagnoseStack(pred: string, given: Given): Promise<void> {
  const request = await requestFor(resolve(pred), given);
  if (given.report !== undefined) requireReportName(given.report);
  const worker = new KeptWorker(WORKER_SCRIPT);
  const job = new TerminalJob();
  try {
    const diagnosis = await worker.ask("diagnose", request, job);
    if (given.report !== undefined) {
      const { file, series } = request;
      const order = { path: resolve(given.report), diagnosis, file };
      await worker.ask("report", series === undefined ? order : { ...order, series }, job);
      note(`report written: ${given.report}`);
    }
    if (given.json === true) printJson(diagnosis);
    else print(diagnosisText(diagnosis));
  } finally {
    job.dispose();
    await worker.dispose();
  }
}

async function requestFor(file: string, given: Given): Promise<DiagnosisRequest> {
  const { model, reference, trainingPatch, series } = given;
  const wishes = {
    ...(trainingPatch === undefined ? {} : { trainingPatch: readPerAxis(trainingPatch, "trainingPatch") }),
    ...(series === undefined ? {} : { series: readSeries(series) }),
  };
  await stat(file);
  const beside = recordPath(file);
  const isBeside = await exists(beside);
  const run = given.run ?? (model !== undefined && isBeside ? beside : undefined);
  if (run === undefined && model !== undefined) {
    throw new TilewrightError(
      "diagnose.noRecord",
      `--model needs the record of the run, and ${beside} does not exist`,
      "name it with --run",
    );
  }
  if (run === undefined && isBeside) {
    note(`only the pixels are looked at; there is a run record: --run ${beside}`);
  }
  return {
    file,
    ...wishes,
    ...(run === undefined ? {} : { run: resolve(run) }),
    ...(model === undefined ? {} : { model: resolve(model) }),
    ...(reference === undefined ? {} : { reference: resolve(reference) }),
  };
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A diagnosis for people: the verdict, the findings with what to do, the seams. */
export function diagnosisText(diagnosis: Diagnosis): string {
  const { verdict, mode, summary, findings, seams, notes } = diagnosis;
  return [
    `${verdict.toUpperCase()}  ${summary}`,
    `  looked at: ${LOOKED_AT[mode]}`,
    ...findings.flatMap((finding, i) => ["", ...findingLines(finding, i)]),
    ...commandLines(findings),
    ...probeLines(diagnosis),
    ...seamLines(seams),
    ...referenceLines(diagnosis),
    ...(notes.length === 0 ? [] : ["", ...notes.map((text) => `note: ${text}`)]),
  ].join("\n");
}

const LOOKED_AT: Readonly<Record<Diagnosis["mode"], string>> = {
  blind: "the pixels only",
  record: "the pixels and the run record",
  "record+model": "the pixels, the run record, and parts predicted again with the model",
};

function findingLines(finding: Finding, i: number): string[] {
  const { certainty, magnitude, evidence, cure } = finding;
  const size = magnitude === null ? "" : `, up to ${fractionText(magnitude)} of the range`;
  return [
    `${i + 1}. ${causeText(finding)} (${certainty}${size})`,
    `   ${evidence}`,
    `   what to do: ${cure.text}`,
  ];
}

/** Cures of one run are done by one command. */
function commandLines(findings: readonly Finding[]): string[] {
  const commands = new Set(findings.flatMap(({ cure }) => (cure.command === null ? [] : [cure.command])));
  return commands.size === 0
    ? []
    : ["", "to predict without all this:", ...[...commands].map((one) => `  ${one}`)];
}

function probeLines({ probe }: Diagnosis): string[] {
  if (probe === null || probe.curve.length === 0) return [];
  return [
    "",
    "overlap            largest error at the probes   cost",
    ...probe.curve.map(({ overlap, max, cost }) => {
      const px = Object.entries(overlap)
        .map(([axis, value]) => `${axis} ${value}`)
        .join(", ");
      return `${px.padEnd(18)} ${fractionText(max).padEnd(29)} ${cost === null ? "-" : `${cost.toFixed(2)}×`}`;
    }),
  ];
}

function referenceLines({ reference }: Diagnosis): string[] {
  if (reference === null) return [];
  const places = reference.worst.map(({ position, error }) => {
    const where = Object.entries(position).map(([axis, px]) => `${axis} ${px}`);
    return `  ${where.join(", ")}: ${fractionText(error)}`;
  });
  return [
    "",
    `against the reference: at most ${fractionText(reference.max)} of the range, ${fractionText(reference.mean)} on average${places.length > 0 ? "; worst at" : ""}`,
    ...places,
  ];
}

function seamLines(seams: readonly SeamFigures[]): string[] {
  if (seams.length === 0) return [];
  const score = (seam: SeamFigures): number =>
    seam.error ?? seam.disagreement ?? (seam.pValue === null ? -1 : 1 - seam.pValue);
  const worst = [...seams].sort((a, b) => score(b) - score(a)).slice(0, MOST_ROWS);
  const cell = (value: number | null): string => (value === null ? "-" : fractionText(value)).padEnd(14);
  return [
    "",
    seams.length === worst.length ? "seams" : `seams, the worst ${worst.length} of ${seams.length}`,
    "axis  position  disagreement  error         excess",
    ...worst.map(
      ({ axis, position, disagreement, error, excess }) =>
        `${axis.padEnd(5)} ${String(position).padEnd(9)} ${cell(disagreement)}${cell(error)}${excess === null ? "-" : excess.toFixed(1)}`,
    ),
  ];
}
