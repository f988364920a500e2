import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import type * as Bytes from "../../../src/stack/bytes";
import type { Stack } from "../../../src/stack/stack";
import { openTiff, tiffReader } from "../../../src/stack/tiff/read";
import { dissect, findField } from "../../fuzz/anatomy";
import { CountingSource, makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const { opened } = vi.hoisted(() => ({ opened: [] as string[] }));
vi.mock("../../../src/stack/bytes", async (original) => {
  const bytes = await original<typeof Bytes>();
  return {
    ...bytes,
    openFileSource: (path: string) => {
      opened.push(path);
      return bytes.openFileSource(path);
    },
  };
});

const job = quietJob();
const folder = mkdtempSync(join(tmpdir(), "tilewright-hostile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGE: PageSpec = { width: 16, height: 12, value: () => 7 };
const open = (bytes: Uint8Array): Promise<Stack> => openTiff(new CountingSource(bytes), job);

/** A file with a text behind its pixels; long texts are no work. */
function withText(description: string, pages = 1): Buffer {
  const file = makeTiff(
    Array.from({ length: pages }, (_, i) => ({ ...PAGE, ...(i === 0 ? { description: "a text" } : {}) })),
  );
  const entry = findField(dissect(file).sections[0], 270)!.entryAt;
  const text = Buffer.from(`${description}\0`, "utf8");
  file.writeUInt32LE(text.length, entry + 4);
  file.writeUInt32LE(file.length, entry + 8);
  return Buffer.concat([file, text]);
}

const ome = (inside: string, before = ""): string =>
  `<?xml version="1.0"?>${before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${inside}</OME>`;
const image = (attributes: string, inside = "<TiffData/>"): string =>
  `<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="16" SizeY="12" ${attributes}>${inside}</Pixels></Image>`;
const ONE = 'SizeZ="1" SizeC="1" SizeT="1"';

/** Opens a file and reads its first plane, which must be there whatever the text says. */
async function readWith(
  description: string,
  pages = 1,
): Promise<{ stack: Stack; seconds: number; bytes: number }> {
  const file = withText(description, pages);
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const stack = await open(file);
  const seconds = (performance.now() - start) / 1000;
  expect(new Set((await stack.readStoredPlane(0, job)).bytes)).toEqual(new Set([7]));
  return { stack, seconds, bytes: process.memoryUsage().rss - before };
}

const ENTITIES = Array.from(
  { length: 30 },
  (_, i) => `<!ENTITY b${i} "${`&${i === 0 ? "lt" : `b${i - 1}`};`.repeat(10)}">`,
).join("");

test("XML that would grow without end is not let grow", async () => {
  const bombs = [
    ome(image(ONE, "<a>&b29;</a>"), `<!DOCTYPE b [${ENTITIES}]>`),
    ome(image(`${ONE} a="&b29;"`), `<!DOCTYPE b [${ENTITIES}]>`),
    ome(image(ONE), '<!DOCTYPE b SYSTEM "file:///etc/passwd">'),
    ome(image(ONE, "<a>&x;</a>"), '<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    ome(image(ONE), '<!doctype b [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]>'),
  ];
  for (const bomb of bombs) {
    const { stack, seconds, bytes } = await readWith(bomb);
    expect(stack.facts.warnings.join()).toMatch(/document type, which is not allowed; they are ignored/);
    expect(JSON.stringify(stack.facts)).not.toContain("root:");
    expect(seconds).toBeLessThan(2);
    expect(bytes).toBeLessThan(256 * 2 ** 20);
  }
});

test("entities in attributes stay as they are, but for those of XML itself", async () => {
  const channel = '<Channel ID="Channel:0:0" Name="&lt;&b29;&#65;&#x110000;&#xD800;"/>';
  const { stack } = await readWith(ome(image(ONE, `${channel}<TiffData/>`)));
  const name = stack.facts.channels[0].name!;
  expect(name.startsWith("<&b29;A&#x110000;")).toBe(true);
});

test("XML that is long, deep or wide ends soon, and the pixels are there", async () => {
  const long = "x".repeat(2 * 2 ** 20);
  const texts: readonly (readonly [name: string, text: string])[] = [
    ["2 MB of text", ome(image(ONE, `<a>${long}</a><TiffData/>`))],
    ["2 MB of attribute", ome(image(`${ONE} a="${long}"`))],
    ["2 MB of comment", ome(`<!-- ${long} -->${image(ONE)}`)],
    ["2 MB of nothing closed", `<?xml version="1.0"?><OME ${long}`],
    ["2 MB of brackets", `<OME ${"<".repeat(2 * 2 ** 20)}`],
    ["2 MB of ampersands", ome(image(`${ONE} a="${"&".repeat(2 * 2 ** 20)}"`))],
    ["100,000 elements inside each other", ome("<a>".repeat(100_000) + "</a>".repeat(100_000))],
    ["100,000 elements never closed", ome("<a>".repeat(100_000))],
    [
      "20,000 attributes",
      ome(image(`${ONE} ${Array.from({ length: 20_000 }, (_, i) => `a${i}="1"`).join(" ")}`)),
    ],
    ["20,000 planes", ome(image(ONE, '<TiffData IFD="0" PlaneCount="2147483647"/>'.repeat(20_000)))],
    ["20,000 channels", ome(image(ONE, '<Channel Name="a"/>'.repeat(20_000)))],
    ["100,000 images", ome(`<Image/>`.repeat(100_000) + image(ONE))],
    [
      "names that objects have",
      ome(`<__proto__ a="1"/><constructor/>${image(`${ONE} __proto__="1" toString="2"`)}`),
    ],
  ];
  for (const [name, text] of texts) {
    const { stack, seconds } = await readWith(text);
    expect(seconds, name).toBeLessThan(4);
    expect(stack.facts.canonicalShape.slice(-2), name).toEqual([12, 16]);
    expect(JSON.stringify(stack.facts).length, name).toBeLessThan(2 ** 20);
  }
  expect(({} as Record<string, unknown>).a).toBeUndefined();
});

test("sizes in metadata that no file can hold are not believed", async () => {
  for (const axis of ["SizeZ", "SizeC", "SizeT"]) {
    for (const value of [
      "1000000000",
      "2147483647",
      "4294967297",
      "1e12",
      "-1",
      "0",
      "NaN",
      "Infinity",
      "0x7fffffff",
      "",
    ]) {
      const { stack, seconds } = await readWith(
        ome(image(ONE.replace(`${axis}="1"`, `${axis}="${value}"`))),
        2,
      );
      expect(stack.facts.canonicalShape.reduce((size, length) => size * length, 1)).toBeLessThan(2 ** 20);
      expect(seconds).toBeLessThan(1);
    }
  }
  for (const key of ["images", "channels", "slices", "frames"]) {
    for (const value of ["1000000000000", "2147483647", "1e300", "-5", "0", "NaN", "1.5", "0x10"]) {
      const { stack, seconds } = await readWith(`ImageJ=1.53c\n${key}=${value}\nhyperstack=true\n`);
      expect(stack.facts.planes, `${key}=${value}`).toBe(1);
      expect(seconds).toBeLessThan(1);
    }
  }
  for (const shape of [
    "[1e300, 12, 16]",
    "[4294967296, 12, 16]",
    "[-1, 12, 16]",
    '["a", 12, 16]',
    "[[12], 16]",
    "{}",
    "[]",
  ]) {
    const { stack } = await readWith(`{"shape": ${shape}}`);
    expect(stack.facts.planes, shape).toBe(1);
  }
});

test("pixel sizes that are no lengths are left out", async () => {
  for (const value of ["0", "-1", "NaN", "Infinity", "1e999", "a", ""]) {
    const { stack } = await readWith(ome(image(`${ONE} PhysicalSizeX="${value}" PhysicalSizeY="0.5"`)));
    expect(stack.facts.pixelSize).toMatchObject({ x: null, y: 0.5 });
    const imagej = await readWith(`ImageJ=1.53c\nunit=um\nspacing=${value}\n`);
    expect(imagej.stack.facts.pixelSize?.z ?? 1).toBeGreaterThan(0);
  }
});

test("directories of 65,535 entries are refused soon, however many there are", async () => {
  const one = Buffer.alloc(2 + 12 * 65_535 + 4);
  one.writeUInt16LE(65_535, 0);
  const many = 20;
  const whole = Buffer.concat([
    Buffer.from("II*\0\b\0\0\0", "latin1"),
    ...Array.from({ length: many }, () => one),
  ]);
  for (let i = 0; i + 1 < many; i++)
    whole.writeUInt32LE(8 + (i + 1) * one.length, 8 + (i + 1) * one.length - 4);
  const start = performance.now();
  await expect(open(whole)).rejects.toMatchObject({ code: "stack.damaged" });
  expect(performance.now() - start).toBeLessThan(1000);
});

test("4,096 entries in each of 40 pages are read in seconds", async () => {
  const filler = Array.from({ length: 4080 }, (_, i) => [40_000 + i, 3, [1]] as const);
  const start = performance.now();
  const stack = await open(makeTiff(Array.from({ length: 40 }, () => ({ ...PAGE, entries: filler }))));
  expect(stack.facts.planes).toBe(40);
  expect(performance.now() - start).toBeLessThan(20_000);
});

test("a circle of 30,000 pages ends where it began, in bounded time", async () => {
  const count = 30_000;
  // One directory of 8 entries each, all with the same few pixels.
  const entries: readonly (readonly [tag: number, type: number, value: number])[] = [
    [256, 4, 1],
    [257, 4, 1],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [278, 4, 1],
    [279, 4, 1],
  ];
  const size = 2 + 12 * entries.length + 4;
  const directory = Buffer.alloc(size);
  directory.writeUInt16LE(entries.length, 0);
  for (const [i, [tag, type, value]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(1, 6 + 12 * i);
    directory.writeUInt32LE(value, 10 + 12 * i);
  }
  const file = Buffer.alloc(10 + size * count);
  file.write("II*\0", 0, "latin1");
  file.writeUInt32LE(10, 4);
  file[8] = 7;
  for (let i = 0; i < count; i++) {
    directory.writeUInt32LE(10 + size * ((i + 1) % count), size - 4);
    directory.copy(file, 10 + size * i);
  }
  const start = performance.now();
  const stack = await open(file);
  expect(stack.facts.planes).toBe(count);
  expect(stack.facts.warnings.join()).toMatch(/runs in a circle/);
  expect((performance.now() - start) / 1000).toBeLessThan(20);
  expect([...(await stack.readStoredPlane(count - 1, job)).bytes]).toEqual([7]);
});

test("smaller copies that lead in circles, to the header or out of the file are no levels", async () => {
  const base = makeTiff([{ ...PAGE, entries: [[330, 4, Array.from({ length: 64 }, () => 0)]] }]);
  const at = base.readUInt32LE(4);
  for (const target of [at, 0, 8, base.length - 1, base.length, 2 ** 32 - 1]) {
    const stack = await open(
      makeTiff([{ ...PAGE, entries: [[330, 4, Array.from({ length: 64 }, () => target)]] }]),
    );
    expect(stack.facts.levels).toBe(1);
  }
  const absurd = await open(
    makeTiff([{ ...PAGE, entries: [[330, 4, Array.from({ length: 50_000 }, () => 8)]] }]),
  );
  expect(absurd.facts.levels).toBe(1);
});

/** Names that lead out of a folder on one system or another. */
const OUTSIDE = [
  "../secret.tif",
  "../../../../../etc/passwd",
  "/etc/passwd",
  "sub/../../secret.tif",
  "sub/inside.tif",
  "..\\secret.tif",
  "C:\\secret.tif",
  "C:secret.tif",
  "\\\\server\\share\\secret.tif",
  "//server/share/secret.tif",
  "file:///etc/passwd",
  "..",
  ".",
  "%2e%2e%2fsecret.tif",
  "secret.tif\0.tif",
  "a.tif:stream",
];

test("files that metadata name outside their folder are never opened", async () => {
  const home = join(folder, "set");
  mkdirSync(join(home, "sub"), { recursive: true });
  writeFileSync(join(folder, "secret.tif"), makeTiff([{ ...PAGE, value: () => 99 }]));
  writeFileSync(join(home, "sub", "inside.tif"), makeTiff([{ ...PAGE, value: () => 99 }]));
  const path = join(home, "a.ome.tif");
  for (const name of OUTSIDE) {
    const inXml = name.replace("\0", "&#0;");
    const planes = ["a.ome.tif", inXml]
      .map(
        (file, z) =>
          `<TiffData IFD="0" FirstZ="${z}" PlaneCount="1"><UUID FileName="${file}">urn:uuid:${z}</UUID></TiffData>`,
      )
      .join("");
    const texts = [
      ome(image('SizeZ="2" SizeC="1" SizeT="1"', planes)),
      ome(image(ONE, `<TiffData><UUID FileName="${inXml}">urn:uuid:1</UUID></TiffData>`)),
      ome(`<BinaryOnly MetadataFile="${inXml}" UUID="urn:uuid:1"/>`),
    ];
    for (const text of texts) {
      writeFileSync(path, withText(text));
      opened.length = 0;
      await readEverything(path);
      expect(opened, name).toEqual([path]);
    }
    const companion = join(home, "set.companion.ome");
    writeFileSync(companion, texts[1]);
    opened.length = 0;
    await readEverything(companion);
    expect(
      opened.filter((file) => file !== companion && file !== path),
      name,
    ).toEqual([]);
  }
});

/** Reads all there is; no pixel may be one of the files outside. */
async function readEverything(path: string): Promise<void> {
  let stack: Stack;
  try {
    stack = await tiffReader.open({ path }, job);
  } catch (error) {
    expect(error).toBeInstanceOf(TilewrightError);
    expect((error as TilewrightError).message).not.toMatch(/root:|[\0\n]/);
    return;
  }
  for (let z = 0; z < stack.facts.planes; z++) {
    const read = await stack.readStoredPlane(z, job).catch((error: unknown) => {
      expect(error).toBeInstanceOf(TilewrightError);
      return null;
    });
    if (read !== null) expect(read.bytes).not.toContain(99);
  }
  const whole = stack.facts.canonicalShape.map((length) => [0, length] as const);
  const volume = await stack.read(whole, job).catch(() => null);
  if (volume !== null) expect(volume.data).not.toContain(99);
  await stack.close();
}

test.skipIf(process.platform === "win32")(
  "a link beside the file shows nothing of what is no image, and no folder or device is read",
  async () => {
    const home = join(folder, "links");
    mkdirSync(home);
    const path = join(home, "a.ome.tif");
    for (const [i, target] of ["/etc/passwd", "/dev/zero", "/", join(home, "nowhere")].entries()) {
      const name = `link${i}.ome.tif`;
      symlinkSync(target, join(home, name));
      writeFileSync(path, withText(ome(`<BinaryOnly MetadataFile="${name}" UUID="urn:uuid:1"/>`)));
      const stack = await tiffReader.open({ path }, job).catch((error: unknown) => {
        expect((error as Error).message).not.toContain("root:");
        return null;
      });
      if (stack !== null) expect(JSON.stringify(stack.facts)).not.toContain("root:");
      await stack?.close();
    }
  },
);
