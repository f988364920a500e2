import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { proposeOthers } from "../../../extension/otherStacks";
import { runThatMade, runsOver } from "../../../extension/runRecords";
import { temporaryFolder } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (...names: string[]): string => join(folder.path, ...names);

const record = (input: string): string =>
  JSON.stringify({
    schema: "tilewright-run/1",
    input,
    model: { path: "models/care3d" },
    output: { path: "whatever" },
    options: {},
  });

beforeAll(() => {
  mkdirSync(at("out"));
  for (const name of ["scan.ome.tif", "scan_care3d.tif", "other.tif", join("out", "far.tif")])
    writeFileSync(at(name), "");
  writeFileSync(at("scan_care3d.tif.run.json"), record("scan.ome.tif"));
  writeFileSync(at("out", "far.tif.run.json"), record("../scan.ome.tif"));
  writeFileSync(at("other.tif.run.json"), record("elsewhere.tif"));
  writeFileSync(at("torn.tif.run.json"), '{"schema": "tilewright-run/1", "inp');
  writeFileSync(at("huge.tif.run.json"), record("scan.ome.tif"));
  truncateSync(at("huge.tif.run.json"), 9 * 2 ** 20);
  mkdirSync(at("folder.tif.run.json"));
});

test("a result knows what it was made from", async () => {
  expect(await runThatMade(at("scan_care3d.tif"))).toMatchObject({
    input: at("scan.ome.tif"),
    out: at("scan_care3d.tif"),
  });
});

test.each(["scan.ome.tif", "torn.tif", "huge.tif", "folder.tif", "missing.tif"])(
  "%s has no record that is used",
  async (name) => {
    expect(await runThatMade(at(name))).toBeNull();
  },
);

test("a stack's results are found in its folder and in that of the results, and those of others are not", async () => {
  const input = at("scan.ome.tif");
  const found = await runsOver(input, [folder.path, at("out"), at("not there"), folder.path]);
  expect(found.map(({ out }) => out)).toEqual([at("scan_care3d.tif"), at("out", "far.tif")]);
});

test("results that are known come first, wherever they lie, and once", async () => {
  const found = await runsOver(at("scan.ome.tif"), [folder.path], [at("out", "far.tif"), at("gone.tif")]);
  expect(found.map(({ out }) => out)).toEqual([at("out", "far.tif"), at("scan_care3d.tif")]);
});

test("among hundreds of records those that begin as the stack are looked at first", async () => {
  const crowd = at("crowd");
  mkdirSync(crowd);
  for (let i = 0; i < 200; i++) writeFileSync(join(crowd, `a${i}.tif.run.json`), record("none.tif"));
  writeFileSync(join(crowd, "scan_x.tif.run.json"), record("scan.tif"));
  const found = await runsOver(join(crowd, "scan.tif"), [crowd]);
  expect(found.map(({ out }) => out)).toEqual([join(crowd, "scan_x.tif")]);
});

test("proposed are input, results, open stacks and those beside it: once, if they are there, and never the stack itself", async () => {
  const input = at("scan.ome.tif");
  const over = await runsOver(input, [folder.path]);
  const proposed = await proposeOthers(input, {
    made: null,
    over,
    open: [input, at("other.tif"), at("scan_care3d.tif"), at("gone.tif"), "//server/share/x.tif"],
  });
  expect(proposed).toEqual([
    { path: at("scan_care3d.tif"), reason: "predicted from this with care3d" },
    { path: at("other.tif"), reason: "open" },
  ]);
  const made = await runThatMade(at("scan_care3d.tif"));
  expect(await proposeOthers(at("scan_care3d.tif"), { made, over: [], open: [] })).toEqual([
    { path: input, reason: "what this was predicted from" },
    { path: at("other.tif"), reason: "in the same folder", isBeside: true },
  ]);
});
