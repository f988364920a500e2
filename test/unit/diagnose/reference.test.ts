import { expect, test } from "vitest";
import type { SeamFigures } from "../../../src/diagnose/diagnosis";
import { referenceErrors } from "../../../src/diagnose/reference";
import { quietJob } from "../../../src/job";
import { makeVolume } from "../../../src/volume/volume";
import { seededRandom } from "../../support/networks";
import { stackOf } from "../../support/stacks";

const [DEPTH, HEIGHT, WIDTH] = [3, 40, 64];
const random = seededRandom(1);
const truth = Float32Array.from({ length: DEPTH * HEIGHT * WIDTH }, () => 100 * random());
const volume = (data: Float32Array) => makeVolume(data, [DEPTH, HEIGHT, WIDTH], "ZYX");
const seams = [{ axis: "X", position: 32 } as SeamFigures];

test("errors are told by index, by distance from seams and ends, and at the worst places apart from one another", async () => {
  const wrong = truth.slice();
  for (let z = 0; z < DEPTH; z++) {
    for (let y = 0; y < HEIGHT; y++) {
      for (const [x, error] of [
        [31, 10],
        [32, 10],
        [33, 5],
      ]) {
        wrong[(z * HEIGHT + y) * WIDTH + x] += z === 2 ? 2 * error : error;
      }
    }
  }
  wrong[(1 * HEIGHT + 5) * WIDTH + 60] += 90;
  const errors = await referenceErrors(stackOf(volume(wrong)), stackOf(volume(truth)), seams, quietJob());
  const range = 90 / errors.max;
  expect(range).toBeCloseTo(99.8, 0);
  expect(errors.perAxis.Z).toHaveLength(DEPTH);
  expect(errors.perAxis.Z[2] / errors.perAxis.Z[0]).toBeCloseTo(2, 5);
  expect(errors.perAxis.X[31] * range).toBeCloseTo((4 / 3) * 10, 3);
  expect(errors.perAxis.X[10]).toBe(0);
  expect(errors.fromSeams.X[0]).toBeCloseTo(errors.perAxis.X[31], 6);
  expect(errors.fromSeams.X[1]).toBeCloseTo(errors.perAxis.X[33] / 2, 6);
  expect(errors.fromSeams.X).toHaveLength(32);
  expect(errors.fromSeams).not.toHaveProperty("Y");
  expect(errors.fromBorders.X).toHaveLength(WIDTH / 2);
  expect(errors.worst[0].position).toEqual({ Z: 1, Y: 5, X: 60 });
  const columns = errors.worst.map(({ position }) => `${position.X}`);
  expect(columns.slice(1).every((x) => ["31", "32"].includes(x))).toBe(true);
  expect(errors.worst.length).toBeLessThanOrEqual(10);
});

test("equal stacks have no errors, also where both are NaN", async () => {
  const holes = truth.slice();
  holes[7] = NaN;
  const errors = await referenceErrors(
    stackOf(volume(holes)),
    stackOf(volume(holes.slice())),
    seams,
    quietJob(),
  );
  expect(errors).toMatchObject({ max: 0, mean: 0, worst: [] });
});

test("NaN on one side only counts as the whole range", async () => {
  const holes = truth.slice();
  holes[7] = NaN;
  const errors = await referenceErrors(stackOf(volume(holes)), stackOf(volume(truth)), seams, quietJob());
  expect(errors.max).toBe(1);
  expect(JSON.stringify(errors)).not.toContain("null");
});

test("another shape is refused", async () => {
  const small = makeVolume(new Float32Array(HEIGHT * WIDTH), [1, HEIGHT, WIDTH], "ZYX");
  await expect(referenceErrors(stackOf(volume(truth)), stackOf(small), [], quietJob())).rejects.toThrow(
    /has Y 40, X 64, the stack Z 3, Y 40, X 64/,
  );
});
