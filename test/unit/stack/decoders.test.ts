import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { ChunkReader } from "../../../src/stack/tiff/chunks";
import { decodeChunk } from "../../../src/stack/tiff/codecs";
import type { ChunkShape } from "../../../src/stack/tiff/codecs";
import { hashPlane } from "../../../src/stack/planeHash";
import { openTiff } from "../../../src/stack/tiff/read";
import { readTiffFile } from "../../../src/stack/tiff/file";
import { CountingSource } from "../../support/tiff";

const job = quietJob();
const FOLDER = join(import.meta.dirname, "../../golden/codecs");
const bytesOf = (name: string): Buffer => readFileSync(join(FOLDER, name));
const INDEX = JSON.parse(bytesOf("index.json").toString()) as Record<
  string,
  { readonly shape: number[]; readonly dtype: string; readonly sha256: string }
>;
const NAMES = Object.keys(INDEX);

/** The first chunk of a file as it is stored, and what it is to become. */
async function firstChunk(name: string): Promise<{ compression: number; data: Buffer; shape: ChunkShape }> {
  const source = new CountingSource(bytesOf(`${name}.tif`));
  const { header, parts } = await readTiffFile(source, job);
  const [page] = parts.pages;
  const reader = new ChunkReader(source, header);
  const [{ at, bytes }] = await reader.places(page, 0, 1);
  const { chunkWidth: width, chunkHeight: height, compression, photometric } = page.format;
  const layout = reader.layout(page, height);
  const sampleBytes = layout.bits / 8;
  const size = width * height * layout.samples * sampleBytes;
  return {
    compression,
    data: Buffer.from(source.data.subarray(at, at + bytes!)),
    shape: {
      bytes: size,
      fullBytes: size,
      width,
      height,
      samples: layout.samples,
      sampleBytes,
      jpegTables: page.jpegTables,
      yCbCr: photometric === 6,
    },
  };
}

describe("pictures by other people's encoders", () => {
  test.each(NAMES.filter((name) => name !== "jpeg-cmyk"))(
    "%s is decoded to the bytes that tifffile and imagecodecs give",
    async (name) => {
      const stack = await openTiff(new CountingSource(bytesOf(`${name}.tif`)), job);
      const stored = await stack.readStoredPlane(0, job);
      expect({ shape: stored.shape, dtype: stored.dtype, sha256: hashPlane(stored) }).toEqual(INDEX[name]);
    },
  );

  test("JPEG of four components differs by one grey level at most", async () => {
    const stack = await openTiff(new CountingSource(bytesOf("jpeg-cmyk.tif")), job);
    const { bytes } = await stack.readStoredPlane(0, job);
    const reference = bytesOf("jpeg-cmyk.u8");
    expect(bytes.length).toBe(reference.length);
    expect(Math.max(...bytes.map((value, i) => Math.abs(value - reference[i])))).toBeLessThanOrEqual(1);
  });
});

describe("damaged pictures", () => {
  test.each(NAMES)("%s cut short is an error, never pixels", async (name) => {
    const { compression, data, shape } = await firstChunk(name);
    expect((await decodeChunk(compression, data, shape, "x")).length).toBe(shape.bytes);
    for (const part of [0, 0.1, 0.5, 0.9]) {
      const cut = data.subarray(0, Math.floor(data.length * part));
      await expect(decodeChunk(compression, cut, shape, "x"), `${part}`).rejects.toMatchObject({
        code: "stack.decode",
        message: expect.stringMatching(/^x: its \w+ data /) as string,
      });
    }
  });

  test.each(NAMES)("%s with bytes changed ends soon, in pixels of its size or in an error", async (name) => {
    const { compression, data, shape } = await firstChunk(name);
    const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(change, async (changes) => {
        const bytes = Buffer.from(data);
        // The head is where sizes stand.
        for (const [at, value] of changes) bytes[at % (at % 2 === 0 ? 128 : bytes.length)] = value;
        const start = performance.now();
        try {
          expect((await decodeChunk(compression, bytes, shape, "x")).length).toBeGreaterThanOrEqual(
            shape.bytes,
          );
        } catch (error) {
          if (!(error instanceof TilewrightError)) throw error;
          expect(error.message).not.toMatch(/undefined|NaN|\n/);
        }
        expect(performance.now() - start).toBeLessThan(2000);
      }),
      { numRuns: 40, seed: 3 },
    );
    expect((await decodeChunk(compression, data, shape, "x")).length).toBe(shape.bytes);
  });

  const refused: [string, string, (data: Buffer) => unknown, RegExp][] = [
    [
      "a JPEG frame larger than its tile",
      "jpeg-420",
      (d) => void d.writeUInt16BE(60_000, frameAt(d) + 5),
      /60000/,
    ],
    [
      "a JPEG with more scans than anybody writes",
      "jpeg-gray",
      (d) => Buffer.concat([d.subarray(0, -2), ...Array<Buffer>(65).fill(Buffer.from("ffda0000", "hex"))]),
      /66 scans/,
    ],
    [
      "a JPEG with two frames",
      "jpeg-gray",
      (d) => Buffer.concat([d.subarray(0, -2), d.subarray(frameAt(d))]),
      /more than one frame|2 frame/,
    ],
    ["a JPEG 2000 picture of another width", "jpeg2000", (d) => void d.writeUInt32BE(90_000, 8), /90000/],
    [
      "a JPEG 2000 picture that lacks most tiles",
      "jpeg2000",
      (d) => void d.writeUInt32BE(1, 24),
      /1 of 48 tiles/,
    ],
    [
      "a JPEG 2000 picture of too many tiles",
      "jpeg2000",
      (d) => Buffer.concat([d.subarray(0, 8), words(5048, 32, 5000, 0, 1, 1), d.subarray(32)]),
      /tiles|does not fit/,
    ],
    ["a WebP picture of another size", "webp-rgb", (d) => void d.writeUInt16LE(0x3fff, 21), /does not fit/],
    ["LZMA with a dictionary of gigabytes", "lzma", (d) => void d.writeUInt8(40, 16), /dictionary of/],
    ["LZMA behind a delta filter", "lzma", (d) => void d.writeUInt8(1, 13), /delta/],
  ];
  test.each(refused)("%s is refused before the decoder sees it", async (_, name, damage, message) => {
    const { compression, data, shape } = await firstChunk(name);
    const made = damage(data);
    const damaged = Buffer.isBuffer(made) ? made : data;
    await expect(decodeChunk(compression, damaged, shape, "x")).rejects.toThrow(message);
  });
});

/** Where the frame header of a JPEG stream begins. */
function frameAt(data: Buffer): number {
  return data.indexOf(Buffer.from("ffc0", "hex"));
}

/** 32-bit words, most significant byte first. */
function words(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => out.writeInt32BE(value, 4 * i));
  return out;
}
