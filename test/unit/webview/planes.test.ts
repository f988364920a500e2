import { expect, test } from "vitest";
import type { PlanePixels, PlaneRequest } from "../../../src/protocol/viewer";
import { ContrastSource } from "../../../webview/contrast";
import { PlaneSource } from "../../../webview/planes";

const request = (z: number): PlaneRequest => ({
  plane: { t: 0, z, c: 0 },
  region: { y: [0, 2], x: [0, 2] },
  step: 1,
});

const pixels = ({ plane }: PlaneRequest): PlanePixels => ({
  plane,
  region: { y: [0, 2], x: [0, 2] },
  step: 1,
  width: 2,
  height: 2,
  data: new Uint16Array(4).fill(plane.z),
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A host that answers when told to. */
function slowHost() {
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const read = (wanted: PlaneRequest, signal: AbortSignal): Promise<PlanePixels> => {
    asked.push(wanted.plane.z);
    return new Promise((resolve, reject) => {
      answers.push(() => resolve(pixels(wanted)));
      signal.addEventListener("abort", () => reject(new DOMException("stop", "AbortError")));
    });
  };
  return { asked, answers, read };
}

test("while one picture is on its way only the newest wish waits", async () => {
  const { asked, answers, read } = slowHost();
  const source = new PlaneSource(read, 1e6, () => 0);
  const shown: number[] = [];
  for (const z of [1, 2, 3, 4])
    source.wish(
      request(z),
      ({ plane }) => shown.push(plane.z),
      () => shown.push(-1),
    );
  answers[0]();
  await turn();
  answers[1]();
  await turn();
  expect(asked).toEqual([1, 4]);
  expect(shown).toEqual([1, 4]);
});

test("a picture that takes long is cancelled when something newer is wanted", async () => {
  let now = 0;
  const { asked, answers, read } = slowHost();
  const source = new PlaneSource(read, 1e6, () => now);
  const shown: number[] = [];
  source.wish(
    request(1),
    ({ plane }) => shown.push(plane.z),
    () => shown.push(-1),
  );
  now = 1000;
  source.wish(
    request(2),
    ({ plane }) => shown.push(plane.z),
    () => shown.push(-1),
  );
  await turn();
  answers[1]();
  await turn();
  expect(asked).toEqual([1, 2]);
  expect(shown).toEqual([2]);
});

test("pictures are kept up to the limit, the oldest dropped first", async () => {
  const source = new PlaneSource((wanted) => Promise.resolve(pixels(wanted)), 16);
  for (const z of [1, 2, 3]) {
    source.wish(
      request(z),
      () => undefined,
      () => undefined,
    );
    await turn();
  }
  expect(source.find(request(1))).toBeUndefined();
  expect(source.find(request(3))?.data[0]).toBe(3);
  source.reset();
  expect(source.find(request(3))).toBeUndefined();
});

test("a failure reaches the one who wished, and the next wish goes on", async () => {
  let isBroken = true;
  const read = (wanted: PlaneRequest): Promise<PlanePixels> =>
    isBroken ? Promise.reject(new Error("broken")) : Promise.resolve(pixels(wanted));
  const source = new PlaneSource(read, 1e6);
  const told: string[] = [];
  source.wish(
    request(1),
    () => told.push("shown"),
    (error) => told.push((error as Error).message),
  );
  await turn();
  isBroken = false;
  source.wish(
    request(1),
    () => told.push("shown"),
    () => told.push("failed"),
  );
  await turn();
  expect(told).toEqual(["broken", "shown"]);
});

test("limits of a plane are asked for once, and again after a failure", async () => {
  let asked = 0;
  const source = new ContrastSource(() => {
    asked++;
    if (asked === 1) return Promise.reject(new Error("broken"));
    return Promise.resolve({ low: 0, high: 1, min: 0, max: 1, notFinite: 0 });
  });
  const plane = { t: 0, z: 0, c: 0 };
  await expect(source.limitsOf(plane, "auto")).rejects.toThrow("broken");
  await source.limitsOf(plane, "auto");
  await source.limitsOf(plane, "auto");
  expect(asked).toBe(2);
  await source.limitsOf(plane, "minmax");
  expect(asked).toBe(3);
});
