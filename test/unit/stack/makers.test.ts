import { describe, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { openTiff } from "../../../src/stack/tiff/read";
import type { Stack } from "../../../src/stack/stack";
import { wholeRegion } from "../../../src/volume/region";
import { CountingSource, makeTiff, storedValues } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const job = quietJob();
const open = (bytes: Uint8Array): Promise<Stack> => openTiff(new CountingSource(bytes), job);
const valueAt = (plane: number, row: number, column: number): number => plane * 1000 + row * 30 + column;

async function expectPlanes(stack: Stack, count: number, [height, width]: [number, number]): Promise<void> {
  expect(stack.facts).toMatchObject({
    flavour: "plain",
    axes: "IYX",
    canonicalAxes: "ZYX",
    canonicalShape: [count, height, width],
    levels: 1,
  });
  const { data } = await stack.read(wholeRegion([count, height, width]), job);
  const expected = Array.from({ length: count * height * width }, (_, i) =>
    valueAt(Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width),
  );
  expect([...data]).toEqual(expected);
}

describe("MetaMorph STK", () => {
  /** One directory; the planes follow each other, and UIC2 has one value for each. */
  function stk(planes: number, page: Partial<PageSpec> = {}, counted = planes): Buffer {
    const [width, height] = [10, 6];
    return makeTiff([
      {
        width,
        height: height * planes,
        bits: 16,
        value: (row, column) => valueAt(Math.floor(row / height), row % height, column),
        ...page,
        entries: [
          [257, 4, [height]],
          [33628, 4, Array<number>(counted).fill(0)],
          [33629, 5, Array<number>(counted).fill(1)],
          ...(page.rowsPerStrip === undefined
            ? ([
                [278, 4, [height]],
                [279, 4, [2 * width * height]],
              ] as const)
            : []),
        ],
      },
    ]);
  }

  test.each([[{}], [{ rowsPerStrip: 2 }], [{ rowsPerStrip: 6 }]])(
    "has as many planes as its UIC2 tag counts, with strips of %j",
    async (page) => {
      const stack = await open(stk(7, page));
      expect(stack.facts.planes).toBe(7);
      await expectPlanes(stack, 7, [6, 10]);
      expect(storedValues(await stack.readStoredPlane(6, job))[0]).toBe(6000);
    },
  );

  test("that counts more planes than stand before its directory says so, and delivers the first", async () => {
    const stack = await open(stk(3, {}, 60));
    expect(stack.facts.warnings.join()).toMatch(/MetaMorph counts 60 planes; only the first/);
    expect(stack.facts.canonicalShape).toEqual([6, 10]);
    const first = await stack.read([[0, 6] as const, [0, 10] as const], job);
    expect(first.data[11]).toBe(valueAt(0, 1, 1));
  });

  test("whose planes cannot be found says so", async () => {
    const stack = await open(stk(4, { compression: 8 }));
    expect(stack.facts.warnings.join()).toMatch(/MetaMorph counts 4 planes; only the first/);
    expect(stack.facts.canonicalShape).toEqual([6, 10]);
  });
});

describe("Zeiss LSM", () => {
  const lsm = (samples: number): Buffer =>
    makeTiff(
      [0, 1, 2, 3].flatMap((plane): PageSpec[] => [
        {
          width: 32,
          height: 24,
          samples,
          planar: samples > 1,
          value: (row, column, sample) => (plane * 50 + row + column + sample * 7) % 256,
          entries: plane === 0 ? [[34412, 1, Array<number>(64).fill(0)]] : [],
        },
        { width: 16, height: 12, samples: 3, planar: true, reduced: true, value: () => 9 },
      ]),
    );

  test.each([[1], [2], [3]])(
    "of %d channels has one plane for each slice and no thumbnails among them",
    async (samples) => {
      const stack = await open(lsm(samples));
      expect(stack.facts).toMatchObject({
        canonicalAxes: samples === 1 ? "ZYX" : "ZCYX",
        canonicalShape: samples === 1 ? [4, 24, 32] : [4, samples, 24, 32],
        levels: 1,
      });
      const { data } = await stack.read(wholeRegion(stack.facts.canonicalShape), job);
      expect(data[data.length - 1]).toBe((3 * 50 + 23 + 31 + (samples - 1) * 7) % 256);
    },
  );
});

test("ScanImage's BigTIFF of signed pages opens with one plane for each page", async () => {
  const pages = Array.from({ length: 5 }, (_, plane): PageSpec => ({
    width: 10,
    height: 6,
    bits: 16,
    kind: "int",
    rowsPerStrip: 3,
    description: `frameNumbers = ${plane + 1}\nacquisitionNumbers = 1\nframeTimestamps_sec = ${plane * 0.033}\n`,
    value: (row, column) => valueAt(plane, row, column),
  }));
  const stack = await open(makeTiff(pages, { bigTiff: true }));
  expect(stack.facts).toMatchObject({ dtype: "int16", planes: 5, bigTiff: true });
  await expectPlanes(stack, 5, [6, 10]);
});

test("Micro-Manager's pages, with their own tag of JSON on each, open with one plane for each page", async () => {
  const pages = Array.from({ length: 6 }, (_, plane): PageSpec => ({
    width: 10,
    height: 6,
    bits: 16,
    value: (row, column) => valueAt(plane, row, column),
    entries: [[51123, 2, [...Buffer.from(`{"SliceIndex":${plane},"PixelSizeUm":0.65}\0`)]]],
  }));
  const stack = await open(makeTiff(pages));
  expect(stack.facts.planes).toBe(6);
  await expectPlanes(stack, 6, [6, 10]);

  const description = "ImageJ=1.53c\nimages=6\nchannels=2\nslices=3\nhyperstack=true\nmode=composite\n";
  const hyper = await open(makeTiff(pages.map((page, i) => (i === 0 ? { ...page, description } : page))));
  expect(hyper.facts).toMatchObject({
    flavour: "imagej",
    canonicalAxes: "ZCYX",
    canonicalShape: [3, 2, 6, 10],
  });
});

test("palette and inverted images keep their stored values", async () => {
  for (const bits of [1, 4, 8]) {
    for (const photometric of [0, 3]) {
      const value = (row: number, column: number): number => (row * 5 + column) % 2 ** bits;
      const colours = Array.from({ length: 3 * 2 ** bits }, (_, i) => (i * 977) % 65_536);
      const page: PageSpec = {
        width: 9,
        height: 4,
        bits,
        value,
        entries: [[262, 3, [photometric]], ...(photometric === 3 ? ([[320, 3, colours]] as const) : [])],
      };
      const stack = await open(makeTiff([page], { bigEndian: bits === 8 }));
      expect(storedValues(await stack.readStoredPlane(0, job))).toEqual(
        Array.from({ length: 36 }, (_, i) => value(Math.floor(i / 9), i % 9)),
      );
    }
  }
});

test("bits in reverse order are turned round for packed and deep samples and either byte order", async () => {
  for (const bits of [1, 4, 12, 16]) {
    for (const compression of [1, 5, 8, 32773]) {
      for (const bigEndian of [false, true]) {
        const value = (row: number, column: number): number => (row * 331 + column * 17) % 2 ** bits;
        const page: PageSpec = { width: 9, height: 4, bits, compression, reversedBits: true, value };
        const stack = await open(makeTiff([page], { bigEndian }));
        expect(storedValues(await stack.readStoredPlane(0, job)), `${bits} ${compression}`).toEqual(
          Array.from({ length: 36 }, (_, i) => value(Math.floor(i / 9), i % 9)),
        );
      }
    }
  }
});
