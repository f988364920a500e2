import { existsSync, rmSync, statSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { quietJob } from "../../src/job";
import type { PredictionResult } from "../../src/predict/record";
import { openFileSource } from "../../src/stack/bytes";
import type { ByteSource } from "../../src/stack/bytes";
import type { StackFacts, StackLayout } from "../../src/stack/stack";
import { openTiff } from "../../src/stack/tiff/read";
import { createStackFile } from "../../src/stack/tiff/write";
import { regionShape, regionSize } from "../../src/volume/region";
import type { Region } from "../../src/volume/region";
import { makeVolume } from "../../src/volume/volume";
import { writeSparseBigTiff } from "../support/bigTiff";
import type { SparseSpec } from "../support/bigTiff";
import { tilewright } from "../support/commandLine";
import { TINY_2D, readStack, temporaryFolder } from "../support/prediction";

/** What the sparse files of one test take on disk at most, bytes, and what must be free for a test to run. */
const NEEDED = 2 ** 30;
const disk = statfsSync(tmpdir());
const free = disk.bavail * disk.bsize;
const GIB = 2 ** 30;
const SIZE = 4096;

if (free < NEEDED) {
  process.stderr.write(
    `big files: skipped, ${tmpdir()} has ${Math.floor(free / 2 ** 20)} MiB free and ${NEEDED / 2 ** 20} are needed\n`,
  );
}

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);
const value = (row: number, column: number): number => 1 + ((row * 31 + column * 7) % 4001);

/** Counts the bytes that are asked of a file. */
class CountedFile implements ByteSource {
  bytesRead = 0;

  constructor(readonly file: ByteSource) {}

  get name(): string {
    return this.file.name;
  }

  get size(): number {
    return this.file.size;
  }

  readInto(target: Uint8Array, position: number): Promise<void> {
    this.bytesRead += target.length;
    return this.file.readInto(target, position);
  }

  readNow(target: Uint8Array, position: number): void {
    this.bytesRead += target.length;
    this.file.readNow(target, position);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Reads a region, checks every pixel, and says how many bytes of the file that took after opening. */
async function bytesOf(path: string, region: Region): Promise<number> {
  const source = new CountedFile(await openFileSource(path));
  const stack = await openTiff(source, quietJob());
  try {
    const opened = source.bytesRead;
    const { data } = await stack.read(region, quietJob());
    const [rows, columns] = regionShape(region).slice(-2);
    const wrong = data.findIndex((pixel, i) => {
      const row = region[1][0] + (Math.floor(i / columns) % rows);
      return pixel !== value(row, region[2][0] + (i % columns));
    });
    expect(wrong).toBe(-1);
    return source.bytesRead - opened;
  } finally {
    await stack.close();
  }
}

/** A stack as the program itself writes it, of which one plane is written. */
async function writeSparse(path: string, layout: StackLayout, plane: number): Promise<void> {
  const writer = await createStackFile(path, layout);
  const [height, width] = layout.shape.slice(-2);
  const pixels = Uint16Array.from({ length: height * width }, (_, i) =>
    value(Math.floor(i / width), i % width),
  );
  await writer.write(makeVolume(pixels, [1, height, width], "ZYX"), [plane, 0, 0], quietJob());
  await writer.close();
}

/** Seconds of `info`, the best of several: others use the machine as well. */
async function infoSeconds(path: string): Promise<{ seconds: number; facts: StackFacts }> {
  let seconds = Infinity;
  let stdout = "";
  for (let i = 0; i < 4 && seconds > 0.3; i++) {
    const started = performance.now();
    const ended = await tilewright("info", path, "--json");
    expect(ended.code, ended.stderr).toBe(0);
    seconds = Math.min(seconds, (performance.now() - started) / 1000);
    stdout = ended.stdout;
  }
  return { seconds, facts: (JSON.parse(stdout) as StackFacts[])[0] };
}

const LAYOUT = { axes: "ZYX", dtype: "uint16", pixelSize: null, channels: [] } as const;
const PART: Region = [
  [200, 201],
  [1003, 1303],
  [2001, 2401],
];

describe.skipIf(free < NEEDED)("files larger than memory", () => {
  test.each([
    { what: "a BigTIFF of 10 GB", format: "ome", planes: 320, more: 10 },
    { what: "an ImageJ stack of 6 GB under one directory", format: "imagej", planes: 201, more: 6 },
  ] as const)("$what is described in half a second, read and predicted by region", async (file) => {
    const path = at(`${file.format}.tif`);
    const small = at("small.tif");
    await writeSparse(path, { ...LAYOUT, format: file.format, shape: [file.planes, SIZE, SIZE] }, 200);
    await writeSparse(small, { ...LAYOUT, format: "ome", shape: [1, 16, 16] }, 0);
    const status = statSync(path);
    expect(status.size).toBeGreaterThan(file.more * 1e9);
    expect(status.blocks * 512).toBeLessThan(NEEDED);

    const { seconds, facts } = await infoSeconds(path);
    expect(facts).toMatchObject({ canonicalShape: [file.planes, SIZE, SIZE], planes: file.planes });
    // Starting Node alone can take longer than that on a busy machine.
    const { seconds: start } = await infoSeconds(small);
    expect(seconds).toBeLessThan(Math.max(0.5, start + 0.2));

    expect(await bytesOf(path, PART)).toBeLessThanOrEqual(2 * regionSize(PART) * 2);
    const out = at("out.tif");
    const roi = ["Z=200:201", "Y=1003:1303", "X=2001:2401"].join(",");
    const args = ["predict", path, "--model", TINY_2D, "--out", out, "--engine", "cpu", "--memory", "1024"];
    const ended = await tilewright(...args, "--roi", roi, "--normalize", "none", "--overwrite", "--json");
    expect(ended.code, ended.stderr).toBe(0);
    const result = JSON.parse(ended.stdout) as PredictionResult;
    expect(result.peakRssBytes).toBeLessThan(GIB);
    const predicted = await readStack(out);
    expect(predicted.shape).toEqual([300, 400]);
    expect(predicted.data.some((pixel) => pixel !== predicted.data[0])).toBe(true);
    rmSync(path);
  });

  const tall: SparseSpec = { planes: 320, size: SIZE, written: 200, value };
  test.each([
    { what: "tiles of 256 px", spec: { ...tall, tile: 256 } },
    { what: "strips of 16 rows", spec: { ...tall, rows: 16 } },
    { what: "one strip per plane", spec: tall },
    { what: "Deflate in tiles of 256 px", spec: { ...tall, tile: 256, deflate: true } },
    { what: "Deflate in strips of 16 rows", spec: { ...tall, rows: 16, deflate: true } },
  ])("a region of 10 GB in $what touches at most twice its bytes", async ({ spec }) => {
    const path = at("chunks.tif");
    const chunks = writeSparseBigTiff(path, spec);
    const [, rows, columns] = PART;
    const [width, height] = [spec.tile ?? SIZE, spec.tile ?? spec.rows ?? SIZE];
    const met = chunks.filter((_, i) => {
      const [top, left] = [Math.floor(i / (SIZE / width)) * height, (i % (SIZE / width)) * width];
      return top < rows[1] && top + height > rows[0] && left < columns[1] && left + width > columns[0];
    });
    // Compressed pixels come in whole chunks; plain ones can be had alone.
    const own = spec.deflate === true ? met.reduce((sum, bytes) => sum + bytes, 0) : regionSize(PART) * 2;
    expect(await bytesOf(path, PART)).toBeLessThanOrEqual(2 * own);
    expect(existsSync(path)).toBe(true);
    rmSync(path);
  });
});
