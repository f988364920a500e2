import { spawnSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { planFile } from "../../../src/stack/tiff/layout";
import { stackFacts, tiffReader } from "../../../src/stack/tiff/read";
import { createStackFile, openStackFile } from "../../../src/stack/tiff/write";
import type { StackLayout } from "../../../src/stack/stack";
import { DTYPES, bytesPerPixel, viewPixels } from "../../../src/volume/pixels";
import { shapeSize, wholeRegion } from "../../../src/volume/region";
import { allocateVolume, copyRegion, cutRegion, makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";

const job = quietJob();
const folder = mkdtempSync(join(tmpdir(), "tilewright-stack-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, `${files++}.tif`);

const PLAIN: StackLayout = {
  axes: "ZYX",
  shape: [4, 11, 13],
  dtype: "uint16",
  pixelSize: null,
  channels: [],
  format: "ome",
};

function counted(layout: StackLayout): Volume {
  const volume = allocateVolume(layout.dtype, layout.shape, layout.axes);
  for (let i = 0; i < volume.data.length; i++) volume.data[i] = i % 120;
  return volume;
}

async function writeWhole(layout: StackLayout, path = newPath()): Promise<string> {
  const writer = await createStackFile(path, layout);
  await writer.write(
    counted(layout),
    layout.shape.map(() => 0),
    job,
  );
  await writer.flush();
  await writer.close();
  expect(statSync(path).size).toBe(writer.bytes);
  return path;
}

async function readWhole(path: string): Promise<Volume> {
  const stack = await tiffReader.open({ path }, job);
  try {
    return await stack.read(wholeRegion(stack.facts.canonicalShape), job);
  } finally {
    await stack.close();
  }
}

const SIZE = { x: 0.1083, y: 0.2, z: 0.3, unit: "µm" };
const CHANNELS = [
  { name: 'GFP <"1"> & Ä', color: "#00ff00" },
  { name: "mCherry", color: "#ff1020" },
];

test("pixels, axes, pixel type, pixel size and channels come back as they were written", async () => {
  for (const format of ["ome", "imagej"] as const) {
    for (const dtype of DTYPES) {
      if (format === "imagej" && !["uint8", "uint16", "float32"].includes(dtype)) continue;
      for (const [axes, shape] of [
        ["TZCYX", [2, 3, 2, 5, 7]],
        ["ZYX", [3, 5, 7]],
        ["TYX", [3, 5, 7]],
        ["CYX", [2, 5, 7]],
        ["YX", [5, 7]],
      ] as const) {
        const channels = axes.includes("C") ? CHANNELS : [];
        const layout = { axes, shape, dtype, pixelSize: SIZE, channels, format };
        const path = await writeWhole(layout);
        const facts = await stackFacts(path, job);
        expect(facts).toMatchObject({
          axes,
          shape,
          canonicalAxes: axes,
          canonicalShape: shape,
          dtype,
          planes: shapeSize(shape.slice(0, -2)),
          flavour: format,
          channels,
          warnings: [],
          bigTiff: false,
          compression: "none",
        });
        expect(facts.pixelSize?.unit).toBe("µm");
        for (const axis of ["x", "y", "z"] as const)
          expect(facts.pixelSize?.[axis]).toBeCloseTo(SIZE[axis], 9);
        expect((await readWhole(path)).data).toEqual(counted(layout).data);
      }
    }
  }
});

test("tiles written in any order and from several writers make the same file as one write", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        tile: fc.tuple(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 11 }),
          fc.integer({ min: 1, max: 13 }),
        ),
        seed: fc.nat(),
      }),
      async ({ tile, seed }) => {
        const whole = counted(PLAIN);
        const expected = readFileSync(await writeWhole(PLAIN));
        const path = newPath();
        const writers = [await createStackFile(path, PLAIN), await openStackFile(path, PLAIN)];
        const places: number[][] = [];
        for (let z = 0; z < 4; z += tile[0]) {
          for (let y = 0; y < 11; y += tile[1]) for (let x = 0; x < 13; x += tile[2]) places.push([z, y, x]);
        }
        places.sort(
          (a, b) =>
            ((shapeSize(a.map((n) => n + 1)) * 31 + seed) % 17) -
            ((shapeSize(b.map((n) => n + 1)) * 31 + seed) % 17),
        );
        await Promise.all(
          places.map((at, i) => {
            const region = at.map(
              (start, axis) => [start, Math.min(start + tile[axis], PLAIN.shape[axis])] as const,
            );
            return writers[i % 2].write(cutRegion(whole, region), at, job);
          }),
        );
        for (const writer of writers) await writer.close();
        expect(readFileSync(path).equals(expected)).toBe(true);
      },
    ),
    { numRuns: 30, seed: 3 },
  );
});

test("a volume that is a view into a larger buffer is written from its own place", async () => {
  const layout: StackLayout = { ...PLAIN, dtype: "float32", axes: "YX", shape: [3, 4] };
  const buffer = new ArrayBuffer(200);
  const data = viewPixels("float32", buffer, 40, 12);
  data.set(Array.from({ length: 12 }, (_, i) => i + 0.5));
  const path = newPath();
  const writer = await createStackFile(path, layout);
  await writer.write(makeVolume(data, [3, 4], "YX"), [0, 0], job);
  await writer.close();
  expect((await readWhole(path)).data).toEqual(Float32Array.from(data));
});

test("regions that were not written are 0", async () => {
  const path = newPath();
  const writer = await createStackFile(path, PLAIN);
  const tile = allocateVolume("uint16", [2, 3, 4], "ZYX");
  tile.data.fill(9);
  await writer.write(tile, [1, 5, 6], job);
  await writer.close();
  const expected = allocateVolume("uint16", PLAIN.shape, "ZYX");
  copyRegion(tile, wholeRegion(tile.shape), expected, [1, 5, 6]);
  expect((await readWhole(path)).data).toEqual(expected.data);
});

test("the bytes are under way before write returns", async () => {
  const path = newPath();
  const writer = await createStackFile(path, PLAIN);
  const promise = writer.write(counted(PLAIN), [0, 0, 0], job);
  const until = performance.now() + 5000;
  const last = (): number => readFileSync(path).at(-2)!;
  const expected = counted(PLAIN).data.at(-1);
  // The event loop is blocked here, so only system calls that were started already can proceed.
  while (last() !== expected && performance.now() < until);
  expect(last()).toBe(expected);
  await promise;
  await writer.close();
});

test("an aborted job writes nothing", async () => {
  const writer = await createStackFile(newPath(), PLAIN);
  await expect(writer.write(counted(PLAIN), [0, 0, 0], quietJob(AbortSignal.abort()))).rejects.toMatchObject({
    name: "AbortError",
  });
  await writer.close();
  expect([...(await readWhole(writer.path)).data].every((value) => value === 0)).toBe(true);
});

test("a volume that does not belong is refused before a byte is written", async () => {
  const writer = await createStackFile(newPath(), PLAIN);
  const wrong: readonly (readonly [Volume, number[]])[] = [
    [allocateVolume("uint8", [1, 1, 1], "ZYX"), [0, 0, 0]],
    [allocateVolume("uint16", [1, 1, 1], "CYX"), [0, 0, 0]],
    [allocateVolume("uint16", [1, 1, 1], "ZYX"), [4, 0, 0]],
    [allocateVolume("uint16", [1, 2, 1], "ZYX"), [0, 10, 0]],
    [allocateVolume("uint16", [1, 1, 1], "ZYX"), [-1, 0, 0]],
  ];
  for (const [volume, at] of wrong) await expect(writer.write(volume, at, job)).rejects.toThrow(RangeError);
  await writer.close();
  await expect(writer.write(counted(PLAIN), [0, 0, 0], job)).rejects.toMatchObject({ code: "stack.closed" });
});

test("resuming refuses a file of another size or with other metadata, and keeps one that fits", async () => {
  const path = await writeWhole(PLAIN);
  const before = readFileSync(path);
  await (await openStackFile(path, PLAIN)).close();
  expect(readFileSync(path).equals(before)).toBe(true);
  for (const other of [
    { ...PLAIN, shape: [4, 11, 14] },
    { ...PLAIN, dtype: "int16" as const },
    { ...PLAIN, pixelSize: SIZE },
  ]) {
    await expect(openStackFile(path, other)).rejects.toMatchObject({ code: "stack.resume" });
  }
  const fd = openSync(path, "r+");
  writeSync(fd, Buffer.from([1]), 0, 1, 20);
  closeSync(fd);
  await expect(openStackFile(path, PLAIN)).rejects.toMatchObject({ code: "stack.resume" });
  await expect(openStackFile(join(folder, "none.tif"), PLAIN)).rejects.toMatchObject({ code: "ENOENT" });
});

test("what a format cannot hold is refused with a way out", () => {
  const refused = (layout: Partial<StackLayout>): unknown => {
    try {
      return planFile({ ...PLAIN, ...layout });
    } catch (error) {
      return error;
    }
  };
  expect(refused({ format: "imagej", dtype: "int16" })).toMatchObject({
    code: "stack.layout",
    hint: /--format ome/,
  });
  expect(refused({ axes: "YXZ" })).toMatchObject({ code: "stack.layout" });
  expect(refused({ axes: "XY", shape: [3, 4] })).toMatchObject({ code: "stack.layout" });
  expect(refused({ shape: [4, 0, 13] })).toMatchObject({ code: "stack.layout" });
  expect(refused({ shape: [1, 2 ** 17, 2 ** 17] })).toMatchObject({ code: "stack.layout" });
  const channels = Array.from({ length: 400 }, () => ({ name: "x".repeat(4000), color: null }));
  expect(refused({ axes: "CYX", shape: [400, 2, 2], channels })).toMatchObject({ code: "stack.layout" });
});

test("above 4 GiB OME becomes BigTIFF and ImageJ one directory with all planes behind it", async () => {
  const shape = [700, 2048, 2048];
  for (const format of ["ome", "imagej"] as const) {
    const layout: StackLayout = { ...PLAIN, shape, format, pixelSize: SIZE };
    const path = newPath();
    const writer = await createStackFile(path, layout);
    const tile = allocateVolume("uint16", [2, 3, 5], "ZYX");
    tile.data.fill(7);
    await writer.write(tile, [698, 2045, 2043], job);
    await writer.close();
    expect(statSync(path).size).toBe(writer.bytes);
    const stack = await tiffReader.open({ path }, job);
    expect(stack.facts).toMatchObject({
      canonicalShape: shape,
      bigTiff: format === "ome",
      flavour: format,
      planes: 700,
    });
    const part = await stack.read(
      [
        [697, 700],
        [2044, 2048],
        [2042, 2048],
      ],
      job,
    );
    expect([...part.data].filter((value) => value === 7).length).toBe(30);
    expect(part.data.at(-1)).toBe(7);
    await stack.close();
    rmSync(path);
  }
});

test("the size of the file is the same whenever it is planned, and the limit of classic TIFF is kept", () => {
  const plane = 2048 * 2048 * 2;
  for (const planes of [1, 500, 511, 512, 513]) {
    const plan = planFile({ ...PLAIN, shape: [planes, 2048, 2048] });
    expect(plan.bytes).toBe(plan.pixelsAt + planes * plane);
    expect(plan.head[2]).toBe(plan.bytes <= 2 ** 32 ? 42 : 43);
    expect(Buffer.compare(plan.head, planFile({ ...PLAIN, shape: [planes, 2048, 2048] }).head)).toBe(0);
  }
});

test("a file below 4 GiB carries both descriptions, OME first", async () => {
  const text = readFileSync(await writeWhole({ ...PLAIN, axes: "ZCYX", shape: [3, 2, 4, 5] })).toString(
    "latin1",
  );
  expect(text.indexOf("<OME ")).toBeGreaterThan(0);
  expect(text.indexOf("ImageJ=")).toBeGreaterThan(text.indexOf("</OME>"));
  expect(text).toContain("images=6\nchannels=2\nslices=3\nhyperstack=true");
});

test("a read-only folder, a full disk and a missing folder are system errors with their code", async () => {
  await expect(createStackFile(join(folder, "no", "such", "x.tif"), PLAIN)).rejects.toMatchObject({
    code: "ENOENT",
  });
  if (process.platform === "linux") {
    await expect(createStackFile("/dev/full", PLAIN)).rejects.toMatchObject({ code: /EINVAL|ENOSPC/ });
  }
});

const hasTiffinfo = spawnSync("tiffinfo", ["-h"]).error === undefined;

test.skipIf(!hasTiffinfo)("libtiff reads every page of the file", async () => {
  for (const format of ["ome", "imagej"] as const) {
    const path = await writeWhole({ ...PLAIN, format, dtype: "float32", pixelSize: SIZE });
    const { stdout, status } = spawnSync("tiffinfo", ["-D", path], { encoding: "utf8" });
    expect(status).toBe(0);
    expect(stdout.match(/=== TIFF directory/g)?.length).toBe(4);
    expect(stdout).toContain("IEEE floating point");
    expect(bytesPerPixel("float32")).toBe(4);
  }
});

test("a file that was cut short after writing is refused by region, and says so at once", async () => {
  const path = await writeWhole(PLAIN);
  const fd = openSync(path, "r+");
  ftruncateSync(fd, statSync(path).size - 11 * 13 * 2);
  closeSync(fd);
  const stack = await tiffReader.open({ path }, job);
  expect(stack.facts.warnings.join()).toMatch(/cut short/);
  expect(
    (
      await stack.read(
        [
          [0, 3],
          [0, 11],
          [0, 13],
        ],
        job,
      )
    ).data.length,
  ).toBe(3 * 11 * 13);
  await expect(
    stack.read(
      [
        [3, 4],
        [0, 11],
        [0, 13],
      ],
      job,
    ),
  ).rejects.toMatchObject({ code: "stack.truncated" });
  await stack.close();
});
