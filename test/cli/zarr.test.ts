import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { canSeeProcesses, marked, start, tilesWritten, tilewright, until } from "../support/commandLine";
import {
  CARE_2D,
  hashFolder,
  noisyVolume,
  readStack,
  temporaryFolder,
  writeStack,
} from "../support/prediction";
import { multiscales, writeGroup, writeZarrArray } from "../support/zarr";

const OPTIONS = ["--model", CARE_2D, "--engine", "cpu", "--threads", "1", "--tiles", "4,3", "--json"];
const SHAPE = [421, 433];

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const inFolder = (name: string): string => join(folder.path, name);
const [tif, zarr] = [inFolder("in.tif"), inFolder("in.ome.zarr")];

async function predicted(input: string, out: string, ...more: string[]): Promise<string> {
  const { code, stdout, stderr } = await tilewright("predict", input, ...OPTIONS, "--out", out, ...more);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ out, tiles: 12, exact: true });
  return out;
}

beforeAll(async () => {
  const volume = noisyVolume("YX", SHAPE);
  await writeStack(tif, volume, { x: 0.2, y: 0.2, z: null, unit: "µm" });
  writeGroup(zarr, 2, { multiscales: [multiscales("yx", [{ path: "0", scale: [0.2, 0.2] }])] });
  await writeZarrArray(join(zarr, "0"), volume.data, {
    format: 2,
    shape: SHAPE,
    chunks: [100, 128],
    dtype: "<u2",
  });
});

test("predicting an OME-Zarr into an OME-Zarr gives the pixels and facts that TIFF to TIFF gives", async () => {
  const wanted = await readStack(await predicted(tif, inFolder("out.tif")));
  for (const [name, ...more] of [["out.ome.zarr"], ["out4.zarr", "--format", "ome-zarr-0.4"]]) {
    const out = await predicted(zarr, inFolder(name), ...more);
    const { data } = await readStack(out);
    expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(wanted.data.buffer))).toBe(0);
    const [facts] = JSON.parse((await tilewright("info", out, "--hash", "--json")).stdout);
    expect(facts).toMatchObject({
      flavour: "ome-zarr",
      layout: "chunks",
      dtype: "float32",
      canonicalAxes: "YX",
      levelShapes: [SHAPE, [211, 217]],
      pixelSize: { x: 0.2, y: 0.2, z: null, unit: "µm" },
      warnings: [],
    });
    expect(facts.planeSha256).toHaveLength(1);
    const compared = await tilewright("compare", out, inFolder("out.tif"), "--json");
    expect(JSON.parse(compared.stdout)).toMatchObject({ max: 0 });
    expect(existsSync(`${out}.run.json`)).toBe(true);
  }
  expect(readdirSync(folder.path).filter((name) => /partial|new|replaced/.test(name))).toEqual([]);
}, 60_000);

test.skipIf(!canSeeProcesses)(
  "a run into an OME-Zarr that is killed is resumed to the same bytes, and replaced only when asked to",
  async () => {
    const wanted = hashFolder(await predicted(zarr, inFolder("whole.ome.zarr")), ["name"]);
    const out = inFolder("killed.ome.zarr");
    for (const tiles of [2, 5, 9]) {
      const resume = existsSync(`${out}.partial.journal`) ? ["--resume"] : [];
      const running = start(["predict", zarr, ...OPTIONS, "--out", out, ...resume]);
      await until(`tile ${tiles}`, () => tilesWritten(out) >= tiles);
      running.killGroup("SIGKILL");
      await running.ended;
      await until("no process of the run is left", () => marked(running.mark).length === 0);
      expect(existsSync(out)).toBe(false);
    }
    await predicted(zarr, out, "--resume");
    expect(hashFolder(out, ["name"])).toBe(wanted);
    expect((await tilewright("predict", zarr, ...OPTIONS, "--out", out)).stderr).toMatch(/exists already/);
    await predicted(zarr, out, "--overwrite");
    expect(hashFolder(out, ["name"])).toBe(wanted);
    expect(readdirSync(folder.path).filter((name) => /partial|new|replaced/.test(name))).toEqual([]);
  },
  120_000,
);

test("an output inside the input, a folder that is no image and a contradicting format are refused", async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await tilewright("predict", zarr, ...OPTIONS, ...args);
    expect(code).toBe(1);
    return stderr;
  };
  expect(await refused("--out", join(zarr, "out.zarr"))).toMatch(/lies in the input/);
  expect(await refused("--out", zarr, "--overwrite")).toMatch(/is the input itself/);
  expect(await refused("--out", inFolder("x.tif"), "--format", "ome-zarr-0.4")).toMatch(/ends in \.zarr/);
  expect(await refused("--out", inFolder("x.zarr"), "--format", "imagej")).toMatch(/imagej/);
}, 60_000);
