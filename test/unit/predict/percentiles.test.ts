import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PercentileSearch, percentileRange } from "../../../src/predict/percentiles";
import { DTYPES, allocatePixels, dtypeRange, isFloat } from "../../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../../src/volume/pixels";

function valueOf(dtype: Dtype): fc.Arbitrary<number> {
  if (dtype === "float32") return fc.oneof(fc.float(), fc.constantFrom(NaN, Infinity, -Infinity, -0, 0));
  if (dtype === "float64")
    return fc.oneof(fc.double(), fc.constantFrom(NaN, Infinity, -Infinity, 5e-324, -5e-324));
  const [min, max] = dtypeRange(dtype);
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max, 0));
}

const pieces = fc.constantFrom(...DTYPES).chain((dtype) =>
  fc.record({
    dtype: fc.constant(dtype),
    values: fc.array(fc.array(valueOf(dtype), { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
    percentile: fc.oneof(
      fc.constantFrom(0, 0.1, 2, 50, 99.8, 99.9, 100),
      fc.double({ min: 0, max: 100, noNaN: true }),
    ),
  }),
);

function pixels(dtype: Dtype, values: readonly number[]): PixelArray {
  const data = allocatePixels(dtype, values.length);
  values.forEach((value, i) => (data[i] = value));
  return data;
}

function search(dtype: Dtype, data: readonly PixelArray[], percentile: number) {
  const found = new PercentileSearch(dtype, [percentile]);
  let passes = 0;
  do {
    passes++;
    for (const piece of data) found.add(piece);
  } while (found.endPass());
  return { ...found.result(), passes };
}

describe("streamed percentiles", () => {
  test("equal those of sorting, for every pixel type, with NaN and Infinity left out and counted", () => {
    fc.assert(
      fc.property(pieces, ({ dtype, values, percentile }) => {
        const data = values.map((list) => pixels(dtype, list));
        const all = data.flatMap((piece) => [...piece]);
        const finite = all.filter(Number.isFinite).sort((a, b) => a - b);
        const found = search(dtype, data, percentile);
        expect(found.count).toBe(finite.length);
        expect(found.ignored).toBe(all.length - finite.length);
        if (finite.length === 0) {
          expect(found.values).toEqual([NaN]);
          return;
        }
        const place = ((finite.length - 1) * percentile) / 100;
        const low = finite[Math.floor(place)];
        const high = finite[Math.min(finite.length - 1, Math.floor(place) + 1)];
        const fraction = place - Math.floor(place);
        const wanted = low * (1 - fraction) + high * fraction;
        const scale = Math.max(Math.abs(low), Math.abs(high));
        expect(Math.abs(found.values[0] - wanted)).toBeLessThanOrEqual(scale * 4e-16 + 5e-324);
      }),
      { numRuns: 1500 },
    );
  });

  test("need one pass for 8 and 16 bits, two for 32, four for 64", () => {
    for (const dtype of DTYPES) {
      const wanted = dtype === "float64" ? 4 : /32/.test(dtype) ? 2 : 1;
      expect(search(dtype, [pixels(dtype, [1, 2, 3])], 50).passes).toBe(wanted);
    }
  });

  test("do not overflow between −1.7e308 and 1.7e308", () => {
    expect(search("float64", [Float64Array.of(-1.7e308, 1.7e308)], 50).values).toEqual([0]);
    expect(search("float64", [Float64Array.of(-1.7e308, 1.7e308)], 0).values).toEqual([-1.7e308]);
  });

  test("end after one pass when there is no finite pixel", () => {
    expect(search("float32", [Float32Array.of(NaN, Infinity)], 50)).toEqual({
      values: [NaN],
      count: 0,
      ignored: 2,
      passes: 1,
    });
  });

  test.each([-1, 100.1, NaN])("refuse percentile %s", (percentile) => {
    expect(() => new PercentileSearch("uint8", [percentile])).toThrow(RangeError);
  });
});

describe("percentileRange", () => {
  test("interpolates linearly between order statistics", () => {
    expect(percentileRange(Uint8Array.of(10, 20, 30, 40, 50), 10, 90)).toEqual([14, 46]);
  });

  test("does not change its data", () => {
    const data = Float32Array.of(3, 1, 2);
    percentileRange(data, 0, 100);
    expect([...data]).toEqual([3, 1, 2]);
  });

  test("refuses lo ≥ hi and data without a finite value, naming them", () => {
    expect(() => percentileRange(Uint8Array.of(1), 50, 50)).toThrow(/lo 50, hi 50/);
    expect(() => percentileRange(Uint8Array.of(1), NaN, 50)).toThrow(RangeError);
    expect(() => percentileRange(new Uint8Array(0), 0, 100)).toThrow(/no finite value/);
  });

  test("every type of pixel goes in", () => {
    for (const dtype of DTYPES) {
      const values = isFloat(dtype) ? [NaN, 1, 2, 3] : [1, 2, 3];
      expect(percentileRange(pixels(dtype, values), 0, 100)).toEqual([1, 3]);
    }
  });
});
