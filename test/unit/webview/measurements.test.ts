import { expect, test } from "vitest";
import type { Layer, PlanePixels, StackDescription } from "../../../src/protocol/viewer";
import {
  differenceFacts,
  measuredOf,
  profileAxis,
  profileTable,
  statisticsTable,
} from "../../../webview/measurements";
import { commonParts } from "../../../webview/pixels/align";
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

/** Pixels of rows and columns `from`…`to`, each value 10 · row + column + `more`. */
function square(from: number, to: number, more = 0, step = 1): PlanePixels {
  const width = Math.ceil((to - from) / step);
  const data = Float32Array.from({ length: width * width }, (_, index) => {
    const [row, column] = [Math.floor(index / width), index % width];
    return 10 * (from + row * step) + from + column * step + more;
  });
  const region = { y: [from, to], x: [from, to] } as const;
  return { plane: state.plane, region, step: { y: step, x: step }, width, height: width, data };
}

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

test("differences are those of the same places, whatever regions the pictures have", () => {
  const all = { y: [0, 8], x: [0, 8] } as const;
  expect(differenceFacts(square(0, 8), square(2, 6, 3), all)).toEqual({ count: 16, rms: 3, largest: 3 });
  expect(differenceFacts(square(0, 8), square(0, 8, -2), { y: [0, 2], x: [4, 8] })).toEqual({
    count: 8,
    rms: 2,
    largest: 2,
  });
});

test("differences of coarse samples count the samples of the region", () => {
  const facts = differenceFacts(square(0, 8, 0, 2), square(4, 8, 1, 2), { y: [0, 8], x: [0, 8] });
  expect(facts).toEqual({ count: 4, rms: 1, largest: 1 });
});

test("what is not finite, and pictures on other grids, have no difference", () => {
  const broken = square(0, 2);
  broken.data[0] = Number.NaN;
  broken.data[1] = Infinity;
  const all = { y: [0, 8], x: [0, 8] } as const;
  expect(differenceFacts(broken, square(0, 2, 5), all)).toEqual({ count: 2, rms: 5, largest: 5 });
  expect(differenceFacts(square(0, 8), square(0, 8, 1, 2), all).count).toBe(0);
});

test("pictures of different regions are cut to what both have, and the cut is remembered", () => {
  const [wide, narrow] = [square(0, 8), square(2, 6, 1)];
  const [a, b] = commonParts(wide, narrow);
  expect(b).toBe(narrow);
  expect(a.region).toEqual({ y: [2, 6], x: [2, 6] });
  expect([a.width, a.height]).toEqual([4, 4]);
  expect([...a.data]).toEqual([...narrow.data].map((value) => value - 1));
  expect(commonParts(wide, narrow)[0]).toBe(a);
  expect(commonParts(wide, wide)).toEqual([wide, wide]);
});
