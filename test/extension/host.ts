/**
 * Entry of the tests inside the extension host: VS Code calls `run()`. Runs the files named in TILEWRIGHT_TEST_FILES
 * with mocha, prints a line a test and writes what happened to the file named in TILEWRIGHT_TEST_RESULT.
 * @module
 */
import { renameSync, writeFileSync } from "node:fs";
import { inspect } from "node:util";
import Mocha from "mocha";
import { Page } from "./page";

/** A real window takes the focus when it likes: one more try, said aloud, tells a fault from that. */
const RETRIES = 1;

interface TestOutcome {
  title: string;
  state: "passed" | "failed" | "skipped";
  milliseconds: number;
  error?: string;
}

/**
 * Runs the tests.
 * @throws Error when a test failed or none ran; VS Code then ends with exit code 1
 */
export async function run(): Promise<void> {
  const { TILEWRIGHT_TEST_FILES: files, TILEWRIGHT_TEST_RESULT: result } = process.env;
  if (files === undefined || result === undefined) {
    throw new Error("TILEWRIGHT_TEST_FILES and TILEWRIGHT_TEST_RESULT must be set.");
  }
  const mocha = new Mocha({ ui: "bdd", timeout: 60_000, retries: RETRIES, reporter: Mocha.reporters.Base });
  for (const file of JSON.parse(files) as string[]) mocha.addFile(file);
  const outcomes = await runAll(mocha);
  writeFileSync(`${result}.partial`, JSON.stringify(outcomes, null, 2));
  renameSync(`${result}.partial`, result);
  const failed = outcomes.filter(({ state }) => state === "failed").length;
  if (failed > 0 || outcomes.length === 0) throw new Error(`${failed} of ${outcomes.length} tests failed`);
}

async function runAll(mocha: Mocha): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = [];
  const prints: Promise<void>[] = [];
  const note = (test: Mocha.Test | Mocha.Hook, state: TestOutcome["state"], error?: unknown): void => {
    const outcome = { title: test.fullTitle(), state, milliseconds: test.duration ?? 0, ...describe(error) };
    outcomes.push(outcome);
    prints.push(print(outcome));
  };
  await new Promise<void>((resolve) => {
    const runner = mocha.run(() => resolve());
    runner.on("retry", (test, error) => {
      void Page.current()?.print(`  tried again: ${test.fullTitle()}: ${String(error)}`);
    });
    runner.on("pass", (test) => note(test, "passed"));
    runner.on("pending", (test) => note(test, "skipped"));
    runner.on("fail", (test, error) => note(test, "failed", error));
  });
  await Promise.all(prints);
  return outcomes;
}

function describe(error: unknown): { error?: string } {
  if (error === undefined) return {};
  return { error: error instanceof Error ? (error.stack ?? error.message) : inspect(error) };
}

async function print({ title, state, milliseconds, error }: TestOutcome): Promise<void> {
  const sign = { passed: "✓", failed: "✗", skipped: "-" }[state];
  const text = `  ${sign} ${title} (${milliseconds} ms)${error === undefined ? "" : `\n${error.replace(/^/gm, "      ")}`}`;
  const page = Page.current();
  if (page === undefined) console.log(text);
  else await page.print(text).catch(() => undefined);
}
