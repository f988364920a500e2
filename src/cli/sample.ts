/**
 * `npm start`: predicts the bundled sample stack tiled with the bundled model on the CPU, and says
 * everything about it.
 * @module
 */
import { mkdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { builtinRegistries } from "../builtins";
import { compareFiles } from "../diagnose/compare";
import { quietJob } from "../job";
import { describePlan } from "../predict/describe";
import { predictInWorker } from "../predict/drive";
import { resultText } from "./predicting";
import { TerminalJob, print, reportError } from "./terminal";
import { WORKER_SCRIPT } from "./worker";

const ROOT = join(__dirname, "..");
const SAMPLE = join(ROOT, "media", "sample");
const OUT_FOLDER = join(ROOT, ".tilewright-sample");
const OPTIONS = { tiles: { Y: 2, X: 2 }, engine: "cpu", overwrite: true };
/** What the bundled model must gain on a stack it has never seen, dB. */
const LEAST_GAIN = 3;

void main().then((code) => {
  process.exitCode = code;
});

async function main(): Promise<number> {
  const job = new TerminalJob();
  try {
    const input = join(SAMPLE, "stack.tif");
    const model = join(SAMPLE, "models", "care3d");
    const out = join(OUT_FOLDER, "stack.care3d.tif");
    await mkdir(OUT_FOLDER, { recursive: true });
    const { text } = await describePlan({ input, model, options: OPTIONS }, builtinRegistries(), job);
    print(`${text}\n`);
    const result = await predictInWorker(WORKER_SCRIPT, { input, model, out, options: OPTIONS }, job);
    print(resultText(result));
    const truth = join(SAMPLE, "truth.tif");
    const before = await psnr(truth, input);
    const after = await psnr(truth, out);
    print(
      `  PSNR against the clean truth: ${before.toFixed(2)} dB before, ${after.toFixed(2)} dB after (${(after - before).toFixed(2)} dB gained)`,
    );
    print(`output ${relative(process.cwd(), out)}`);
    if (after - before >= LEAST_GAIN) return 0;
    print(`the model gained less than ${LEAST_GAIN} dB: something is wrong with this installation`);
    return 1;
  } catch (error) {
    return reportError("sample", error, true);
  } finally {
    job.dispose();
  }
}

async function psnr(truth: string, image: string): Promise<number> {
  const readers = builtinRegistries().readers.all();
  return (await compareFiles([truth, image], readers, quietJob())).psnr ?? Infinity;
}
