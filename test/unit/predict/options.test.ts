import { describe, expect, test } from "vitest";
import { perAxis, readOptions } from "../../../src/predict/options";

const failing = (given: Record<string, unknown>) => {
  try {
    readOptions(given);
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error(`nothing was thrown for ${JSON.stringify(given)}`);
};

describe("options", () => {
  test("have defaults that are exact", () => {
    expect(readOptions({})).toMatchObject({
      tiles: "auto",
      overlap: "auto",
      block: "auto",
      guarantee: "size",
      blend: "crop",
      normalize: "auto",
      normalizeScope: "stack",
      pad: "reflect",
      untiled: false,
      engine: "auto",
      dtype: "float32",
      format: "ome",
      resume: false,
      overwrite: false,
    });
  });

  test("undefined and null are as if they were not given", () => {
    expect(readOptions({ tiles: undefined, blend: null })).toEqual(readOptions({}));
  });

  test.each<[unknown, unknown]>([
    ["3", 3],
    [3, 3],
    ["1,3,4", [1, 3, 4]],
    [
      [1, 3, 4],
      [1, 3, 4],
    ],
    ["Y=3,X=4", { Y: 3, X: 4 }],
    ["y=3, x=4", { Y: 3, X: 4 }],
    [{ Y: 3 }, { Y: 3 }],
    ["auto", "auto"],
  ])("tiles may be %o", (given, read) => {
    expect(readOptions({ tiles: given }).tiles).toEqual(read);
  });

  test.each(["foo", "1,,3", "Y=3,4", "Y=", "Q=3", "1,NaN", "", " ", true, [1, "x"], { Q: 1 }, "Infinity"])(
    "tiles may not be %o, and the sentence says what may",
    (given) => {
      const { code, message } = failing({ tiles: given });
      expect(code).toBe("options.badValue");
      expect(message).toMatch(/^option tiles wants /);
    },
  );

  test("overlap knows care, tiles and block do not", () => {
    expect(readOptions({ overlap: "care" }).overlap).toBe("care");
    expect(failing({ tiles: "care" }).code).toBe("options.badValue");
    expect(failing({ block: "care" }).code).toBe("options.badValue");
  });

  test.each<[unknown, unknown]>([
    ["Z=0:31,Y=100:600", { Z: [0, 31], Y: [100, 600] }],
    [{ Z: [0, 31] }, { Z: [0, 31] }],
    ["t=1:2", { T: [1, 2] }],
  ])("roi may be %o", (given, read) => {
    expect(readOptions({ roi: given }).roi).toEqual(read);
  });

  test("an axis given twice is refused, not overruled", () => {
    expect(failing({ tiles: "Y=2,y=3" }).message).toContain("each axis once");
    expect(failing({ roi: "Z=0:1,Z=1:2" }).message).toContain("each axis once");
  });

  test.each(["Z", "Z=0", "Z=5:", "Z=:5", "Z=0:1:2", "Z=a:b", "Q=0:1", "Z=0.5:2", [0, 1], { Z: 3 }, 7])(
    "roi may not be %o",
    (given) => {
      expect(failing({ roi: given }).message).toMatch(/option roi wants (intervals by axis|text)/);
    },
  );

  test.each<[unknown, unknown]>([
    ["auto", "auto"],
    ["none", { mode: "none" }],
    ["zscore", { mode: "zscore", undo: false }],
    ["minmax", { mode: "minmax", undo: false }],
    ["percentile:1,99.8", { mode: "percentile", low: 1, high: 99.8, undo: true }],
    [
      { mode: "percentile", low: 3, high: 99 },
      { mode: "percentile", low: 3, high: 99, undo: true },
    ],
    [{ mode: "none" }, { mode: "none" }],
  ])("normalize may be %o", (given, read) => {
    expect(readOptions({ normalize: given }).normalize).toEqual(read);
  });

  test.each([
    "percentile",
    "percentile:5",
    "percentile:99,1",
    "percentile:1,101",
    "percentile:1.2.3,50",
    "z",
    4,
    { mode: "fixed" },
  ])("normalize may not be %o", (given) => {
    expect(failing({ normalize: given }).code).toBe("options.badValue");
  });

  test.each([
    ["guarantee", "both", /one of size, count/],
    ["blend", "feather", /one of crop, linear, gaussian/],
    ["normalizeScope", "plane", /one of stack, frame, tile/],
    ["pad", "wrap", /one of reflect, symmetric, edge, zero/],
    ["dtype", "float16", /one of float32, input, uint8, uint16/],
    ["format", "png", /one of ome, imagej/],
    ["untiled", "yes", /true or false/],
    ["resume", 1, /true or false/],
    ["overwrite", "no", /true or false/],
    ["engine", "", /text/],
    ["engine", 5, /text/],
    ["threads", -1, /between 0 and 1024/],
    ["threads", "two", /between 0 and 1024/],
    ["threads", 2000, /between 0 and 1024/],
    ["memory", 1.5, /between 0 and/],
  ])("%s may not be %o", (name, value, message) => {
    const failure = failing({ [name]: value });
    expect(failure.code).toBe("options.badValue");
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(typeof value === "string" ? `"${value}"` : String(value));
  });

  test("names may be as on the command line or in camel case; memory is memoryMiB", () => {
    expect(
      readOptions({ "tile-size": "64", "normalize-scope": "tile", memory: "512", "pad-extra": 2 }),
    ).toEqual(readOptions({ tileSize: 64, normalizeScope: "tile", memoryMiB: 512, padExtra: 2 }));
  });

  test.each(["tile", "__proto__", "constructor", "toString"])("there is no option %s", (name) => {
    const given = Object.fromEntries([[name, 1]]);
    expect(failing(given)).toMatchObject({ code: "options.unknown" });
  });

  test("axes are checked and made upper case", () => {
    expect(readOptions({ axes: "zyx" }).axes).toBe("ZYX");
    expect(failing({ axes: "ZYQ" }).code).toBe("axes.unknown");
    expect(failing({ axes: "ZZX" }).code).toBe("axes.repeated");
  });

  test("a series is counted from 0", () => {
    expect(readOptions({ series: "2" }).series).toBe(2);
    expect(readOptions({}).series).toBeUndefined();
    expect(failing({ series: "last" }).code).toBe("options.badValue");
    expect(failing({ series: -1 }).code).toBe("options.badValue");
  });
});

describe("numbers for axes", () => {
  const use = { tiled: "YX", neutral: () => 1 };

  test("one number is for the tiled axes, a list for the image's axes in order, letters for those named", () => {
    expect(perAxis("tiles", 3, "TCYX", use)).toEqual([1, 1, 3, 3]);
    expect(perAxis("tiles", [1, 1, 2, 3], "TCYX", use)).toEqual([1, 1, 2, 3]);
    expect(perAxis("tiles", { X: 4 }, "TCYX", use)).toEqual([1, 1, 1, 4]);
  });

  test("a list of another length, or a letter the image has not, is an error that names the axes", () => {
    expect(() => perAxis("tiles", [1, 2], "ZYX", use)).toThrow(
      /option tiles wants one number for each of ZYX, found "1,2"/,
    );
    expect(() => perAxis("tiles", { T: 2 }, "ZYX", use)).toThrow(/axes of the image \(ZYX\), found "T"/);
  });
});
