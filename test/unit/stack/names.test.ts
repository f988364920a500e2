import { expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import { STACK_ENDINGS, isStackName, stackStem } from "../../../src/stack/names";

test("the endings are those of the formats that come along, in their order", () => {
  const read = builtinRegistries()
    .readers.all()
    .flatMap(({ extensions }) => extensions);
  expect([...read].sort()).toEqual([...STACK_ENDINGS].sort());
});

test.each(["a.tif", "/x/A.TIFF", "C:\\data\\b.TF8", "set.companion.ome", "x.ome.zarr", "d.btf"])(
  "%s is a stack",
  (path) => {
    expect(isStackName(path)).toBe(true);
  },
);

test.each([".tif", "/x/.zarr", "C:\\data\\.tif", "a.tif.run.json", "a.ome", "tif", "a.tif/b.txt", ""])(
  "%j is none",
  (path) => {
    expect(isStackName(path)).toBe(false);
  },
);

test.each([
  ["a.tif", "a"],
  ["a.b.OME.TIFF", "a.b"],
  ["scan.ome.zarr", "scan"],
  ["set.companion.ome", "set"],
  ["notes.txt", "notes.txt"],
  [".ome.tif", ".ome"],
])("the stem of %s is %s", (name, stem) => {
  expect(stackStem(name)).toBe(stem);
});
