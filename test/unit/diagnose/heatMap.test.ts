import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Diagnosis, SeamFigures } from "../../../src/diagnose/diagnosis";
import { writeHeatMap } from "../../../src/diagnose/heatMap";
import { quietJob } from "../../../src/job";
import { tiffReader } from "../../../src/stack/tiff/read";
import { createStackFile } from "../../../src/stack/tiff/write";
import { wholeRegion } from "../../../src/volume/region";
import { makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import { EMPTY } from "../../support/diagnosis";
import { temporaryFolder } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const seam = (axis: string, position: number, figures: Partial<SeamFigures>): SeamFigures => ({
  ...{ axis, position, known: true, disagreement: null, profile: null, excess: null, pValue: null },
  error: null,
  ...figures,
});
const diagnosisOf = (axes: string, shape: number[], seams: SeamFigures[]): Diagnosis => ({
  ...EMPTY,
  ...{ axes, shape, seams, range: 10 },
});
const order = (diagnosis: Diagnosis, name: string) => ({
  ...{ diagnosis, stack: join(folder.path, "none.tif"), readers: [tiffReader] },
  path: join(folder.path, name),
});

async function read(path: string): Promise<Volume> {
  const stack = await tiffReader.open({ path }, quietJob());
  const volume = await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  await stack.close();
  return volume;
}

async function write(name: string, shape: number[], value: (i: number) => number): Promise<string> {
  const path = join(folder.path, name);
  const axes = "ZYX";
  const layout = { axes, shape, dtype: "float32", pixelSize: null, channels: [], format: "ome" } as const;
  const writer = await createStackFile(path, layout);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => value(i));
  await writer.write(makeVolume(data, shape, axes), [0, 0, 0], quietJob());
  await writer.close();
  return path;
}

test("seams across rows are one plane: brightest beside the seam, nothing 4 px away", async () => {
  const seams = [seam("Y", 8, { disagreement: 0.5, excess: 99 }), seam("X", 4, { disagreement: 0.25 })];
  const one = order(diagnosisOf("ZCYX", [3, 2, 16, 12], seams), "rows.tif");
  await writeHeatMap(one, quietJob());
  const { axes, shape, data } = await read(one.path);
  expect([axes, shape]).toEqual(["YX", [16, 12]]);
  const column = Array.from({ length: 16 }, (_, y) => data[y * 12 + 11]);
  expect(column).toEqual([0, 0, 0, 0, 0.125, 0.25, 0.375, 0.5, 0.5, 0.375, 0.25, 0.125, 0, 0, 0, 0]);
  expect(data[3]).toBe(0.25);
  expect(data[8 * 12 + 3]).toBe(0.5);
});

test("seams across slices have a plane for each slice; excess stands in where nothing was recorded", async () => {
  const one = order(diagnosisOf("ZYX", [9, 3, 5], [seam("Z", 4, { excess: 8 })]), "slices.tif");
  await writeHeatMap(one, quietJob());
  const { shape, data } = await read(one.path);
  expect(shape).toEqual([9, 3, 5]);
  expect(Array.from({ length: 9 }, (_, z) => data[z * 15 + 7])).toEqual([2, 4, 6, 8, 8, 6, 4, 2, 0]);
});

test("with a reference it is the difference as a fraction of the range", async () => {
  const stack = await write("a.tif", [2, 3, 4], (i) => i);
  const reference = await write("b.tif", [2, 3, 4], (i) => i - (i === 17 ? 5 : 0));
  const one = { ...order(diagnosisOf("ZYX", [2, 3, 4], []), "difference.tif"), stack, reference };
  await writeHeatMap(one, quietJob());
  const { data } = await read(one.path);
  expect([...data]).toEqual(Array.from({ length: 24 }, (_, i) => (i === 17 ? 0.5 : 0)));
});

test("without seams and reference there is nothing to show; nothing is left behind", async () => {
  const one = order(diagnosisOf("YX", [8, 8], [seam("Y", 4, {})]), "nothing.tif");
  await expect(writeHeatMap(one, quietJob())).rejects.toMatchObject({ code: "heatMap.nothing" });
  const marked = order(diagnosisOf("YX", [8, 8], [seam("Y", 4, { excess: 3 })]), "cancelled.tif");
  await expect(writeHeatMap(marked, quietJob(AbortSignal.abort()))).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(existsSync(one.path) || existsSync(marked.path)).toBe(false);
  expect(readdirSync(folder.path).filter((name) => name.endsWith(".partial"))).toEqual([]);
});

test("a reference of another shape is refused with both shapes", async () => {
  const stack = await write("c.tif", [2, 3, 4], (i) => i);
  const reference = await write("d.tif", [2, 3, 5], (i) => i);
  const one = { ...order(diagnosisOf("ZYX", [2, 3, 4], []), "shape.tif"), stack, reference };
  await expect(writeHeatMap(one, quietJob())).rejects.toThrow(/ZYX 2 × 3 × 5.*ZYX 2 × 3 × 4/);
});
