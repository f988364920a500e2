import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { decodedBytes, decodedOnce } from "../../../src/stack/decodedOnce";
import type { Stack } from "../../../src/stack/stack";
import { openTiff } from "../../../src/stack/tiff/read";
import { wholeRegion } from "../../../src/volume/region";
import type { Region } from "../../../src/volume/region";
import { temporaryFolder } from "../../support/prediction";
import { CountingSource, makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const path = join(folder.path, "pixels");

const page = (z: number, samples = 1): PageSpec => ({
  width: 40,
  height: 30,
  bits: 16,
  samples,
  compression: 8,
  value: (row, column, sample) => 1 + z * 5000 + row * 40 + column + sample * 2000,
});

/** Opens a stack and counts what is asked of it. */
async function counted(pages: readonly PageSpec[]): Promise<{ stack: Stack; regions: Region[] }> {
  const stack = await openTiff(new CountingSource(makeTiff(pages)), quietJob());
  const regions: Region[] = [];
  const watched: Stack = {
    facts: stack.facts,
    read: (region, job) => {
      regions.push(region);
      return stack.read(region, job);
    },
    readLevel: (level, region, job) => stack.readLevel(level, region, job),
    readStoredPlane: (index, job) => stack.readStoredPlane(index, job),
    close: () => stack.close(),
  };
  return { stack: watched, regions };
}

test.each([
  { what: "one plane", pages: [page(0)] },
  { what: "a stack", pages: [0, 1, 2, 3].map((z) => page(z)) },
  { what: "a stack of colours", pages: [0, 1].map((z) => page(z, 3)) },
])("$what is the same in every part, and each plane is decoded once", async ({ pages }) => {
  const { stack, regions } = await counted(pages);
  const shape = stack.facts.canonicalShape;
  const whole = await stack.read(wholeRegion(shape), quietJob());
  regions.length = 0;
  const decoded = await decodedOnce(stack, path, quietJob());
  expect(decoded.facts).toEqual(stack.facts);
  expect(decodedBytes(stack.facts)).toBe(whole.data.byteLength);
  const columns = [0, 13, 26, 39].map((x): Region => [...wholeRegion(shape).slice(0, -1), [x, x + 1]]);
  const parts = await Promise.all(columns.map((region) => decoded.read(region, quietJob())));
  parts.forEach((part, i) => {
    expect(part.axes).toBe(whole.axes);
    const expected = whole.data.filter((_, at) => at % 40 === columns[i][columns[i].length - 1][0]);
    expect(part.data).toEqual(expected);
  });
  expect(await decoded.read(wholeRegion(shape), quietJob())).toEqual(whole);
  expect(regions).toHaveLength(shape.slice(0, -2).reduce((product, n) => product * n, 1));
  await decoded.close();
  await stack.close();
  expect(readdirSync(folder.path)).toEqual([]);
});

test("planes that nobody asks for are not decoded; a failure is said each time and leaves nothing", async () => {
  const damaged = { ...page(1), entries: [[279, 4, [4]]] as const };
  const { stack, regions } = await counted([page(0), damaged, page(2)]);
  writeFileSync(path, "from an earlier run");
  const decoded = await decodedOnce(stack, path, quietJob());
  const part = (z: number): Region => [
    [z, z + 1],
    [2, 3],
    [4, 6],
  ];
  expect([...(await decoded.read(part(2), quietJob())).data]).toEqual([10085, 10086]);
  expect(regions).toHaveLength(1);
  for (let i = 0; i < 2; i++) {
    await expect(decoded.read(part(1), quietJob())).rejects.toMatchObject({ code: "stack.decode" });
  }
  expect([...(await decoded.read(part(0), quietJob())).data]).toEqual([85, 86]);
  await decoded.close();
  expect(existsSync(path)).toBe(false);
  await stack.close();
});
