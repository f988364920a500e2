import fc from "fast-check";
import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { openTiff } from "../../../src/stack/tiff/read";
import type { Stack } from "../../../src/stack/stack";
import { chunkPlaces, dissect } from "../../fuzz/anatomy";
import { checkError } from "../../fuzz/examine";
import { constantJpeg } from "../../fuzz/packers";
import { storedBytes } from "../../fuzz/seeds";
import { CountingSource, makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const job = quietJob();
const open = (bytes: Uint8Array): Promise<Stack> => openTiff(new CountingSource(bytes), job);

const PAGE: PageSpec = { width: 16, height: 12, bits: 8, value: (row, column) => row * 16 + column };
const OPEN_END = { code: expect.stringMatching(/^stack\./) as string, hint: expect.any(String) as string };

test("what is no TIFF file is refused in a sentence that names the file", async () => {
  for (const bytes of [
    "",
    "II",
    "IM*\0\b\0\0\0",
    "II\u0001\0\b\0\0\0",
    "%PDF-1.7 something",
    "MM\0+\0\x04\0\0\0\0\0\0",
  ]) {
    await expect(open(Buffer.from(bytes, "latin1"))).rejects.toMatchObject({
      code: "stack.notTiff",
      message: expect.stringContaining("memory.tif") as string,
    });
  }
});

test("a chain of pages that runs in a circle ends, and the pages before are readable", async () => {
  for (const lastNext of [0, 1, 2]) {
    const stack = await open(makeTiff([PAGE, PAGE, PAGE], { lastNext }));
    expect(stack.facts.planes).toBe(3);
    expect(stack.facts.warnings.join()).toMatch(/circle/);
    expect((await stack.readStoredPlane(2, job)).bytes.length).toBe(192);
  }
});

test("a damaged page keeps its place: the others are readable where they were, and it is an error", async () => {
  const NO_WIDTH = [[256, 4, []]] as const;
  for (const broken of [0, 1, 3]) {
    const pages = Array.from({ length: 4 }, (_, i) => ({
      ...PAGE,
      value: () => i + 1,
      ...(i === broken ? { entries: NO_WIDTH } : {}),
    }));
    const stack = await open(makeTiff(pages));
    expect(stack.facts.planes).toBe(4);
    expect(stack.facts.warnings.join()).toMatch(
      new RegExp(`page ${broken} cannot be read: .* no ImageWidth`),
    );
    for (let z = 0; z < 4; z++) {
      const region = [[z, z + 1] as const, [2, 3] as const, [0, 16] as const];
      const reads = [stack.readStoredPlane(z, job), stack.read(region, job)];
      if (z === broken) {
        for (const read of reads) await expect(read).rejects.toMatchObject({ code: "stack.damaged" });
      } else {
        for (const read of reads)
          expect(new Set(storedBytes(await read)), `plane ${z}, broken ${broken}`).toEqual(new Set([z + 1]));
      }
    }
  }
});

test("a damaged smaller copy is one level less and no plane more", async () => {
  const levels = [16, 8, 4].map((width, i) => ({ ...PAGE, width, height: width, reduced: i > 0 }));
  const entries = [[257, 4, [0]]] as const;
  const stack = await open(makeTiff([levels[0], { ...levels[1], entries }, levels[2]]));
  expect(stack.facts.shape).toEqual([16, 16]);
  expect(stack.facts.levels).toBe(2);
});

test("a file of damaged pages only is refused soon, whatever its number of pages", async () => {
  const empty = Buffer.alloc(8 + 6 * 200_000);
  empty.write("II*\0", 0, "latin1");
  empty.writeUInt32LE(8, 4);
  for (let at = 8; at + 6 < empty.length; at += 6) empty.writeUInt32LE(at + 6, at + 2);
  const start = performance.now();
  await expect(open(empty)).rejects.toMatchObject({ code: "stack.damaged" });
  expect(performance.now() - start).toBeLessThan(500);
});

test("absurd headers are refused before memory is asked for", async () => {
  const absurd: readonly (readonly [tag: number, type: number, values: readonly number[]])[][] = [
    [[256, 4, [0]]],
    [
      [256, 4, [2 ** 32 - 1]],
      [257, 4, [2 ** 32 - 1]],
    ],
    [[256, 11, [Number.NaN]]],
    [
      [256, 4, [1_000_000]],
      [257, 4, [1_000_000]],
      [278, 4, [1_000_000]],
    ],
    [[277, 4, [70_000]]],
    [[258, 3, [65_535]]],
    [[273, 4, []]],
    [[278, 4, [1]]],
    [
      [322, 4, [2 ** 31]],
      [323, 4, [2 ** 31]],
      [324, 4, [8]],
      [325, 4, [192]],
    ],
    [
      [322, 4, [0]],
      [323, 4, [16]],
      [324, 4, [8]],
      [325, 4, [192]],
    ],
  ];
  for (const entries of absurd) {
    const before = process.memoryUsage().arrayBuffers;
    await expect(open(makeTiff([{ ...PAGE, entries }]))).rejects.toMatchObject(OPEN_END);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  }
});

test("a page that claims more than its compressed bytes can become is refused", async () => {
  const entries = [
    [256, 4, [60_000]],
    [257, 4, [60_000]],
    [278, 4, [60_000]],
  ] as const;
  for (const compression of [5, 8, 32773]) {
    await expect(open(makeTiff([{ ...PAGE, compression, entries }]))).rejects.toMatchObject({
      code: "stack.damaged",
    });
  }
});

test("Deflate data that go on after the strip do not fill the memory", async () => {
  const bomb = deflateSync(Buffer.alloc(2 ** 26));
  const file = makeTiff([{ ...PAGE, compression: 8 }]);
  const whole = Buffer.concat([file, Buffer.alloc(file.length % 2), bomb]);
  const first = whole.readUInt32LE(4);
  for (let i = 0, entries = whole.readUInt16LE(first); i < entries; i++) {
    const entry = first + 2 + 12 * i;
    if (whole.readUInt16LE(entry) === 273) whole.writeUInt32LE(file.length + (file.length % 2), entry + 8);
    if (whole.readUInt16LE(entry) === 279) whole.writeUInt32LE(bomb.length, entry + 8);
  }
  const stack = await open(whole);
  const before = process.memoryUsage().arrayBuffers;
  await expect(stack.readStoredPlane(0, job)).rejects.toMatchObject({ code: "stack.decode" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
});

test("compressed data that end early are an error, never zeros", async () => {
  for (const compression of [5, 8, 32773]) {
    const good = makeTiff([{ ...PAGE, compression }]);
    const first = good.readUInt32LE(4);
    for (let i = 0, entries = good.readUInt16LE(first); i < entries; i++) {
      const entry = first + 2 + 12 * i;
      if (good.readUInt16LE(entry) === 279) good.writeUInt32LE(good.readUInt32LE(entry + 8) - 6, entry + 8);
    }
    const stack = await open(good);
    await expect(stack.readStoredPlane(0, job)).rejects.toMatchObject({ code: "stack.decode" });
    await expect(
      stack.read(
        [
          [0, 1],
          [0, 1],
        ],
        job,
      ),
    ).rejects.toMatchObject({ code: "stack.decode" });
  }
});

test("a stack cut at any byte opens with a warning or is refused, and never yields invented pixels", async () => {
  const pages = Array.from({ length: 3 }, (_, i) => ({ ...PAGE, value: () => i + 1, rowsPerStrip: 5 }));
  const whole = makeTiff(pages, { bigEndian: true });
  for (let length = 0; length < whole.length; length++) {
    let stack: Stack;
    try {
      stack = await open(whole.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(TilewrightError);
      continue;
    }
    expect(stack.facts.warnings.length, `cut at ${length}`).toBeGreaterThan(0);
    for (let plane = 0; plane < stack.facts.planes; plane++) {
      try {
        const { bytes } = await stack.readStoredPlane(plane, job);
        expect([...bytes].every((value) => value === plane + 1)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(TilewrightError);
      }
    }
  }
});

test("unknown compressions, pixel types and predictors are refused by name", async () => {
  const refused: readonly (readonly [Partial<PageSpec>, string, RegExp])[] = [
    [{ compression: 4 }, "stack.compression", /ccitt-fax4/],
    [{ compression: 54_321 }, "stack.compression", /number 54321/],
    [{ entries: [[339, 3, [3]]] }, "stack.pixelType", /float8/],
    [{ bits: 32, entries: [[339, 3, [6]]] }, "stack.pixelType", /complex32/],
    [{ entries: [[258, 3, [72]]] }, "stack.pixelType", /uint72/],
    [{ bits: 12, compression: 8, entries: [[317, 3, [2]]] }, "stack.predictor", /predictor 2 on uint12/],
    [
      { bits: 64, kind: "complex", compression: 8, entries: [[317, 3, [2]]] },
      "stack.predictor",
      /predictor 2 on complex64/,
    ],
    [{ samples: 2, entries: [[258, 3, [8, 16]]] }, "stack.pixelType", /different types/],
    [{ compression: 8, entries: [[317, 3, [7]]] }, "stack.predictor", /predictor 7/],
    [{ compression: 8, entries: [[317, 3, [3]]] }, "stack.predictor", /predictor 3 on uint8/],
  ];
  for (const [page, code, message] of refused) {
    await expect(open(makeTiff([{ ...PAGE, ...page }]))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      hint: expect.any(String) as string,
    });
  }
});

test("files with random bytes changed end in a stack or in a TilewrightError", async () => {
  const bases = [
    makeTiff([PAGE, PAGE], {}),
    makeTiff([{ ...PAGE, compression: 5, rowsPerStrip: 3, predictor: 2 }], { bigEndian: true }),
    makeTiff([{ ...PAGE, compression: 8, tile: [16, 16], samples: 3 }], { bigTiff: true }),
    makeTiff([{ ...PAGE, compression: 32773, bits: 16 }, PAGE]),
    makeTiff([{ ...PAGE, bits: 12, description: "ImageJ=1.53c\nimages=2\nslices=2\nhyperstack=true\n" }]),
  ];
  const mutation = fc.record({
    base: fc.nat(bases.length - 1),
    changes: fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 3, 4, 8, 127, 128, 254, 255)), {
      minLength: 1,
      maxLength: 6,
    }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ base, changes }) => {
      const bytes = Buffer.from(bases[base]);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        const stack = await open(bytes);
        for (let plane = 0; plane < Math.min(stack.facts.planes, 4); plane++)
          await stack.readStoredPlane(plane, job);
      } catch (error) {
        if (!(error instanceof TilewrightError)) throw error;
      }
    }),
    { numRuns: 3000, seed: 11 },
  );
});

test("where the list of pages breaks off, what stands behind the first page is not taken for planes", async () => {
  const texts = [
    "ImageJ=1.53c\nimages=4\nslices=4\nhyperstack=true\n",
    '{"shape": [4, 12, 16]}',
    "ImageJ=1.53c\nimages=4\n",
  ];
  for (const description of texts) {
    const whole = makeTiff(
      Array.from({ length: 4 }, (_, i) => ({
        ...PAGE,
        value: () => i + 1,
        ...(i === 0 ? { description } : {}),
      })),
    );
    const { sections } = dissect(whole);
    const cut = whole.subarray(0, sections[1].at);
    const unlinked = Buffer.from(whole);
    unlinked.writeUInt32LE(0, sections[0].nextAt);
    for (const bytes of [cut, unlinked]) {
      const stack = await open(bytes);
      expect(stack.facts.planes).toBe(1);
      expect([...(await stack.readStoredPlane(0, job)).bytes]).toEqual(Array.from({ length: 192 }, () => 1));
    }
    expect((await open(cut)).facts.warnings.join()).toMatch(/only the first page can be read/);
  }
});

test("JPEG data that are damaged anywhere end in pixels or in a sentence about the data", async () => {
  const good = makeTiff([
    { ...PAGE, width: 16, height: 8, compression: 7, pack: constantJpeg, value: () => 140 },
  ]);
  const [{ at, bytes }] = chunkPlaces(good, dissect(good), dissect(good).sections[0]);
  for (let i = at; i < at + bytes; i++) {
    for (const change of [1, 128, 255]) {
      const damaged = Buffer.from(good);
      damaged[i] ^= change;
      const stack = await open(damaged);
      await stack.readStoredPlane(0, job).catch((error: unknown) => checkError(error, "memory.tif"));
    }
  }
});
