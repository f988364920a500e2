import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { tiffReader } from "../../../src/stack/tiff/read";
import { createStackFile } from "../../../src/stack/tiff/write";
import { PADDING_MODES, sourceIndex } from "../../../src/tiling/padding";
import { cutRegion, makeVolume, transposeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import type { Region } from "../../../src/volume/region";
import {
  CARE_2D,
  CARE_3D,
  TINY_2D,
  TINY_2_CHANNELS,
  TINY_3D_PROBABILISTIC,
  noisyVolume,
  predictHere,
  readStack,
  relativeDifference,
  temporaryFolder,
  writeStack,
} from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);

let runs = 0;
/** Predicts and reads what was written. */
async function predicted(input: string, model: string, options: Record<string, unknown> = {}) {
  const out = at(`out-${runs++}.tif`);
  const result = await predictHere(input, model, out, { threads: 1, ...options });
  // Small images are mostly overlap: a warning about cost, not about exactness.
  const codes = result.warnings.map(({ code }) => code).filter((code) => code !== "mostly-overlap");
  return { result, image: await readStack(out), codes };
}
const part = (image: Volume, region: Region): Volume["data"] => cutRegion(image, region).data;

let plane = "";
const PLANE = [61, 67];
beforeAll(async () => {
  plane = await writeStack(at("plane.tif"), noisyVolume("YX", PLANE));
});

describe("tiled prediction", () => {
  test("equals untiled prediction where the plan says exact, and not where it does not", async () => {
    const untiled = (await predicted(plane, TINY_2D, { untiled: true })).image;
    const exact = await predicted(plane, TINY_2D, { tiles: "3,3" });
    expect(exact.result.tiles).toBe(9);
    expect(relativeDifference(untiled.data, exact.image.data)).toBeLessThan(1e-6);
    expect(exact.codes).toEqual([]);
    const thin = await predicted(plane, TINY_2D, { tiles: "3,3", overlap: 2 });
    expect(relativeDifference(untiled.data, thin.image.data)).toBeGreaterThan(1e-4);
    expect(thin.codes).toContain("overlap-below-context");
    const odd = await predicted(plane, TINY_2D, { tileSize: "35", block: 1 });
    expect(odd.codes).toContain("block-misaligned");
    expect(relativeDifference(untiled.data, odd.image.data)).toBeGreaterThan(1e-4);
  });

  test.each([
    { guarantee: "count" },
    { tileSize: "40" },
    { tileSize: "Y=44" },
    { block: "Y=8" },
    { block: 6 },
    { overlap: "X=12" },
  ])("is exact with %o", async (options) => {
    const untiled = (await predicted(plane, TINY_2D, { untiled: true })).image;
    const tiled = await predicted(plane, TINY_2D, { tiles: "2,3", ...options });
    expect(tiled.codes).toEqual([]);
    expect(relativeDifference(untiled.data, tiled.image.data)).toBeLessThan(1e-6);
  });

  test("blended equals cropped where the tiles agree, with either weights", async () => {
    const cropped = (await predicted(plane, TINY_2D, { tiles: "3,2", overlap: 20 })).image;
    for (const blend of ["linear", "gaussian"]) {
      for (const guarantee of ["size", "count"]) {
        // With 10 px more than the context, the outer 10 px still differ: weights there are small, not 0.
        const blended = await predicted(plane, TINY_2D, { tiles: "3,2", overlap: 20, blend, guarantee });
        expect(blended.codes).toContain("blended");
        expect(relativeDifference(cropped.data, blended.image.data)).toBeLessThan(0.2);
      }
    }
    const one = (await predicted(plane, TINY_2D, { tiles: "1,1", blend: "linear" })).image;
    const untiled = (await predicted(plane, TINY_2D, { untiled: true })).image;
    expect(relativeDifference(untiled.data, one.data)).toBeLessThan(1e-6);
  });
});

describe("a part of the image", () => {
  test.each<[string, Record<string, unknown>, Region]>([
    [
      "inside",
      { roi: "Y=20:40,X=11:52" },
      [
        [20, 40],
        [11, 52],
      ],
    ],
    [
      "at the border",
      { roi: "Y=0:9,X=40:67" },
      [
        [0, 9],
        [40, 67],
      ],
    ],
    [
      "one px",
      { roi: "Y=60:61,X=0:1" },
      [
        [60, 61],
        [0, 1],
      ],
    ],
    [
      "tiled itself",
      { roi: "Y=5:60", tiles: "2,3" },
      [
        [5, 60],
        [0, 67],
      ],
    ],
    [
      "with another block",
      { roi: "Y=5:50", tiles: "1,1", block: 8 },
      [
        [5, 50],
        [0, 67],
      ],
    ],
  ])("%s equals that part of the whole result", async (_, options, region) => {
    const whole = (await predicted(plane, TINY_2D, { untiled: true })).image;
    const some = await predicted(plane, TINY_2D, options);
    const wanted = part(whole, region);
    expect(some.image.data).toHaveLength(wanted.length);
    let most = 0;
    wanted.forEach((value, i) => (most = Math.max(most, Math.abs(value - some.image.data[i]))));
    expect(most / 200).toBeLessThan(1e-6);
    expect(some.codes).toEqual([]);
  });

  test("of time points and channels is that part, with the statistics of the whole stack", async () => {
    const stack = await writeStack(at("tcyx.tif"), noisyVolume("TCYX", [3, 2, 30, 34]));
    for (const normalize of ["auto", "percentile:1,99"]) {
      const whole = (await predicted(stack, TINY_2_CHANNELS, { normalize })).image;
      const some = (await predicted(stack, TINY_2_CHANNELS, { normalize, roi: "T=1:3,X=4:20" })).image;
      expect(some.shape).toEqual([2, 2, 30, 16]);
      const wanted = part(whole, [
        [1, 3],
        [0, 2],
        [0, 30],
        [4, 20],
      ]);
      expect(relativeDifference(wanted, some.data)).toBeLessThan(1e-6);
    }
  });

  test("one channel of several goes into a one-channel model, with that channel's statistics", async () => {
    const both = noisyVolume("CYX", [2, 40, 44]);
    both.data.forEach((value, i) => (both.data[i] = i < 40 * 44 ? value : 5 * value + 1000));
    const stack = await writeStack(at("cyx.tif"), both);
    const second = await writeStack(at("second.tif"), makeVolume(both.data.slice(40 * 44), [40, 44], "YX"));
    const chosen = (await predicted(stack, TINY_2D, { roi: "C=1:2" })).image;
    expect(relativeDifference((await predicted(second, TINY_2D)).image.data, chosen.data)).toBeLessThan(1e-6);
  });
});

describe("the output", () => {
  test("keeps the name of the channel that was predicted, not that of the first", async () => {
    const input = at("named.tif");
    const volume = noisyVolume("CYX", [2, 24, 24]);
    const channels = ["DAPI", "GFP"].map((name) => ({ name, color: null }));
    const layout = { axes: "CYX", shape: volume.shape, dtype: "uint16", pixelSize: null } as const;
    const writer = await createStackFile(input, { ...layout, channels, format: "ome" });
    await writer.write(volume, [0, 0, 0], quietJob());
    await writer.close();
    const out = at("second-name.tif");
    await predictHere(input, TINY_2D, out, { roi: "C=1:2" });
    const stack = await tiffReader.open({ path: out }, quietJob());
    expect(stack.facts.channels.map(({ name }) => name)).toEqual(["GFP"]);
    await stack.close();
  });

  test.skipIf(process.platform === "win32")("never takes the place of a device", async () => {
    const input = await writeStack(at("device-in.tif"), noisyVolume("YX", [24, 24]));
    await expect(predictHere(input, TINY_2D, "/dev/null")).rejects.toMatchObject({ code: "out.notAFile" });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("axes", () => {
  test("a 2-D model predicts every plane of a Z stack and every time point on its own", async () => {
    const volume = noisyVolume("TZYX", [2, 3, 24, 26]);
    const stack = await writeStack(at("tzyx.tif"), volume);
    const { image, result, codes } = await predicted(stack, TINY_2D, { normalize: "none" });
    expect(image.shape).toEqual([2, 3, 24, 26]);
    expect(result.tiles).toBe(6);
    expect(codes).toEqual(["axes", "axes"]);
    const size = 24 * 26;
    const single = await writeStack(
      at("single.tif"),
      makeVolume(volume.data.slice(4 * size, 5 * size), [24, 26], "YX"),
    );
    const alone = (await predicted(single, TINY_2D, { normalize: "none" })).image;
    expect(
      Buffer.from(alone.data.buffer).equals(
        Buffer.from(
          part(image, [
            [1, 2],
            [1, 2],
            [0, 24],
            [0, 26],
          ]).buffer,
        ),
      ),
    ).toBe(true);
  });

  test("a 3-D model takes a plane as a stack of one slice", async () => {
    const small = await writeStack(at("small.tif"), noisyVolume("YX", [20, 24]));
    const { image, codes } = await predicted(small, CARE_3D);
    expect([image.axes, image.shape]).toEqual(["YX", [20, 24]]);
    expect(codes).toEqual(["axes"]);
  });

  test("T read as Z by --axes is predicted as a volume", async () => {
    const volume = noisyVolume("ZYX", [9, 20, 24]);
    const asZ = await writeStack(at("z.tif"), volume);
    const asT = await writeStack(at("t.tif"), makeVolume(volume.data, [9, 20, 24], "TYX"));
    const wanted = (await predicted(asZ, CARE_3D)).image;
    const named = (await predicted(asT, CARE_3D, { axes: "ZYX" })).image;
    expect(named.axes).toBe("ZYX");
    expect(relativeDifference(wanted.data, named.data)).toBe(0);
  });

  test("several channels go through together, in any order of axes", async () => {
    const volume = noisyVolume("CYX", [2, 40, 44]);
    const stack = await writeStack(at("two.tif"), volume);
    const untiled = await predicted(stack, TINY_2_CHANNELS, { untiled: true });
    const tiled = await predicted(stack, TINY_2_CHANNELS, { tiles: "1,3,3" });
    expect(untiled.image.shape).toEqual([2, 40, 44]);
    expect(relativeDifference(untiled.image.data, tiled.image.data)).toBeLessThan(1e-6);
    const zcyx = await writeStack(
      at("zcyx.tif"),
      transposeVolume(makeVolume(volume.data, [2, 1, 40, 44], "CZYX"), "ZCYX"),
    );
    expect(
      relativeDifference(untiled.image.data, (await predicted(zcyx, TINY_2_CHANNELS)).image.data),
    ).toBeLessThan(1e-6);
  });
});

describe("padding", () => {
  test.each(PADDING_MODES)(
    "%s: the image is continued once, as a whole, and the padding cut off again",
    async (pad) => {
      const volume = noisyVolume("YX", [21, 45]);
      const stack = await writeStack(at(`pad-${pad}.tif`), volume);
      // 21 → 24 by 1 and 2, 45 → 48 by 1 and 2.
      const padded = new Uint16Array(24 * 48).map((_, i) => {
        const [y, x] = [sourceIndex(Math.floor(i / 48) - 1, 21, pad), sourceIndex((i % 48) - 1, 45, pad)];
        return y < 0 || x < 0 ? 0 : volume.data[y * 45 + x];
      });
      const larger = await writeStack(at(`padded-${pad}.tif`), makeVolume(padded, [24, 48], "YX"));
      const options = { normalize: "none", pad };
      const wanted = part((await predicted(larger, CARE_2D, options)).image, [
        [1, 22],
        [1, 46],
      ]);
      expect(relativeDifference(wanted, (await predicted(stack, CARE_2D, options)).image.data)).toBeLessThan(
        1e-6,
      );
    },
  );

  test("that is extra changes the result, and a warning says so", async () => {
    const extra = await predicted(plane, TINY_2D, { padExtra: "8" });
    expect(extra.codes).toContain("extra-padding");
    expect(
      relativeDifference((await predicted(plane, TINY_2D)).image.data, extra.image.data),
    ).toBeGreaterThan(1e-6);
  });
});

describe("intensities", () => {
  test("a probabilistic model gives mean and scale: the offset is undone for the mean only", async () => {
    const stack = await writeStack(at("zyx.tif"), noisyVolume("ZYX", [8, 24, 26]));
    const raw = await predicted(stack, TINY_3D_PROBABILISTIC, { normalize: "none" });
    expect([raw.image.axes, raw.image.shape]).toEqual(["ZCYX", [8, 2, 24, 26]]);
    const tiled = await predicted(stack, TINY_3D_PROBABILISTIC, { tiles: "1,2,2" });
    const untiled = await predicted(stack, TINY_3D_PROBABILISTIC, { untiled: true });
    expect(relativeDifference(untiled.image.data, tiled.image.data)).toBeLessThan(1e-6);
    const scale = part(untiled.image, [
      [0, 8],
      [1, 2],
      [0, 24],
      [0, 26],
    ]);
    expect(Math.min(...scale)).toBeGreaterThan(0);
    const volume = noisyVolume("ZYX", [8, 24, 26], "float32");
    volume.data.forEach((value, i) => (volume.data[i] = 4 * value + 1000));
    const brighter = (await predicted(await writeStack(at("bright3d.tif"), volume), TINY_3D_PROBABILISTIC))
      .image;
    const back = Float32Array.from(brighter.data, (value, i) =>
      Math.floor(i / (24 * 26)) % 2 === 0 ? (value - 1000) / 4 : value / 4,
    );
    expect(relativeDifference(untiled.image.data, back)).toBeLessThan(1e-5);
  });

  test("brighter and wider images give the same result, brighter and wider: normalisation is undone", async () => {
    const volume = noisyVolume("YX", PLANE, "float32");
    const first = (await predicted(plane, TINY_2D)).image;
    const brighter = makeVolume(
      (volume.data as Float32Array).map((value) => 4 * value + 1000),
      PLANE,
      "YX",
    );
    const second = (await predicted(await writeStack(at("bright.tif"), brighter), TINY_2D)).image;
    const back = (second.data as Float32Array).map((value) => (value - 1000) / 4);
    expect(relativeDifference(first.data, back)).toBeLessThan(1e-5);
  });

  test("frame measures every time point by itself, stack all together, tile every tile", async () => {
    const volume = noisyVolume("TYX", [2, 40, 44]);
    volume.data.forEach((value, i) => (volume.data[i] = i < 40 * 44 ? value : 3 * value + 500));
    const stack = await writeStack(at("tyx.tif"), volume);
    const second = await writeStack(at("frame1.tif"), makeVolume(volume.data.slice(40 * 44), [40, 44], "YX"));
    const alone = (await predicted(second, TINY_2D)).image;
    const frame = (await predicted(stack, TINY_2D, { normalizeScope: "frame" })).image;
    const whole = (await predicted(stack, TINY_2D)).image;
    const second1: Region = [
      [1, 2],
      [0, 40],
      [0, 44],
    ];
    expect(relativeDifference(alone.data, part(frame, second1))).toBeLessThan(1e-6);
    expect(relativeDifference(alone.data, part(whole, second1))).toBeGreaterThan(1e-4);
    const inRoi = (await predicted(stack, TINY_2D, { normalizeScope: "frame", roi: "T=1:2" })).image;
    expect(relativeDifference(alone.data, inRoi.data)).toBeLessThan(1e-6);
    const tile = await predicted(plane, TINY_2D, { normalizeScope: "tile", tiles: "3,3" });
    expect(tile.codes).toContain("tile-normalization");
    expect(relativeDifference((await predicted(plane, TINY_2D)).image.data, tile.image.data)).toBeGreaterThan(
      1e-4,
    );
  });

  test("NaN pixels are left out of the statistics, counted and reported", async () => {
    const volume = noisyVolume("YX", PLANE, "float32");
    volume.data[5] = NaN;
    volume.data[6] = Infinity;
    const { result, image } = await predicted(await writeStack(at("nan.tif"), volume), TINY_2D);
    expect(result.warnings.find(({ code }) => code === "not-finite")?.message).toMatch(/^2 pixels/);
    expect(Number.isFinite(image.data[PLANE[0] * PLANE[1] - 1])).toBe(true);
  });

  test("an image without a finite pixel is an error, a constant one is not", async () => {
    const empty = makeVolume(new Float32Array(400).fill(NaN), [20, 20], "YX");
    await expect(predicted(await writeStack(at("empty.tif"), empty), TINY_2D)).rejects.toMatchObject({
      code: "normalization.noPixels",
    });
    const flat = makeVolume(new Float32Array(400).fill(7), [20, 20], "YX");
    const { image } = await predicted(await writeStack(at("flat.tif"), flat), TINY_2D);
    expect(image.data.every(Number.isFinite)).toBe(true);
  });

  test("integers are rounded half to even and clamped, never wrapped, and the clamped ones counted", async () => {
    const exact = (await predicted(plane, TINY_2D)).image;
    const { image, result } = await predicted(plane, TINY_2D, { dtype: "uint8", tiles: "2,2" });
    expect(image.data).toBeInstanceOf(Uint8Array);
    let outside = 0;
    exact.data.forEach((value, i) => {
      if (value < -0.5 || value > 255.5) outside++;
      expect(Math.abs(image.data[i] - Math.min(255, Math.max(0, value)))).toBeLessThanOrEqual(0.5001);
    });
    const said = result.warnings.find(({ code }) => code === "clamped")?.message;
    expect(said).toBe(
      outside === 0 ? undefined : `${outside} values did not fit into the pixel type and were clamped`,
    );
    expect((await predicted(plane, TINY_2D, { dtype: "input" })).image.data).toBeInstanceOf(Uint16Array);
  });
});

describe("seams of a run", () => {
  const seams = async (options: Record<string, unknown>) =>
    (await predicted(plane, TINY_2D, { tiles: "3,3", ...options })).result.seams;

  test("vanish once the overlap holds the context of the pair across the border: context and one block", async () => {
    const { maxRelative, perAxis } = await seams({ overlap: 12 });
    expect(Object.keys(perAxis).sort()).toEqual(["X", "Y"]);
    expect(maxRelative).toBeLessThan(1e-6);
  });

  test("are a disagreement, no proof: with just the context the kept px are exact, their neighbours in the other tile not", async () => {
    const least = await seams({ overlap: "auto" });
    const thin = await seams({ overlap: 2 });
    expect(least.maxRelative).toBeGreaterThan(1e-6);
    expect(thin.maxRelative).toBeGreaterThan(2 * (least.maxRelative ?? 1));
  });

  test("are none without neighbours", async () => {
    expect(await seams({ tiles: "1,1" })).toEqual({ maxRelative: null, perAxis: {} });
  });
});
