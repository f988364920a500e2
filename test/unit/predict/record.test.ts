import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { requestOf } from "../../../src/predict/record";
import type { RunRecord } from "../../../src/predict/record";

const record = {
  input: "../raw/in.tif",
  model: { path: "../models/care", kind: "care", sha256: "" },
  output: { path: "out.tif", axes: "YX", shape: [1, 1], dtype: "float32" },
  options: { tiles: "2,2", resume: true, overwrite: true },
} as unknown as RunRecord;

test("a record is repeated from wherever it lies, resuming nothing and replacing nothing", () => {
  const folder = resolve("some", "results");
  expect(requestOf(record, join("some", "results", "out.tif.run.json"))).toEqual({
    input: resolve("some", "raw", "in.tif"),
    model: resolve("some", "models", "care"),
    out: join(folder, "out.tif"),
    options: { tiles: "2,2", resume: false, overwrite: false },
  });
});

test("the output of a repeated record lies beside the record, whatever the record says", () => {
  const hostile = { ...record, output: { ...record.output, path: "../../elsewhere/out.tif" } };
  expect(requestOf(hostile, resolve("results", "x.run.json")).out).toBe(resolve("results", "out.tif"));
});
