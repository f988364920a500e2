import { symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { hashPlanes } from "../../../src/stack/planeHash";
import { tiffReader } from "../../../src/stack/tiff/read";
import type { Stack } from "../../../src/stack/stack";
import { wholeRegion } from "../../../src/volume/region";
import { makeTiff } from "../../support/tiff";
import { temporaryFolder } from "../../support/prediction";

const job = quietJob();
const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);

const document = (images: string, uuid = "urn:uuid:self"): string =>
  `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="${uuid}">${images}</OME>`;
const image = (size: string, inner: string, order = "XYZCT"): string =>
  `<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="${order}" Type="uint8" ${size}>${inner}</Pixels></Image>`;
const SIZE = 'SizeX="6" SizeY="5"';

/** Pages whose pixels all have the given values. */
const tiff = (values: readonly number[], description?: string, width = 6): Buffer =>
  makeTiff(
    values.map((value, i) => ({
      width,
      height: 5,
      value: () => value,
      ...(i === 0 && description !== undefined ? { description } : {}),
    })),
  );

/** First pixel of each plane in the order of the canonical axes. */
async function values(stack: Stack): Promise<number[]> {
  const whole = wholeRegion(stack.facts.canonicalShape);
  const volume = await stack.read([...whole.slice(0, -2), [1, 2], [1, 2]], job);
  return [...volume.data];
}

async function withStack<T>(name: string, use: (stack: Stack) => Promise<T>, series?: number): Promise<T> {
  const stack = await tiffReader.open({ path: at(name), series }, job);
  try {
    return await use(stack);
  } finally {
    await stack.close();
  }
}

const part = (name: string, z: number, c: number, page = 0): string =>
  `<TiffData IFD="${page}" FirstZ="${z}" FirstC="${c}" PlaneCount="1"><UUID FileName="${name}">urn:uuid:${name}</UUID></TiffData>`;
/** Two channels in files of their own, three slices each; the second file stores its slices backwards. */
const SET = image(
  `${SIZE} SizeZ="3" SizeC="2" SizeT="1"`,
  [0, 1, 2].map((z) => part("c0.ome.tif", z, 0, z) + part("c1.ome.tif", z, 1, 2 - z)).join(""),
);

beforeAll(() => {
  writeFileSync(at("c0.ome.tif"), tiff([1, 2, 3], document(SET, "urn:uuid:c0.ome.tif")));
  writeFileSync(at("c1.ome.tif"), tiff([13, 12, 11], document(SET, "urn:uuid:c1.ome.tif")));
});

test.each(["c0.ome.tif", "c1.ome.tif"])("a set of OME files opens as one stack from %s", async (name) => {
  await withStack(name, async (stack) => {
    expect(stack.facts).toMatchObject({
      canonicalAxes: "ZCYX",
      canonicalShape: [3, 2, 5, 6],
      flavour: "ome",
      planes: 6,
      warnings: [],
    });
    expect([...stack.facts.files].sort()).toEqual(["c0.ome.tif", "c1.ome.tif"]);
    expect(await values(stack)).toEqual([1, 11, 2, 12, 3, 13]);
    expect(new Set(await hashPlanes(stack, job)).size).toBe(6);
  });
});

test("a companion file opens its set, and a file of the set finds its companion", async () => {
  const set = image(`${SIZE} SizeZ="2" SizeC="1" SizeT="1"`, part("p0.tif", 0, 0) + part("p1.tif", 1, 0));
  const pointer = document('<BinaryOnly MetadataFile="set.companion.ome" UUID="urn:uuid:companion"/>');
  writeFileSync(at("set.companion.ome"), document(set, "urn:uuid:companion"));
  writeFileSync(at("p0.tif"), tiff([21], pointer));
  writeFileSync(at("p1.tif"), tiff([22], pointer));
  for (const name of ["set.companion.ome", "p0.tif", "p1.tif"]) {
    await withStack(name, async (stack) => {
      expect(stack.facts.file).toBe(at(name));
      expect(stack.facts.warnings).toEqual([]);
      expect(await values(stack), name).toEqual([21, 22]);
    });
  }
});

test("files of a set that are not there are named; what is there can be read", async () => {
  const set = image(
    `${SIZE} SizeZ="3" SizeC="1" SizeT="1"`,
    part("here.ome.tif", 0, 0) + part("gone1.ome.tif", 1, 0) + part("gone2.ome.tif", 2, 0),
  );
  writeFileSync(at("here.ome.tif"), tiff([31], document(set)));
  await withStack("here.ome.tif", async (stack) => {
    expect(stack.facts.canonicalShape).toEqual([3, 5, 6]);
    expect(stack.facts.warnings.join()).toMatch(
      /2 of the 3 files of its set are not beside it \("gone1.ome.tif", "gone2.ome.tif"\): 2 of 3 planes/,
    );
    const one = await stack.read(
      [
        [0, 1],
        [0, 1],
        [0, 1],
      ],
      job,
    );
    expect([...one.data]).toEqual([31]);
    await expect(
      stack.read(
        [
          [1, 2],
          [0, 1],
          [0, 1],
        ],
        job,
      ),
    ).rejects.toMatchObject({
      code: "stack.missingPlane",
    });
  });
  writeFileSync(at("lonely.companion.ome"), document(set));
  unlinkSync(at("here.ome.tif"));
  await expect(withStack("lonely.companion.ome", () => Promise.resolve())).rejects.toMatchObject({
    code: "stack.severalFiles",
    message: expect.stringContaining("none of the 3 files") as string,
  });
});

test("a pointer to a companion that is not there leaves a plain stack and a warning", async () => {
  const pointer = document('<BinaryOnly MetadataFile="lost.companion.ome" UUID="urn:uuid:x"/>');
  writeFileSync(at("pointer.tif"), tiff([41, 42], pointer));
  await withStack("pointer.tif", async (stack) => {
    expect(stack.facts).toMatchObject({ canonicalAxes: "ZYX", flavour: "plain" });
    expect(stack.facts.warnings.join()).toMatch(
      /stand in the file "lost.companion.ome", which is not beside it/,
    );
    expect(await values(stack)).toEqual([41, 42]);
  });
});

test.each([
  "../c1.ome.tif",
  "/etc/passwd",
  "..",
  "a\\b.tif",
  "C:c1.ome.tif",
  "file:///etc/passwd",
  "x\u0001/../y",
])("a set never leaves its folder: %j counts as missing", async (name) => {
  const set = image(`${SIZE} SizeZ="2" SizeC="1" SizeT="1"`, part("inside.ome.tif", 0, 0) + part(name, 1, 0));
  writeFileSync(at("inside.ome.tif"), tiff([51], document(set)));
  await withStack("inside.ome.tif", async (stack) => {
    expect(stack.facts.warnings.join()).toMatch(/1 of the 2 files of its set are not beside it/);
    await expect(
      stack.read(
        [
          [1, 2],
          [0, 1],
          [0, 1],
        ],
        job,
      ),
    ).rejects.toMatchObject({
      code: "stack.missingPlane",
    });
  });
  const pointer = document(`<BinaryOnly MetadataFile="${name}" UUID="urn:uuid:x"/>`);
  writeFileSync(at("inside.ome.tif"), tiff([52], pointer));
  await withStack("inside.ome.tif", (stack) => {
    expect(stack.facts.flavour).toBe("plain");
    return Promise.resolve();
  });
});

test("a member of a set that is damaged or of another shape fails when it is read, and only then", async () => {
  const names = ["good.ome.tif", "wide.ome.tif", "text.ome.tif", "short.ome.tif"];
  const set = image(
    `${SIZE} SizeZ="4" SizeC="1" SizeT="1"`,
    names.map((name, z) => part(name, z, 0, z === 3 ? 1 : 0)).join(""),
  );
  writeFileSync(at("good.ome.tif"), tiff([61], document(set)));
  writeFileSync(at("wide.ome.tif"), tiff([62], undefined, 9));
  writeFileSync(at("text.ome.tif"), "no picture");
  writeFileSync(at("short.ome.tif"), tiff([64]));
  await withStack("good.ome.tif", async (stack) => {
    const read = (z: number): Promise<unknown> =>
      stack.read(
        [
          [z, z + 1],
          [0, 5],
          [0, 6],
        ],
        job,
      );
    await expect(read(0)).resolves.toBeDefined();
    await expect(read(1)).rejects.toMatchObject({ code: "stack.damaged" });
    await expect(read(2)).rejects.toMatchObject({ code: "stack.notTiff" });
    await expect(read(3)).rejects.toMatchObject({ code: "stack.missingPlane" });
    writeFileSync(at("text.ome.tif"), tiff([63]));
    await expect(read(2)).resolves.toMatchObject({ shape: [1, 5, 6] });
  });
});

test("a set of many files keeps few of them open", async () => {
  const count = 300;
  const names = Array.from({ length: count }, (_, i) => `many${i}.ome.tif`);
  const set = image(
    `${SIZE} SizeZ="${count}" SizeC="1" SizeT="1"`,
    names.map((name, z) => part(name, z, 0)).join(""),
  );
  for (const [i, name] of names.entries())
    writeFileSync(at(name), tiff([i % 251], i === 0 ? document(set) : undefined));
  const open = async (): Promise<number> => {
    const { readdir } = await import("node:fs/promises");
    return process.platform === "linux" ? (await readdir("/proc/self/fd")).length : 0;
  };
  const before = await open();
  await withStack("many0.ome.tif", async (stack) => {
    expect(await values(stack)).toEqual(names.map((_, i) => i % 251));
    expect((await open()) - before).toBeLessThanOrEqual(70);
  });
  expect(await open()).toBe(before);
});

test("each image of an OME file is a series; the file of a set opens on its own image", async () => {
  const images =
    image(`${SIZE} SizeZ="2" SizeC="1" SizeT="1"`, '<TiffData IFD="0" PlaneCount="2"/>') +
    image('SizeX="7" SizeY="5" SizeZ="1" SizeC="1" SizeT="3"', '<TiffData IFD="2" PlaneCount="3"/>');
  const pages = [71, 72].map((value) => ({ width: 6, height: 5, value: () => value }));
  const more = [81, 82, 83].map((value) => ({ width: 7, height: 5, value: () => value }));
  writeFileSync(
    at("series.ome.tif"),
    makeTiff([{ ...pages[0], description: document(images) }, pages[1], ...more]),
  );
  await withStack("series.ome.tif", async (stack) => {
    expect(stack.facts.series).toEqual({ index: 0, count: 2 });
    expect(stack.facts.warnings.join()).toMatch(/the file holds 2 images; series 0 is used/);
    expect(await values(stack)).toEqual([71, 72]);
  });
  await withStack(
    "series.ome.tif",
    async (stack) => {
      expect(stack.facts).toMatchObject({ canonicalAxes: "TYX", canonicalShape: [3, 5, 7], warnings: [] });
      expect(await values(stack)).toEqual([81, 82, 83]);
    },
    1,
  );
  await expect(withStack("series.ome.tif", () => Promise.resolve(), 2)).rejects.toMatchObject({
    code: "stack.series",
    message: expect.stringMatching(/holds 2 stacks, series 2 is asked for/) as string,
  });
  const apart =
    image(`${SIZE} SizeZ="1" SizeC="1" SizeT="1"`, part("own0.ome.tif", 0, 0)) +
    image(`${SIZE} SizeZ="1" SizeC="1" SizeT="1"`, part("own1.ome.tif", 0, 0));
  writeFileSync(at("own0.ome.tif"), tiff([91], document(apart)));
  writeFileSync(at("own1.ome.tif"), tiff([92], document(apart)));
  expect(await withStack("own1.ome.tif", values)).toEqual([92]);
  expect(await withStack("own1.ome.tif", values, 0)).toEqual([91]);
});

test("images that do not say where their pages are follow each other", async () => {
  const size = `${SIZE} SizeC="1" SizeT="1"`;
  const images = image(`${size} SizeZ="2"`, "<TiffData/>") + image(`${size} SizeZ="3"`, "<TiffData/>");
  writeFileSync(at("follow.ome.tif"), tiff([1, 2, 3, 4, 5], document(images)));
  expect(await withStack("follow.ome.tif", values, 0)).toEqual([1, 2]);
  expect(await withStack("follow.ome.tif", values, 1)).toEqual([3, 4, 5]);
});

test("pages of other shapes are series of a plain file", async () => {
  writeFileSync(
    at("mixed.tif"),
    makeTiff([6, 9, 6].map((width, i) => ({ width, height: 5, value: () => i + 1 }))),
  );
  expect(await withStack("mixed.tif", values, 0)).toEqual([1, 3]);
  expect(await withStack("mixed.tif", values, 1)).toEqual([2]);
  await expect(withStack("mixed.tif", values, 2)).rejects.toMatchObject({ code: "stack.series" });
});

test.skipIf(process.platform === "win32")("a member may be a link, as people have them", async () => {
  symlinkSync(at("c1.ome.tif"), at("linked.ome.tif"));
  const set = image(
    `${SIZE} SizeZ="2" SizeC="1" SizeT="1"`,
    part("real.ome.tif", 0, 0) + part("linked.ome.tif", 1, 0),
  );
  writeFileSync(at("real.ome.tif"), tiff([5], document(set)));
  expect(await withStack("real.ome.tif", values)).toEqual([5, 13]);
});
