import { expect, test } from "vitest";
import type { Layer, StackDescription } from "../../../src/protocol/viewer";
import { measuredOf, profileAxis, profileTable, statisticsTable } from "../../../webview/measurements";
import { initialState } from "../../../webview/state";

const description: StackDescription = {
  name: "stack.tif",
  series: { index: 0, count: 1 },
  axes: "CYX",
  shape: [2, 8, 8],
  lengths: { t: 1, z: 1, c: 2, y: 8, x: 8 },
  dtype: "uint16",
  storedDtype: "uint16",
  pixelSize: null,
  channels: [
    { name: "DAPI", color: "#0000ff" },
    { name: "GFP", color: "#00ff00" },
  ],
  compression: "none",
  flavour: "plain",
  warnings: [],
};
const layer: Layer = { layer: 3, description: { ...description, name: "other.tif" } };
const state = initialState(description, {
  contrast: "auto",
  keepContrast: false,
  engine: "auto",
  canPredict: true,
});

test("every channel that is shown is measured, then the same of the compared stack, never what lies over", () => {
  const comparison = { layer: 3, mode: "swipe", at: 0.5, limit: null } as const;
  const labels = (some: Partial<typeof state>): string[] =>
    measuredOf({ ...state, ...some }, { description, layers: [layer] }).map(({ label }) => label);
  expect(labels({})).toEqual(["DAPI", "GFP"]);
  expect(labels({ comparison })).toEqual(["DAPI", "GFP", "DAPI, other.tif", "GFP, other.tif"]);
  expect(labels({ mode: "gray", plane: { t: 0, z: 0, c: 1 }, comparison })).toEqual([
    "GFP",
    "GFP, other.tif",
  ]);
});

test("what is measured has the colour of its channel", () => {
  const measured = measuredOf(state, { description, layers: [] });
  expect(measured.map(({ color }) => color)).toEqual(["#0000e0", "#00e000"]);
});

test("profiles become a table with one line for each place, in units of the file", () => {
  const profiles = [{ values: Float64Array.of(1, 2.5, Number.NaN), spacing: 1 }];
  const axis = profileAxis(profiles, { length: 2, physical: { length: 1, unit: "µm" }, angle: 0 });
  expect(profileTable(["DAPI"], profiles, axis)).toBe("distance (µm)\tDAPI\n0\t1\n0.5\t2.5\n1\tNaN\n");
  expect(profileAxis(profiles, { length: 2, physical: null, angle: 0 })).toEqual({
    unit: "px",
    distances: [0, 1, 2],
  });
});

test("statistics become a table with one line for each picture and slice", () => {
  const one = { count: 4, mean: 2, sd: 1.5, min: 0, max: 4, notFinite: 1 };
  const region = { y: [1, 3], x: [5, 7] } as const;
  const text = statisticsTable(
    ["a\tb", "c"],
    [
      [
        { z: 0, ...one },
        { z: 1, ...one },
      ],
      [{ z: 0, ...one }],
    ],
    {
      region,
      hasSlices: true,
    },
  );
  expect(text.split("\n")).toEqual([
    "picture\tz\tx\ty\twidth\theight\tcount\tmean\tsd\tmin\tmax\tnot finite",
    "a b\t0\t5\t1\t2\t2\t4\t2\t1.5\t0\t4\t1",
    "a b\t1\t5\t1\t2\t2\t4\t2\t1.5\t0\t4\t1",
    "c\t0\t5\t1\t2\t2\t4\t2\t1.5\t0\t4\t1",
    "",
  ]);
});
