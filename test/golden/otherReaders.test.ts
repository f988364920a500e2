import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { quietJob } from "../../src/job";
import type { StackLayout } from "../../src/stack/stack";
import { createStackFile } from "../../src/stack/tiff/write";
import type { Volume } from "../../src/volume/volume";
import { makeVolume } from "../../src/volume/volume";
import { noisyVolume, temporaryFolder } from "../support/prediction";
import { PYTHON_VARIABLE, pythonWith } from "../support/python";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

const tools = spawnSync("tiffinfo", ["-h"]).error === undefined && spawnSync("tiffcmp").error === undefined;
const python = pythonWith("tifffile");
if (!tools) process.stderr.write("other readers: tiffinfo and tiffcmp of libtiff are not installed\n");
if (python === undefined) {
  process.stderr.write(`other readers: ${PYTHON_VARIABLE} names no Python with tifffile\n`);
}

const CASES = [
  { axes: "YX", shape: [60, 70], format: "ome" },
  { axes: "ZYX", shape: [5, 60, 70], format: "ome" },
  { axes: "TZCYX", shape: [2, 3, 2, 40, 50], format: "ome" },
  { axes: "ZYX", shape: [5, 60, 70], format: "imagej" },
  { axes: "TZCYX", shape: [2, 3, 2, 40, 50], format: "imagej" },
] as const;

async function written(name: string, layout: Pick<StackLayout, "axes" | "shape" | "format">, volume: Volume) {
  const path = join(folder.path, name);
  const channels = [
    { name: "GFP <1>", color: "#00ff00" },
    { name: "細胞", color: "#ff00ff" },
  ];
  const pixelSize = { x: 0.5, y: 0.5, z: 2, unit: "µm" };
  const writer = await createStackFile(path, { ...layout, dtype: "uint16", pixelSize, channels });
  await writer.write(
    volume,
    layout.shape.map(() => 0),
    quietJob(),
  );
  await writer.close();
  return path;
}

/** What libtiff complains about, apart from ImageJ's own tags and from a second description, which are meant. */
function warnings(stderr: string): string[] {
  const meant = /Unknown field with tag 5083[89] |tags are not sorted in ascending order/;
  return stderr.split("\n").filter((line) => line !== "" && !meant.test(line));
}

describe("other programs read what we write", () => {
  test.skipIf(python === undefined).each(CASES)("tifffile: $axes as $format", async (layout) => {
    const volume = noisyVolume(layout.axes, [...layout.shape]);
    const path = await written("python.tif", layout, volume);
    const code = [
      "import hashlib, json, sys, tifffile",
      "with tifffile.TiffFile(sys.argv[1]) as f:",
      "    s = f.series[0]; d = s.asarray()",
      "    print(json.dumps([s.axes, d.shape, str(d.dtype), hashlib.sha256(d.tobytes()).hexdigest(), len(f.series)]))",
    ].join("\n");
    const run = spawnSync(python!, ["-c", code, path], { encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toBe("");
    const bytes = Buffer.from(volume.data.buffer, volume.data.byteOffset, volume.data.byteLength);
    const hash = createHash("sha256").update(bytes).digest("hex");
    expect(JSON.parse(run.stdout)).toEqual([layout.axes, layout.shape, "uint16", hash, 1]);
  });

  test.skipIf(!tools).each(CASES)("libtiff's tiffinfo and tiffcmp: $axes as $format", async (layout) => {
    const volume = noisyVolume(layout.axes, [...layout.shape]);
    const path = await written("libtiff.tif", layout, volume);
    const info = spawnSync("tiffinfo", ["-D", path], { encoding: "utf8" });
    expect(info.status, info.stderr).toBe(0);
    expect(warnings(info.stderr)).toEqual([]);
    const pages = layout.shape.slice(0, -2).reduce((product: number, n: number) => product * n, 1);
    expect(info.stdout.match(/Image Width: /g)).toHaveLength(pages);
    const again = await written("again.tif", layout, volume);
    const same = spawnSync("tiffcmp", [path, again], { encoding: "utf8" });
    const differences = same.stdout.split("\n").filter((line) => !/^(Directory \d+:)?$/.test(line));
    expect([same.status, differences, warnings(same.stderr)]).toEqual([0, [], []]);
    const data = volume.data.slice();
    data[data.length - 1] ^= 1;
    const other = await written("other.tif", layout, makeVolume(data, volume.shape, volume.axes));
    expect(spawnSync("tiffcmp", [path, other]).status).toBe(1);
  });
});
