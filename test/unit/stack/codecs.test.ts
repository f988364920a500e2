import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeChunk } from "../../../src/stack/tiff/codecs";
import { decodeLzw } from "../../../src/stack/tiff/lzw";
import { encodeLzw, encodePackBits } from "../../support/tiff";

const shape = (bytes: number, fullBytes = bytes): Parameters<typeof decodeChunk>[2] => ({
  bytes,
  fullBytes,
  width: bytes,
  height: 1,
  samples: 1,
  sampleBytes: 1,
  jpegTables: null,
  yCbCr: false,
});

/** Bytes with long repeats, so that strings of the table grow long. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 60 })), {
    minLength: 1,
    maxLength: 40,
  })
  .map((parts) =>
    Uint8Array.from(
      parts.flatMap(([bytes, times]) =>
        Array<number[]>(times)
          .fill([...bytes])
          .flat(),
      ),
    ),
  );

test("LZW gives back what was encoded", () => {
  fc.assert(
    fc.property(fc.oneof(repetitive, fc.uint8Array({ minLength: 1, maxLength: 600 })), (bytes) => {
      expect(decodeLzw(encodeLzw(bytes), bytes.length)).toEqual(bytes);
    }),
    { numRuns: 200, seed: 5 },
  );
});

test("LZW fills its table and starts again", () => {
  const bytes = Uint8Array.from({ length: 40_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255);
  expect(decodeLzw(encodeLzw(bytes), bytes.length)).toEqual(bytes);
});

test("LZW stops at the limit and reports codes that stand for nothing", () => {
  const bytes = new Uint8Array(5000).fill(7);
  expect(decodeLzw(encodeLzw(bytes), 100)).toEqual(bytes.subarray(0, 100));
  expect(() => decodeLzw(Uint8Array.of(0x80, 0x7f, 0xff, 0xff), 100)).toThrow(/stands for nothing/);
});

test("the older LZW, least significant bit first, is recognised", () => {
  // Clear, then 1, 2, 3, end: nine bits each, packed from the low end.
  const codes = [256, 1, 2, 3, 257];
  const bits = codes.flatMap((code) => Array.from({ length: 9 }, (_, i) => (code >> i) & 1));
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, i) => (bytes[i >> 3] |= bit << (i & 7)));
  expect([...decodeLzw(bytes, 10)]).toEqual([1, 2, 3]);
});

test("PackBits gives back what was encoded and stops where the data stop", async () => {
  await fc.assert(
    fc.asyncProperty(repetitive, async (bytes) => {
      const packed = encodePackBits(bytes);
      expect(await decodeChunk(32773, packed, shape(bytes.length), "x")).toEqual(bytes);
      await expect(
        decodeChunk(32773, packed.subarray(0, -1), shape(bytes.length), "x"),
      ).rejects.toMatchObject({
        code: "stack.decode",
      });
    }),
    { numRuns: 100, seed: 5 },
  );
});

test("Zstandard and JPEG data are checked before their decoder sees them", async () => {
  const zstd = Buffer.from("28b52ffd", "hex");
  const claims = Buffer.concat([
    zstd,
    Buffer.from([0xe0]),
    Buffer.from("ffffffffffff0f00", "hex"),
    Buffer.alloc(8),
  ]);
  await expect(decodeChunk(50000, claims, shape(100), "x")).rejects.toMatchObject({ code: "stack.decode" });
  await expect(decodeChunk(50000, zstd, shape(100), "x")).rejects.toMatchObject({ code: "stack.decode" });
  const frame = (height: number, width: number): Buffer =>
    Buffer.from([
      0xff,
      0xd8,
      0xff,
      0xc0,
      0,
      11,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      1,
      1,
      0x11,
      0,
      0xff,
      0xd9,
    ]);
  const jpeg = { ...shape(100), width: 10, height: 10 };
  await expect(decodeChunk(7, frame(65_535, 65_535), jpeg, "x")).rejects.toThrow(/does not fit the page/);
  await expect(decodeChunk(7, Buffer.from("ffd8ffd9", "hex"), jpeg, "x")).rejects.toMatchObject({
    code: "stack.decode",
  });
});

test("a Zstandard frame is decoded", async () => {
  // One raw block "tile" and one run-length block of 12 times "w", size not stated.
  const block = (last: boolean, kind: number, size: number): Buffer => {
    const head = (size << 3) | (kind << 1) | (last ? 1 : 0);
    return Buffer.from([head & 255, (head >> 8) & 255, head >> 16]);
  };
  const frame = Buffer.concat([
    Buffer.from("28b52ffd0000", "hex"),
    block(false, 0, 4),
    Buffer.from("tile"),
    block(true, 1, 12),
    Buffer.from("w"),
  ]);
  const decoded = await decodeChunk(50000, frame, shape(16), "x");
  expect(Buffer.from(decoded).toString()).toBe(`tile${"w".repeat(12)}`);
  await expect(decodeChunk(50000, frame, shape(17), "x")).rejects.toMatchObject({ code: "stack.decode" });
  for (let at = 4; at < frame.length; at++) {
    for (const value of [0, 1, 255]) {
      const changed = Buffer.from(frame);
      changed[at] = value;
      const settled = await Promise.allSettled([decodeChunk(50000, changed, shape(16), "x")]);
      if (settled[0].status === "rejected") expect(settled[0].reason).toMatchObject({ code: "stack.decode" });
      else expect(settled[0].value.length).toBe(16);
    }
  }
});
