import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import type { StackLayout, StackWriter } from "../../../src/stack/stack";
import { formatFor, putInPlace, writtenKind } from "../../../src/stack/written";
import { openZarr } from "../../../src/stack/zarr/read";
import { halve } from "../../../src/stack/zarr/levels";
import { createZarr, places, reopenZarr } from "../../../src/stack/zarr/write";
import { DTYPES, dtypeOf } from "../../../src/volume/pixels";
import { wholeRegion } from "../../../src/volume/region";
import type { Interval } from "../../../src/volume/region";
import { cutRegion, makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import { hashFolder, noisyVolume, temporaryFolder } from "../../support/prediction";

const scratch = temporaryFolder();
afterAll(scratch.dispose);
const job = quietJob();
let made = 0;
const freshPath = (name = "a.ome.zarr"): string => {
  const folder = join(scratch.path, String(made++));
  mkdirSync(folder);
  return join(folder, name);
};

const layoutFor = (volume: Volume, more: Partial<StackLayout> = {}): StackLayout => ({
  axes: volume.axes,
  shape: volume.shape,
  dtype: dtypeOf(volume.data),
  pixelSize: { x: 0.25, y: 0.5, z: 2, unit: "µm" },
  channels: [],
  format: "ome-zarr-0.5",
  ...more,
});

/** Writes in pieces of at most `step` px, in the order that `order` gives them. */
async function writeInPieces(
  writer: StackWriter,
  volume: Volume,
  step: readonly number[],
  order: (count: number) => number[],
): Promise<void> {
  const pieces = places(volume.shape.map((length, axis) => Math.ceil(length / step[axis])));
  for (const index of order(pieces.length)) {
    const region = pieces[index].map((place, axis): Interval => {
      return [place * step[axis], Math.min((place + 1) * step[axis], volume.shape[axis])];
    });
    const at = region.map(([start]) => start);
    await writer.write(cutRegion(volume, region), at, job);
  }
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const backwards = (count: number): number[] => inOrder(count).reverse();

async function written(volume: Volume, more: Partial<StackLayout> = {}, path = freshPath()): Promise<string> {
  const writer = await createZarr(path, layoutFor(volume, more));
  await writer.write(
    volume,
    volume.shape.map(() => 0),
    job,
  );
  await writer.complete(job);
  await writer.flush();
  await writer.close();
  return path;
}

describe("an OME-Zarr folder", () => {
  test.each(DTYPES)("of %s gives back what was written, in both versions", async (dtype) => {
    const volume = noisyVolume("TZCYX", [2, 3, 2, 30, 41], dtype);
    for (const format of ["ome-zarr-0.4", "ome-zarr-0.5"] as const) {
      const channels = [
        { name: "DAPI", color: "#0000ff" },
        { name: "GFP", color: null },
      ];
      const stack = await openZarr({ path: await written(volume, { format, channels }) });
      expect(stack.facts).toMatchObject({
        axes: "TCZYX",
        canonicalAxes: "TZCYX",
        canonicalShape: volume.shape,
        dtype,
        compression: "none",
        flavour: "ome-zarr",
        pixelSize: { x: 0.25, y: 0.5, z: 2, unit: "µm" },
        warnings: [],
      });
      expect(stack.facts.channels.map(({ name }) => name)).toEqual(["DAPI", "GFP"]);
      expect((await stack.read(wholeRegion(volume.shape), job)).data).toEqual(volume.data);
      await stack.close();
    }
  });

  test("is the same byte for byte in whatever pieces and order it is written", async () => {
    const volume = noisyVolume("ZCYX", [5, 2, 290, 301], "float32");
    const wanted = hashFolder(await written(volume, { writeGrid: [0, 0, 0, 130] }));
    for (const [step, order] of [
      [[5, 2, 290, 130], backwards],
      [[1, 1, 37, 301], inOrder],
      [[2, 2, 100, 77], backwards],
    ] as const) {
      const path = freshPath();
      const writer = await createZarr(path, layoutFor(volume, { writeGrid: [0, 0, 0, 130] }));
      await writeInPieces(writer, volume, step, order);
      await writer.complete(job);
      await writer.close();
      expect(hashFolder(path)).toBe(wanted);
    }
  });

  test("has chunks that fit the tiles", async () => {
    const volume = noisyVolume("ZYX", [4, 480, 700]);
    const chunks = async (writeGrid: readonly number[]): Promise<unknown> => {
      const path = freshPath();
      await (await createZarr(path, layoutFor(volume, { writeGrid }))).close();
      return JSON.parse(readFileSync(join(path, "0/zarr.json"), "utf8")).chunk_grid.configuration.chunk_shape;
    };
    expect(await chunks([0, 160, 350])).toEqual([2, 160, 350]); // small planes share a chunk
    expect(await chunks([2, 0, 0])).toEqual([1, 480, 256]);
    expect(await chunks([0, 0, 7])).toEqual([1, 480, 256]); // no chunk of a useful size fits 7 px
  });

  test("has levels of half the size until they are small, each the mean of the one before", async () => {
    const volume = noisyVolume("ZYX", [2, 601, 515], "uint16");
    const path = await written(volume);
    const stack = await openZarr({ path });
    expect(stack.facts.levelShapes).toEqual([
      [2, 601, 515],
      [2, 301, 258],
      [2, 151, 129],
    ]);
    let before: Volume = volume;
    for (const level of [1, 2]) {
      const shape = stack.facts.levelShapes[level];
      const found = await stack.readLevel(level, wholeRegion(shape), job);
      expect(found.data).toEqual(halve(before, shape).data);
      before = found;
    }
    const [, half] = JSON.parse(readFileSync(join(path, "zarr.json"), "utf8")).attributes.ome.multiscales[0]
      .datasets;
    expect(half.coordinateTransformations).toEqual([
      { type: "scale", scale: [2, 1, 0.5] },
      { type: "translation", translation: [0, 0.25, 0.125] },
    ]);
  });

  test("says what viewers need of its channels", async () => {
    const volume = makeVolume(Float32Array.of(1, 2, NaN, 4, -3, Infinity, 7, 8), [2, 2, 2], "CYX");
    const channels = [
      { name: "a", color: "#ff0000" },
      { name: null, color: null },
    ];
    const path = await written(volume, { channels, format: "ome-zarr-0.4" });
    const { omero, multiscales } = JSON.parse(readFileSync(join(path, ".zattrs"), "utf8"));
    expect(omero.channels).toMatchObject([
      { label: "a", color: "FF0000", window: { start: 1, end: 4 } },
      { label: "channel 2", window: { start: -3, end: 8 } },
    ]);
    expect(multiscales[0]).toMatchObject({ version: "0.4", name: "a" });
  });

  test("is gone on with where it was, and refused when it is another", async () => {
    const volume = noisyVolume("YX", [300, 280], "uint16");
    const wanted = hashFolder(await written(volume));
    const path = freshPath();
    const first = await createZarr(path, layoutFor(volume));
    await first.write(
      cutRegion(volume, [
        [0, 150],
        [0, 280],
      ]),
      [0, 0],
      job,
    );
    await first.close();
    const second = await reopenZarr(path, layoutFor(volume));
    await second.write(
      cutRegion(volume, [
        [150, 300],
        [0, 280],
      ]),
      [150, 0],
      job,
    );
    await second.complete(job);
    await second.close();
    expect(hashFolder(path)).toBe(wanted);
    await expect(reopenZarr(path, layoutFor(volume, { dtype: "uint8" }))).rejects.toMatchObject({
      code: "stack.resume",
    });
    rmSync(join(path, "0/zarr.json"));
    await expect(reopenZarr(path, layoutFor(volume))).rejects.toMatchObject({ code: "stack.resume" });
  });

  test("is not completed when a chunk is missing or short", async () => {
    const volume = noisyVolume("YX", [600, 280]);
    const path = freshPath();
    const writer = await createZarr(path, layoutFor(volume));
    await writer.write(
      cutRegion(volume, [
        [0, 256],
        [0, 280],
      ]),
      [0, 0],
      job,
    );
    await expect(writer.complete(job)).rejects.toMatchObject({ code: "stack.truncated" });
    await writer.write(volume, [0, 0], job);
    truncateSync(join(path, "0/c/0/0"), 100);
    await expect(writer.complete(job)).rejects.toMatchObject({ code: "stack.truncated" });
    await writer.close();
    await expect(writer.write(volume, [0, 0], job)).rejects.toMatchObject({ code: "stack.closed" });
  });

  test("is no longer written to when another takes its place", async () => {
    const volume = noisyVolume("YX", [30, 28]);
    const path = freshPath();
    const old = await createZarr(path, layoutFor(volume));
    renameSync(path, `${path}.old`);
    const own = await createZarr(path, layoutFor(volume));
    await expect(old.write(volume, [0, 0], job)).rejects.toMatchObject({ code: "out.takenOver" });
    await own.write(volume, [0, 0], job);
    await own.complete(job);
  });

  test("refuses what does not fit", async () => {
    const volume = noisyVolume("YX", [30, 28]);
    const writer = await createZarr(freshPath(), layoutFor(volume));
    await expect(writer.write(volume, [1, 0], job)).rejects.toThrow(RangeError);
    await expect(writer.write(noisyVolume("YX", [3, 3], "uint8"), [0, 0], job)).rejects.toThrow(RangeError);
    const refused = (more: Partial<StackLayout>) => createZarr(freshPath(), layoutFor(volume, more));
    await expect(refused({ format: "imagej" })).rejects.toMatchObject({ code: "stack.layout" });
    await expect(refused({ axes: "XY" })).rejects.toMatchObject({ code: "stack.layout" });
    await expect(refused({ shape: [2 ** 30, 2 ** 30] })).rejects.toMatchObject({ code: "stack.layout" });
  });
});

describe("halving", () => {
  test("takes the mean of what there is and rounds half to even", () => {
    const source = makeVolume(Uint8Array.of(1, 2, 9, 3, 4, 8, 5, 5, 255), [3, 3], "YX");
    expect([...halve(source, [2, 2]).data]).toEqual([2, 8, 5, 255]);
    expect([...halve(makeVolume(Float32Array.of(1, 2, 4), [1, 3], "YX"), [1, 2]).data]).toEqual([1.5, 4]);
  });
});

describe("the kind that is written", () => {
  test("follows from the name; ome is what OME has for it", () => {
    expect(formatFor("a.zarr", "ome")).toBe("ome-zarr-0.5");
    expect(formatFor("a.OME.ZARR", "ome-zarr-0.4")).toBe("ome-zarr-0.4");
    expect(formatFor("a.tif", "imagej")).toBe("imagej");
    for (const [name, format] of [
      ["a.zarr", "imagej"],
      ["a.tif", "ome-zarr-0.5"],
    ] as const) {
      expect(() => formatFor(name, format)).toThrow(expect.objectContaining({ code: "stack.layout" }));
    }
  });

  test("replaces only its own kind", async () => {
    const zarr = await written(noisyVolume("YX", [8, 8]));
    const folder = freshPath("folder.zarr");
    mkdirSync(folder);
    const file = freshPath("file.zarr");
    writeFileSync(file, "x");
    expect(await writtenKind(zarr).whatForbids(zarr)).toBe(null);
    expect(await writtenKind("none.zarr").whatForbids(join(scratch.path, "none.zarr"))).toBe(null);
    expect(await writtenKind(folder).whatForbids(folder)).toMatch(/no Zarr image/);
    expect(await writtenKind(file).whatForbids(file)).toMatch(/is a file/);
    expect(await writtenKind("a.tif").whatForbids(folder)).toMatch(/is a folder/);
  });

  test("puts a finished folder in the place of another", async () => {
    const [old, own] = [noisyVolume("YX", [8, 8], "uint8"), noisyVolume("YX", [9, 9], "uint16")];
    const out = await written(old);
    const finished = await written(own, {}, `${out}.partial`);
    const wanted = hashFolder(finished);
    await putInPlace(finished, out);
    expect(hashFolder(out)).toBe(wanted);
    expect(await writtenKind(out).whatForbids(`${out}.replaced`)).toBe(null);
  });
});
