import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { canSeeProcesses, marked, start, tilesWritten, until } from "../support/commandLine";
import type { Ended } from "../support/commandLine";
import { seededRandom } from "../support/networks";
import { CARE_2D, hashFile, noisyVolume, temporaryFolder, writeStack } from "../support/prediction";

const TILES = 36;
const OPTIONS = ["--model", CARE_2D, "--engine", "cpu", "--threads", "1", "--tiles", "6,6", "--json"];
/** SIGKILLs in all, spread over this many runs. */
const KILLS = 20;
const RUNS = 4;

const folder = temporaryFolder();
afterAll(() => folder.dispose());
let input = "";
let wanted = "";

beforeAll(async () => {
  input = await writeStack(join(folder.path, "in.tif"), noisyVolume("YX", [421, 433]));
  const out = join(folder.path, "uninterrupted.tif");
  const { code, stderr } = await start(["predict", input, ...OPTIONS, "--out", out]).ended;
  expect(code, stderr).toBe(0);
  wanted = hashFile(out);
}, 60_000);

describe.skipIf(!canSeeProcesses)("a run that is killed with SIGKILL", () => {
  /** Starts or resumes, kills the whole process group when `ready`, and says whether there was something to kill. */
  async function killed(
    out: string,
    ready: (running: { ended: Promise<Ended> }) => Promise<void>,
  ): Promise<boolean> {
    const resume = existsSync(`${out}.partial.journal`) ? ["--resume"] : [];
    const running = start(["predict", input, ...OPTIONS, "--out", out, ...resume]);
    await Promise.race([ready(running), running.ended]);
    running.killGroup("SIGKILL");
    const { code, signal, stderr } = await running.ended;
    await until("no process of the run is left", () => marked(running.mark).length === 0);
    if (signal === null) expect(code, stderr).toBe(0);
    return signal === "SIGKILL";
  }

  test.each(Array.from({ length: RUNS }, (_, i) => i))(
    "at random tiles and moments is resumed to the same bytes as a run that was left alone (%i)",
    async (seed) => {
      const random = seededRandom(100 + seed);
      const out = join(folder.path, `killed-${seed}.tif`);
      let kills = 0;
      while (kills < KILLS / RUNS) {
        const written = tilesWritten(out);
        const tile = written + 1 + Math.floor(random() * (TILES / 6));
        const moment = random() * 900;
        const byTile = random() < 0.7 && tile < TILES;
        const died = await killed(out, () =>
          byTile ? until(`tile ${tile}`, () => tilesWritten(out) >= tile) : delay(moment),
        );
        if (died) kills++;
        if (existsSync(out)) rmSync(out); // it was faster than its killer: once more
      }
      const resume = existsSync(`${out}.partial.journal`) ? ["--resume"] : [];
      const { code, stdout, stderr } = await start(["predict", input, ...OPTIONS, "--out", out, ...resume])
        .ended;
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ out, tiles: TILES });
      expect(hashFile(out)).toBe(wanted);
      expect(
        readdirSync(folder.path).filter((name) => name.includes(".partial") || name.endsWith(".new")),
      ).toEqual([]);
    },
    120_000,
  );

  test("in its command line only takes its worker with it", async () => {
    const out = join(folder.path, "orphan.tif");
    const running = start(["predict", input, ...OPTIONS, "--out", out]);
    await until("a tile is written", () => tilesWritten(out) > 0);
    expect(running.workers()).toHaveLength(1);
    running.kill("SIGKILL");
    await until("the worker has ended", () => marked(running.mark).length === 0);
    expect(existsSync(out)).toBe(false);
  });
});
