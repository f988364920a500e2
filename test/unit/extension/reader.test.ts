import { expect, test } from "vitest";
import { chooseContrast } from "../../../extension/reader/contrast";
import { PlaneCache } from "../../../extension/reader/planeCache";
import { createReader } from "../../../extension/reader/stacks";
import { Turns } from "../../../extension/reader/turns";
import { TilewrightError } from "../../../src/errors";
import type { Job } from "../../../src/job";
import type { Stack } from "../../../src/stack/stack";
import type { Region } from "../../../src/volume/region";
import { cutRegion, makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A stack in memory whose pixel (z, y, x) is 100 z + 10 y + x, and the regions read of it. */
function smallStack(levels: 1 | 2): { stack: Stack; reads: string[] } {
  const shape = [3, 6, 8];
  const data = new Uint16Array(3 * 6 * 8);
  for (let i = 0; i < data.length; i++)
    data[i] = 100 * Math.floor(i / 48) + 10 * (Math.floor(i / 8) % 6) + (i % 8);
  const volume = makeVolume(data, shape, "ZYX");
  // The smaller copy has the values of the pixels around it, plus 1000, so that it can be told apart.
  const half = new Uint16Array(3 * 3 * 4);
  for (let i = 0; i < half.length; i++)
    half[i] = 1000 + 100 * Math.floor(i / 12) + 10 * (Math.floor(i / 4) % 3) + (i % 4);
  const small = makeVolume(half, [3, 3, 4], "ZYX");
  const reads: string[] = [];
  const stack: Stack = {
    facts: {
      file: "/folder/small.tif",
      axes: "ZYX",
      shape,
      canonicalAxes: "ZYX",
      canonicalShape: shape,
      dtype: "uint16",
      readsAs: "uint16",
      planes: 3,
      bigTiff: false,
      byteOrder: "little",
      compression: "none",
      layout: "strips",
      levels,
      levelShapes: [shape, [3, 3, 4]].slice(0, levels),
      series: { index: 0, count: 1 },
      files: ["small.tif"],
      pixelSize: null,
      flavour: "plain",
      channels: [],
      warnings: [],
    },
    read: (region: Region, job: Job) => stack.readLevel(0, region, job),
    readLevel: async (level: number, region: Region, job: Job): Promise<Volume> => {
      await turn();
      job.signal.throwIfAborted();
      reads.push(`${level} ${JSON.stringify(region)}`);
      return cutRegion(level === 0 ? volume : small, region);
    },
    readStoredPlane: () => Promise.reject(new Error("not used")),
    close: () => Promise.resolve(),
  };
  return { stack, reads };
}

function reader(cacheBytes: number, levels: 1 | 2 = 1) {
  const { stack, reads } = smallStack(levels);
  return {
    reads,
    handlers: createReader(
      () => Promise.resolve(stack),
      { cacheBytes },
      () => undefined,
    ),
  };
}

const plane = { t: 0, z: 1, c: 0 };
const region = { y: [1, 6], x: [2, 8] } as const;

test.each([
  ["decoded whole", 1e6],
  ["read in bands, because planes are larger than the memory for them", 16],
])("every second pixel of a region comes from the right place when planes are %s", async (_, cacheBytes) => {
  const { handlers } = reader(cacheBytes);
  const { id, description } = await handlers.open({ path: "small.tif" }, never);
  expect(description).toMatchObject({
    name: "small.tif",
    axes: "ZYX",
    lengths: { t: 1, z: 3, c: 1, y: 6, x: 8 },
  });
  const read = await handlers.readPlane({ id, plane, region, step: { y: 2, x: 2 } }, never);
  expect([read.width, read.height]).toEqual([3, 3]);
  expect([...read.data]).toEqual([123, 125, 127, 143, 145, 147, 153, 155, 157]);
});

test.each([
  ["decoded whole", 1e6],
  ["read in bands", 8],
])(
  "what is shown at half size or smaller comes from a smaller copy in the file, %s",
  async (_, cacheBytes) => {
    const { handlers, reads } = reader(cacheBytes, 2);
    const { id } = await handlers.open({ path: "small.tif" }, never);
    const read = await handlers.readPlane(
      { id, plane, region: { y: [0, 6], x: [2, 8] }, step: { y: 2, x: 2 } },
      never,
    );
    expect([read.width, read.height]).toEqual([3, 3]);
    expect([...read.data]).toEqual([1101, 1102, 1103, 1111, 1112, 1113, 1121, 1122, 1123]);
    expect(reads.every((one) => one.startsWith("1 "))).toBe(true);
    expect([
      ...(await handlers.readPlane({ id, plane, step: { y: 1, x: 1 } }, never)).data.slice(0, 3),
    ]).toEqual([100, 101, 102]);
  },
);

test("a plane is decoded once, and its copies can be given away", async () => {
  const { handlers, reads } = reader(1e6);
  const { id } = await handlers.open({ path: "" }, never);
  const [first] = await Promise.all([
    handlers.readPlane({ id, plane }, never),
    handlers.contrast({ id, plane, method: "minmax" }, never),
  ]);
  structuredClone(first.data, { transfer: [first.data.buffer as ArrayBuffer] });
  const second = await handlers.readPlane({ id, plane }, never);
  expect(second.data[0]).toBe(100);
  expect(reads).toHaveLength(1);
});

test.each([
  [{ plane: { t: 0, z: 3, c: 0 } }],
  [{ plane: { t: 0, z: -1, c: 0 } }],
  [{ plane: { t: 0, z: 0.5, c: 0 } }],
  [{ plane: { t: 0, z: 0, c: 0 }, region: { y: [0, 7], x: [0, 1] } }],
  [{ plane: { t: 0, z: 0, c: 0 }, region: { y: [2, 2], x: [0, 1] } }],
  [{ plane: { t: 0, z: 0, c: 0 }, step: { y: 0, x: 1 } }],
  [{}],
])("a request for %j is refused", async (bad) => {
  const { handlers, reads } = reader(1e6);
  const { id } = await handlers.open({ path: "" }, never);
  await expect(handlers.readPlane({ ...bad, id } as never, never)).rejects.toThrow(TilewrightError);
  expect(reads).toEqual([]);
});

test("a stack of complex pixels is refused and closed again", async () => {
  const { stack } = smallStack(1);
  let closed = 0;
  const complex: Stack = {
    ...stack,
    facts: { ...stack.facts, dtype: "complex64", readsAs: null },
    close: () => {
      closed++;
      return Promise.resolve();
    },
  };
  const open = createReader(
    () => Promise.resolve(complex),
    { cacheBytes: 1e6 },
    () => undefined,
  ).open;
  await expect(open({ path: "" }, never)).rejects.toMatchObject({
    code: "stack.pixelType",
    message: expect.stringMatching(/complex64.*neither shown nor predicted/) as string,
  });
  expect(closed).toBe(1);
});

test("a closed stack answers nothing any more", async () => {
  const { handlers } = reader(1e6);
  const { id } = await handlers.open({ path: "" }, never);
  await handlers.close({ id }, never);
  await expect(handlers.readPlane({ id, plane }, never)).rejects.toMatchObject({ code: "reader.closed" });
});

test("decoding stops only when the last one who waits has gone", async () => {
  const cache = new PlaneCache(1e6);
  let isStopped = false;
  const decode = (signal: AbortSignal): Promise<Uint8Array> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => (isStopped = true));
      setTimeout(() => resolve(new Uint8Array(4)), 20);
    });
  const [one, other] = [new AbortController(), new AbortController()];
  const first = cache.get("a", decode, one.signal);
  const second = cache.get("a", decode, other.signal);
  one.abort();
  await expect(first).rejects.toThrow();
  expect(isStopped).toBe(false);
  expect(await second).toHaveLength(4);
  const third = cache.get("b", decode, other.signal);
  other.abort();
  await expect(third).rejects.toThrow();
  expect(isStopped).toBe(true);
});

test("the memory for planes is bounded and the least recently used goes first", async () => {
  const cache = new PlaneCache(10);
  const decode = () => Promise.resolve(new Uint8Array(4));
  for (const key of ["a", "b", "a", "c"]) await cache.get(key, decode, never);
  await cache.get("a", decode, never);
  expect(cache.statistics).toEqual({ bytes: 8, decoded: 3, found: 2 });
  await cache.get("b", decode, never);
  expect(cache.statistics).toMatchObject({ bytes: 8, decoded: 4 });
  cache.drop("");
  expect(cache.statistics.bytes).toBe(0);
});

test("the newest of those that wait is next, and who goes away never starts", async () => {
  const turns = new Turns(1);
  const ran: number[] = [];
  let release = (): void => undefined;
  const first = turns.take(() => new Promise<void>((resolve) => (release = resolve)), never);
  const gone = new AbortController();
  const waiting = [1, 2, 3].map((n) =>
    turns.take(() => Promise.resolve(void ran.push(n)), n === 2 ? gone.signal : never).catch(() => undefined),
  );
  await turn();
  gone.abort();
  release();
  await Promise.all([first, ...waiting]);
  expect(ran).toEqual([3, 1]);
});

test("Auto does what ImageJ does: bins that hold more than a tenth of the pixels, or hardly any, do not count", () => {
  const data = new Uint8Array(10_000);
  data.fill(10, 0, 6000); // background: too many
  for (let i = 6000; i < 9998; i++) data[i] = 50 + (i % 100);
  data[9998] = 200; // single bright pixels: too few
  data[9999] = 250;
  expect(chooseContrast(data, "auto")).toEqual({ low: 50, high: 149, min: 10, max: 250, notFinite: 0 });
  expect(chooseContrast(data, "minmax")).toMatchObject({ low: 10, high: 250 });
});

test("percentiles are those of the pixels", () => {
  const data = Uint16Array.from({ length: 1000 }, (_, i) => 1000 + i);
  const { low, high } = chooseContrast(data, "percentile");
  expect(Math.abs(low - 1003)).toBeLessThanOrEqual(1);
  expect(Math.abs(high - 1997)).toBeLessThanOrEqual(1);
  const quartiles = chooseContrast(data, "percentile", { percentiles: { low: 25, high: 75 } });
  expect(Math.abs(quartiles.low - 1249.5)).toBeLessThanOrEqual(1);
  expect(Math.abs(quartiles.high - 1749.5)).toBeLessThanOrEqual(1);
  const all = chooseContrast(data, "percentile", { percentiles: { low: 0, high: 100 } });
  expect(all).toMatchObject({ low: 1000, high: 1999 });
});

test("NaN and infinities neither count nor hurt, and a constant plane has limits too", () => {
  const data = Float32Array.of(NaN, -1, 3, Infinity, -Infinity);
  expect(chooseContrast(data, "minmax")).toEqual({ low: -1, high: 3, min: -1, max: 3, notFinite: 3 });
  expect(chooseContrast(Float32Array.of(NaN), "auto")).toEqual({
    low: 0,
    high: 1,
    min: 0,
    max: 0,
    notFinite: 1,
  });
  expect(chooseContrast(new Uint16Array(9).fill(7), "auto")).toMatchObject({ low: 7, high: 7 });
});
