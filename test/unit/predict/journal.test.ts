import { appendFileSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  Journal,
  digest,
  inputIdentity,
  readJournal,
  readJournalHead,
  requireSameRun,
} from "../../../src/predict/journal";
import type { RecordedSeam } from "../../../src/diagnose/run";
import type { RunIdentity } from "../../../src/predict/journal";
import { temporaryFolder } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const identity: RunIdentity = {
  input: "1 2 ab",
  model: "m",
  plan: "p",
  options: "o",
  engine: "e",
  threads: 2,
};
const head = {
  identity,
  tiles: { Y: 3, X: 4 },
  normalization: {
    mode: "percentile" as const,
    undo: true,
    maps: [[{ offset: 1, divisor: 2, factor: 2 }]],
    ignored: 0,
  },
  started: "2026-01-01T00:00:00.000Z",
};
const seam = (tile: number): RecordedSeam => ({
  axis: "Y",
  position: 8,
  tiles: [0, tile],
  max: 0.5,
  profile: [0.1],
  profileStart: 4,
});

let count = 0;
async function journal(): Promise<Journal> {
  return Journal.create(join(folder.path, `${count++}.journal`), head);
}

describe("a journal", () => {
  test("tells what the run was, which tiles are written, and their seams", async () => {
    const one = await journal();
    await one.tileDone(3, [seam(3)]);
    await one.tileDone(0, []);
    const state = await readJournal(one.path, 12);
    expect(state).toEqual({ ...head, done: new Set([3, 0]), seams: [seam(3)] });
    expect(await readJournalHead(one.path)).toEqual(head);
  });

  test("whose last line was cut off anywhere is read up to the line before, and goes on from there", async () => {
    const one = await journal();
    await one.tileDone(1, [seam(1)]);
    const whole = readFileSync(one.path);
    await one.tileDone(2, [seam(2)]);
    const longer = readFileSync(one.path);
    for (const length of [whole.length + 1, whole.length + 10, longer.length - 1]) {
      writeFileSync(one.path, longer.subarray(0, length));
      expect([...(await readJournal(one.path, 12)).done]).toEqual([1]);
      expect(statSync(one.path).size).toBe(whole.length);
    }
    await (await Journal.resume(one.path)).tileDone(5, []);
    expect([...(await readJournal(one.path, 12)).done]).toEqual([1, 5]);
  });

  test("counts a tile's seams once when it was written twice", async () => {
    const one = await journal();
    await one.tileDone(1, [seam(1)]);
    await one.tileDone(1, [seam(1)]);
    expect((await readJournal(one.path, 12)).seams).toHaveLength(1);
  });

  test("that does not exist means there is nothing to resume", async () => {
    await expect(readJournal(join(folder.path, "none.journal"), 1)).rejects.toMatchObject({
      code: "resume.noJournal",
    });
  });

  test.each<[string, string, RegExp]>([
    ["empty", "", /no first line/],
    ["cut off in its first line", `{"schema":"tilewright-journal/1"`, /no first line/],
    ["of another kind", `{"schema":"other/1"}\n`, /schema is not tilewright-journal\/1/],
    ["null", "null\n", /schema/],
    ["not JSON", "tile 1 done\n", /JSON/],
    [
      "without identity",
      `{"schema":"tilewright-journal/1","tiles":{},"started":""}\n`,
      /first line is not complete/,
    ],
    [
      "without intensities",
      `{"schema":"tilewright-journal/1","identity":{},"tiles":{},"started":""}\n`,
      /no intensities/,
    ],
  ])("that is %s is refused with the reason", async (name, text, reason) => {
    const path = join(folder.path, `${name}.journal`);
    writeFileSync(path, text);
    await expect(readJournal(path, 12)).rejects.toMatchObject({
      code: "resume.badJournal",
      message: expect.stringMatching(reason),
      hint: expect.stringContaining("--overwrite"),
    });
  });

  test.each([`{"tile":12,"seams":[]}`, `{"tile":-1,"seams":[]}`, `{"tile":0.5,"seams":[]}`, `{"tile":1}`])(
    "that names a tile not in the plan is refused: %s",
    async (line) => {
      const one = await journal();
      appendFileSync(one.path, `${line}\n`);
      await expect(readJournal(one.path, 12)).rejects.toMatchObject({ code: "resume.badJournal" });
    },
  );
});

describe("a run is the same", () => {
  test("when nothing differs", () => {
    expect(() => requireSameRun(identity, { ...identity })).not.toThrow();
  });

  test.each<[keyof RunIdentity, string]>([
    ["input", "the input file"],
    ["model", "the model"],
    ["plan", "the tiling"],
    ["options", "the options"],
    ["engine", "the engine"],
  ])("not when %s differs", (key, words) => {
    expect(() => requireSameRun(identity, { ...identity, [key]: "other" })).toThrow(
      `${words} changed since it was started`,
    );
  });

  test("not when several differ, and all are named", () => {
    expect(() => requireSameRun(identity, { ...identity, model: "n", threads: 1 })).toThrow(
      "the model and the number of threads changed",
    );
  });
});

describe("which file it is", () => {
  test("changes with its size, its time, its first and its last bytes", async () => {
    const path = join(folder.path, "file");
    const time = new Date("2026-01-01");
    const identityOf = async (bytes: Buffer, at = time): Promise<string> => {
      writeFileSync(path, bytes);
      utimesSync(path, at, at);
      return inputIdentity(path, ["one.tif"]);
    };
    const bytes = Buffer.alloc(3 * 2 ** 20, 7);
    const first = await identityOf(bytes);
    expect(await identityOf(bytes)).toBe(first);
    const found = new Set([
      first,
      await identityOf(bytes.subarray(1)),
      await identityOf(bytes, new Date("2026-01-02")),
    ]);
    for (const place of [0, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[place] = 8;
      found.add(await identityOf(changed));
    }
    expect(found.size).toBe(5);
  });

  test("of a set changes with each of its files, and one that is missing is no error", async () => {
    const [first, second] = [join(folder.path, "a.tif"), join(folder.path, "b.tif")];
    writeFileSync(first, "one");
    writeFileSync(second, "two");
    const identity = (): Promise<string> => inputIdentity(first, ["a.tif", "b.tif", "missing.tif"]);
    const before = await identity();
    expect(await identity()).toBe(before);
    writeFileSync(second, "other");
    expect(await identity()).not.toBe(before);
  });

  test("an empty file has an identity too", async () => {
    const path = join(folder.path, "empty");
    writeFileSync(path, "");
    expect(await inputIdentity(path, ["one.tif"])).toMatch(/^0 /);
  });

  test("equal data have equal digests", () => {
    expect(digest([1, { a: 2 }])).toBe(digest([1, { a: 2 }]));
    expect(digest([1])).not.toBe(digest([2]));
  });
});
