/**
 * Commands that predict: `predict` and `run`.
 * @module
 */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { builtinRegistries } from "../builtins";
import { isAbort } from "../errors";
import { isBatch } from "../predict/batchInputs";
import { predictInWorker } from "../predict/drive";
import { readRecord, requestOf } from "../predict/record";
import type { PredictionResult } from "../predict/record";
import { hasPartial, partialPath } from "../predict/partial";
import type { PredictionRequest } from "../protocol/prediction";
import { isStackFolder } from "../stack/open";
import { performBatch } from "./batch";
import { predictionOptions } from "./options";
import { ExitCode } from "./exitCode";
import { EXIT, TerminalJob, durationText, note, print, printJson } from "./terminal";
import { WORKER_SCRIPT } from "./worker";

/** Adds the commands to the program. */
export function addPredictionCommands(program: Command): void {
  predictionOptions(program.command("predict").description("predict a stack tile by tile"))
    .argument(
      "<input...>",
      "stack to read; or several, folders and globs, to be predicted one after the other",
    )
    .requiredOption("--model <path>", "model folder or file")
    .requiredOption("--out <file|folder>", "stack to write; for several inputs a folder")
    .option("--recursive", "search folders with their sub folders")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "print JSON")
    .action(predict);
  program
    .command("run")
    .description("repeat the run of a record")
    .argument("<record>", "a file that ends in .run.json")
    .option("--out <file>", "another output than the recorded one")
    .option("--overwrite", "replace an existing output")
    .option("--json", "print JSON")
    .action(repeat);
}

async function predict(
  inputs: readonly string[],
  given: {
    readonly model: string;
    readonly out: string;
    readonly json?: boolean;
    readonly recursive?: boolean;
    readonly dryRun?: boolean;
  } & Record<string, unknown>,
): Promise<void> {
  const { model, out, json, recursive, dryRun, ...options } = given;
  const endings = builtinRegistries()
    .readers.all()
    .flatMap(({ extensions }) => extensions);
  const order = { model: resolve(model), out: resolve(out), options };
  const isStack = inputs.length === 1 && (await isStackFolder(inputs[0], builtinRegistries().readers.all()));
  if (dryRun === true || (!isStack && (await isBatch(inputs, out, endings)))) {
    const batch = { ...order, inputs, cwd: process.cwd(), recursive: recursive === true };
    await performBatch(batch, { json: json === true, dryRun: dryRun === true });
    return;
  }
  const [input] = inputs;
  await stat(input);
  await perform({ ...order, input: resolve(input) }, json === true);
}

async function repeat(
  path: string,
  given: { readonly out?: string; readonly overwrite?: boolean; readonly json?: boolean },
): Promise<void> {
  const recorded = requestOf(await readRecord(path), path);
  const request: PredictionRequest = {
    ...recorded,
    out: given.out === undefined ? recorded.out : resolve(given.out),
    options: { ...recorded.options, overwrite: given.overwrite === true },
  };
  await perform(request, given.json === true);
}

async function perform(request: PredictionRequest, json: boolean): Promise<void> {
  const job = new TerminalJob();
  try {
    const result = await predictInWorker(WORKER_SCRIPT, request, job);
    if (json) printJson(result);
    else print(resultText(result));
  } catch (error) {
    if (isAbort(error) && (await hasPartial(request.out))) {
      const partial = partialPath(request.out);
      note(
        `tilewright: predict: interrupted; what is written so far is kept in ${partial} (go on with --resume, or delete it and ${partial}.journal)`,
      );
      throw new ExitCode(EXIT.interrupted);
    }
    throw error;
  } finally {
    job.dispose();
  }
}

/** A result for people. */
export function resultText(result: PredictionResult): string {
  const { seams } = result;
  const perAxis = Object.entries(seams.perAxis).map(([axis, value]) => `${axis} ${value.toExponential(1)}`);
  return [
    `wrote ${result.out}`,
    `  ${result.tiles} ${result.tiles === 1 ? "tile" : "tiles"} in ${durationText(result.seconds)} on ${result.engine.device}: ${Math.round(result.voxelsPerSecond).toLocaleString("en")} voxels/s, peak memory ${Math.ceil(result.peakRssBytes / 2 ** 20)} MiB`,
    seams.maxRelative === null
      ? "  no seams: no two tiles overlap"
      : `  seams: where two tiles meet, what they computed for the same pixels differs by at most ${seams.maxRelative.toExponential(1)} of the range (${perAxis.join(", ")})`,
    result.exact
      ? "  the plan is exact: what is written equals untiled prediction"
      : "  the plan is not exact: what is written differs from untiled prediction, see the warnings",
    ...(result.retiled > 0 ? [`  memory ran out ${result.retiled} times; the tiles were made smaller`] : []),
    `  record ${result.record}`,
    ...result.warnings.map(({ message, fix }) => `  warning: ${message} (${fix})`),
  ].join("\n");
}
