import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import { quietJob } from "../../../src/job";
import { isStackFolder, openStack } from "../../../src/stack/open";
import { hashPlanes } from "../../../src/stack/planeHash";
import type { Stack } from "../../../src/stack/stack";
import { shapeSize, wholeRegion } from "../../../src/volume/region";
import { temporaryFolder } from "../../support/prediction";
import { PACKERS, chunkBytes, multiscales, writeGroup, writeZarrArray, zarrNoise } from "../../support/zarr";
import type { ArrayForm, ZarrPixels } from "../../support/zarr";

const scratch = temporaryFolder();
afterAll(scratch.dispose);
const readers = builtinRegistries().readers.all();
const job = quietJob();
let made = 0;
const freshFolder = (name = "a.zarr"): string => join(scratch.path, String(made++), name);

const SHAPE = [6, 21, 30] as const;
const CHUNKS = [2, 8, 16];

async function withStack<T>(path: string, use: (stack: Stack) => Promise<T>): Promise<T> {
  const stack = await openStack({ path }, readers, job);
  try {
    return await use(stack);
  } finally {
    await stack.close();
  }
}

const wholeOf = (path: string) =>
  withStack(path, async (stack) => (await stack.read(wholeRegion(stack.facts.canonicalShape), job)).data);

async function bare(pixels: ZarrPixels, form: Partial<ArrayForm> & { dtype: string }): Promise<string> {
  const folder = freshFolder();
  await writeZarrArray(folder, pixels, { shape: SHAPE, chunks: CHUNKS, ...form });
  return folder;
}

describe("a Zarr array", () => {
  const types = [
    ["uint8", "u1", (n: number) => new Uint8Array(n)],
    ["int16", "i2", (n: number) => new Int16Array(n)],
    ["uint16", "u2", (n: number) => new Uint16Array(n)],
    ["int32", "i4", (n: number) => new Int32Array(n)],
    ["float32", "f4", (n: number) => new Float32Array(n)],
    ["float64", "f8", (n: number) => new Float64Array(n)],
    ["int64", "i8", (n: number) => new BigInt64Array(n)],
    ["uint64", "u8", (n: number) => new BigUint64Array(n)],
  ] as const;
  test.each(types)(
    "of %s is read in both versions, byte orders and ways to name chunks",
    async (v3, v2, make) => {
      const pixels = zarrNoise<ZarrPixels>(make, SHAPE);
      const expected = Array.from(pixels, Number);
      for (const bigEndian of [false, true]) {
        for (const separator of [".", "/"] as const) {
          const old = { format: 2, dtype: `${v2 === "u1" ? "|" : bigEndian ? ">" : "<"}${v2}` } as const;
          for (const form of [old, { dtype: v3 }]) {
            expect(Array.from(await wholeOf(await bare(pixels, { ...form, bigEndian, separator })))).toEqual(
              expected,
            );
          }
        }
      }
    },
  );

  test("of half-precision numbers is read as float32, bit for bit, on runtimes without such arrays", async () => {
    const bits = Uint16Array.of(
      0,
      0x8000,
      1,
      0x3ff,
      0x400,
      0x3c00,
      0xc000,
      0x7bff,
      0x7c00,
      0xfc00,
      0x7e00,
      0x3555,
    );
    const values = [
      0,
      -0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      1,
      -2,
      65504,
      Infinity,
      -Infinity,
      NaN,
      0.333251953125,
    ];
    for (const form of [{ format: 2, dtype: "<f2" } as const, { dtype: "float16" }]) {
      const path = await bare(bits, { ...form, shape: [3, 4], chunks: [2, 4] });
      expect(Array.from(await wholeOf(path))).toEqual(values);
    }
  });

  test("of truth values is read as 0 and 1", async () => {
    const path = await bare(Uint8Array.of(1, 0, 0, 1), {
      dtype: "bool",
      fill: true,
      shape: [2, 2],
      chunks: [2, 1],
    });
    expect(Array.from(await wholeOf(path))).toEqual([1, 0, 0, 1]);
  });

  test("has the fill value where there is no chunk", async () => {
    const absent = ([, , x]: readonly number[]): boolean => x === 1;
    for (const [dtype, fill, value] of [
      ["uint16", 7, 7],
      ["float32", "NaN", NaN],
      ["float32", "0x7fc00000", NaN],
      ["float64", "-Infinity", -Infinity],
      ["int64", -3, -3],
      ["float16", 1.5, 1.5],
      ["uint8", null, 0],
    ] as const) {
      const make = types.find(([name]) => name === (dtype === "float16" ? "uint16" : dtype))![2];
      const pixels = await wholeOf(await bare(make(shapeSize(SHAPE)), { dtype, fill, absent }));
      expect([pixels[15], pixels[16], pixels[29]]).toEqual([0, value, value]);
    }
  });

  test("reads the same pixels region by region as whole", async () => {
    const pixels = zarrNoise((n) => new Uint16Array(n), SHAPE);
    const path = await bare(pixels, { dtype: "uint16" });
    await withStack(path, async (stack) => {
      const region = [
        [3, 6],
        [5, 17],
        [7, 23],
      ] as const;
      const { data } = await stack.read(region, job);
      let next = 0;
      for (let z = 0; z < 3; z++)
        for (let y = 5; y < 17; y++)
          for (let x = 7; x < 23; x++) {
            if (data[next++] !== pixels[((3 + z) * 21 + y) * 30 + x])
              throw new Error(`differs at ${z}, ${y}, ${x}`);
          }
      expect(next).toBe(data.length);
    });
  });

  test("packed with gzip, zlib, blosc, zstd or lz4 is unpacked", async () => {
    const pixels = zarrNoise((n) => new Uint16Array(n), SHAPE);
    for (const [name, encode] of Object.entries(PACKERS)) {
      const old = await bare(pixels, { format: 2, dtype: "<u2", codecs: [{ id: name }], encode });
      const own = name === "lz4" || name === "zlib" ? `numcodecs.${name}` : name;
      const now = await bare(pixels, { dtype: "uint16", codecs: [{ name: own }], encode });
      for (const path of [old, now]) {
        expect(await wholeOf(path), name).toEqual(pixels);
        expect(await withStack(path, (stack) => Promise.resolve(stack.facts.compression))).toBe(name);
      }
    }
  });

  test("in column order (F) is read", async () => {
    const pixels = Uint8Array.of(1, 4, 2, 5, 3, 6);
    const path = await bare(pixels, {
      format: 2,
      dtype: "|u1",
      shape: [2, 3],
      chunks: [2, 3],
      extra: { order: "F" },
    });
    expect(Array.from(await wholeOf(path))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("in shards is read, wherever their index stands, and absent inner chunks have the fill value", async () => {
    const pixels = zarrNoise((n) => new Uint16Array(n), [8, 8]);
    for (const location of ["start", "end"] as const) {
      const folder = freshFolder();
      const index = [{ name: "bytes", configuration: { endian: "little" } }];
      const sharding = {
        chunk_shape: [4, 4],
        codecs: [{ name: "bytes", configuration: { endian: "little" } }],
        index_codecs: index,
        index_location: location,
      };
      await writeZarrArray(folder, pixels, {
        shape: [8, 8],
        chunks: [8, 8],
        dtype: "uint16",
        absent: () => true,
        fill: 9,
        extra: { codecs: [{ name: "sharding_indexed", configuration: sharding }] },
      });
      const inner = [0, 1, 2].map((i) => chunkBytes(pixels, [8, 8], [i >> 1, i & 1], [4, 4]));
      const entries = new BigUint64Array(8).fill(2n ** 64n - 1n);
      inner.forEach((_, i) => entries.set([BigInt((location === "start" ? 64 : 0) + i * 32), 32n], 2 * i));
      const table = Buffer.from(entries.buffer);
      mkdirSync(join(folder, "c/0"), { recursive: true });
      writeFileSync(
        join(folder, "c/0/0"),
        Buffer.concat(location === "start" ? [table, ...inner] : [...inner, table]),
      );
      const expected = pixels.map((value, i) => (i >= 32 && i % 8 >= 4 ? 9 : value));
      expect(await wholeOf(folder)).toEqual(expected);
    }
  });

  test("without any description is a plain stack with a warning; axes come from names or from their order", async () => {
    const pixels = zarrNoise((n) => new Uint16Array(n), SHAPE);
    const shape = [3, 2, 21, 30];
    const chunks = [2, 1, 8, 16];
    const names = { dimension_names: ["z", "t", "y", "x"] };
    const named = await bare(pixels, { dtype: "uint16", shape, chunks, extra: names });
    const facts = await withStack(named, (stack) => Promise.resolve(stack.facts));
    expect(facts).toMatchObject({
      axes: "ZTYX",
      canonicalAxes: "TZYX",
      canonicalShape: [2, 3, 21, 30],
      flavour: "plain",
      layout: "chunks",
      planes: 6,
    });
    expect(facts.warnings[0]).toMatch(/without OME metadata/);
    const unnamed = await bare(pixels, { dtype: "uint16", shape, chunks });
    expect(await withStack(unnamed, (stack) => Promise.resolve(stack.facts.axes))).toBe("CZYX");
    const { data } = await withStack(named, (stack) =>
      stack.read(
        [
          [1, 2],
          [2, 3],
          [0, 21],
          [0, 30],
        ],
        job,
      ),
    );
    expect(data).toEqual(pixels.subarray(5 * 630, 6 * 630));
  });

  test("hashes planes as they are stored, little endian", async () => {
    const pixels = zarrNoise((n) => new BigInt64Array(n), SHAPE);
    const hashes = Array.from({ length: 6 }, (_, i) =>
      createHash("sha256")
        .update(Buffer.from(pixels.slice(i * 630, (i + 1) * 630).buffer))
        .digest("hex"),
    );
    const path = await bare(pixels, { format: 2, dtype: ">i8", bigEndian: true });
    expect(await withStack(path, (stack) => hashPlanes(stack, job))).toEqual(hashes);
  });
});

describe("an OME-Zarr image", () => {
  async function image(format: 2 | 3, name = "image.ome.zarr"): Promise<string> {
    const folder = freshFolder(name);
    const scale = [2, 1, 0.5, 0.25, 0.25];
    const levels = [0, 1].map((i) => ({
      path: `s${i}`,
      scale: scale.map((s, axis) => (axis > 2 ? s * 2 ** i : s)),
    }));
    writeGroup(folder, format, {
      multiscales: [{ version: "0.4", ...multiscales("tczyx", levels) }],
      omero: {
        channels: [
          { label: "DAPI", color: "0000FF" },
          { label: "GFP", color: "00FF00" },
        ],
      },
    });
    const dtype = format === 2 ? "<u2" : "uint16";
    const make = (n: number): Uint16Array => new Uint16Array(n);
    const chunks = [1, 1, 1, 16, 16];
    const full = [1, 2, 3, 20, 30];
    await writeZarrArray(join(folder, "s0"), zarrNoise(make, full), { format, shape: full, chunks, dtype });
    const half = [1, 2, 3, 10, 15];
    await writeZarrArray(join(folder, "s1"), zarrNoise(make, half), { format, shape: half, chunks, dtype });
    return folder;
  }

  test.each([2, 3] as const)(
    "of Zarr version %i has axes, levels, pixel size and channels",
    async (format) => {
      await withStack(await image(format), async (stack) => {
        expect(stack.facts).toMatchObject({
          axes: "TCZYX",
          shape: [1, 2, 3, 20, 30],
          canonicalAxes: "TZCYX",
          canonicalShape: [1, 3, 2, 20, 30],
          levels: 2,
          levelShapes: [
            [1, 3, 2, 20, 30],
            [1, 3, 2, 10, 15],
          ],
          pixelSize: { x: 0.25, y: 0.25, z: 0.5, unit: "µm" },
          flavour: "ome-zarr",
          channels: [
            { name: "DAPI", color: "#0000ff" },
            { name: "GFP", color: "#00ff00" },
          ],
          warnings: [],
        });
        const stored = zarrNoise((n) => new Uint16Array(n), [1, 2, 3, 10, 15]);
        const { data } = await stack.readLevel(
          1,
          [
            [0, 1],
            [2, 3],
            [1, 2],
            [0, 10],
            [0, 15],
          ],
          job,
        );
        expect(data).toEqual(stored.subarray(5 * 150, 6 * 150));
        await expect(stack.readLevel(2, wholeRegion([1, 3, 2, 5, 7]), job)).rejects.toThrow(RangeError);
      });
    },
  );

  test("opens under any folder name, and by the name of its metadata file", async () => {
    const path = await image(3, "without ending");
    expect(await isStackFolder(path, readers)).toBe(true);
    expect(await isStackFolder(scratch.path, readers)).toBe(false);
    expect((await wholeOf(path)).length).toBe(3600);
    expect((await wholeOf(join(path, "zarr.json"))).length).toBe(3600);
  });

  test("is found in a folder as bioformats2raw writes it", async () => {
    const inner = await image(2, "0");
    writeGroup(join(inner, ".."), 2, { "bioformats2raw.layout": 3 });
    expect((await wholeOf(join(inner, ".."))).length).toBe(3600);
  });
});
