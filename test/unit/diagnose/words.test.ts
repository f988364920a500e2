import { expect, test } from "vitest";
import {
  cureLabel,
  fractionText,
  numberText,
  pixelsText,
  placeText,
  probabilityText,
  sentenceText,
} from "../../../src/diagnose/words";

test.each([
  [0.0412, "4.1 %"],
  [1, "100 %"],
  [0.0001, "0.01 %"],
  [0.00002, "2.0e−5"],
  [0, "0"],
  [null, "–"],
  [NaN, "–"],
])("the fraction %s of the range is %s", (fraction, text) => expect(fractionText(fraction)).toBe(text));

test.each([
  [1432.5, "1430"],
  [-3.14159, "−3.14"],
  [1e-9, "1.0e−9"],
  [0, "0"],
  [null, "–"],
])("the number %s is %s", (value, text) => expect(numberText(value)).toBe(text));

test.each([
  [0.5, "0.5"],
  [1e-6, "1e−6"],
  [0, "< 1e−12"],
  [null, "–"],
])("the probability %s is %s", (value, text) => expect(probabilityText(value)).toBe(text));

test("a place names its last px, not the one after it", () => {
  expect(placeText({ Z: [3, 4], Y: [56, 72] })).toBe("Z 3, Y 56–71");
  expect(placeText({})).toBe("the whole stack");
});

test("equal px are said once", () => {
  expect(pixelsText({ Y: 24, X: 24 })).toBe("24 px");
  expect(pixelsText({ Z: 16, Y: 48 })).toBe("Z 16, Y 48 px");
});

test.each([
  [{ overlap: 48 }, "Predict Again with Overlap 48"],
  [{ overlap: { Z: 16, Y: 48 } }, "Predict Again with Overlap Z=16,Y=48"],
  [{ normalizeScope: "stack", tiles: [1, 2] }, "Predict Again with Normalization over stack and Tiles [1,2]"],
  [{}, "Predict Again"],
  [{ x: "y".repeat(200) }, `Predict Again with x ${"y".repeat(40)}…`],
])("the cure %j is called %s", (options, label) => expect(cureLabel(options)).toBe(label));

test("sentences begin and end as sentences do", () => {
  expect(sentenceText(" predict again with overlap 24")).toBe("Predict again with overlap 24.");
  expect(sentenceText("Done.")).toBe("Done.");
  expect(sentenceText("")).toBe("");
});
