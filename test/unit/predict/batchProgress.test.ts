import { expect, test } from "vitest";
import type { PacedProgress } from "../../../src/job";
import { BatchClock } from "../../../src/predict/batchProgress";

const tiles = (done: number, total: number): PacedProgress => ({
  what: "predicting",
  done,
  total,
  unit: "tiles",
  perSecond: 1,
  secondsLeft: total - done,
});

function clockOf(...work: number[]) {
  let now = 0;
  const files = work.map((voxels, i) => ({ file: `${i}.tif`, work: voxels }));
  const clock = new BatchClock(files, () => now);
  return { clock, wait: (seconds: number) => (now += 1000 * seconds) };
}

test("the time left is that of all files, weighed by their voxels", () => {
  const { clock, wait } = clockOf(100, 300);
  expect(clock.next()).toMatchObject({ file: "0.tif", number: 1, files: 2, fraction: 0, secondsLeft: null });
  wait(5);
  expect(clock.tell(tiles(1, 2))).toMatchObject({ fraction: 50 / 400, secondsLeft: 35 });
  wait(5);
  expect(clock.tell(tiles(2, 2))).toMatchObject({ fraction: 100 / 400, secondsLeft: 30 });
  expect(clock.next()).toMatchObject({ file: "1.tif", number: 2, secondsLeft: 30 });
  wait(3);
  clock.tell(tiles(1, 10));
  wait(12);
  expect(clock.tell(tiles(5, 10))).toMatchObject({ secondsLeft: expect.closeTo(15, 9) });
});

test("what is not told in tiles moves nothing", () => {
  const { clock, wait } = clockOf(100);
  clock.next();
  wait(2);
  const measuring: PacedProgress = { ...tiles(3, 4), what: "measuring intensities", unit: "planes" };
  expect(clock.tell(measuring)).toMatchObject({ fraction: 0, secondsLeft: null, within: measuring });
});

test("tiles that an earlier run did count as done, but not as fast", () => {
  const { clock, wait } = clockOf(100, 100);
  clock.next();
  wait(10);
  expect(clock.tell(tiles(9, 10))).toMatchObject({ fraction: 90 / 200, secondsLeft: 110 });
});

test("of a file that failed nothing is left, and only its own tiles count as speed", () => {
  const { clock, wait } = clockOf(100, 100);
  clock.next();
  wait(10);
  clock.tell(tiles(1, 10));
  expect(clock.next()).toMatchObject({ fraction: 0.5, secondsLeft: 100 });
});

test("files that failed before their first tile say nothing about speed", () => {
  const { clock, wait } = clockOf(100, 100);
  clock.next();
  wait(10);
  expect(clock.next()).toMatchObject({ fraction: 0.5, secondsLeft: null });
});
