import { mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import type { Progress } from "../../../src/job";
import { openFileSource } from "../../../src/stack/bytes";
import { hashPlanes } from "../../../src/stack/planeHash";
import { stackFacts, tiffReader } from "../../../src/stack/tiff/read";
import { makeTiff } from "../../support/tiff";

const job = quietJob();
const folder = mkdtempSync(join(tmpdir(), "tilewright-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGES = Array.from({ length: 3 }, (_, i) => ({
  width: 200,
  height: 100,
  bits: 16,
  rowsPerStrip: 10,
  value: (row: number, column: number) => row * 200 + column + i,
}));

test("a missing file and a folder are system errors that name the path", async () => {
  const missing = join(folder, "none.tif");
  await expect(tiffReader.open({ path: missing }, job)).rejects.toMatchObject({
    code: "ENOENT",
    path: missing,
  });
  await expect(tiffReader.open({ path: folder }, job)).rejects.toMatchObject({
    code: /EISDIR|EACCES|EPERM|stack.notFile/,
  });
});

test("a file that shrinks while it is open ends in stack.truncated", async () => {
  const path = join(folder, "shrinks.tif");
  writeFileSync(path, makeTiff(PAGES));
  const stack = await tiffReader.open({ path }, job);
  truncateSync(path, 5000);
  await expect(
    stack.read(
      [
        [2, 3],
        [0, 100],
        [0, 200],
      ],
      job,
    ),
  ).rejects.toMatchObject({ code: "stack.truncated" });
  await expect(
    stack.read(
      [
        [2, 3],
        [0, 100],
        [20, 30],
      ],
      job,
    ),
  ).rejects.toMatchObject({ code: "stack.truncated" });
  await stack.close();
});

test.skipIf(process.platform === "win32")(
  "a file that is deleted while it is open stays readable",
  async () => {
    const path = join(folder, "deleted.tif");
    writeFileSync(path, makeTiff(PAGES));
    const stack = await tiffReader.open({ path }, job);
    unlinkSync(path);
    expect(
      (
        await stack.read(
          [
            [0, 3],
            [0, 100],
            [0, 200],
          ],
          job,
        )
      ).data.length,
    ).toBe(60_000);
    await stack.close();
  },
);

test("closing waits for the reads under way; reading afterwards is refused", async () => {
  const path = join(folder, "closing.tif");
  writeFileSync(path, Buffer.alloc(20_000_000, 7));
  const source = await openFileSource(path);
  const target = new Uint8Array(20_000_000);
  const reading = source.readInto(target, 0);
  await source.close();
  await reading;
  expect(target.every((value) => value === 7)).toBe(true);
  await expect(source.readInto(target, 0)).rejects.toMatchObject({ code: "stack.closed" });
  expect(() => source.readNow(target, 0)).toThrow(/closed/);
});

test("bytes are the same however they are read, and a file that ends early is an error either way", async () => {
  const path = join(folder, "paces.bin");
  const bytes = Buffer.from(Uint32Array.from({ length: 6 * 2 ** 20 }, (_, i) => i * 2654435761).buffer);
  writeFileSync(path, bytes);
  const source = await openFileSource(path);
  // The first read goes through the thread pool, those after it as the pace says.
  for (const [start, stop] of [
    [3, 5_000_003],
    [5_000_003, 23_000_001],
    [17, 18],
  ]) {
    const target = new Uint8Array(stop - start);
    await source.readInto(target, start);
    expect(bytes.subarray(start, stop).equals(target)).toBe(true);
    const beyond = source.readInto(new Uint8Array(2 ** 21), bytes.length - 2 ** 20);
    await expect(beyond).rejects.toMatchObject({ code: "stack.truncated" });
  }
  await source.close();
});

test("facts are read without leaving the file open, and planes are hashed with progress", async () => {
  const path = join(folder, "facts.tif");
  writeFileSync(path, makeTiff(PAGES, { bigEndian: true }));
  expect((await stackFacts(path, job)).shape).toEqual([3, 100, 200]);
  const seen: Progress[] = [];
  const stack = await tiffReader.open({ path }, job);
  const hashes = await hashPlanes(stack, { ...job, report: (progress) => seen.push(progress) });
  expect(new Set(hashes).size).toBe(3);
  expect(seen.map(({ done, total }) => [done, total])).toEqual([
    [0, 3],
    [1, 3],
    [2, 3],
  ]);
  // The same pixels in another packing have the same sums.
  const packed = makeTiff(PAGES.map((page) => ({ ...page, compression: 8, tile: [64, 32] as const })));
  writeFileSync(path, packed);
  const other = await tiffReader.open({ path }, job);
  expect(await hashPlanes(other, job)).toEqual(hashes);
  await stack.close();
  await other.close();
});
