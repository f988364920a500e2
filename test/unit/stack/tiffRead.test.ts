import fc from "fast-check";
import { expect, test, describe } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { openTiff } from "../../../src/stack/tiff/read";
import type { Stack, StoredDtype } from "../../../src/stack/stack";
import type { Dtype } from "../../../src/volume/pixels";
import { dtypeOf } from "../../../src/volume/pixels";
import { regionShape, wholeRegion } from "../../../src/volume/region";
import { cutRegion } from "../../../src/volume/volume";
import { CountingSource, imaginaryOf, makeTiff, storedValues } from "../../support/tiff";
import type { FileSpec, PageSpec } from "../../support/tiff";

const job = quietJob();
const open = (bytes: Uint8Array): Promise<Stack> => openTiff(new CountingSource(bytes), job);

/** A value that differs from its neighbours and fits the type. */
function valueOf({ bits = 8, kind = "uint" }: Pick<PageSpec, "bits" | "kind">, page = 0) {
  return (row: number, column: number, sample: number): number => {
    const n = row * 7919 + column * 104_729 + sample * 1_299_709 + page * 15_485_863;
    if (kind === "float") return Math.fround(((n % 2000) - 1000) / 8);
    const range = 2 ** Math.min(bits, 31);
    return kind === "int" ? (n % range) - range / 2 : n % range;
  };
}

const TYPES = [
  { kind: "uint", bits: 8, dtype: "uint8" },
  { kind: "uint", bits: 16, dtype: "uint16" },
  { kind: "uint", bits: 32, dtype: "uint32" },
  { kind: "int", bits: 8, dtype: "int8" },
  { kind: "int", bits: 16, dtype: "int16" },
  { kind: "int", bits: 32, dtype: "int32" },
  { kind: "uint", bits: 64, dtype: "uint64", readsAs: "float64" },
  { kind: "int", bits: 64, dtype: "int64", readsAs: "float64" },
  { kind: "float", bits: 16, dtype: "float16", readsAs: "float32" },
  { kind: "float", bits: 32, dtype: "float32" },
  { kind: "float", bits: 64, dtype: "float64" },
] as const satisfies readonly TypeSpec[];

interface TypeSpec {
  readonly kind: "uint" | "int" | "float";
  readonly bits: number;
  readonly dtype: StoredDtype;
  /** When it is not the same. */
  readonly readsAs?: Dtype;
}

const SHAPES: readonly Partial<PageSpec>[] = [
  {},
  { rowsPerStrip: 3 },
  { rowsPerStrip: 1000 },
  { tile: [16, 16] },
  { samples: 3 },
  { samples: 3, rowsPerStrip: 4 },
  { samples: 2, planar: true, rowsPerStrip: 5 },
  { samples: 3, tile: [16, 32] },
  { samples: 3, planar: true, tile: [16, 16] },
];

const FILES: readonly FileSpec[] = [{}, { bigEndian: true }, { bigTiff: true, bigEndian: true }];

function* variants(): Generator<{
  page: PageSpec;
  value: ReturnType<typeof valueOf>;
  file: FileSpec;
  type: TypeSpec;
}> {
  for (const type of TYPES) {
    const value = valueOf(type);
    for (const shape of SHAPES) {
      for (const compression of [1, 5, 8, 32773]) {
        const predictors = ([1, 2, 3] as const).filter(
          (p) =>
            p === 1 ||
            ((compression === 5 || compression === 8) &&
              (p === 3 ? type.kind === "float" : type.kind !== "float")),
        );
        for (const predictor of predictors) {
          for (const file of FILES) {
            const { kind, bits } = type;
            const page = {
              width: 21,
              height: 19,
              kind,
              bits,
              compression,
              predictor,
              ...shape,
              value,
            };
            yield { page, value, file, type };
          }
        }
      }
    }
  }
}

/** Samples of a pixel side by side instead of plane after plane. */
function interleaved(planes: readonly number[], samples: number): readonly number[] {
  if (samples === 1) return planes;
  const size = planes.length / samples;
  return planes.map((_, i) => planes[(i % samples) * size + Math.floor(i / samples)]);
}

describe("every combination of pixel type, strips or tiles, planes, compression, predictor and byte order", () => {
  test("gives back the pixels that were stored, whole and by region", async () => {
    let count = 0;
    for (const { page, value, file, type } of variants()) {
      const stack = await open(makeTiff([page], file));
      const what = JSON.stringify({ ...page, ...file });
      const { samples = 1 } = page;
      expect(stack.facts.dtype, what).toBe(type.dtype);
      expect(stack.facts.readsAs, what).toBe(type.readsAs ?? type.dtype);
      expect(stack.facts.canonicalShape, what).toEqual(samples > 1 ? [samples, 19, 21] : [19, 21]);
      const whole = await stack.read(wholeRegion(stack.facts.canonicalShape), job);
      const expected = Array.from({ length: samples * 19 * 21 }, (_, i) => {
        return value(Math.floor(i / 21) % 19, i % 21, Math.floor(i / (21 * 19)));
      });
      expect([...whole.data], what).toEqual(expected);
      expect(dtypeOf(whole.data), what).toBe(stack.facts.readsAs);
      const region = [...(samples > 1 ? [[1, 2] as const] : []), [4, 13] as const, [5, 20] as const];
      const part = await stack.read(region, job);
      expect(part.shape).toEqual(regionShape(region));
      expect([...part.data], what).toEqual([...cutRegion(whole, region).data]);
      const stored = await stack.readStoredPlane(0, job);
      expect(stored.axes, what).toBe(samples === 1 ? "YX" : page.planar === true ? "SYX" : "YXS");
      expect(stored.dtype, what).toBe(type.dtype);
      const inOrder = page.planar === true ? expected : interleaved(expected, samples);
      expect(storedValues(stored).map(Number), what).toEqual(inOrder);
      await stack.close();
      count += 1;
    }
    expect(count).toBeGreaterThan(1500);
  });
});

test("integers of 1 to 63 bits with and without sign are unpacked, in either byte order", async () => {
  for (let bits = 1; bits < 64; bits++) {
    if ([8, 16, 32].includes(bits)) continue;
    for (const kind of ["uint", "int"] as const) {
      const size = [8, 16, 32, 64].find((one) => bits <= one)!;
      const value = (row: number, column: number): bigint => {
        const n = BigInt(row * 7919 + column) * 0x9e3779b97f4a7c15n;
        return kind === "int" ? BigInt.asIntN(bits, n) : BigInt.asUintN(bits, n);
      };
      const page = { width: 11, height: 5, bits, kind, compression: bits % 2 === 0 ? 1 : 8, value };
      const stack = await open(makeTiff([page], { bigEndian: bits % 3 === 0 }));
      expect(stack.facts.dtype, `${kind} ${bits}`).toBe(`${kind}${size}`);
      const expected = Array.from({ length: 55 }, (_, i) => value(Math.floor(i / 11), i % 11));
      const stored = storedValues(await stack.readStoredPlane(0, job)).map(BigInt);
      expect(stored, `${kind} ${bits}`).toEqual(expected);
      const { data } = await stack.read([[1, 4] as const, [2, 9] as const], job);
      const part = [1, 2, 3].flatMap((row) => [2, 3, 4, 5, 6, 7, 8].map((column) => value(row, column)));
      expect([...data], `${kind} ${bits}`).toEqual(part.map(Number));
      expect(stack.facts.warnings.some((warning) => warning.includes("2^53"))).toBe(bits > 53);
    }
  }
});

test("64-bit integers are stored exactly and read as the nearest double, with and without predictor", async () => {
  const extremes = [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 32n - 1n, 123_456_789_012_345_678n];
  for (const kind of ["uint", "int"] as const) {
    const values =
      kind === "uint" ? [...extremes, 2n ** 64n - 1n, 2n ** 63n] : [...extremes, -1n, -(2n ** 63n)];
    for (const predictor of [1, 2] as const) {
      for (const bigEndian of [false, true]) {
        const value = (row: number, column: number): bigint => values[(row + column) % 8];
        const page = { width: 8, height: 3, bits: 64, kind, compression: 8, predictor, value };
        const stack = await open(makeTiff([page], { bigEndian }));
        const expected = Array.from({ length: 24 }, (_, i) => value(Math.floor(i / 8), i % 8));
        expect(storedValues(await stack.readStoredPlane(0, job))).toEqual(expected);
        expect([...(await stack.read(wholeRegion([3, 8]), job)).data]).toEqual(expected.map(Number));
        expect(stack.facts.warnings.join()).toMatch(/exactly up to 2\^53/);
      }
    }
  }
});

test("every half-precision number becomes the same number in single precision", async () => {
  const value = (row: number, column: number): number => row * 256 + column;
  const page = { width: 256, height: 256, bits: 16, value, entries: [[339, 3, [3]]] as const };
  const stack = await open(makeTiff([page]));
  const { data } = await stack.read(wholeRegion([256, 256]), job);
  expect([...data]).toEqual(storedValues(await stack.readStoredPlane(0, job)));
});

test("complex pixels have facts and stored planes, but are not read", async () => {
  for (const bits of [64, 128]) {
    for (const layout of [
      {},
      { rowsPerStrip: 3 },
      { samples: 2 },
      { samples: 2, planar: true, tile: [16, 16] as const },
      { compression: 8, tile: [16, 16] as const },
    ]) {
      for (const bigEndian of [false, true]) {
        const value = (row: number, column: number, sample: number): number =>
          row * 100 + column - 7000 * sample;
        const page: PageSpec = { width: 21, height: 19, bits, kind: "complex", ...layout, value };
        const stack = await open(makeTiff([page], { bigEndian }));
        const { samples = 1, planar = false } = page;
        expect(stack.facts).toMatchObject({ dtype: `complex${bits}`, readsAs: null });
        const reals = Array.from({ length: samples * 19 * 21 }, (_, i) =>
          value(Math.floor(i / 21) % 19, i % 21, Math.floor(i / (21 * 19))),
        );
        const stored = await stack.readStoredPlane(0, job);
        expect(storedValues(stored)).toEqual(
          (planar ? reals : interleaved(reals, samples)).flatMap((real) => [real, imaginaryOf(real)]),
        );
        expect(stored.shape).toEqual(planar ? [2, 19, 21] : samples === 2 ? [19, 21, 2] : [19, 21]);
        await expect(stack.read(wholeRegion(stack.facts.canonicalShape), job)).rejects.toMatchObject({
          code: "stack.pixelType",
          message: expect.stringContaining("complex numbers") as string,
        });
      }
    }
  }
});

test("bytes whose bits are stored in reverse order are turned round", async () => {
  for (const compression of [1, 5, 8]) {
    const page = { width: 9, height: 4, compression, reversedBits: true, value: valueOf({}) };
    const stack = await open(makeTiff([page]));
    const values = storedValues(await stack.readStoredPlane(0, job));
    expect(values).toEqual(Array.from({ length: 36 }, (_, i) => page.value(Math.floor(i / 9), i % 9, 0)));
  }
});

const stackPages = (count: number, page: Omit<PageSpec, "value">): PageSpec[] =>
  Array.from({ length: count }, (_, i) => ({ ...page, value: valueOf(page, i) }));

test("any region of any stack equals that part of the whole", async () => {
  const layouts: Omit<PageSpec, "value">[] = [
    { width: 40, height: 30, bits: 16 },
    { width: 40, height: 30, bits: 16, rowsPerStrip: 7 },
    { width: 40, height: 30, bits: 16, tile: [16, 16] },
    { width: 40, height: 30, bits: 16, samples: 3, rowsPerStrip: 8 },
    { width: 40, height: 30, bits: 16, compression: 8, predictor: 2, tile: [32, 16] },
    { width: 40, height: 30, bits: 16, compression: 5, samples: 2, planar: true, rowsPerStrip: 9 },
  ];
  for (const layout of layouts) {
    const stack = await open(makeTiff(stackPages(3, layout), { bigEndian: true }));
    const { canonicalShape } = stack.facts;
    const whole = await stack.read(wholeRegion(canonicalShape), job);
    const interval = (length: number): fc.Arbitrary<readonly [number, number]> =>
      fc
        .tuple(fc.nat(length - 1), fc.nat(length - 1))
        .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);
    await fc.assert(
      fc.asyncProperty(fc.tuple(...canonicalShape.map(interval)), async (region) => {
        const part = await stack.read(region, job);
        expect(part.data).toEqual(cutRegion(whole, region).data);
      }),
      { numRuns: 60, seed: 7 },
    );
  }
});

test("a region of an uncompressed stack touches at most twice its bytes", async () => {
  for (const layout of [{}, { rowsPerStrip: 10 }, { tile: [64, 64] as const }]) {
    const source = new CountingSource(
      makeTiff(stackPages(4, { width: 300, height: 200, bits: 16, ...layout }), { bigTiff: true }),
    );
    const stack = await openTiff(source, job);
    for (const region of [
      [
        [1, 3],
        [20, 120],
        [30, 61],
      ],
      [
        [0, 4],
        [0, 200],
        [0, 300],
      ],
      [
        [2, 3],
        [5, 6],
        [0, 300],
      ],
      [
        [0, 1],
        [0, 200],
        [10, 200],
      ],
    ] as const) {
      await stack.read(region, job);
      source.bytesRead = 0;
      const part = await stack.read(region, job);
      expect(source.bytesRead).toBeLessThanOrEqual(2 * part.data.byteLength);
    }
  }
});

test("opening a stack of many pages reads a small part of the file", async () => {
  const source = new CountingSource(makeTiff(stackPages(30, { width: 256, height: 256, bits: 16 })));
  const stack = await openTiff(source, job);
  expect(stack.facts.canonicalShape).toEqual([30, 256, 256]);
  expect(source.bytesRead).toBeLessThan(source.size / 20);
});

test("closing the stack closes its source, and so does a failure to open", async () => {
  const source = new CountingSource(makeTiff(stackPages(1, { width: 4, height: 4 })));
  await (await openTiff(source, job)).close();
  expect(source.closed).toBe(true);
  const bad = new CountingSource(Buffer.from("no picture at all"));
  await expect(openTiff(bad, job)).rejects.toThrow(TilewrightError);
  expect(bad.closed).toBe(true);
});

test("a region that sticks out is a RangeError", async () => {
  const stack = await open(makeTiff(stackPages(2, { width: 4, height: 4 })));
  for (const region of [
    [
      [0, 3],
      [0, 4],
      [0, 4],
    ],
    [
      [0, 2],
      [0, 4],
    ],
    [
      [0, 2],
      [2, 2],
      [0, 4],
    ],
    [
      [0, 1],
      [-1, 2],
      [0, 4],
    ],
  ] as const) {
    await expect(stack.read(region, job)).rejects.toThrow(RangeError);
  }
  await expect(stack.readStoredPlane(2, job)).rejects.toThrow(RangeError);
});

test("an aborted job stops reading with an AbortError and leaves the stack usable", async () => {
  const stack = await open(
    makeTiff(stackPages(5, { width: 64, height: 64, compression: 8, rowsPerStrip: 4 })),
  );
  const controller = new AbortController();
  controller.abort();
  await expect(stack.read(wholeRegion([5, 64, 64]), quietJob(controller.signal))).rejects.toMatchObject({
    name: "AbortError",
  });
  const later = new AbortController();
  const reading = stack.read(wholeRegion([5, 64, 64]), quietJob(later.signal));
  later.abort();
  await expect(reading).rejects.toMatchObject({ name: "AbortError" });
  expect((await stack.read(wholeRegion([5, 64, 64]), job)).data.length).toBe(5 * 64 * 64);
});

test("parallel reads of one stack do not disturb each other", async () => {
  const stack = await open(
    makeTiff(stackPages(6, { width: 64, height: 48, compression: 5, rowsPerStrip: 5 })),
  );
  const whole = await stack.read(wholeRegion([6, 48, 64]), job);
  const regions = Array.from(
    { length: 20 },
    (_, i) =>
      [
        [i % 6, 6],
        [i, 40],
        [2 * i, 64],
      ] as const,
  );
  const parts = await Promise.all(regions.map((region) => stack.read(region, job)));
  parts.forEach((part, i) => expect(part.data).toEqual(cutRegion(whole, regions[i]).data));
});
