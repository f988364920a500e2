import fc from "fast-check";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createReader } from "../../../extension/reader/stacks";
import { quietJob } from "../../../src/job";
import type { PictureSource, PlaneRegion, Steps } from "../../../src/protocol/viewer";
import type { Stack } from "../../../src/stack/stack";
import { openTiff } from "../../../src/stack/tiff/read";
import { writtenKind } from "../../../src/stack/written";
import { dtypeOf } from "../../../src/volume/pixels";
import { makeVolume } from "../../../src/volume/volume";
import {
  LENGTHS,
  PICTURE_DTYPES,
  directPicture,
  directSamples,
  stackFile,
  valueAt,
} from "../../support/pictures";
import type { Storing } from "../../support/pictures";
import { temporaryFolder } from "../../support/prediction";
import { CountingSource, makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const never = new AbortController().signal;
const job = quietJob();
const scratch = temporaryFolder();
afterAll(scratch.dispose);

async function readerOf(stack: Stack, cacheBytes = 1e8) {
  const handlers = createReader(
    () => Promise.resolve(stack),
    { cacheBytes },
    () => undefined,
  );
  const { id } = await handlers.open({ path: "" }, never);
  return {
    id,
    handlers,
    read: (request: PictureSource & { readonly region?: PlaneRegion; readonly step?: Steps }) =>
      handlers.readPlane({ ...request, id }, never),
  };
}

const interval = (length: number): fc.Arbitrary<readonly [number, number]> =>
  fc
    .tuple(fc.nat(length - 1), fc.nat(length - 1))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const);

const planes = fc.record({ t: fc.nat(LENGTHS.t - 1), z: fc.nat(LENGTHS.z - 1), c: fc.nat(LENGTHS.c - 1) });
const sources: fc.Arbitrary<PictureSource> = fc.oneof(
  planes.map((plane) => ({ plane })),
  fc
    .tuple(planes, fc.nat(LENGTHS.y - 1))
    .map(([plane, at]) => ({ plane, section: { direction: "xz" as const, at } })),
  fc
    .tuple(planes, fc.nat(LENGTHS.x - 1))
    .map(([plane, at]) => ({ plane, section: { direction: "yz" as const, at } })),
  fc
    .tuple(planes, fc.constantFrom("max", "mean", "sum"), interval(LENGTHS.z))
    .map(([plane, method, z]) => ({ plane, projection: { method, z } as const })),
);
const step = fc.integer({ min: 16, max: 100 }).map((n) => n / 16);
const views = sources.chain((source) => {
  const { height, width } = directPicture(source, LENGTHS, () => 0);
  return fc.record({
    source: fc.constant(source),
    region: fc.record({ y: interval(height), x: interval(width) }),
    step: fc.record({ y: step, x: step }),
  });
});

const STORED: readonly (readonly [string, Storing])[] = [
  ["plain strips", {}],
  ["plain tiles", { tile: [16, 16] }],
  ["LZW strips", { compression: 5, rowsPerStrip: 3 }],
  ["deflated tiles", { compression: 8, tile: [16, 16] }],
];

describe.each(STORED)("of %s", (_, storing) => {
  test.each(
    PICTURE_DTYPES.flatMap((dtype) => [
      { dtype, how: "kept whole", cacheBytes: 1e8 },
      { dtype, how: "too large to be kept", cacheBytes: 64 },
    ]),
  )("samples of $dtype pictures $how are those of the definition", async ({ dtype, cacheBytes }) => {
    const stack = await openTiff(new CountingSource(stackFile(dtype, storing)), job);
    const { read } = await readerOf(stack, cacheBytes);
    await fc.assert(
      fc.asyncProperty(views, async ({ source, region, step: by }) => {
        const found = await read({ ...source, region, step: by });
        const picture = directPicture(source, LENGTHS, (place) => valueAt(dtype, place));
        const expected = directSamples(picture, region, by);
        expect(found.width * found.height).toBe(expected.length);
        expect([...found.data]).toEqual(expected);
        const method = source.projection?.method ?? "max";
        expect(dtypeOf(found.data)).toBe(method === "max" ? dtype : "float64");
      }),
      { numRuns: 40 },
    );
  });
});

test.each(["a.tif", "a.ome.zarr"])("pictures of %s as this program writes it are right", async (name) => {
  const { t, z, c, y, x } = LENGTHS;
  const data = new Uint16Array(t * z * c * y * x);
  let i = 0;
  for (let ti = 0; ti < t; ti++)
    for (let zi = 0; zi < z; zi++)
      for (let ci = 0; ci < c; ci++)
        for (let yi = 0; yi < y; yi++)
          for (let xi = 0; xi < x; xi++) data[i++] = valueAt("uint16", { t: ti, z: zi, c: ci, y: yi, x: xi });
  const path = join(scratch.path, name);
  const shape = [t, z, c, y, x];
  const writer = await writtenKind(path).create(path, {
    axes: "TZCYX",
    shape,
    dtype: "uint16",
    pixelSize: null,
    channels: [],
    format: name.endsWith("zarr") ? "ome-zarr-0.5" : "ome",
  });
  await writer.write(makeVolume(data, shape, "TZCYX"), [0, 0, 0, 0, 0], job);
  await writer.complete(job);
  await writer.close();
  const stack = await writtenKind(path).read(path, job);
  const { read } = await readerOf(stack, 4000);
  await fc.assert(
    fc.asyncProperty(views, async ({ source, region }) => {
      const found = await read({ ...source, region });
      const picture = directPicture(source, LENGTHS, (place) => valueAt("uint16", place));
      expect([...found.data]).toEqual(directSamples(picture, region, { y: 1, x: 1 }));
    }),
    { numRuns: 40 },
  );
  await stack.close();
  rmSync(path, { recursive: true });
});

describe("of a file with a smaller copy", () => {
  const large = { t: 1, z: 3, c: 1, y: 32, x: 40 };
  const full = (place: { z: number; y: number; x: number }): number =>
    10_000 * place.z + 100 * place.y + place.x;
  /** So that it can be told from the full one; half as high and half as wide. */
  const copied = (place: { z: number; y: number; x: number }): number => 5000 + full(place);
  const page = (z: number): PageSpec => ({
    width: 40,
    height: 32,
    bits: 16,
    compression: 8,
    tile: [16, 16],
    value: (y, x) => full({ z, y, x }),
    copies: [{ width: 20, height: 16, bits: 16, value: (y, x) => copied({ z, y, x }) }],
  });
  const open = async (cacheBytes: number) =>
    readerOf(await openTiff(new CountingSource(makeTiff([0, 1, 2].map(page))), job), cacheBytes);
  const plane = { t: 0, z: 1, c: 0 };

  test.each([1e6, 64])(
    "it serves what is shown at half size or smaller (%d bytes for planes)",
    async (bytes) => {
      const { read } = await open(bytes);
      const xz = await read({ plane, section: { direction: "xz", at: 9 }, step: { y: 1, x: 2 } });
      expect([xz.height, xz.width]).toEqual([3, 20]);
      expect([...xz.data.slice(20, 22), xz.data[59]]).toEqual([15_400, 15_401, 25_419]);
      const yz = await read({ plane, section: { direction: "yz", at: 39 }, step: { y: 2, x: 1.5 } });
      expect([yz.height, yz.width]).toEqual([16, 2]);
      expect([...yz.data.slice(0, 4)]).toEqual([5019, 25_019, 5119, 25_119]);
      const sum = await read({
        plane,
        projection: { method: "sum", z: [0, 3] },
        region: { y: [4, 8], x: [6, 10] },
        step: { y: 2, x: 2 },
      });
      expect([...sum.data]).toEqual([45_609, 45_612, 45_909, 45_912]);
    },
  );

  test.each([1e6, 64])(
    "what is shown larger comes from the file itself (%d bytes for planes)",
    async (bytes) => {
      const { read } = await open(bytes);
      for (const source of [
        { plane },
        { plane, section: { direction: "xz", at: 9 } },
        { plane, projection: { method: "max", z: [0, 2] } },
      ] as const satisfies readonly PictureSource[]) {
        const by = { y: 2, x: 1.9375 };
        const region = { y: [1, 3], x: [3, 33] } as const;
        const found = await read({ ...source, region, step: by });
        expect([...found.data]).toEqual(directSamples(directPicture(source, large, full), region, by));
      }
    },
  );
});
