import fc from "fast-check";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { chooseContrast, makeHistogram } from "../../../extension/reader/contrast";
import { createReader } from "../../../extension/reader/stacks";
import { quietJob } from "../../../src/job";
import type { PicturePoint, PictureSource, PlaneRegion, Statistics } from "../../../src/protocol/viewer";
import { openStack } from "../../../src/stack/open";
import type { Stack } from "../../../src/stack/stack";
import { openTiff, tiffReader } from "../../../src/stack/tiff/read";
import { zarrReader } from "../../../src/stack/zarr/read";
import { createZarr } from "../../../src/stack/zarr/write";
import {
  LENGTHS,
  PICTURE_DTYPES,
  directPicture,
  directValues,
  stackFile,
  valueAt,
} from "../../support/pictures";
import type { DirectPicture } from "../../support/pictures";
import { temporaryFolder } from "../../support/prediction";
import { CountingSource, makeTiff } from "../../support/tiff";

const never = new AbortController().signal;
const job = quietJob();
const scratch = temporaryFolder();
afterAll(scratch.dispose);

async function readerOf(stack: Stack, cacheBytes: number) {
  const handlers = createReader(
    () => Promise.resolve(stack),
    { cacheBytes },
    () => undefined,
  );
  return { handlers, id: (await handlers.open({ path: "" }, never)).id };
}

const plane = { t: 1, z: 2, c: 1 };
const SOURCES: readonly PictureSource[] = [
  { plane },
  { plane, section: { direction: "xz", at: 7 } },
  { plane, section: { direction: "yz", at: 30 } },
  { plane, projection: { method: "max", z: [1, 4] } },
  { plane, projection: { method: "mean", z: [0, 5] } },
];
const CASES = PICTURE_DTYPES.flatMap((dtype) => [
  { dtype, cacheBytes: 1e8, storing: { compression: 8, tile: [16, 16] } as const },
  { dtype, cacheBytes: 64, storing: { rowsPerStrip: 5 } },
]);

function directStatistics(values: readonly number[]): Omit<Statistics, "z"> {
  const finite = values.filter((value) => Number.isFinite(value));
  const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
  const squares = finite.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count: finite.length,
    mean,
    sd: Math.sqrt(squares / (finite.length - 1)),
    min: Math.min(...finite),
    max: Math.max(...finite),
    notFinite: values.length - finite.length,
  };
}

function expectStatistics(found: Omit<Statistics, "z">, expected: Omit<Statistics, "z">): void {
  expect(found).toMatchObject({
    count: expected.count,
    notFinite: expected.notFinite,
    min: expected.min,
    max: expected.max,
  });
  expect(found.mean).toBeCloseTo(expected.mean, 8);
  expect(found.sd).toBeCloseTo(expected.sd, 8);
}

/** Interpolated between the centres of the four pixels around, one step at a time. */
function directValue({ height, width, at }: DirectPicture, { y, x }: PicturePoint): number {
  if (y < 0 || x < 0 || y > height || x > width) return NaN;
  let value = 0;
  for (const row of [Math.floor(y - 0.5), Math.floor(y - 0.5) + 1]) {
    for (const column of [Math.floor(x - 0.5), Math.floor(x - 0.5) + 1]) {
      const weight = (1 - Math.abs(y - 0.5 - row)) * (1 - Math.abs(x - 0.5 - column));
      if (weight === 0) continue;
      value += weight * at(Math.min(Math.max(row, 0), height - 1), Math.min(Math.max(column, 0), width - 1));
    }
  }
  return value;
}

describe.each(CASES)("of $dtype with $cacheBytes bytes for planes", ({ dtype, cacheBytes, storing }) => {
  const value = (place: typeof LENGTHS): number => valueAt(dtype, place);
  const open = async () =>
    readerOf(await openTiff(new CountingSource(stackFile(dtype, storing)), job), cacheBytes);

  test("statistics are those of the values in the rectangle", async () => {
    const { handlers, id } = await open();
    for (const source of SOURCES) {
      const picture = directPicture(source, LENGTHS, value);
      const region: PlaneRegion = { y: [1, picture.height], x: [0, picture.width - 1] };
      const [found, ...rest] = await handlers.statistics({ ...source, region, id }, never);
      expect(rest).toEqual([]);
      expect(found.z).toBe(plane.z);
      expectStatistics(found, directStatistics(directValues(picture, region)));
    }
  });

  test("statistics over depth are those of each slice", async () => {
    const { handlers, id } = await open();
    const region = { y: [2, 20], x: [5, 29] } as const;
    const all = await handlers.statistics({ plane, region, overDepth: true, id }, never);
    expect(all.map(({ z }) => z)).toEqual([0, 1, 2, 3, 4]);
    for (const { z, ...found } of all) {
      const picture = directPicture({ plane: { ...plane, z } }, LENGTHS, value);
      expectStatistics(found, directStatistics(directValues(picture, region)));
    }
  });

  test("a histogram counts every finite value once, at its place", async () => {
    const { handlers, id } = await open();
    for (const source of SOURCES) {
      const picture = directPicture(source, LENGTHS, value);
      const values = directValues(picture, { y: [0, picture.height], x: [0, picture.width] });
      const finite = values.filter((one) => Number.isFinite(one));
      const { from, to, counts, ...found } = await handlers.histogram({ ...source, id }, never);
      expect(found).toEqual({
        min: Math.min(...finite),
        max: Math.max(...finite),
        notFinite: values.length - finite.length,
      });
      if (dtype === "uint8" && source.projection?.method !== "mean") expect([from, to]).toEqual([0, 256]);
      else expect([from, to]).toEqual([found.min, found.max]);
      const expected = new Uint32Array(256);
      for (const one of finite) expected[Math.min(255, Math.floor((one - from) * (256 / (to - from))))]++;
      expect(counts).toEqual(expected);
    }
  });

  test("limits by smallest and largest value are those of the picture", async () => {
    const { handlers, id } = await open();
    for (const source of SOURCES) {
      const picture = directPicture(source, LENGTHS, value);
      const values = directValues(picture, { y: [0, picture.height], x: [0, picture.width] });
      const finite = values.filter((one) => Number.isFinite(one));
      const limits = await handlers.contrast({ ...source, method: "minmax", id }, never);
      expect(limits).toMatchObject({ low: Math.min(...finite), high: Math.max(...finite) });
    }
  });

  test("a profile has the values between the centres of the pixels around it", async () => {
    const { handlers, id } = await open();
    const place = fc.record({ y: fc.integer({ min: -40, max: 300 }), x: fc.integer({ min: -40, max: 300 }) });
    const half = ({ y, x }: PicturePoint): PicturePoint => ({ y: y / 8, x: x / 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SOURCES),
        place.map(half),
        place.map(half),
        async (source, from, to) => {
          const picture = directPicture(source, LENGTHS, value);
          const length = Math.hypot(to.y - from.y, to.x - from.x);
          fc.pre(length <= 4 * (picture.height + picture.width));
          const { values, spacing } = await handlers.profile({ ...source, from, to, id }, never);
          const last = Math.max(1, Math.round(length));
          expect(values).toHaveLength(last + 1);
          expect(spacing).toBeCloseTo(length / last, 12);
          for (let i = 0; i <= last; i++) {
            const share = i / last;
            const at = { y: from.y + (to.y - from.y) * share, x: from.x + (to.x - from.x) * share };
            // What lies on the border, or on a centre beside NaN, depends on the last bit.
            const near = [at.y, at.x].some(
              (one) => Math.abs(one * 2 - Math.round(one * 2)) < 1e-9 && share % 1 !== 0,
            );
            if (!near) {
              const expected = directValue(picture, at);
              if (Number.isFinite(expected)) expect(values[i]).toBeCloseTo(expected, 4);
              else expect(values[i]).toBe(expected);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("a profile", () => {
  const ramp = async () => {
    const page = { width: 8, height: 4, value: (y: number, x: number) => 10 * y + x };
    return readerOf(await openTiff(new CountingSource(makeTiff([page])), job), 1e6);
  };
  const only = { t: 0, z: 0, c: 0 };

  test("along a row through the centres is that row", async () => {
    const { handlers, id } = await ramp();
    const line = { from: { y: 1.5, x: 0.5 }, to: { y: 1.5, x: 7.5 } };
    const { values, spacing } = await handlers.profile({ plane: only, ...line, id }, never);
    expect([...values]).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
    expect(spacing).toBe(1);
  });

  test("is NaN outside, and goes on with the last pixel up to the edge", async () => {
    const { handlers, id } = await ramp();
    const line = { from: { y: 0, x: -1 }, to: { y: 0, x: 9 } };
    const { values } = await handlers.profile({ plane: only, ...line, id }, never);
    expect([...values]).toEqual([NaN, 0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7, NaN]);
  });

  test("of no length is twice the same value", async () => {
    const { handlers, id } = await ramp();
    const place = { y: 2.5, x: 3 };
    expect(await handlers.profile({ plane: only, from: place, to: place, id }, never)).toEqual({
      values: Float64Array.of(22.5, 22.5),
      spacing: 0,
    });
  });
});

describe("a histogram", () => {
  test("of signed bytes has a bin for each value", () => {
    const { from, to, counts } = makeHistogram(Int8Array.of(-128, 0, 0, 127));
    expect([from, to, counts[0], counts[128], counts[255]]).toEqual([-128, 128, 1, 2, 1]);
  });

  test("of a few integers has each in a bin of its own", () => {
    const { from, to, counts } = makeHistogram(Uint16Array.of(1000, 1001, 1002, 1002, 1003));
    expect([from, to]).toEqual([1000, 1004]);
    expect([counts[0], counts[64], counts[128], counts[192]]).toEqual([1, 1, 2, 1]);
  });

  test.each([
    ["nothing but NaN", Float32Array.of(NaN, NaN), 0],
    ["one value", Float32Array.of(3.5, 3.5), 2],
    ["one integer", Int32Array.of(-7, -7), 2],
    ["one huge value", Float64Array.of(1.7e308), 1],
    ["values further apart than any number", Float64Array.of(-1.7e308, 1.7e308, 0), 3],
    ["values closer than any other numbers", Float64Array.of(0, 5e-324), 2],
    ["large values beside each other", Float64Array.of(2 ** 60, 2 ** 60), 2],
    ["no pixels", new Uint16Array(0), 0],
  ])("of %s is sane", (_, data, counted) => {
    const { from, to, counts, min, max } = makeHistogram(data);
    expect([from, to, min, max].every(Number.isFinite)).toBe(true);
    expect(from).toBeLessThan(to);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(counted);
    for (const method of ["auto", "percentile", "minmax"] as const) {
      const { low, high } = chooseContrast(data, method);
      expect(Number.isFinite(low) && Number.isFinite(high) && low <= high).toBe(true);
    }
  });
});

test("statistics of values far from zero keep their digits", async () => {
  const page = {
    width: 64,
    height: 64,
    kind: "float",
    bits: 64,
    value: (y: number, x: number) => 1e9 + ((y + x) % 2),
  } as const;
  const { handlers, id } = await readerOf(await openTiff(new CountingSource(makeTiff([page])), job), 1e6);
  const region = { y: [0, 64], x: [0, 64] } as const;
  const [{ mean, sd }] = await handlers.statistics({ plane: { t: 0, z: 0, c: 0 }, region, id }, never);
  expect(mean).toBe(1e9 + 0.5);
  expect(sd).toBeCloseTo(0.5 * Math.sqrt(4096 / 4095), 10);
});

test("a rectangle without finite values, or with one, has no statistics that it cannot have", async () => {
  const page = {
    width: 2,
    height: 1,
    kind: "float",
    bits: 32,
    value: (_: number, x: number) => (x === 0 ? NaN : 5),
  } as const;
  const { handlers, id } = await readerOf(await openTiff(new CountingSource(makeTiff([page])), job), 1e6);
  const measure = (x: readonly [number, number]) =>
    handlers.statistics({ plane: { t: 0, z: 0, c: 0 }, region: { y: [0, 1], x }, id }, never);
  expect(await measure([0, 1])).toEqual([
    { z: 0, count: 0, mean: NaN, sd: NaN, min: NaN, max: NaN, notFinite: 1 },
  ]);
  expect(await measure([0, 2])).toEqual([{ z: 0, count: 1, mean: 5, sd: NaN, min: 5, max: 5, notFinite: 1 }]);
});

describe("what a file says about itself", () => {
  const metadataOf = async (path: string) => {
    const stack = await openStack({ path }, [tiffReader, zarrReader], job);
    const { handlers, id } = await readerOf(stack, 1e6);
    const { rows, text } = await handlers.metadata({ id }, never);
    await stack.close();
    return { rows: new Map(rows), text };
  };

  test("is told of an ImageJ file with its description", async () => {
    const path = join(scratch.path, "cells.tif");
    const bytes = stackFile("uint16", { compression: 5 });
    writeFileSync(path, bytes);
    const { rows, text } = await metadataOf(path);
    expect(rows.get("File")).toBe("cells.tif");
    expect(rows.get("File size")).toContain(`${bytes.length.toLocaleString("en-US")} bytes`);
    expect(rows.get("Format")).toBe("ImageJ TIFF, little endian");
    expect(rows.get("Shape")).toBe("T 2, Z 5, C 2, Y 23, X 31");
    expect(rows.get("Pixel type")).toBe("uint16");
    expect(rows.get("Compression")).toBe("lzw");
    expect(rows.get("Stored planes")).toBe("20");
    expect(rows.get("Decoded size")).toBe("27.9 KiB (28,520 bytes)");
    expect(text).toMatch(/^ImageJ=1\.54f\nimages=20/);
  });

  test("is told of an OME-Zarr folder with its attributes", async () => {
    const path = join(scratch.path, "cells.ome.zarr");
    const writer = await createZarr(path, {
      axes: "ZCYX",
      shape: [3, 2, 20, 30],
      dtype: "uint8",
      pixelSize: { x: 0.1, y: 0.2, z: 1, unit: "µm" },
      channels: [
        { name: "DAPI", color: "#0000ff" },
        { name: null, color: null },
      ],
      format: "ome-zarr-0.5",
    });
    await writer.write(
      { data: new Uint8Array(3600), shape: [3, 2, 20, 30], axes: "ZCYX" },
      [0, 0, 0, 0],
      job,
    );
    await writer.complete(job);
    await writer.close();
    const { rows, text } = await metadataOf(path);
    expect(rows.get("Format")).toMatch(/^OME-Zarr, /);
    expect(rows.has("File size")).toBe(false);
    expect(rows.get("Pixel size")).toBe("z 1, y 0.2, x 0.1 µm");
    expect(rows.get("Physical extent")).toBe("z 3, y 4, x 3 µm");
    expect(rows.get("Channel 0")).toMatch(/^DAPI, #0000ff$/i);
    expect(JSON.parse(text!)).toHaveProperty("ome.multiscales");
  });

  test("has no text when the file has none, and no more than fits when it has too much", async () => {
    const page = { width: 2, height: 2, value: () => 0 };
    const plain = await openTiff(new CountingSource(makeTiff([page])), job);
    expect(plain.description).toBeNull();
    const wordy = await openTiff(
      new CountingSource(makeTiff([{ ...page, description: "x".repeat(2 ** 20 + 5) }])),
      job,
    );
    expect(wordy.description?.length).toBeLessThanOrEqual(2 ** 20);
    const { handlers, id } = await readerOf(
      { ...plain, facts: { ...plain.facts, warnings: Array.from({ length: 500 }, () => "w".repeat(5000)) } },
      1e6,
    );
    const { rows } = await handlers.metadata({ id }, never);
    expect(rows.length).toBeLessThan(100);
    expect(Math.max(...rows.map(([, text]) => text.length))).toBe(1000);
    expect(rows.at(-1)).toEqual(["More warnings", "436"]);
  });
});
