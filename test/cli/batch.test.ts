import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BatchOutlook, BatchResult } from "../../src/predict/batch";
import {
  canSeeProcesses,
  failureLines,
  marked,
  start,
  tilesWritten,
  tilewright,
  until,
} from "../support/commandLine";
import { makeTiff } from "../support/tiff";
import { CARE_2D, TINY_2D, hashFile, noisyVolume, temporaryFolder, writeStack } from "../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (...names: string[]): string => join(folder.path, ...names);
const OPTIONS = ["--model", CARE_2D, "--engine", "cpu", "--threads", "1"];
/** Enough tiles for a process to be caught in the middle. */
const SLOW = [...OPTIONS, "--tiles", "6,6"];
const NAMES = ["s1.tif", "s2.tif", "s3.tiff", "s10.tif"];

beforeAll(async () => {
  mkdirSync(at("data", "deep"), { recursive: true });
  for (const [i, name] of NAMES.entries()) {
    await writeStack(at("data", name), noisyVolume("YX", [60 + 4 * i, 70], "uint16", i));
  }
  writeFileSync(at("data", "notes.txt"), "no image");
  await writeStack(at("data", "deep", "d.tif"), noisyVolume("YX", [64, 64], "uint16", 9));
  mkdirSync(at("mixed"));
  copyFileSync(at("data", "s1.tif"), at("mixed", "a.tif"));
  writeFileSync(at("mixed", "b.tif"), readFileSync(at("data", "s2.tif")).subarray(0, 4000));
  copyFileSync(at("data", "s3.tiff"), at("mixed", "c.tif"));
  mkdirSync(at("big"));
  for (const [i, name] of ["x1.tif", "x2.tif", "x3.tif"].entries()) {
    await writeStack(at("big", name), noisyVolume("YX", [421, 433], "uint16", i));
  }
});

/** Names in a folder and below, without run records. */
const stacksIn = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(path, name)).isFile() && !name.endsWith(".run.json"))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();

async function json<T>(code: number, ...args: readonly string[]): Promise<T> {
  const ended = await tilewright("predict", ...args, "--json");
  expect(ended.code, ended.stderr).toBe(code);
  return JSON.parse(ended.stdout) as T;
}

describe("predict with a set of OME files", () => {
  test("predicts the set once, whichever of its files are named", async () => {
    mkdirSync(at("set"));
    const member = (name: string, z: number): string =>
      `<TiffData IFD="0" FirstZ="${z}" PlaneCount="1"><UUID FileName="${name}">urn:uuid:${z}</UUID></TiffData>`;
    const description =
      '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">' +
      '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="40" SizeY="36" SizeZ="2" SizeC="1" SizeT="1">' +
      `${member("z0.ome.tif", 0)}${member("z1.ome.tif", 1)}</Pixels></Image></OME>`;
    for (const [z, name] of ["z0.ome.tif", "z1.ome.tif"].entries()) {
      const value = (row: number, column: number): number => ((row * 31 + column * 7) % 200) + z;
      writeFileSync(at("set", name), makeTiff([{ width: 40, height: 36, value, description }]));
    }
    const { files } = await json<BatchOutlook>(0, at("set"), ...OPTIONS, "--out", at("set-out"), "--dry-run");
    expect(files).toMatchObject([{ axes: "ZYX", shape: [2, 36, 40], members: ["z0.ome.tif", "z1.ome.tif"] }]);
    const ended = await tilewright("predict", at("set"), ...OPTIONS, "--out", at("set-out"));
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toMatch(/z1\.ome\.tif: a part of the same set of files as .*z0\.ome\.tif/);
    expect(stacksIn(at("set-out"))).toEqual(["z0.ome.tif"]);
  });
});

describe("predict with a folder", () => {
  test("predicts each stack directly in it to the same bytes as alone, and tells how far all are", async () => {
    const ended = await tilewright("predict", at("data"), ...OPTIONS, "--out", at("out"));
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stdout).toMatch(/^4 predicted in .*; results are in .*out\n$/);
    expect(stacksIn(at("out"))).toEqual([...NAMES].sort());
    for (const name of NAMES) {
      const alone = at(`alone-${name}`);
      expect((await tilewright("predict", at("data", name), ...OPTIONS, "--out", alone)).code).toBe(0);
      expect(hashFile(at("out", name)), name).toBe(hashFile(alone));
    }
    const places = [...ended.stderr.matchAll(/file (\d) of 4, (\S+):/g)].map(
      ([, number, name]) => `${number} ${name}`,
    );
    expect([...new Set(places)]).toEqual(["1 s1.tif", "2 s2.tif", "3 s3.tiff", "4 s10.tif"]);
    expect(ended.stderr).toMatch(/file [34] of 4, .*left in all/);
  });

  test("prints one document: the JSON of each prediction with its input, and totals", async () => {
    const { files, totals } = await json<BatchResult>(
      0,
      at("data"),
      "--recursive",
      ...OPTIONS,
      "--out",
      at("all"),
    );
    expect(files.map(({ file }) => file)).toEqual(
      ["deep/d.tif", "s1.tif", "s2.tif", "s3.tiff", "s10.tif"].map((name) => at("data", name)),
    );
    expect(files[0]).toMatchObject({
      out: at("all", "deep", "d.tif"),
      record: at("all", "deep", "d.tif.run.json"),
      engine: { device: expect.stringContaining("CPU") },
      tiles: 1,
      warnings: [],
    });
    expect(totals).toMatchObject({
      files: 5,
      predicted: 5,
      skipped: 0,
      failed: 0,
      left: 0,
      seconds: expect.any(Number),
    });
    expect(totals.peakRssBytes).toBeGreaterThan(10 ** 7);
    const record = JSON.parse(readFileSync(at("all", "deep", "d.tif.run.json"), "utf8")) as unknown;
    expect(record).toMatchObject({ input: "../../data/deep/d.tif", output: { path: "d.tif" } });
  });

  test("without an image, and a glob without a match, are one line, exit 1", async () => {
    mkdirSync(at("empty"));
    for (const [input, why] of [
      [at("empty"), /holds no image \(names of images end in \.tif/],
      [at("data", "*.txt"), /what matches .* is no image/],
      [at("data", "*.lsm"), /nothing matches/],
    ] as const) {
      const ended = await tilewright("predict", input, ...OPTIONS, "--out", at("nowhere"));
      expect(ended.code).toBe(1);
      expect(failureLines(ended)).toEqual([expect.stringMatching(why)]);
    }
    expect(existsSync(at("nowhere"))).toBe(false);
  });

  test("never writes into the folder of the inputs under their names", async () => {
    const before = hashFile(at("data", "s1.tif"));
    for (const more of [[], ["--overwrite"]]) {
      const ended = await tilewright("predict", at("data"), ...OPTIONS, "--out", at("data"), ...more);
      expect(ended.code).toBe(1);
      expect(failureLines(ended)[0]).toMatch(/names of the inputs, in the same folder/);
    }
    expect(hashFile(at("data", "s1.tif"))).toBe(before);
  });

  test("with a wrong option or model says so once", async () => {
    const wrong = await tilewright("predict", at("data"), ...OPTIONS, "--blend", "feather", "--out", at("w"));
    expect(wrong.code).toBe(2);
    expect(failureLines(wrong)).toHaveLength(1);
    const none = await tilewright("predict", at("data"), "--model", at("empty2"), "--out", at("w"));
    expect(none.code).toBe(1);
    expect(failureLines(none)).toHaveLength(1);
    expect(existsSync(at("w"))).toBe(false);
  });
});

describe("predict with globs and several inputs", () => {
  test("takes a quoted glob and shell arguments alike, mirrored from the folder that holds them all", async () => {
    const glob = await json<BatchResult>(
      0,
      at("data", "{s1,s2}.tif"),
      at("data", "deep"),
      ...OPTIONS,
      "--out",
      at("g"),
    );
    expect(glob.totals.predicted).toBe(3);
    expect(stacksIn(at("g"))).toEqual(["deep/d.tif", "s1.tif", "s2.tif"]);
    const named = [at("data", "s1.tif"), at("data", "deep", "d.tif")];
    expect((await json<BatchResult>(0, ...named, ...OPTIONS, "--out", at("n"))).totals.predicted).toBe(2);
    expect(stacksIn(at("n"))).toEqual(["deep/d.tif", "s1.tif"]);
  });

  test("a single file into an existing folder is a batch of one; into a file it is what it was", async () => {
    mkdirSync(at("one"));
    const { files } = await json<BatchResult>(0, at("data", "s1.tif"), ...OPTIONS, "--out", at("one"));
    expect(files).toMatchObject([{ file: at("data", "s1.tif"), out: at("one", "s1.tif") }]);
    expect(await json(0, at("data", "s1.tif"), ...OPTIONS, "--out", at("single.tif"))).toMatchObject({
      out: at("single.tif"),
      tiles: 1,
    });
  });
});

describe("a file that cannot be predicted", () => {
  test("in the middle stops nothing: the others are done, a table says what and why, exit 1", async () => {
    const ended = await tilewright("predict", at("mixed"), ...OPTIONS, "--out", at("m"));
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/^2 predicted, 1 failed in /);
    expect(stacksIn(at("m"))).toEqual(["a.tif", "c.tif"]);
    expect(ended.stderr).toMatch(/\nfile +what +hint\n-+ +-+ +-+\n\S*b\.tif +the file ends before byte .*\n/);
    expect(failureLines(ended)).toEqual(["tilewright: predict: 1 of 3 files failed (see the table above)"]);
  });

  test("is an entry with its error in the document", async () => {
    const { files, totals } = await json<BatchResult>(
      1,
      at("mixed"),
      at("none.tif"),
      ...OPTIONS,
      "--out",
      at("mj"),
    );
    expect(totals).toMatchObject({ files: 4, predicted: 2, failed: 2 });
    const failed = files.filter((file) => "error" in file);
    expect(failed).toMatchObject([
      { file: at("none.tif"), error: { code: "file.missing", hint: expect.any(String) } },
      { file: at("mixed", "b.tif"), error: { code: expect.stringMatching(/^stack\./) } },
    ]);
  });
});

describe("outputs that exist", () => {
  test("are errors of their files; --resume leaves them alone, --overwrite replaces them", async () => {
    const args = [at("data", "s*"), ...OPTIONS, "--out", at("again")];
    await json(0, at("data", "s1.tif"), ...OPTIONS, "--out", `${at("again")}/`);
    const before = statSync(at("again", "s1.tif")).mtimeMs;
    const refused = await json<BatchResult>(1, ...args);
    expect(refused.totals).toMatchObject({ predicted: 3, failed: 1 });
    expect(refused.files[0]).toMatchObject({
      error: { code: "out.exists", hint: expect.stringContaining("--resume") },
    });
    const resumed = await json<BatchResult>(0, ...args, "--resume");
    expect(resumed.totals).toMatchObject({ predicted: 0, skipped: 4, failed: 0 });
    expect(resumed.files[0]).toEqual({
      file: at("data", "s1.tif"),
      out: at("again", "s1.tif"),
      record: at("again", "s1.tif.run.json"),
      skipped: true,
    });
    expect(statSync(at("again", "s1.tif")).mtimeMs).toBe(before);
    expect((await json<BatchResult>(0, ...args, "--overwrite")).totals.predicted).toBe(4);
    expect(statSync(at("again", "s1.tif")).mtimeMs).toBeGreaterThan(before);
  });

  test("of another model, other options or an input that changed are not taken for finished", async () => {
    const input = at("changing", "c.tif");
    mkdirSync(at("changing"));
    copyFileSync(at("data", "s1.tif"), input);
    const args = [at("changing"), "--out", at("changed")];
    await json(0, ...args, ...OPTIONS);
    for (const other of [
      [...OPTIONS, "--pad", "edge"],
      ["--model", TINY_2D, "--engine", "cpu", "--threads", "1"],
    ]) {
      const { files } = await json<BatchResult>(1, ...args, ...other, "--resume");
      expect(files).toMatchObject([{ error: { code: "resume.differs" } }]);
    }
    expect((await json<BatchResult>(0, ...args, ...OPTIONS, "--resume")).totals.skipped).toBe(1);
    await writeStack(input, noisyVolume("YX", [60, 70], "uint16", 77));
    const { files } = await json<BatchResult>(1, ...args, ...OPTIONS, "--resume");
    expect(files).toMatchObject([{ error: { code: "resume.differs" } }]);
  });
});

describe("--dry-run", () => {
  test("says for every file what would be done, and does nothing", async () => {
    const inputs = [at("mixed"), at("data", "notes.txt")];
    const ended = await tilewright("predict", ...inputs, ...OPTIONS, "--out", at("dry"), "--dry-run");
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/a\.tif +YX 60 × 70 +1 +predict +\S*dry.mixed.a\.tif\n/);
    expect(ended.stdout).toMatch(/\nfile +what +hint\n.*\n\S*notes\.txt +this is no kind of image/);
    expect(ended.stdout).toMatch(/\n\n4 files: 3 to predict, 1 with a problem\n$/);
    expect(existsSync(at("dry"))).toBe(false);
  });

  test("is one document too, for a single file as well", async () => {
    const one = await json<BatchOutlook>(
      0,
      at("data", "s1.tif"),
      ...OPTIONS,
      "--out",
      at("dry.tif"),
      "--dry-run",
    );
    expect(one).toMatchObject({
      dryRun: true,
      files: [{ axes: "YX", shape: [60, 70], tiles: 1, exact: true, action: "predict", output: "none" }],
      totals: { files: 1, predict: 1, resume: 0, skip: 0, failed: 0 },
    });
    const args = [
      at("data"),
      ...OPTIONS,
      "--tiles",
      "2,2",
      "--overlap",
      "4",
      "--out",
      at("dry2"),
      "--dry-run",
    ];
    const { files } = await json<BatchOutlook>(0, ...args);
    expect(files[0]).toMatchObject({ tiles: 4, tilesPerAxis: { Y: 2, X: 2 }, exact: false });
    expect(files[0]).toHaveProperty("warnings", [
      expect.stringMatching(/overlap/),
      expect.stringMatching(/overlap/),
    ]);
  });
});

describe.skipIf(!canSeeProcesses)("the worker of a batch", () => {
  const args = (out: string): string[] => ["predict", at("big"), ...SLOW, "--out", out];

  test("is one for all files, and costs one file when it dies: a fresh one goes on", async () => {
    const out = at("killed");
    const running = start([...args(out), "--json"]);
    await until("the second file is being predicted", () => tilesWritten(join(out, "x2.tif")) >= 3);
    const first = running.workers();
    expect(first).toHaveLength(1);
    process.kill(first[0], "SIGKILL");
    await until("the third file is being predicted", () => tilesWritten(join(out, "x3.tif")) >= 1);
    expect(running.workers()).toHaveLength(1);
    expect(running.workers()).not.toEqual(first);
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(1);
    const { files, totals } = JSON.parse(ended.stdout) as BatchResult;
    expect(totals).toMatchObject({ predicted: 2, failed: 1 });
    expect(files[1]).toMatchObject({
      error: { code: "worker.died", hint: expect.stringContaining("--resume") },
    });
    const resumed = await tilewright(...args(out), "--resume", "--json");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect((JSON.parse(resumed.stdout) as BatchResult).totals).toMatchObject({ predicted: 1, skipped: 2 });
    const alone = at("alone.tif");
    await tilewright("predict", at("big", "x2.tif"), ...SLOW, "--out", alone);
    expect(hashFile(join(out, "x2.tif"))).toBe(hashFile(alone));
  });

  test("finishes its tile on Ctrl-C; the batch says how to go on, and goes on there", async () => {
    const out = at("interrupted");
    const running = start([...args(out), "--json"]);
    await until("the second file is being predicted", () => tilesWritten(join(out, "x2.tif")) >= 3);
    running.killGroup("SIGINT");
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(130);
    expect(failureLines(ended)).toEqual([
      expect.stringMatching(
        /interrupted at .*x2\.tif; 1 predicted, 2 left \(go on with the same command and --resume\)$/,
      ),
    ]);
    const { files, totals } = JSON.parse(ended.stdout) as BatchResult;
    expect(totals).toMatchObject({ files: 3, predicted: 1, failed: 0, left: 2 });
    expect(files[1]).toMatchObject({ file: at("big", "x2.tif"), error: { code: "cancelled" } });
    await until("no process is left", () => marked(running.mark).length === 0);
    expect(existsSync(join(out, "x2.tif"))).toBe(false);
    const done = tilesWritten(join(out, "x2.tif"));
    expect(done).toBeGreaterThanOrEqual(3);
    const outlook = await tilewright(...args(out), "--resume", "--dry-run", "--json");
    expect((JSON.parse(outlook.stdout) as BatchOutlook).totals).toMatchObject({
      skip: 1,
      resume: 1,
      predict: 1,
    });
    const resumed = await tilewright(...args(out), "--resume");
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stdout).toMatch(/^2 predicted, 1 finished already in /);
    expect(hashFile(join(out, "x2.tif"))).toBe(hashFile(at("alone.tif")));
    expect(readdirSync(out).filter((name) => name.includes(".partial"))).toEqual([]);
  });
});
