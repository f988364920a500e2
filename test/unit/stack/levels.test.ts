import { expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { openTiff } from "../../../src/stack/tiff/read";
import { CountingSource, makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const job = quietJob();

/** A page whose pixel is `base` + 10 row + column, smaller by `factor` on both axes. */
const page = (base: number, factor: number, more: Partial<PageSpec> = {}): PageSpec => ({
  width: Math.ceil(100 / factor),
  height: Math.ceil(80 / factor),
  bits: 16,
  compression: 8,
  rowsPerStrip: 16,
  value: (row, column) => base + 10 * row + column,
  ...more,
});

test.each([
  ["classic", {}],
  ["Big", { bigTiff: true, bigEndian: true }],
])("copies in SubIFDs are levels of every plane (%s)", async (_, file) => {
  const planes = [0, 1, 2].map((z) =>
    page(1000 * z, 1, { copies: [page(1000 * z + 5000, 2), page(1000 * z + 9000, 4, { tile: [16, 16] })] }),
  );
  const stack = await openTiff(new CountingSource(makeTiff(planes, file)), job);
  expect(stack.facts).toMatchObject({
    levels: 3,
    levelShapes: [
      [3, 80, 100],
      [3, 40, 50],
      [3, 20, 25],
    ],
    planes: 3,
    warnings: expect.arrayContaining([]) as unknown,
  });
  for (const [level, base] of [0, 5000, 9000].entries()) {
    const read = await stack.readLevel(
      level,
      [
        [1, 3],
        [7, 8],
        [3, 5],
      ],
      job,
    );
    expect([...read.data]).toEqual([1073, 1074, 2073, 2074].map((value) => value + base));
  }
  await expect(
    stack.readLevel(
      1,
      [
        [0, 1],
        [0, 41],
        [0, 50],
      ],
      job,
    ),
  ).rejects.toThrow(RangeError);
  await expect(
    stack.readLevel(
      3,
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      job,
    ),
  ).rejects.toThrow(RangeError);
});

test("an overview read from a small level touches a few percent of the file", async () => {
  const large = { compression: 1, rowsPerStrip: 100 } as const;
  const copy = page(0, 8, { ...large, width: 125, height: 100 });
  const full = page(0, 1, { ...large, width: 1000, height: 800, copies: [copy] });
  const source = new CountingSource(makeTiff([full]));
  const stack = await openTiff(source, job);
  await stack.readLevel(
    1,
    [
      [0, 100],
      [0, 125],
    ],
    job,
  );
  expect(source.bytesRead).toBeLessThan(0.1 * source.size);
});

test("reduced pages in the chain are levels, one for each plane in their order", async () => {
  const chain = [
    page(0, 1),
    page(1000, 1),
    page(5000, 2, { reduced: true }),
    page(6000, 2, { reduced: true }),
    page(9000, 4, { reduced: true }),
  ];
  const stack = await openTiff(new CountingSource(makeTiff(chain)), job);
  expect(stack.facts.levelShapes).toEqual([
    [2, 80, 100],
    [2, 40, 50],
  ]);
  const read = await stack.readLevel(
    1,
    [
      [0, 2],
      [2, 3],
      [1, 2],
    ],
    job,
  );
  expect([...read.data]).toEqual([5021, 6021]);
});

test("copies that are damaged, larger or of another pixel type are no levels", async () => {
  const planes = [
    page(0, 1, {
      copies: [
        page(0, 2, { bits: 8 }),
        page(0, 0.5),
        page(0, 4, { compression: 60000 }),
        page(0, 8, { entries: [[256, 4, [0]]] }),
        page(7, 16),
      ],
    }),
  ];
  const stack = await openTiff(new CountingSource(makeTiff(planes)), job);
  expect(stack.facts.levelShapes).toEqual([
    [80, 100],
    [5, 7],
  ]);
});

test("a plane without the copy that others have is one clear error", async () => {
  const planes = [page(0, 1, { copies: [page(0, 2)] }), page(0, 1), page(0, 1, { copies: [page(0, 4)] })];
  const stack = await openTiff(new CountingSource(makeTiff(planes)), job);
  await expect(
    stack.readLevel(
      1,
      [
        [1, 2],
        [0, 1],
        [0, 1],
      ],
      job,
    ),
  ).rejects.toMatchObject({
    code: "stack.missingPlane",
  });
  await expect(
    stack.readLevel(
      1,
      [
        [2, 3],
        [0, 1],
        [0, 1],
      ],
      job,
    ),
  ).rejects.toMatchObject({
    code: "stack.damaged",
  });
});
