/**
 * Runs inside the extension host in place of tests, and measures its event loop. What is asked, and the answers, are
 * files of the folder TILEWRIGHT_PROBE: `start` begins, `stop` ends and leaves `answer.json`, `end` ends it all.
 * @module
 */
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";

const ASK_MS = 100;
const RESOLUTION_MS = 5;

/** VS Code calls this once its window is there. */
export async function run(): Promise<void> {
  const folder = process.env.TILEWRIGHT_PROBE;
  if (folder === undefined) throw new Error("TILEWRIGHT_PROBE is not set");
  const taken = (name: string): boolean => {
    const path = join(folder, name);
    if (!existsSync(path)) return false;
    rmSync(path);
    return true;
  };
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  while (!taken("end")) {
    if (taken("start")) {
      loop.reset();
      loop.enable();
    }
    if (taken("stop")) {
      loop.disable();
      const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
      const answer = { p99: ms(loop.percentile(99)), max: ms(loop.max) };
      writeFileSync(join(folder, "answer.partial"), JSON.stringify(answer));
      renameSync(join(folder, "answer.partial"), join(folder, "answer.json"));
    }
    await delay(ASK_MS);
  }
}
