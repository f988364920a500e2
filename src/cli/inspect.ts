/**
 * Commands that look and explain: `info`, `plan`, `model`, `engines`, `compare`.
 * @module
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import { builtinRegistries } from "../builtins";
import { compareFiles } from "../diagnose/compare";
import type { Comparison } from "../diagnose/compare";
import { toFailure } from "../errors";
import type { Failure } from "../errors";
import { describeModel, describePlan } from "../predict/describe";
import { openStack } from "../stack/open";
import { hashPlanes } from "../stack/planeHash";
import type { StackFacts } from "../stack/stack";
import { ExitCode } from "./exitCode";
import { tilingOptions } from "./options";
import { EXIT, TerminalJob, print, printJson, reportFailure } from "./terminal";
import { withWorker } from "./worker";

interface JsonFlag {
  readonly json?: boolean;
}

/** Adds the commands to the program. */
export function addInspectionCommands(program: Command): void {
  program
    .command("info")
    .description("facts of image files")
    .argument("<file...>", "image files")
    .option("--hash", "add a SHA-256 of every stored plane")
    .option("--json", "print JSON")
    .action(info);
  tilingOptions(program.command("plan").description("explain how an image would be tiled"))
    .requiredOption("--shape <list>", "lengths, such as 31,1024,1024", numberList)
    .requiredOption("--axes <letters>", "axes, such as ZYX")
    .option("--model <path>", "model folder or file")
    .option("--json", "print JSON")
    .action(plan);
  program
    .command("model")
    .description("what a model is, and what its network needs")
    .argument("<model>", "model folder or file")
    .option("--json", "print JSON")
    .action(model);
  program
    .command("engines")
    .description("which engines can run here")
    .option("--json", "print JSON")
    .action(engines);
  program
    .command("compare")
    .description("how two stacks differ; the first is the reference")
    .argument("<a>", "reference")
    .argument("<b>", "stack to compare with it")
    .option("--json", "print JSON")
    .action(compare);
}

type InfoEntry = (StackFacts & { planeSha256?: string[] }) | { file: string; error: Failure };

async function info(
  files: readonly string[],
  options: JsonFlag & { readonly hash?: boolean },
): Promise<void> {
  await withJob(async (job) => {
    const registries = builtinRegistries();
    const entries: InfoEntry[] = [];
    for (const file of files) {
      try {
        const stack = await openStack({ path: resolve(file) }, registries.readers.all(), job);
        try {
          const facts = { ...stack.facts, file };
          entries.push(
            options.hash === true ? { ...facts, planeSha256: await hashPlanes(stack, job) } : facts,
          );
        } finally {
          await stack.close();
        }
      } catch (error) {
        job.signal.throwIfAborted();
        const failure = toFailure(error);
        entries.push({ file, error: failure });
        reportFailure("info", failure);
      }
    }
    if (options.json === true) printJson(entries);
    else print(entries.map(infoText).join("\n\n"));
    const failed = entries.some((entry) => "error" in entry);
    if (failed) throw new ExitCode(EXIT.failed);
  });
}

function infoText(entry: InfoEntry): string {
  if ("error" in entry) return `${entry.file}\n  error: ${entry.error.message}`;
  const { pixelSize } = entry;
  const size =
    pixelSize === null
      ? "unknown"
      : ["z", "y", "x"]
          .flatMap((axis) => {
            const value = pixelSize[axis as "x" | "y" | "z"];
            return value === null ? [] : [`${axis} ${Number(value.toPrecision(6))}`];
          })
          .join(", ") + ` ${pixelSize.unit}`;
  const { dtype, readsAs } = entry;
  const type =
    readsAs === dtype ? dtype : `${dtype}, ${readsAs === null ? "not read" : `read as ${readsAs}`}`;
  return [
    entry.file,
    `  ${entry.canonicalAxes} ${entry.canonicalShape.join(" × ")}, ${type} (stored as ${entry.axes} ${entry.shape.join(" × ")})`,
    `  ${fileKind(entry)}, ${entry.byteOrder} endian, ${entry.compression}, ${entry.layout}, ${entry.planes} planes, ${entry.levels} ${entry.levels === 1 ? "level" : "levels"}`,
    `  pixel size: ${size}`,
    ...entry.warnings.map((warning) => `  warning: ${warning}`),
    ...(entry.planeSha256 ?? []).map((hash, i) => `  plane ${i}: ${hash}`),
  ].join("\n");
}

function fileKind({ flavour, layout, bigTiff }: StackFacts): string {
  if (layout === "chunks") return flavour === "ome-zarr" ? "OME-Zarr" : "Zarr array";
  return `${flavour} ${bigTiff ? "BigTIFF" : "TIFF"}`;
}

async function plan(
  options: JsonFlag & { readonly shape: number[]; readonly axes: string; readonly model?: string } & Record<
      string,
      unknown
    >,
): Promise<void> {
  const { json, shape, axes, model: modelPath, ...wishes } = options;
  await withJob(async (job) => {
    const reply = await describePlan(
      { shape, axes, ...(modelPath === undefined ? {} : { model: resolve(modelPath) }), options: wishes },
      builtinRegistries(),
      job,
    );
    if (json === true) printJson(reply.plan);
    else print(reply.text);
  });
}

async function model(path: string, options: JsonFlag): Promise<void> {
  await withJob(async (job) => {
    const reply = await describeModel(resolve(path), builtinRegistries(), job);
    if (options.json === true) printJson(reply.description);
    else print(reply.text);
  });
}

async function engines(options: JsonFlag): Promise<void> {
  await withWorker(async (worker) => {
    const found = (await worker.request("engines", undefined)) as {
      id: string;
      name: string;
      available: boolean;
      device: string;
      reason?: string;
    }[];
    if (options.json === true) printJson(found);
    else {
      const line = (one: (typeof found)[number]): string =>
        `${one.id.padEnd(12)}${one.available ? `yes  ${one.device}` : `no   ${one.reason ?? ""}`}`;
      print(found.map(line).join("\n"));
    }
  });
}

async function compare(a: string, b: string, options: JsonFlag): Promise<void> {
  await withJob(async (job) => {
    const readers = builtinRegistries().readers.all();
    const comparison = await compareFiles([resolve(a), resolve(b)], readers, job);
    if (options.json === true) printJson(comparison);
    else print(comparisonText(comparison));
  });
}

function comparisonText({ max, mean, rms, psnr, ssim, worst, range }: Comparison): string {
  const short = (value: number): string => value.toPrecision(4);
  const relative = range > 0 ? ` (${short(max / range)} of the range)` : "";
  const place = Object.entries(worst.position)
    .map(([axis, index]) => `${axis}=${index}`)
    .join(" ");
  return [
    `max |A−B|   ${short(max)}${relative} at ${place}: ${worst.a} and ${worst.b}`,
    `mean |A−B|  ${short(mean)}`,
    `rms         ${short(rms)}`,
    `PSNR        ${psnr !== null ? `${psnr.toFixed(2)} dB` : rms === 0 ? "the stacks are equal" : "A has no range"}`,
    `SSIM        ${ssim === null ? "none: planes are too small, constant or not finite" : ssim.toFixed(4)}`,
  ].join("\n");
}

function numberList(text: string): number[] {
  return text.split(",").map(Number);
}

async function withJob(work: (job: TerminalJob) => Promise<void>): Promise<void> {
  const job = new TerminalJob();
  try {
    await work(job);
  } finally {
    job.dispose();
  }
}
