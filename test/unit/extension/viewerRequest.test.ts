import { expect, test } from "vitest";
import { splitLayer } from "../../../extension/viewerRequest";

const plane = { t: 0, z: 3, c: 0 };

test("a request without a layer is about the stack of the editor", () => {
  expect(splitLayer({ plane })).toEqual({ layer: 0, rest: { plane } });
  expect(splitLayer({ plane, layer: 0 })).toEqual({ layer: 0, rest: { plane } });
  expect(splitLayer({ plane, layer: undefined })).toEqual({ layer: 0, rest: { plane } });
});

test("the reader never sees the number of a layer, which is the host's", () => {
  const { layer, rest } = splitLayer({ plane, layer: 3, step: { y: 2, x: 2 } });
  expect(layer).toBe(3);
  expect(rest).toEqual({ plane, step: { y: 2, x: 2 } });
  expect("layer" in rest).toBe(false);
});

test.each([-1, 0.5, Number.NaN, Infinity, "1", null, {}, [1], 2 ** 60])("%j is no layer", (layer) => {
  expect(() => splitLayer({ plane, layer })).toThrow(/there is no layer/);
});

test.each([null, undefined, 5, "layer"])("%j is no request", (params) => {
  expect(() => splitLayer(params as unknown as object)).toThrow(/fields/);
});
