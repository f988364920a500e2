import { expect, test, vi } from "vitest";
import type { Histogram, PictureSource } from "../../../src/protocol/viewer";
import { HistogramSource } from "../../../webview/pixels/histograms";

const sourceOf = (z: number): PictureSource => ({ plane: { t: 0, z, c: 0 } });
const histogramOf = (z: number): Histogram => ({
  from: z,
  to: z + 1,
  counts: new Uint32Array(256),
  min: z,
  max: z + 1,
  notFinite: 0,
});

/** A host that answers when it is told to. */
function slowHost(): {
  readonly asked: number[];
  readonly answer: () => Promise<void>;
  readonly fail: () => Promise<void>;
  readonly source: HistogramSource;
  readonly arrived: ReturnType<typeof vi.fn>;
  readonly failed: ReturnType<typeof vi.fn>;
} {
  const asked: number[] = [];
  let settle: { resolve: (histogram: Histogram) => void; reject: (error: Error) => void } | null = null;
  const [arrived, failed] = [vi.fn(), vi.fn()];
  const source = new HistogramSource(
    ({ plane }, signal) =>
      new Promise((resolve, reject) => {
        asked.push(plane.z);
        settle = { resolve, reject };
        signal.addEventListener("abort", () => reject(new Error("stopped")));
      }),
    { arrived, failed },
  );
  const flush = (): Promise<void> => vi.advanceTimersByTimeAsync(0).then(() => undefined);
  return {
    asked,
    arrived,
    failed,
    source,
    answer: () => {
      settle?.resolve(histogramOf(asked.at(-1) ?? 0));
      return flush();
    },
    fail: () => {
      settle?.reject(new Error("no"));
      return flush();
    },
  };
}

test("while one histogram is on its way, only the newest wish waits", async () => {
  vi.useFakeTimers();
  const { source, asked, answer } = slowHost();
  for (const z of [1, 2, 3, 4]) expect(source.want(sourceOf(z))).toBeNull();
  await answer();
  await answer();
  expect(asked).toEqual([1, 4]);
  expect(source.want(sourceOf(4))).toEqual(histogramOf(4));
  expect(source.want(sourceOf(1))).toEqual(histogramOf(1));
  expect(asked).toEqual([1, 4]);
  vi.useRealTimers();
});

test("a slow histogram that nobody wants any more is cancelled for the newest", async () => {
  vi.useFakeTimers();
  const { source, asked, failed } = slowHost();
  source.want(sourceOf(1));
  source.want(sourceOf(2));
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([1]);
  await vi.advanceTimersByTimeAsync(100);
  expect(asked).toEqual([1, 2]);
  expect(failed).not.toHaveBeenCalled();
  vi.useRealTimers();
});

test("a slow histogram that is still wanted is waited for", async () => {
  vi.useFakeTimers();
  const { source, asked, arrived, answer } = slowHost();
  source.want(sourceOf(1));
  source.want(sourceOf(2));
  source.want(sourceOf(1));
  await vi.advanceTimersByTimeAsync(5000);
  await answer();
  expect(asked).toEqual([1]);
  expect(arrived).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});

test("a histogram that failed says so once and is not asked for again", async () => {
  vi.useFakeTimers();
  const { source, asked, failed, fail } = slowHost();
  source.want(sourceOf(1));
  await fail();
  source.want(sourceOf(1));
  expect(asked).toEqual([1]);
  expect(failed).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
});
