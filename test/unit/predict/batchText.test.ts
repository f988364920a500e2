import { resolve } from "node:path";
import { expect, test } from "vitest";
import { failureTable, outlookText, tableText, totalsText } from "../../../src/predict/batchText";

const file = resolve("data", "a.tif");

test("a table has columns as wide as their cells; a very long cell pushes only its own row", () => {
  const long = "x".repeat(80);
  expect(
    tableText(
      ["a", "b"],
      [
        ["1", "22"],
        [long, "3"],
      ],
    ).split("\n"),
  ).toEqual(["a  b", "-  --", "1  22", `${long}  3`]);
});

test("what failed is told with the file once, on one line each", () => {
  const error = { code: "stack.x", message: `${file}: it is\nbroken`, hint: "save it again" };
  const done = { file: resolve("data", "b.tif"), out: "b" };
  const [, , row, ...rest] = failureTable([done, { file, error }], resolve("data")).split("\n");
  expect(row).toBe("a.tif  it is broken  save it again");
  expect(rest).toEqual([]);
});

test("totals name what there is", () => {
  const totals = { files: 12, predicted: 10, skipped: 0, failed: 2, left: 0, seconds: 1, peakRssBytes: 1 };
  expect(totalsText(totals)).toBe("10 predicted, 2 failed");
  expect(totalsText({ ...totals, skipped: 1, failed: 0, left: 3 })).toBe(
    "10 predicted, 1 finished already, 3 left",
  );
});

test("what would be done is one row a file, each warning once, and a sum", () => {
  const planned = (name: string) => ({
    file: resolve("data", name),
    out: resolve("out", name),
    axes: "YX",
    shape: [60, 70],
    tiles: 4,
    tilesPerAxis: { Y: 2, X: 2 },
    work: 1,
    exact: false,
    warnings: ["the overlap is small (more)"],
    output: "none" as const,
    members: [name],
    action: "predict" as const,
  });
  const text = outlookText(
    {
      dryRun: true,
      files: [planned("a.tif"), planned("b.tif")],
      totals: { files: 2, predict: 2, resume: 0, skip: 0, failed: 0 },
    },
    resolve("."),
  );
  expect(text).toMatch(/data.a\.tif +YX 60 × 70 +4 \(not exact\) +predict +out.a\.tif\n/);
  expect(text).toContain("warning: the overlap is small (more), 2 files");
  expect(text).toMatch(/\n\n2 files: 2 to predict$/);
});
