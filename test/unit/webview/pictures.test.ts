import { expect, test, vi } from "vitest";
import type { PlanePixels } from "../../../src/protocol/viewer";
import { ContrastSource } from "../../../webview/pixels/contrast";
import { PictureStore, sourceKey } from "../../../webview/pixels/pictures";
import type { FullRequest } from "../../../webview/pixels/pictures";

const AUTO = { method: "auto", repeat: 0, percentiles: { low: 0.3, high: 99.7 } } as const;

const request = (z: number, x = 0): FullRequest => ({
  plane: { t: 0, z, c: 0 },
  region: { y: [0, 2], x: [x, x + 2] },
  step: { y: 1, x: 1 },
});

const pixels = ({ plane, region, step }: FullRequest): PlanePixels => ({
  plane,
  region,
  step,
  width: 2,
  height: 2,
  data: new Uint16Array(4).fill(plane.z),
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A host that answers when told to, and a store that asks it. */
function slowStore(now: () => number = () => 0) {
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const told: string[] = [];
  const store = new PictureStore(
    (wanted, signal) => {
      asked.push(wanted.plane.z);
      return new Promise((resolve, reject) => {
        answers.push(() => resolve(pixels(wanted as FullRequest)));
        signal.addEventListener("abort", () => reject(new DOMException("stop", "AbortError")));
      });
    },
    1e6,
    { arrived: () => told.push("arrived"), failed: (error) => told.push(String(error)) },
    now,
  );
  return { asked, answers, told, store };
}

test("three pictures are on their way at a time, and of those that wait only the last wishes count", async () => {
  const { asked, answers, told, store } = slowStore();
  store.want([1, 2, 3, 4].map((z) => request(z)));
  expect(asked).toEqual([1, 2, 3]);
  store.want([request(5), request(6)]);
  answers[0]();
  await turn();
  expect(asked).toEqual([1, 2, 3, 5]);
  expect(told).toEqual([]);
  for (const answer of answers.slice(1)) answer();
  await turn();
  answers[4]();
  await turn();
  expect(asked).toEqual([1, 2, 3, 5, 6]);
  expect(told).toEqual(["arrived", "arrived"]);
});

test("a picture that takes long is cancelled when it is not wanted any more", async () => {
  let now = 0;
  const { asked, answers, told, store } = slowStore(() => now);
  store.want([1, 2, 3].map((z) => request(z)));
  now = 1000;
  store.want([request(4)]);
  await turn();
  answers[3]();
  await turn();
  expect(asked).toEqual([1, 2, 3, 4]);
  expect(told).toEqual(["arrived"]);
  expect(store.find(request(1))).toBeUndefined();
});

test("a picture that has more than what is asked for will do", async () => {
  const { answers, store } = slowStore();
  store.want([request(1)]);
  answers[0]();
  await turn();
  const inside: FullRequest = { ...request(1), region: { y: [0, 1], x: [1, 2] } };
  expect(store.find(inside)?.data[0]).toBe(1);
  expect(store.find(request(1, 1))).toBeUndefined();
  expect(store.find({ ...inside, step: { y: 2, x: 1 } })).toBeUndefined();
  expect(store.find({ ...inside, layer: 1 })).toBeUndefined();
});

test("pictures are kept up to the limit, the least recently used dropped first", async () => {
  const store = new PictureStore((wanted) => Promise.resolve(pixels(wanted as FullRequest)), 16, {
    arrived: () => undefined,
    failed: () => undefined,
  });
  for (const z of [1, 2]) {
    store.want([request(z)]);
    await turn();
  }
  expect(store.find(request(1))?.data[0]).toBe(1);
  store.want([request(3)]);
  await turn();
  expect(store.bytes).toBe(16);
  expect(store.find(request(2))).toBeUndefined();
  expect(store.find(request(1))).toBeDefined();
  store.reset();
  expect(store.find(request(3))).toBeUndefined();
  expect(store.bytes).toBe(0);
});

test("a failure is told once, and the next wish goes on", async () => {
  let isBroken = true;
  const told: string[] = [];
  const store = new PictureStore(
    (wanted) =>
      isBroken ? Promise.reject(new Error("broken")) : Promise.resolve(pixels(wanted as FullRequest)),
    1e6,
    { arrived: () => told.push("arrived"), failed: (error) => told.push((error as Error).message) },
  );
  store.want([request(1)]);
  await turn();
  isBroken = false;
  store.want([request(1)]);
  await turn();
  expect(told).toEqual(["broken", "arrived"]);
});

test("a section or projection is the same picture whatever slice is shown", () => {
  const at = (z: number) => ({ t: 0, z, c: 1 });
  const section = { direction: "xz", at: 4 } as const;
  expect(sourceKey({ plane: at(1), section })).toBe(sourceKey({ plane: at(2), section, layer: 0 }));
  expect(sourceKey({ plane: at(1) })).not.toBe(sourceKey({ plane: at(2) }));
  const projection = { method: "max", z: [0, 4] } as const;
  expect(sourceKey({ plane: at(1), projection })).toBe(sourceKey({ plane: at(2), projection }));
});

test("limits of a picture are asked for once, and again after a failure", async () => {
  let asked = 0;
  const source = new ContrastSource(() => {
    asked++;
    if (asked === 1) return Promise.reject(new Error("broken"));
    return Promise.resolve({ low: 0, high: 1, min: 0, max: 1, notFinite: 0 });
  });
  const plane = { plane: { t: 0, z: 0, c: 0 } };
  await expect(source.limitsOf(plane, AUTO)).rejects.toThrow("broken");
  expect(source.find(plane, AUTO)).toBeUndefined();
  await source.limitsOf(plane, AUTO);
  await source.limitsOf(plane, AUTO);
  expect(source.find(plane, AUTO)?.high).toBe(1);
  expect(asked).toBe(2);
  await source.limitsOf(plane, { ...AUTO, method: "minmax" });
  expect(asked).toBe(3);
});

test("pictures that are shown together are all kept, however little room there is", async () => {
  let asked = 0;
  const store = new PictureStore(
    (wanted) => {
      asked++;
      return Promise.resolve(pixels(wanted as FullRequest));
    },
    12,
    { arrived: () => undefined, failed: () => undefined },
  );
  const shown = [request(1), request(2), request(3)];
  for (let frame = 0; frame < 5; frame++) {
    store.want(shown);
    await turn();
  }
  expect(shown.map((one) => store.find(one)?.data[0])).toEqual([1, 2, 3]);
  expect(asked).toBe(3);
  store.want([request(4)]);
  await turn();
  expect(store.bytes).toBe(8);
});

test("limits of a picture that is not shown any more are not waited for, and can be asked for again", async () => {
  const signals: AbortSignal[] = [];
  const source = new ContrastSource((_, signal) => {
    signals.push(signal);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(new DOMException("stop", "AbortError")));
    });
  });
  const at = (z: number) => ({ plane: { t: 0, z, c: 0 } });
  vi.useFakeTimers();
  const [old, shown] = [source.limitsOf(at(1), AUTO), source.limitsOf(at(2), AUTO)];
  shown.catch(() => undefined);
  source.keepOnly([at(2)]);
  expect(signals[0].aborted).toBe(false);
  vi.advanceTimersByTime(1000);
  source.keepOnly([at(2)]);
  vi.useRealTimers();
  await expect(old).rejects.toThrow("stop");
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  source.limitsOf(at(1), AUTO).catch(() => undefined);
  expect(signals).toHaveLength(3);
  source.reset();
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
});
