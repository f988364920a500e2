import { expect, test } from "vitest";
import { checkCount, checkPng, partName, plainName } from "../../../extension/pictureFiles";

test.each([
  ["stack z 11", "stack z 11"],
  ["stack.png", "stack"],
  ["../../etc/passwd", "etc-passwd"],
  ["C:\\windows\\x", "C-windows-x"],
  ["a\u0000b\u001fc\u202egpj", "a-b-c-gpj"],
  [".hidden", "hidden"],
  ["trailing. ", "trailing"],
  ["", "picture"],
  ["../..", "picture"],
  ["CON", "CON-"],
  ["lpt1.x", "lpt1.x-"],
  ["x".repeat(5000), "x".repeat(100)],
  ["Zellkern µ 細胞", "Zellkern µ 細胞"],
])("%j is saved as %j", (asked, name) => {
  expect(plainName(asked)).toBe(name);
});

test.each([undefined, null, 5, {}, ["a"]])("%j is no name", (name) => {
  expect(() => plainName(name)).toThrow(/name/);
});

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3]);

test("only what begins as a PNG file is saved", () => {
  expect(checkPng(PNG)).toBe(PNG);
  for (const wrong of [PNG.slice(0, 7), PNG.slice(1), new Uint8Array(), "‰PNG", null, [...PNG]])
    expect(() => checkPng(wrong)).toThrow(/PNG|bytes/);
  expect(() => checkPng(new Uint8Array(256 * 2 ** 20 + 1))).toThrow(/too large/);
});

test("pictures of a movie sort by name", () => {
  expect(partName("m", 0, 10)).toBe("m_0000.png");
  expect(partName("m", 9_999, 10_000)).toBe("m_9999.png");
  expect(partName("m", 7, 20_000)).toBe("m_00007.png");
});

test.each([0, -1, 1.5, Number.NaN, Infinity, 90_001, "3", null])("%j is no number of pictures", (count) => {
  expect(() => checkCount(count)).toThrow(/pictures/);
});
