import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { findStacks, isBatch, splitGlob } from "../../../src/predict/batchInputs";
import { temporaryFolder } from "../../support/prediction";

const ENDINGS = [".tif", ".tiff", ".zarr"];
const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (...names: string[]): string => join(folder.path, ...names);
const make = (...names: string[]): void => {
  mkdirSync(dirname(at(...names)), { recursive: true });
  writeFileSync(at(...names), "");
};
beforeAll(() => {
  for (const name of [
    "scan10.tif",
    "scan2.TIF",
    "scan1.tiff",
    "notes.txt",
    "._scan1.tif",
    "noending",
    ".tif",
  ])
    make("data", name);
  make("data", "deep", "er", "a.tif");
  make("data", "deep", "b.tif");
  make("data", "well.zarr", "0", "c", "inner.tif");
  make("data", "results", "scan2.TIF");
  make("odd", "scan [1].tif");
  make("other", "z.tif");
  mkdirSync(at("empty"));
  symlinkSync(at("data", "scan10.tif"), at("other", "link.tif"));
  symlinkSync(at("nowhere.tif"), at("other", "broken.tif"));
  symlinkSync(at("other"), at("other", "circle"));
});

const find = (inputs: readonly string[], wish: { recursive?: boolean; out?: string } = {}) =>
  findStacks({ inputs, cwd: folder.path, recursive: false, out: at("out"), ...wish }, ENDINGS, quietJob());

describe("the stacks of a batch", () => {
  test("of a folder are those directly in it, in the order people count, and nothing else", async () => {
    expect(await find(["data"])).toEqual({
      base: at("data"),
      files: [
        at("data", "scan1.tiff"),
        at("data", "scan2.TIF"),
        at("data", "scan10.tif"),
        at("data", "well.zarr"),
      ],
      problems: [],
    });
  });

  test("of sub folders are searched when asked; a folder that is a stack is one, and what is in it none", async () => {
    const { files } = await find(["data"], { recursive: true });
    expect(files).toEqual([
      at("data", "deep", "b.tif"),
      at("data", "deep", "er", "a.tif"),
      at("data", "results", "scan2.TIF"),
      at("data", "scan1.tiff"),
      at("data", "scan2.TIF"),
      at("data", "scan10.tif"),
      at("data", "well.zarr"),
    ]);
  });

  test("do not include what lies in the folder of the results, unless it is named", async () => {
    const out = at("data", "results");
    const results = join(out, "scan2.TIF");
    expect((await find(["data"], { recursive: true, out })).files).not.toContain(results);
    expect((await find(["data/**/*.TIF"], { out })).files).toEqual([at("data", "scan2.TIF")]);
    expect((await find(["data/results"], { out })).files).toEqual([results]);
    expect((await find(["data/results/scan2.TIF"], { out })).files).toEqual([results]);
  });

  test("of a glob are the matches that are images; inside a stack nothing matches", async () => {
    expect(await find(["data/scan*"])).toEqual({
      base: at("data"),
      files: [at("data", "scan1.tiff"), at("data", "scan2.TIF"), at("data", "scan10.tif")],
      problems: [],
    });
    expect((await find([at("data", "**", "*")])).files).not.toContain(
      at("data", "well.zarr", "0", "c", "inner.tif"),
    );
    expect((await find(["data/{deep,results}/*"])).files).toEqual([
      at("data", "deep", "b.tif"),
      at("data", "results", "scan2.TIF"),
    ]);
  });

  test("with brackets in the name are taken literally where they exist", async () => {
    expect((await find(["odd/scan [1].tif"])).files).toEqual([at("odd", "scan [1].tif")]);
  });

  test("are each listed once; results are mirrored from the folder that holds all inputs", async () => {
    const { base, files } = await find(["data/scan10.tif", "data", "other/z.tif"]);
    expect(base).toBe(folder.path);
    expect(files.filter((file) => file === at("data", "scan10.tif"))).toHaveLength(1);
    expect(files[0]).toBe(at("data", "scan10.tif"));
  });

  test("include linked files, but no links to nowhere and no circles", async () => {
    expect((await find(["other"], { recursive: true })).files).toEqual([
      at("other", "link.tif"),
      at("other", "z.tif"),
    ]);
  });

  test.each([
    ["empty", "batch.noStacks"],
    ["data/*.txt", "batch.noMatch"],
    ["nothing/*.tif", "batch.noMatch"],
    ["none.tif", "file.missing"],
  ])("%s is a problem with a hint, and the other inputs go on", async (input, code) => {
    const { files, problems } = await find([input, "other/z.tif"]);
    expect(files).toEqual([at("other", "z.tif")]);
    expect(problems).toEqual([
      {
        file: expect.stringContaining(input),
        error: { code, message: expect.any(String), hint: expect.any(String) },
      },
    ]);
  });

  test.skipIf(process.getuid?.() === 0)(
    "a sub folder that cannot be read is a problem of its own",
    async () => {
      make("locked", "in", "a.tif");
      make("locked", "b.tif");
      chmodSync(at("locked", "in"), 0);
      const { files, problems } = await find(["locked"], { recursive: true });
      expect(files).toEqual([at("locked", "b.tif")]);
      expect(problems).toMatchObject([{ file: at("locked", "in"), error: { code: "file.denied" } }]);
      chmodSync(at("locked", "in"), 0o755);
    },
  );

  test("stop being looked for when the job is aborted", async () => {
    const job = quietJob(AbortSignal.abort());
    const wish = { inputs: ["data"], cwd: folder.path, recursive: true, out: at("out") };
    await expect(findStacks(wish, ENDINGS, job)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("a batch", () => {
  test.each<[boolean, string, string[], string]>([
    [false, "one file into one file", ["data/scan10.tif"], "out.tif"],
    [false, "a missing file", ["none.tif"], "out.tif"],
    [false, "a folder that is a stack", ["data/well.zarr"], "out.zarr"],
    [true, "two files", ["data/scan10.tif", "data/scan2.TIF"], "out"],
    [true, "a folder", ["data"], "out"],
    [true, "a glob", ["data/*.tif"], "out"],
    [true, "one file into a folder that exists", ["data/scan10.tif"], "empty"],
    [true, "one file into a folder that is named as one", ["data/scan10.tif"], "new/"],
    [false, "one file with brackets in its name", ["odd/scan [1].tif"], "out.tif"],
  ])("is %s for %s", async (wanted, _, inputs, out) => {
    expect(
      await isBatch(
        inputs.map((input) => at(input)),
        out === "new/" ? `${at("new")}/` : at(out),
        ENDINGS,
      ),
    ).toBe(wanted);
  });
});

test.each([
  ["data/**/*.tif", "data", "**/*.tif"],
  ["/abs/olute/*.tif", "/abs/olute", "*.tif"],
  ["/*.tif", "/", "*.tif"],
  ["*.tif", ".", "*.tif"],
  ["../up/{a,b}/c.tif", "../up", "{a,b}/c.tif"],
])("the glob %s is searched from %s", (input, from, pattern) => {
  expect(splitGlob(input)).toEqual({ folder: from, pattern });
});
