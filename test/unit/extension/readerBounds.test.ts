import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createReader } from "../../../extension/reader/stacks";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import type { Job } from "../../../src/job";
import type { PlaneRequest } from "../../../src/protocol/viewer";
import type { Stack, StackFacts } from "../../../src/stack/stack";
import { openTiff } from "../../../src/stack/tiff/read";
import { allocatePixels } from "../../../src/volume/pixels";
import type { Dtype } from "../../../src/volume/pixels";
import { regionShape, regionSize } from "../../../src/volume/region";
import type { Region } from "../../../src/volume/region";
import { makeVolume } from "../../../src/volume/volume";
import { CountingSource, makeTiff } from "../../support/tiff";

const never = new AbortController().signal;
const plane = { t: 0, z: 0, c: 0 };
const valueAt = (z: number, y: number, x: number): number => (z * 131 + y * 7919 + x * 104_729) % 65_536;

interface Given {
  readonly shape: readonly [z: number, y: number, x: number];
  readonly facts?: Partial<StackFacts>;
  readonly dtype?: Dtype;
  /** Called before each read. */
  readonly onRead?: (reads: number, region: Region) => Promise<void> | void;
}

/** A stack of any size without a file; its pixels are made when they are read, and counted. */
function endlessStack({ shape, facts, dtype = "uint16", onRead }: Given) {
  const counts = { reads: 0, pixels: 0, most: 0 };
  const stack: Stack = {
    facts: {
      file: "endless.tif",
      axes: "ZYX",
      shape,
      canonicalAxes: "ZYX",
      canonicalShape: shape,
      dtype,
      readsAs: dtype,
      planes: shape[0],
      bigTiff: true,
      byteOrder: "little",
      compression: "none",
      layout: "strips",
      levels: 1,
      levelShapes: [shape],
      series: { index: 0, count: 1 },
      files: ["endless.tif"],
      pixelSize: null,
      flavour: "plain",
      channels: [],
      warnings: [],
      ...facts,
    },
    read: (region, job) => stack.readLevel(0, region, job),
    readLevel: async (_, region: Region, job: Job) => {
      counts.reads++;
      counts.pixels += regionSize(region);
      counts.most = Math.max(counts.most, regionSize(region));
      await onRead?.(counts.reads, region);
      job.signal.throwIfAborted();
      const data = allocatePixels(dtype, regionSize(region));
      const [[z0, z1], [y0, y1], [x0, x1]] = region;
      let i = 0;
      for (let z = z0; z < z1; z++)
        for (let y = y0; y < y1; y++) for (let x = x0; x < x1; x++) data[i++] = valueAt(z, y, x);
      return makeVolume(data, regionShape(region), "ZYX");
    },
    readStoredPlane: () => Promise.reject(new Error("not used")),
    close: () => Promise.resolve(),
  };
  return { stack, counts };
}

async function readerOf(stack: Stack, cacheBytes: number) {
  const handlers = createReader(
    () => Promise.resolve(stack),
    { cacheBytes },
    () => undefined,
  );
  return { handlers, id: (await handlers.open({ path: "" }, never)).id };
}

describe("of a plane that is larger than memory", () => {
  test("an overview reads only the rows that it shows", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 30_000, 20_000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const { data, width, height } = await handlers.readPlane({ plane, step: { y: 100, x: 62.5 }, id }, never);
    expect([width, height]).toEqual([320, 300]);
    expect(data[320 * 299 + 319]).toBe(valueAt(0, 29_950, Math.floor(319.5 * 62.5)));
    expect(counts.pixels).toBeLessThanOrEqual(300 * 20_000);
  });

  test("what is zoomed in on is all that is read", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 30_000, 20_000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const region = { y: [20_000, 20_300], x: [5000, 5400] } as const;
    const { data } = await handlers.readPlane({ plane, region, id }, never);
    expect(data[401]).toBe(valueAt(0, 20_001, 5001));
    expect(counts.pixels).toBe(300 * 400);
  });

  test("compressed rows are read in bands that fit into memory", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 6000, 4000], facts: { compression: "lzw" } });
    const { handlers, id } = await readerOf(stack, 1e6);
    const { data } = await handlers.readPlane({ plane, step: { y: 10, x: 10 }, id }, never);
    expect(data[400 * 599 + 399]).toBe(valueAt(0, 5995, 3995));
    expect(counts.most * 2).toBeLessThanOrEqual(2 ** 24);
    expect(counts.reads).toBeLessThan(10);
  });

  test("a diagonal reads the pixels along it, not the box around it", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 30_000, 30_000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const line = { from: { y: 0.5, x: 0.5 }, to: { y: 29_999.5, x: 29_999.5 } };
    const { values } = await handlers.profile({ plane, ...line, id }, never);
    expect(values).toHaveLength(42_426);
    expect(values[0]).toBe(valueAt(0, 0, 0));
    expect(values[42_425]).toBe(valueAt(0, 29_999, 29_999));
    expect(counts.most).toBeLessThanOrEqual(2 ** 16);
    expect(counts.pixels).toBeLessThan((30_000 * 30_000) / 50);
  });

  test("statistics are put together from bands", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 5000, 4000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const region = { y: [0, 5000], x: [1, 4000] } as const;
    const [found] = await handlers.statistics({ plane, region, id }, never);
    let [sum, squares] = [0, 0];
    for (let y = 0; y < 5000; y++) for (let x = 1; x < 4000; x++) sum += valueAt(0, y, x);
    const count = 5000 * 3999;
    const mean = sum / count;
    for (let y = 0; y < 5000; y++) for (let x = 1; x < 4000; x++) squares += (valueAt(0, y, x) - mean) ** 2;
    expect(found.count).toBe(count);
    expect(found.mean).toBeCloseTo(mean, 8);
    expect(found.sd).toBeCloseTo(Math.sqrt(squares / (count - 1)), 8);
    expect(counts.reads).toBeGreaterThan(2);
    expect(counts.most * 2).toBeLessThanOrEqual(2 ** 24);
  });

  test("a row wider than memory is measured in pieces", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 1, 10_000_000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const region = { y: [0, 1], x: [0, 10_000_000] } as const;
    expect(await handlers.statistics({ plane, region, id }, never)).toMatchObject([{ count: 1e7 }]);
    expect(counts.most).toBe(2 ** 23);
    const shown = await handlers.readPlane({ plane, step: { y: 1, x: 10_000 }, id }, never);
    expect([...shown.data.slice(-2)]).toEqual([valueAt(0, 0, 9_985_000), valueAt(0, 0, 9_995_000)]);
    expect(counts.most).toBe(2 ** 23);
  });

  test("limits and histogram are those of an even sample", async () => {
    const { stack, counts } = endlessStack({ shape: [1, 8000, 8000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const found = await handlers.histogram({ plane, id }, never);
    const sampled = found.counts.reduce((sum, count) => sum + count, 0);
    expect(sampled).toBe(2000 * 2000);
    expect(counts.pixels).toBeLessThanOrEqual(2000 * 8000);
    expect(found.to).toBeGreaterThan(65_000);
    expect(await handlers.contrast({ plane, method: "percentile", id }, never)).toMatchObject({
      max: found.max,
    });
  });

  test("a projection is made only of what is shown", async () => {
    const { stack, counts } = endlessStack({ shape: [10, 9000, 9000] });
    const { handlers, id } = await readerOf(stack, 1e6);
    const region = { y: [100, 140], x: [8000, 8050] } as const;
    const asked = { plane, projection: { method: "max", z: [2, 9] }, region } as const;
    const { data } = await handlers.readPlane({ ...asked, id }, never);
    expect(data[51]).toBe(Math.max(...[2, 3, 4, 5, 6, 7, 8].map((z) => valueAt(z, 101, 8001))));
    expect(counts.pixels).toBe(7 * 40 * 50);
  });
});

describe("sections of an uncompressed file", () => {
  const page = (z: number) => ({
    width: 256,
    height: 256,
    bits: 16,
    value: (y: number, x: number) => valueAt(z, y, x),
  });
  const bytes = makeTiff(Array.from({ length: 12 }, (_, z) => page(z)));

  test.each(["xz", "yz"] as const)("%s reads the bytes of the section, not the planes", async (direction) => {
    const source = new CountingSource(bytes);
    const stack = await openTiff(source, quietJob());
    const { handlers, id } = await readerOf(stack, 1e8);
    // Where the strips of each page lie is read once.
    await handlers.readPlane({ plane, section: { direction, at: 9 }, id }, never);
    const before = source.bytesRead;
    const { data } = await handlers.readPlane({ plane, section: { direction, at: 200 }, id }, never);
    expect(data).toHaveLength(12 * 256);
    expect(data[11 * 256 + 5]).toBe(direction === "xz" ? valueAt(11, 200, 5) : valueAt(1, 235, 200));
    expect(source.bytesRead - before).toBe(12 * 256 * 2);
  });
});

test.each(["xz", "yz"] as const)(
  "an overview of an %s section reads only the slices that it shows",
  async (direction) => {
    const { stack, counts } = endlessStack({ shape: [3000, 40, 50] });
    const { handlers, id } = await readerOf(stack, 1e8);
    const along = direction === "xz" ? 50 : 40;
    const step = direction === "xz" ? { y: 10, x: 1 } : { y: 1, x: 10 };
    const { data, width } = await handlers.readPlane(
      { plane, section: { direction, at: 30 }, step, id },
      never,
    );
    expect(counts.pixels).toBe(300 * along);
    expect(data[7 * width + 9]).toBe(direction === "xz" ? valueAt(75, 30, 9) : valueAt(95, 7, 30));
    const { counts: bins } = await handlers.histogram({ plane, section: { direction, at: 30 }, id }, never);
    expect(bins.reduce((sum, count) => sum + count, 0)).toBe(125 * along);
  },
);

test("columns of a compressed stack that fits are cut from planes that are decoded once", async () => {
  const { stack, counts } = endlessStack({ shape: [8, 50, 60], facts: { compression: "lzw" } });
  const { handlers, id } = await readerOf(stack, 1e6);
  for (let at = 0; at < 60; at += 7) {
    const { data } = await handlers.readPlane({ plane, section: { direction: "yz", at }, id }, never);
    expect(data[8 * 49 + 7]).toBe(valueAt(7, 49, at));
  }
  const row = await handlers.readPlane({ plane, section: { direction: "xz", at: 3 }, id }, never);
  expect(row.data[60 * 5 + 2]).toBe(valueAt(5, 3, 2));
  expect(counts.pixels).toBe(8 * 50 * 60);
});

test("a projection is made once, of planes that are in memory as far as they are", async () => {
  const { stack, counts } = endlessStack({ shape: [8, 50, 60] });
  const { handlers, id } = await readerOf(stack, 1e6);
  for (const z of [0, 2, 4]) await handlers.readPlane({ plane: { ...plane, z }, id }, never);
  const projection = { method: "sum", z: [0, 8] } as const;
  await handlers.readPlane({ plane, projection, region: { y: [3, 9], x: [0, 60] }, id }, never);
  expect(counts.reads).toBe(8);
  await handlers.readPlane({ plane: { ...plane, z: 5 }, projection, step: { y: 2, x: 3.5 }, id }, never);
  await handlers.contrast({ plane, projection, method: "auto", id }, never);
  await handlers.histogram({ plane, projection, id }, never);
  await handlers.statistics({ plane, projection, region: { y: [0, 9], x: [0, 60] }, id }, never);
  expect(counts.reads).toBe(8);
});

test("what is given away is no part of what is kept", async () => {
  const { stack } = endlessStack({ shape: [3, 5, 6] });
  const { handlers, id } = await readerOf(stack, 1e6);
  for (const source of [
    { plane },
    { plane, section: { direction: "xz", at: 1 } },
    { plane, projection: { method: "mean", z: [0, 3] } },
  ] satisfies PlaneRequest[]) {
    const first = await handlers.readPlane({ ...source, id }, never);
    const copy = [...first.data];
    structuredClone(first.data, { transfer: [first.data.buffer as ArrayBuffer] });
    expect([...(await handlers.readPlane({ ...source, id }, never)).data]).toEqual(copy);
  }
});

describe("who no longer wants a result stops the work", () => {
  const region = { y: [0, 40], x: [0, 40] } as const;
  const line = { from: { y: 0, x: 0 }, to: { y: 3000, x: 3000 } };
  type Handlers = Awaited<ReturnType<typeof readerOf>>["handlers"];
  type Result = ReturnType<Handlers["readPlane" | "profile" | "statistics"]>;
  const works: Readonly<Record<string, (handlers: Handlers, id: number, signal: AbortSignal) => Result>> = {
    "a projection": (handlers, id, signal) =>
      handlers.readPlane({ plane, projection: { method: "max", z: [0, 500] }, region, id }, signal),
    "statistics over depth": (handlers, id, signal) =>
      handlers.statistics({ plane, region, overDepth: true, id }, signal),
    "a profile": (handlers, id, signal) => handlers.profile({ plane, ...line, id }, signal),
    "an overview": (handlers, id, signal) => handlers.readPlane({ plane, step: { y: 8, x: 8 }, id }, signal),
    statistics: (handlers, id, signal) =>
      handlers.statistics({ plane, projection: { method: "sum", z: [0, 500] }, region, id }, signal),
  };

  test.each(Object.entries(works))("in the middle of %s", async (_, work) => {
    const stop = new AbortController();
    const { stack, counts } = endlessStack({
      shape: [500, 3000, 3000],
      onRead: (reads) => {
        if (reads === 3) stop.abort(new Error("gone"));
      },
    });
    const { handlers, id } = await readerOf(stack, 1000);
    await expect(work(handlers, id, stop.signal)).rejects.toThrow("gone");
    const { reads } = counts;
    expect(reads).toBeLessThanOrEqual(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(counts.reads).toBe(reads);
  });

  test("even when every slice is in memory and nothing has to be waited for", async () => {
    const { stack } = endlessStack({ shape: [300, 40, 40], facts: { compression: "lzw" } });
    const { handlers, id } = await readerOf(stack, 1e7);
    const ask = (signal: AbortSignal, z: number) =>
      handlers.readPlane({ plane, projection: { method: "max", z: [0, z] }, id }, signal);
    await ask(never, 300);
    const stop = new AbortController();
    const second = ask(stop.signal, 299);
    setImmediate(() => stop.abort(new Error("gone")));
    await expect(second).rejects.toThrow("gone");
  });
});

test("a plane is shown while sections, projections and measurements wait for theirs", async () => {
  const held: (() => void)[] = [];
  const { stack } = endlessStack({
    shape: [50, 60, 60],
    onRead: (_, region) =>
      region[0][0] === 49 && region[1][1] === 60 ? undefined : new Promise((go) => held.push(go)),
  });
  const { handlers, id } = await readerOf(stack, 1e6);
  const region = { y: [0, 9], x: [0, 9] } as const;
  const slow = [
    ...[1, 2, 3].map((at) => handlers.readPlane({ plane, section: { direction: "xz", at }, id }, never)),
    handlers.readPlane({ plane, projection: { method: "max", z: [0, 5] }, id }, never),
    ...[1, 2, 3].map((z) => handlers.statistics({ plane: { ...plane, z }, region, id }, never)),
    handlers.histogram({ plane, id }, never),
  ];
  const shown = await handlers.readPlane({ plane: { ...plane, z: 49 }, id }, never);
  expect(shown.data[1]).toBe(valueAt(49, 0, 1));
  const release = setInterval(() => {
    for (const go of held.splice(0)) go();
  }, 1);
  await Promise.all(slow.map((one) => Promise.resolve<unknown>(one)));
  clearInterval(release);
});

test("no message of a viewer can end the reader", async () => {
  const { stack } = endlessStack({ shape: [3, 20, 30] });
  const { handlers, id } = await readerOf(stack, 1e4);
  const bits = fc.oneof(
    fc.constantFrom<unknown>({ ...plane }, { y: [0, 4], x: [0, 4] }, { direction: "yz", at: 2 }, "auto", {
      y: 1,
      x: 2,
    }),
    fc.constantFrom<unknown>(
      { method: "max", z: [0, 3] },
      1,
      -1,
      NaN,
      [],
      { y: 1e9, x: -1e9 },
      { y: 0.3, x: 7 },
    ),
    fc.anything(),
  );
  const names = [
    "plane",
    "section",
    "projection",
    "region",
    "step",
    "method",
    "repeat",
    "from",
    "to",
    "overDepth",
  ];
  const message = fc.dictionary(fc.constantFrom(...names), bits);
  const methods = ["readPlane", "contrast", "histogram", "profile", "statistics"] as const;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...methods), message, async (method, value) => {
      const asked = { plane, ...value, id } as never;
      const failure: unknown = await Promise.resolve(handlers[method](asked, never)).then(
        () => null,
        (error: unknown) => error,
      );
      if (failure !== null) expect(failure).toBeInstanceOf(TilewrightError);
    }),
    { numRuns: 500 },
  );
  expect((await handlers.readPlane({ plane, id }, never)).data).toHaveLength(600);
});
