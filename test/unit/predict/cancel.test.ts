import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Job } from "../../../src/job";
import {
  TINY_2D,
  hashFile,
  noisyVolume,
  predictHere,
  temporaryFolder,
  writeStack,
} from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);
const OPTIONS = { threads: 1, tiles: "5,5", overwrite: false };
const TILES = 25;

let input = "";
let model = "";
let wanted = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), noisyVolume("YX", [123, 131]));
  model = at("model");
  cpSync(TINY_2D, model, { recursive: true });
  await predictHere(input, model, at("wanted.tif"), OPTIONS);
  wanted = hashFile(at("wanted.tif"));
});

/** A job that stops when `tiles` tiles are predicted. */
function stopsAfter(tiles: number): Job {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    report: ({ what, done }) => {
      if (what === "predicting" && done >= tiles) controller.abort();
    },
    log: () => undefined,
  };
}

let count = 0;
async function stopped(tiles = 10, options: Record<string, unknown> = {}): Promise<string> {
  const out = at(`out-${count++}.tif`);
  await expect(
    predictHere(input, model, out, { ...OPTIONS, ...options }, stopsAfter(tiles)),
  ).rejects.toMatchObject({
    name: "AbortError",
  });
  return out;
}
const resume = (out: string, options: Record<string, unknown> = {}) =>
  predictHere(input, model, out, { ...OPTIONS, resume: true, ...options });

describe("a cancelled run", () => {
  test.each([1, 7, TILES - 1])(
    "after %i tiles leaves no output, and is resumed to the same bytes",
    async (tiles) => {
      const out = await stopped(tiles);
      expect(existsSync(out)).toBe(false);
      expect(existsSync(`${out}.run.json`)).toBe(false);
      expect(existsSync(`${out}.partial`)).toBe(true);
      const reported: number[] = [];
      const job: Job = {
        signal: new AbortController().signal,
        report: ({ what, done }) => {
          if (what === "predicting") reported.push(done);
        },
        log: () => undefined,
      };
      const result = await predictHere(input, model, out, { ...OPTIONS, resume: true }, job);
      expect(reported[0]).toBe(tiles + 1);
      expect(result.tiles).toBe(TILES);
      expect(hashFile(out)).toBe(wanted);
      expect(existsSync(`${out}.partial`)).toBe(false);
      expect(existsSync(`${out}.partial.journal`)).toBe(false);
    },
  );

  test("can be stopped and resumed again and again", async () => {
    const out = await stopped(3);
    for (const tiles of [8, 14, 20]) {
      await expect(
        predictHere(input, model, out, { ...OPTIONS, resume: true }, stopsAfter(tiles)),
      ).rejects.toThrow();
    }
    await resume(out);
    expect(hashFile(out)).toBe(wanted);
  });

  test("whose journal ends in the middle of a line is resumed to the same bytes", async () => {
    const out = await stopped();
    const journal = `${out}.partial.journal`;
    truncateSync(journal, readFileSync(journal).length - 7);
    await resume(out);
    expect(hashFile(out)).toBe(wanted);
  });

  test("keeps the intensities it measured: they are not measured again", async () => {
    const out = await stopped();
    const measured: string[] = [];
    await predictHere(
      input,
      model,
      out,
      { ...OPTIONS, resume: true },
      {
        signal: new AbortController().signal,
        report: ({ what, unit }) => measured.push(`${what} ${unit}`),
        log: () => undefined,
      },
    );
    expect(hashFile(out)).toBe(wanted);
    const beforeTiles = measured.slice(0, measured.indexOf("predicting tiles"));
    expect(beforeTiles.filter((line) => line.startsWith("measuring"))).toEqual([]);
  });

  test("stands in the way of a new run until it is resumed or replaced", async () => {
    const out = await stopped();
    await expect(predictHere(input, model, out, OPTIONS)).rejects.toMatchObject({
      code: "out.partialExists",
      hint: expect.stringMatching(/--resume.*--overwrite/),
    });
    await predictHere(input, model, out, { ...OPTIONS, overwrite: true });
    expect(hashFile(out)).toBe(wanted);
  });

  test("with automatic tiles is resumed with the tiles it was started with, whatever memory is free now", async () => {
    const options = { tiles: "auto", memoryMiB: 290 };
    const out = at("auto.tif");
    const big = await writeStack(at("big.tif"), noisyVolume("YX", [700, 700]));
    await predictHere(big, model, at("auto-wanted.tif"), { ...OPTIONS, ...options });
    await expect(
      predictHere(big, model, out, { ...OPTIONS, ...options }, stopsAfter(2)),
    ).rejects.toMatchObject({ name: "AbortError" });
    const result = await predictHere(big, model, out, {
      ...OPTIONS,
      tiles: "auto",
      memoryMiB: 4096,
      resume: true,
    });
    expect(result.tiles).toBeGreaterThan(2);
    expect(hashFile(out)).toBe(hashFile(at("auto-wanted.tif")));
  });

  test("does not mind the order in which options are given", async () => {
    const out = at("order.tif");
    const first = { roi: { Y: [0, 100], X: [0, 90] }, tileSize: { Y: 40, X: 40 }, pad: "edge" };
    const second = { pad: "edge", tileSize: { X: 40, Y: 40 }, roi: { X: [0, 90], Y: [0, 100] } };
    await expect(
      predictHere(input, model, out, { ...first, overwrite: false }, stopsAfter(3)),
    ).rejects.toMatchObject({ name: "AbortError" });
    await predictHere(input, model, out, { ...second, overwrite: false, resume: true });
    expect(existsSync(out)).toBe(true);
  });
});

describe("a run that ends badly at the very end", () => {
  test("because its record cannot be written gets no output under the final name, and can be resumed", async () => {
    const out = at("no-record.tif");
    const blocked = `${out}.run.json.new`;
    mkdirSync(blocked);
    await expect(predictHere(input, model, out, OPTIONS)).rejects.toMatchObject({ code: "EISDIR" });
    expect(existsSync(out)).toBe(false);
    rmdirSync(blocked);
    await resume(out);
    expect(hashFile(out)).toBe(wanted);
  });

  test("between getting its name and losing its journal is no obstacle to the next run", async () => {
    const out = await stopped(2);
    rmSync(`${out}.partial`);
    await expect(resume(out)).rejects.toMatchObject({ code: "resume.noJournal" });
    await predictHere(input, model, out, OPTIONS);
    expect(hashFile(out)).toBe(wanted);
    expect(existsSync(`${out}.partial.journal`)).toBe(false);
  });
});

describe("resuming is refused", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["with other tiles", { tiles: "4,5" }, "the tiling and the options changed"],
    ["with another overlap", { overlap: 14 }, "the tiling and the options changed"],
    ["with another padding", { pad: "edge" }, "the options changed"],
    ["with another pixel type", { dtype: "uint16" }, "the options changed"],
    ["with another number of threads", { threads: 2 }, "the number of threads changed"],
  ])("%s", async (_, options, message) => {
    const out = await stopped(2);
    await expect(resume(out, options)).rejects.toMatchObject({
      code: "resume.differs",
      message: expect.stringContaining(message),
    });
    await resume(out);
    expect(hashFile(out)).toBe(wanted);
  });

  test("with another input", async () => {
    const out = await stopped(2);
    utimesSync(input, new Date(), new Date(Date.now() - 60_000));
    await expect(resume(out)).rejects.toMatchObject({
      code: "resume.differs",
      message: expect.stringContaining("the input file changed"),
    });
  });

  test("with another model", async () => {
    const out = await stopped(2);
    const config = join(model, "config.json");
    appendFileSync(config, " ");
    await expect(resume(out)).rejects.toMatchObject({
      code: "resume.differs",
      message: expect.stringContaining("the model changed"),
    });
    truncateSync(config, readFileSync(config).length - 1);
    await resume(out);
  });

  test("when there is nothing to resume", async () => {
    await expect(resume(at("never.tif"))).rejects.toMatchObject({ code: "resume.noJournal" });
  });

  test("when the partial output is not the one that was started", async () => {
    const out = await stopped(2);
    truncateSync(`${out}.partial`, 1000);
    await expect(resume(out)).rejects.toMatchObject({ code: "stack.resume" });
  });

  test("for blended tiles, whose sums are not on the disk", async () => {
    const out = await stopped(2, { blend: "linear" });
    await expect(resume(out, { blend: "linear" })).rejects.toMatchObject({ code: "resume.blended" });
  });
});
