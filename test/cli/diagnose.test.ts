import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/diagnose/diagnosis";
import { writeOnnx } from "../../src/network/onnx/write";
import { failureLines, start, tilewright } from "../support/commandLine";
import { careUnet } from "../support/networks";
import { CARE_2D, noisyVolume, temporaryFolder, writeStack } from "../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  await writeStack(at("in.tif"), noisyVolume("YX", [150, 160]));
  writeFileSync(at("net.onnx"), writeOnnx(careUnet({ depth: 2, first: 4, seed: 3 })));
  const predict = (out: string, ...options: string[]) =>
    tilewright(
      "predict",
      at("in.tif"),
      "--model",
      at("net.onnx"),
      "--out",
      at(out),
      "--engine",
      "cpu",
      ...options,
    );
  expect((await predict("bad.tif", "--tiles", "3,3", "--overlap", "4")).code).toBe(0);
  expect((await predict("good.tif", "--tiles", "3,3")).code).toBe(0);
  expect((await predict("untiled.tif", "--untiled")).code).toBe(0);
  expect((await predict("part.tif", "--roi", "Y=0:64,X=0:64")).code).toBe(0);
});

/** Diagnoses, which must end well and print one JSON document without NaN. */
async function json(...args: readonly string[]): Promise<Diagnosis> {
  const { code, stdout, stderr } = await tilewright("diagnose", ...args, "--json");
  expect(code, stderr).toBe(0);
  expect(stdout).not.toMatch(/\bNaN\b|Infinity/);
  const found: unknown = JSON.parse(stdout);
  expect(Object.keys(found as object)).toEqual(
    expect.arrayContaining(["verdict", "mode", "findings", "seams", "slices", "grid", "summary", "notes"]),
  );
  return found as Diagnosis;
}

describe("diagnose", () => {
  test("looks only at the pixels without --run, and says that there is a record", async () => {
    expect(await json(at("bad.tif"))).toMatchObject({ mode: "blind", probe: null, reference: null });
    const { stderr, stdout, code } = await tilewright("diagnose", at("bad.tif"));
    expect(code).toBe(0);
    expect(stderr).toContain(`--run ${at("bad.tif.run.json")}`);
    expect(stdout).toContain("looked at: the pixels only");
  });

  test("knows the plan with --run: findings from geometry, disagreement of every seam", async () => {
    const found = await json(at("bad.tif"), "--run", at("bad.tif.run.json"));
    expect(found).toMatchObject({ mode: "record", verdict: "artifacts", probe: null });
    expect(found.findings.map(({ cause, certainty }) => `${cause} ${certainty}`)).toEqual([
      "overlap-too-small certain",
      "overlap-too-small certain",
    ]);
    const known = found.seams.filter(({ known }) => known);
    expect(known).toHaveLength(4);
    for (const { disagreement, profile, error } of known) {
      expect(disagreement).toBeGreaterThan(1e-3);
      expect(profile?.mean.length).toBeGreaterThan(0);
      expect(error).toBeNull();
    }
  });

  test("predicts parts again with --model, whose record it finds beside the stack", async () => {
    const bad = await json(at("bad.tif"), "--model", at("net.onnx"));
    expect(bad).toMatchObject({ mode: "record+model", verdict: "artifacts" });
    expect(bad.probe?.places.length).toBeGreaterThanOrEqual(8);
    expect(bad.probe?.curve.at(-1)).toMatchObject({ overlap: { Y: 24, X: 24 } });
    expect(bad.seams.some(({ error }) => error !== null && error > 1e-3)).toBe(true);
    const good = await json(at("good.tif"), "--model", at("net.onnx"));
    expect(good).toMatchObject({ mode: "record+model", verdict: "seamless", findings: [] });
  });

  test("its cure is a command line that runs, and leaves no marks", async () => {
    const { findings } = await json(at("bad.tif"), "--run", at("bad.tif.run.json"));
    const words = (findings[0].cure.command ?? "").split(" ").slice(1);
    const { code, stderr } = await tilewright(...words);
    expect(code, stderr).toBe(0);
    expect(existsSync(at("bad-again.tif"))).toBe(true);
    const again = await json(at("bad-again.tif"), "--model", at("net.onnx"));
    expect(again.verdict).toBe("seamless");
  });

  test("measures errors against a reference", async () => {
    const found = await json(
      at("bad.tif"),
      "--run",
      at("bad.tif.run.json"),
      "--reference",
      at("untiled.tif"),
    );
    const { reference } = found;
    expect(Object.keys(reference?.perAxis ?? {})).toEqual(["Y", "X"]);
    expect(reference?.perAxis.Y).toHaveLength(150);
    expect(reference?.max).toBeGreaterThan(1e-3);
    // Errors are at the seams: less with the distance from them.
    const fromSeams = reference?.fromSeams.X ?? [];
    expect(fromSeams[0]).toBeGreaterThan(3 * fromSeams[20]);
    const worst = reference?.worst ?? [];
    expect(worst.length).toBeGreaterThan(1);
    expect(worst[0].error).toBeGreaterThanOrEqual(worst[1].error);
    const same = await json(at("good.tif"), "--reference", at("untiled.tif"));
    expect(same.reference?.max).toBeLessThan(1e-5);
  });

  test("prints the verdict first, then findings with what to do, the command and the seams", async () => {
    const { stdout } = await tilewright(
      "diagnose",
      at("bad.tif"),
      "--model",
      at("net.onnx"),
      "--training-patch",
      "Y=8,X=8",
    );
    expect(stdout).toMatch(/^ARTIFACTS {2}The tiles left marks: the overlap is too small on [XY] \(\d/);
    expect(stdout).toContain("what to do: predict again with overlap 24");
    expect(stdout).toContain("the network was trained on patches of 8 px in Y");
    expect(stdout).toMatch(/to predict without all this:\n {2}tilewright predict .* --overlap 24/);
    expect(stdout).toMatch(/overlap +largest error at the probes +cost\nY 0, X 0/);
    expect(stdout).toMatch(/axis {2}position {2}disagreement/);
  });
});

describe("diagnose refuses in one sentence", () => {
  test.each<[string, () => string[], number, RegExp]>([
    ["a file that is not there", () => [at("none.tif")], 1, /does not exist/],
    [
      "--model without a record",
      () => [at("in.tif"), "--model", at("net.onnx")],
      1,
      /needs the record of the run.*name it with --run/,
    ],
    [
      "a record of another file",
      () => [at("bad.tif"), "--run", at("good.tif.run.json")],
      1,
      /is the record of good\.tif, not of bad\.tif/,
    ],
    ["a record that is none", () => [at("bad.tif"), "--run", at("net.onnx")], 1, /is no run record/],
    ["another model", () => [at("bad.tif"), "--model", CARE_2D], 1, /is not the model of the run/],
    [
      "a reference of another shape",
      () => [at("bad.tif"), "--reference", at("part.tif")],
      1,
      /has Y 64, X 64, the stack Y 150, X 160/,
    ],
    ["a training patch that is no list", () => [at("bad.tif"), "--training-patch", "16"], 2, /trainingPatch/],
    ["a series that is no number", () => [at("bad.tif"), "--series", "x"], 2, /series/],
    ["an option that is unknown", () => [at("bad.tif"), "--blind"], 2, /unknown option/],
  ])("%s", async (_, args, code, text) => {
    const ended = await tilewright("diagnose", ...args());
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe("");
    const lines = failureLines(ended);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(text);
  });

  test("a record of another stack under its name", async () => {
    copyFileSync(at("part.tif"), at("moved.tif"));
    const record = JSON.parse(readFileSync(at("bad.tif.run.json"), "utf8")) as { output: { path: string } };
    record.output.path = "moved.tif";
    writeFileSync(at("moved.tif.run.json"), JSON.stringify(record));
    const ended = await tilewright("diagnose", at("moved.tif"), "--run", at("moved.tif.run.json"));
    expect(ended.code).toBe(1);
    expect(failureLines(ended)[0]).toContain("its run wrote Y 150, X 160");
  });

  test("nothing when it is interrupted: it ends with 130", async () => {
    const running = start(["diagnose", at("bad.tif"), "--model", at("net.onnx")]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    running.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
  });
});
