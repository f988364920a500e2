import fc from "fast-check";
import { expect, test } from "vitest";
import {
  DTYPES,
  allocatePixels,
  convertPixels,
  dtypeOf,
  dtypeRange,
  isFloat,
} from "../../../src/volume/pixels";

const convert = (values: readonly number[], dtype: Parameters<typeof convertPixels>[1]): number[] => [
  ...convertPixels(Float64Array.from(values), dtype),
];

test("integers are rounded half to even, clamped and never wrapped", () => {
  expect(convert([0.5, 1.5, 2.5, 2.51, 254.5, 255.5, 256, 1e9, -0.5, -1, -1e9], "uint8")).toEqual([
    0, 2, 2, 3, 254, 255, 255, 255, 0, 0, 0,
  ]);
  expect(convert([-0.5, -1.5, -2.5, -128.4, -129, 127.5, 1e9], "int8")).toEqual(
    [-0, -2, -2, -128, -128, 127, 127].map((value) => value + 0),
  );
  expect(convert([65_534.5, 65_535.4, 70_000], "uint16")).toEqual([65_534, 65_535, 65_535]);
  expect(convert([2 ** 31, -(2 ** 31) - 1], "int32")).toEqual([2 ** 31 - 1, -(2 ** 31)]);
  expect(convert([2 ** 32, -1], "uint32")).toEqual([2 ** 32 - 1, 0]);
});

test("NaN becomes 0 and infinities the ends of the range in integer types; floats keep them", () => {
  expect(convert([NaN, Infinity, -Infinity], "uint16")).toEqual([0, 65_535, 0]);
  expect(convert([NaN, Infinity, -Infinity], "float32")).toEqual([NaN, Infinity, -Infinity]);
});

test("values of a type come back from every type that holds them all", () => {
  const wider = [
    ["uint8", "int16"],
    ["uint8", "float32"],
    ["int8", "int32"],
    ["uint16", "uint32"],
    ["uint16", "float32"],
    ["int16", "float64"],
    ["uint32", "float64"],
    ["float32", "float64"],
  ] as const;
  for (const [narrow, wide] of wider) {
    const [min, max] = isFloat(narrow) ? [-1e9, 1e9] : dtypeRange(narrow);
    fc.assert(
      fc.property(fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 30 }), (values) => {
        const data = allocatePixels(narrow, values.length);
        values.forEach((value, i) => (data[i] = value));
        const back = convertPixels(convertPixels(data, wide), narrow);
        expect(dtypeOf(back)).toBe(narrow);
        expect([...back]).toEqual([...data]);
      }),
    );
  }
});

test("the input is not changed, whatever the type", () => {
  for (const dtype of DTYPES) {
    const data = Float32Array.of(-300.7, 0.5, 300.7, NaN);
    const before = [...data];
    convertPixels(data, dtype);
    expect([...data]).toEqual(before);
  }
});
