import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { batchAction, mirroredOutputs } from "../../../src/predict/batchOutputs";
import type { OutputState } from "../../../src/protocol/prediction";

const base = resolve("data");
const out = resolve("out");
const mirrored = (...names: string[]): string[] =>
  mirroredOutputs(
    names.map((name) => join(base, name)),
    base,
    out,
  ).map((path) => path.slice(out.length + 1).replaceAll("\\", "/"));

describe("names of results", () => {
  test("keep place and name of the input", () => {
    expect(mirrored("a.tif", "deep/er/b.ome.tif", "c.BTF")).toEqual(["a.tif", "deep/er/b.ome.tif", "c.BTF"]);
  });

  test("end in .tif where the input is of a kind that is not written", () => {
    expect(mirrored("a.lsm", "b.tf8")).toEqual(["a.tif", "b.tf8"]);
  });

  test("are distinct: an input that keeps its name comes first, whatever the order", () => {
    expect(mirrored("a.lsm", "a.tif", "a.tiff", "a.czi")).toEqual([
      "a.lsm.tif",
      "a.tif",
      "a.tiff",
      "a.czi.tif",
    ]);
  });

  test("are distinct on a disk that ignores case", () => {
    expect(mirrored("a.tif", "A.TIF", "sub/a.tif")).toEqual(["a.tif", "A-2.TIF", "sub/a.tif"]);
    expect(mirrored("A.lsm.tif", "a.lsm", "a.tif", "a-2.tif")).toEqual([
      "A.lsm.tif",
      "a-3.tif",
      "a.tif",
      "a-2.tif",
    ]);
  });

  test("of inputs on several drives are their names", () => {
    const files = [resolve("x", "a.tif"), resolve("y", "a.tif")];
    expect(mirroredOutputs(files, null, out)).toEqual([join(out, "a.tif"), join(out, "a-2.tif")]);
  });
});

describe("what is done about an output", () => {
  const states: OutputState[] = ["none", "partial", "finished", "other"];
  const actions = (resume: boolean, overwrite: boolean): string[] =>
    states.map((state) => {
      try {
        return batchAction("out.tif", state, { resume, overwrite });
      } catch (error) {
        return (error as { code: string }).code;
      }
    });

  test.each([
    [false, false, ["predict", "out.partialExists", "out.exists", "out.exists"]],
    [true, false, ["predict", "resume", "skip", "resume.differs"]],
    [false, true, ["predict", "predict", "predict", "predict"]],
    [true, true, ["predict", "resume", "skip", "predict"]],
  ])("with resume %s and overwrite %s", (resume, overwrite, wanted) => {
    expect(actions(resume, overwrite)).toEqual(wanted);
  });
});
