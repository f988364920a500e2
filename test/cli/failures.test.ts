import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  canSeeProcesses,
  failureLines,
  marked,
  start,
  tilesWritten,
  tilewright,
  until,
} from "../support/commandLine";
import type { Ended } from "../support/commandLine";
import { CARE_2D, hashFile, noisyVolume, temporaryFolder, writeStack } from "../support/prediction";

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);
const COMMON = ["--engine", "cpu", "--threads", "1"];
const OPTIONS = ["--model", CARE_2D, ...COMMON, "--tiles", "6,6"];

let input = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), noisyVolume("YX", [421, 433]));
});
const mounts: string[] = [];
afterEach(() => {
  for (const mount of mounts.splice(0)) execFileSync("umount", ["-l", mount]);
});
afterAll(() => folder.dispose());

/** A file system of its own, for full disks and read-only folders. */
function mounted(name: string, options: string): string {
  const path = at(name);
  mkdirSync(path);
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]);
  mounts.push(path);
  return path;
}
const canMount = ((): boolean => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const probe = at("probe");
  mkdirSync(probe);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  }
})();

/** One line that says what is wrong; nothing on stdout. */
function expectFailure(ended: Ended, message: RegExp, code = 1): void {
  expect(ended.code, ended.stderr).toBe(code);
  expect(ended.stdout).toBe("");
  const lines = failureLines(ended);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(message);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
}

describe.skipIf(!canSeeProcesses)("Ctrl-C", () => {
  test.each(["the terminal's process group", "the command line only"])(
    "to %s stops with one line, exit 130, and the way to resume",
    async (whom) => {
      const out = at(`interrupted-${whom.length}.tif`);
      const running = start(["predict", input, ...OPTIONS, "--out", out]);
      await until("some tiles are written", () => tilesWritten(out) >= 3);
      if (whom.includes("group")) running.killGroup("SIGINT");
      else running.kill("SIGINT");
      const ended = await running.ended;
      expectFailure(
        ended,
        /^tilewright: predict: interrupted; what is written so far is kept in .*\.partial \(go on with --resume, or delete it/,
        130,
      );
      expect(existsSync(out)).toBe(false);
      expect(existsSync(`${out}.partial`)).toBe(true);
      await until("no process is left", () => marked(running.mark).length === 0);
      const resumed = await tilewright("predict", input, ...OPTIONS, "--out", out, "--resume");
      expect(resumed.code, resumed.stderr).toBe(0);
    },
  );

  test("before anything is written says just that", async () => {
    const out = at("early.tif");
    const running = start(["predict", input, ...OPTIONS, "--out", out]);
    await until("the worker is there", () => running.workers().length > 0);
    running.killGroup("SIGINT");
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    expect(failureLines(ended)).toEqual(["tilewright: predict: interrupted"]);
    expect(readdirSync(folder.path).filter((name) => name.startsWith("early"))).toEqual([]);
  });
});

describe.skipIf(!canSeeProcesses)("the prediction worker", () => {
  test.each(["SIGKILL", "SIGSEGV"] as const)(
    "ended by %s is one clear line, no hang, and can be resumed",
    async (signal) => {
      const out = at(`worker-${signal}.tif`);
      const running = start(["predict", input, ...OPTIONS, "--out", out]);
      await until("some tiles are written", () => tilesWritten(out) >= 3);
      for (const worker of running.workers()) process.kill(worker, signal);
      const ended = await running.ended;
      expectFailure(
        ended,
        new RegExp(`^tilewright: predict: the prediction worker was ended by ${signal}.*go on with --resume`),
      );
      expect(existsSync(out)).toBe(false);
      const resumed = await tilewright("predict", input, ...OPTIONS, "--out", out, "--resume");
      expect(resumed.code, resumed.stderr).toBe(0);
    },
  );
});

describe.skipIf(!canMount)("the disk of the output", () => {
  test("that is too small is noticed before starting", async () => {
    const disk = mounted("small", "size=400k");
    const ended = await tilewright("predict", input, ...OPTIONS, "--out", join(disk, "out.tif"));
    expectFailure(ended, /needs 1 MiB, 1 MiB more than the disk has free/);
    expect(readdirSync(disk)).toEqual([]);
  });

  test("that fills up in the middle is one clear line, and the run goes on once there is space", async () => {
    const disk = mounted("filling", "size=4m");
    const out = join(disk, "out.tif");
    const running = start(["predict", input, ...OPTIONS, "--out", out]);
    await until("some tiles are written", () => tilesWritten(out) >= 2);
    const filler = join(disk, "filler");
    try {
      writeFileSync(filler, Buffer.alloc(8 * 2 ** 20));
    } catch {
      // full is what it should be
    }
    const ended = await running.ended;
    expectFailure(ended, /^tilewright: predict: .*disk is full.*resume/);
    expect(existsSync(out)).toBe(false);
    rmSync(filler);
    const resumed = await tilewright("predict", input, ...OPTIONS, "--out", out, "--resume");
    expect(resumed.code, resumed.stderr).toBe(0);
    const whole = at("whole.tif");
    await tilewright("predict", input, ...OPTIONS, "--out", whole);
    expect(hashFile(out)).toBe(hashFile(whole));
  });

  test("that is read-only is one clear line", async () => {
    const disk = mounted("readonly", "size=4m,ro");
    const ended = await tilewright("predict", input, ...OPTIONS, "--out", join(disk, "out.tif"));
    expectFailure(
      ended,
      /the output folder .*readonly cannot be written to \(choose an output in another folder\)/,
    );
  });

  test("an input on a read-only disk is no obstacle", async () => {
    const disk = mounted("source", "size=4m");
    copyFileSync(input, join(disk, "in.tif"));
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const ended = await tilewright(
      "predict",
      join(disk, "in.tif"),
      ...OPTIONS,
      "--out",
      at("from-readonly.tif"),
    );
    expect(ended.code, ended.stderr).toBe(0);
  });
});

describe("the input", () => {
  test("that is cut short in the middle of a run is one clear line, never zeros", async () => {
    const own = at("shrinking.tif");
    copyFileSync(input, own);
    const out = at("shrunk.tif");
    const running = start(["predict", own, ...OPTIONS, "--out", out]);
    await until("some tiles are written", () => tilesWritten(out) >= 2);
    truncateSync(own, 60_000);
    expectFailure(
      await running.ended,
      /^tilewright: predict: .*shrinking\.tif: the file ends before byte \d+/,
    );
    expect(existsSync(out)).toBe(false);
    const resumed = await tilewright("predict", own, ...OPTIONS, "--out", out, "--resume");
    expect(resumed.code).toBe(1);
    expect(failureLines(resumed)).toHaveLength(1);
  });

  test("that is deleted in the middle of a run is read to its end through the open file", async () => {
    const own = at("vanishing.tif");
    copyFileSync(input, own);
    const out = at("vanished.tif");
    const running = start(["predict", own, ...OPTIONS, "--out", out]);
    await until("some tiles are written", () => tilesWritten(out) >= 2);
    unlinkSync(own);
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(existsSync(out)).toBe(true);
  });
});

describe("what cannot be predicted is said in one line, with exit code 1 and nothing written", () => {
  beforeAll(() => {
    mkdirSync(at("empty"));
    writeFileSync(at("no.tif"), "this is no image");
    writeFileSync(at("no.png"), "this is no image");
    writeFileSync(at("no.onnx"), "this is no network");
    writeFileSync(at("there.tif"), "something else");
    mkdirSync(at("folder.tif"));
    writeFileSync(at("torn.tif.partial"), "");
    writeFileSync(at("torn.tif.partial.journal"), "{");
  });
  const cases: [string, () => string[], RegExp][] = [
    [
      "an input that is a folder",
      () => [at("empty"), ...OPTIONS, "--out", at("x.tif")],
      /empty holds no image \(names of images end in/,
    ],
    [
      "an input that does not exist",
      () => [at("none.tif"), ...OPTIONS, "--out", at("x.tif")],
      /none\.tif: the file or folder does not exist/,
    ],
    ["an input that is no image", () => [at("no.tif"), ...OPTIONS, "--out", at("x.tif")], /no\.tif: .*TIFF/],
    [
      "an input of another kind",
      () => [at("no.png"), ...OPTIONS, "--out", at("x.tif")],
      /no\.png: this is no kind of image/,
    ],
    [
      "a model that does not exist",
      () => [input, "--model", at("none"), "--out", at("x.tif")],
      /none: there is no such model/,
    ],
    [
      "a model folder without a model",
      () => [input, "--model", at("empty"), "--out", at("x.tif")],
      /empty: this folder is no model/,
    ],
    ["a model that is no network", () => [input, "--model", at("no.onnx"), "--out", at("x.tif")], /no\.onnx/],
    [
      "an output that exists",
      () => [input, ...OPTIONS, "--out", at("there.tif")],
      /there\.tif exists already \(choose another name, or use --overwrite\)/,
    ],
    [
      "an output that is a folder",
      () => [input, ...OPTIONS, "--out", at("folder.tif"), "--overwrite"],
      /folder\.tif is a folder/,
    ],
    [
      "an output that is the input",
      () => [input, ...OPTIONS, "--out", input, "--overwrite"],
      /in\.tif is the input itself/,
    ],
    [
      "an output in a folder that does not exist",
      () => [input, ...OPTIONS, "--out", at("none/x.tif")],
      /the output folder .*none does not exist \(create it first\)/,
    ],
    [
      "an unfinished output",
      () => [input, ...OPTIONS, "--out", at("torn.tif")],
      /torn\.tif\.partial holds the unfinished output of an earlier run/,
    ],
    [
      "an unfinished output whose journal is no journal",
      () => [input, ...OPTIONS, "--out", at("torn.tif"), "--resume"],
      /torn\.tif\.partial\.journal is no journal of a run/,
    ],
    [
      "nothing to resume",
      () => [input, ...OPTIONS, "--out", at("x.tif"), "--resume"],
      /there is nothing to resume/,
    ],
    [
      "an engine that does not exist",
      () => [input, "--model", CARE_2D, "--engine", "abacus", "--out", at("x.tif")],
      /there is no engine "abacus" \(choose one of: auto, /,
    ],
    [
      "tiles smaller than twice the overlap",
      () => [input, "--model", CARE_2D, ...COMMON, "--tile-size", "40", "--out", at("x.tif")],
      /tile size 40 must be larger than twice the overlap of 24 px/,
    ],
    [
      "no tiles",
      () => [input, "--model", CARE_2D, ...COMMON, "--tiles", "0,3", "--out", at("x.tif")],
      /tiles on axis Y must be a whole number of at least 1, found 0/,
    ],
    [
      "a part outside the image",
      () => [input, ...OPTIONS, "--roi", "Y=400:500", "--out", at("x.tif")],
      /Y=400:500 does not lie inside 0:421/,
    ],
  ];
  test.each(cases)("%s", async (_, args, message) => {
    const before = readdirSync(folder.path).sort();
    const there = hashFile(at("there.tif"));
    expectFailure(await tilewright("predict", ...args()), message);
    expect(readdirSync(folder.path).sort()).toEqual(before);
    expect(hashFile(at("there.tif"))).toBe(there);
  });

  test("--verbose adds the stack, wherever it stands", async () => {
    for (const args of [
      ["--verbose", "predict"],
      ["predict", "--verbose"],
    ]) {
      const { code, stderr } = await tilewright(...args, at("none.tif"), ...OPTIONS, "--out", at("x.tif"));
      expect(code).toBe(1);
      expect(stderr).toMatch(/^tilewright: predict: .*\n.*\n\s+at /);
    }
  });
});
