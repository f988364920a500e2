import { expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { openTiff } from "../../../src/stack/tiff/read";
import type { Stack, StackFacts } from "../../../src/stack/stack";
import { CountingSource, makeTiff, storedValues } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const job = quietJob();
const open = (bytes: Uint8Array): Promise<Stack> => openTiff(new CountingSource(bytes), job);

/** `count` pages of 6 x 5 px; every pixel of page i is i, samples add 100 each. */
function pages(count: number, description?: string, more: Partial<PageSpec> = {}): PageSpec[] {
  return Array.from({ length: count }, (_, i) => ({
    width: 6,
    height: 5,
    value: (_row, _column, sample) => i + 100 * sample,
    ...(i === 0 && description !== undefined ? { description } : {}),
    ...more,
  }));
}

async function facts(specs: readonly PageSpec[]): Promise<StackFacts> {
  return (await open(makeTiff(specs))).facts;
}

/** Which page each plane of the stack comes from, in the order of the canonical axes. */
async function pageOrder(specs: readonly PageSpec[]): Promise<number[]> {
  const stack = await open(makeTiff(specs));
  const lead = stack.facts.canonicalShape.slice(0, -2);
  const volume = await stack.read([...lead.map((n) => [0, n] as const), [2, 3], [3, 4]], job);
  return [...volume.data];
}

const ome = (pixels: string, inner = "", around = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">` +
  `${around}<Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint8" SizeX="6" SizeY="5" ${pixels}>${inner}</Pixels></Image></OME>`;

test("pages that nobody explains are Z, with a warning", async () => {
  const found = await facts(pages(4));
  expect(found).toMatchObject({
    axes: "IYX",
    canonicalAxes: "ZYX",
    canonicalShape: [4, 5, 6],
    flavour: "plain",
  });
  expect(found.warnings.join()).toMatch(/4 pages are/);
  expect((await facts(pages(1))).warnings).toEqual([]);
});

test("samples become channels, after the channels that are pages of their own", async () => {
  expect(await facts(pages(1, undefined, { samples: 3 }))).toMatchObject({
    axes: "YXS",
    shape: [5, 6, 3],
    canonicalAxes: "CYX",
    canonicalShape: [3, 5, 6],
  });
  expect(await facts(pages(1, undefined, { samples: 3, planar: true }))).toMatchObject({
    axes: "SYX",
    shape: [3, 5, 6],
  });
  const specs = pages(4, "ImageJ=1.54f\nimages=4\nchannels=2\nslices=2\nhyperstack=true\n", { samples: 2 });
  expect((await facts(specs)).canonicalShape).toEqual([2, 4, 5, 6]);
  expect(await pageOrder(specs)).toEqual([0, 100, 1, 101, 2, 102, 3, 103]);
});

test("ImageJ hyperstacks count channels fastest, then slices, then frames", async () => {
  const text = "ImageJ=1.53c\nimages=12\nchannels=2\nslices=3\nframes=2\nhyperstack=true\nmode=composite\n";
  const found = await facts(pages(12, text));
  expect(found).toMatchObject({ axes: "TZCYX", shape: [2, 3, 2, 5, 6], flavour: "imagej", warnings: [] });
  expect(await pageOrder(pages(12, text))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("ImageJ's unit, spacing and resolution become the pixel size", async () => {
  const entries = [
    [282, 5, [10]],
    [283, 5, [5]],
  ] as const;
  for (const [unit, name] of [
    ["micron", "µm"],
    ["um", "µm"],
    ["\\u00B5m", "µm"],
    ["\u00b5m", "µm"],
    ["nm", "nm"],
  ]) {
    const text = `ImageJ=1.53c\nimages=3\nslices=3\nunit=${unit}\nspacing=0.5\n`;
    expect((await facts(pages(3, text, { entries }))).pixelSize).toEqual({
      x: 0.1,
      y: 0.2,
      z: 0.5,
      unit: name,
    });
  }
  expect((await facts(pages(3, "ImageJ=1.53c\nimages=3\nslices=3\n", { entries }))).pixelSize).toBeNull();
});

test("an ImageJ description that does not fit the pages is said aloud", async () => {
  const found = await facts(pages(5, "ImageJ=1.53c\nimages=6\nslices=3\nchannels=2\nhyperstack=true\n"));
  expect(found.canonicalShape).toEqual([5, 5, 6]);
  expect(found.warnings.join()).toMatch(/counts 6 planes, the file has 5/);
});

test("ImageJ's planes behind one directory are found by their number", async () => {
  const text = "ImageJ=1.53c\nimages=4\nslices=4\nhyperstack=true\n";
  const one = makeTiff(pages(1, text, { bits: 16, value: (row, column) => row * 6 + column }), {
    bigEndian: true,
  });
  const first = one.readUInt32BE(4);
  const head = Buffer.concat([one, Buffer.alloc(one.length % 2)]);
  // The pixels go to the end of the file, so that three more planes can follow them.
  const at = head.length;
  const planes = Buffer.alloc(4 * 30 * 2);
  for (let i = 0; i < 120; i++) planes.writeUInt16BE(i, i * 2);
  const whole = Buffer.concat([head, planes]);
  for (let i = 0, entries = whole.readUInt16BE(first); i < entries; i++) {
    const entry = first + 2 + 12 * i;
    if (whole.readUInt16BE(entry) === 273) whole.writeUInt32BE(at, entry + 8);
  }
  const stack = await open(whole);
  expect(stack.facts).toMatchObject({ axes: "ZYX", shape: [4, 5, 6], planes: 4, warnings: [] });
  expect([
    ...(
      await stack.read(
        [
          [1, 4],
          [4, 5],
          [0, 6],
        ],
        job,
      )
    ).data,
  ]).toEqual([1, 2, 3].flatMap((z) => [24, 25, 26, 27, 28, 29].map((i) => z * 30 + i)));
  expect(storedValues(await stack.readStoredPlane(3, job))).toEqual(
    Array.from({ length: 30 }, (_, i) => 90 + i),
  );

  const cut = await open(whole.subarray(0, whole.length - 10));
  expect(cut.facts.warnings.join()).toMatch(/cut short/);
  expect(
    (
      await cut.read(
        [
          [0, 3],
          [0, 5],
          [0, 6],
        ],
        job,
      )
    ).data.length,
  ).toBe(90);
  await expect(
    cut.read(
      [
        [3, 4],
        [0, 5],
        [0, 6],
      ],
      job,
    ),
  ).rejects.toMatchObject({ code: "stack.truncated" });
});

test("OME planes are found in each of the six orders", async () => {
  const size = { Z: 2, C: 3, T: 2 };
  for (const order of ["ZCT", "ZTC", "CZT", "CTZ", "TZC", "TCZ"]) {
    const text = ome(`DimensionOrder="XY${order}" SizeZ="2" SizeC="3" SizeT="2"`, "<TiffData/>");
    const found = await facts(pages(12, text));
    expect(found).toMatchObject({
      axes: [...order].reverse().join("") + "YX",
      canonicalAxes: "TZCYX",
      canonicalShape: [2, 2, 3, 5, 6],
      flavour: "ome",
      warnings: [],
    });
    const letters = [...order] as ("Z" | "C" | "T")[];
    const expected: number[] = [];
    for (let t = 0; t < 2; t++) {
      for (let z = 0; z < 2; z++) {
        for (let c = 0; c < 3; c++) {
          const at = { T: t, Z: z, C: c };
          expected.push(
            at[letters[0]] + size[letters[0]] * (at[letters[1]] + size[letters[1]] * at[letters[2]]),
          );
        }
      }
    }
    expect(await pageOrder(pages(12, text))).toEqual(expected);
  }
});

test("OME TiffData may list the pages in any order, and leave some out", async () => {
  const inner = [2, 0, 1].map((page, z) => `<TiffData IFD="${page}" FirstZ="${z}" PlaneCount="1"/>`).join("");
  const text = ome('DimensionOrder="XYZCT" SizeZ="3" SizeC="1" SizeT="1"', inner);
  expect(await pageOrder(pages(3, text))).toEqual([2, 0, 1]);

  const stack = await open(
    makeTiff(pages(2, ome('DimensionOrder="XYZCT" SizeZ="3" SizeC="1" SizeT="1"', "<TiffData/>"))),
  );
  expect(stack.facts.canonicalShape).toEqual([3, 5, 6]);
  expect(stack.facts.warnings.join()).toMatch(/1 of the 3 planes/);
  expect(
    (
      await stack.read(
        [
          [0, 2],
          [0, 5],
          [0, 6],
        ],
        job,
      )
    ).data.length,
  ).toBe(60);
  await expect(
    stack.read(
      [
        [2, 3],
        [0, 5],
        [0, 6],
      ],
      job,
    ),
  ).rejects.toMatchObject({ code: "stack.missingPlane" });
});

test("OME pixel sizes come in the unit of X, channels with name and colour", async () => {
  const text = ome(
    'DimensionOrder="XYCZT" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="0.1" PhysicalSizeY="0.2" ' +
      'PhysicalSizeZ="300" PhysicalSizeZUnit="nm" PhysicalSizeXUnit="&#181;m"',
    '<Channel ID="Channel:0:0" Name="A &lt;1&gt; &#xB5;" Color="-16776961"/><Channel ID="Channel:0:1" Color="16711935"/><TiffData/>',
  );
  const found = await facts(pages(2, text));
  expect(found.pixelSize).toMatchObject({ x: 0.1, y: 0.2, unit: "µm" });
  expect(found.pixelSize?.z).toBeCloseTo(0.3, 12);
  expect(found.channels).toEqual([
    { name: "A <1> µ", color: "#ff0000" },
    { name: null, color: "#00ff00" },
  ]);
});

test("OME-XML that is broken, hostile or wrong leaves a plain stack and a warning", async () => {
  const good = ome('DimensionOrder="XYZCT" SizeZ="3" SizeC="1" SizeT="1"', "<TiffData/>");
  const entities = Array.from({ length: 10 }, (_, i) => `<!ENTITY e${i + 1} "${`&e${i};`.repeat(10)}">`).join(
    "",
  );
  const bad = [
    good.slice(0, 180),
    good.replace("<OME", `<!DOCTYPE OME [<!ENTITY e0 "x">${entities}]><OME`),
    good.replace("XYZCT", "XYZ"),
    good.replace('SizeZ="3"', 'SizeZ="1e99"'),
    good.replace('SizeZ="3"', 'SizeZ="2000000000"'),
    good.replace('SizeX="6"', 'SizeX="7"'),
    good.replace(/<Image.*<\/Image>/, ""),
    `<OME>${"<a>".repeat(3000)}</OME>`,
  ];
  for (const text of bad) {
    const start = performance.now();
    const found = await facts(pages(3, text));
    expect(found.flavour, text.slice(0, 200)).toBe("plain");
    expect(found.warnings.join(), text.slice(0, 200)).toMatch(/its OME metadata/);
    expect(performance.now() - start).toBeLessThan(1000);
  }
});

test("shapes written by tifffile are used, their unnamed axes taken as Z, T and C with a warning", async () => {
  expect(await facts(pages(6, '{"shape": [2, 3, 5, 6], "axes": "TCYX"}'))).toMatchObject({
    axes: "TCYX",
    warnings: [],
  });
  const unnamed = await facts(pages(6, '{"shape": [2, 3, 5, 6]}'));
  expect(unnamed).toMatchObject({ axes: "QQYX", canonicalAxes: "TZYX", canonicalShape: [2, 3, 5, 6] });
  expect(unnamed.warnings.length).toBe(2);
  expect((await facts(pages(6, '{"shape": [7, 5, 6]}'))).axes).toBe("IYX");
  expect((await facts(pages(6, '{"shape": [6, 5, "x"]}'))).axes).toBe("IYX");
  expect((await facts(pages(6, '{"shape": broken'))).axes).toBe("IYX");
});

test("pages that differ are a series of their own; smaller copies count as levels", async () => {
  const mixed = [...pages(3), { ...pages(1)[0], width: 9 }, ...pages(2)];
  const found = await facts(mixed);
  expect(found.canonicalShape).toEqual([5, 5, 6]);
  expect(found.warnings.join()).toMatch(/pages of 2 shapes or pixel types; the 5 like page 0/);
  expect(found.series).toEqual({ index: 0, count: 2 });
  expect(found.planes).toBe(6);
  const [page] = pages(1);
  const pyramid = [
    page,
    { ...page, width: 3, height: 3, reduced: true },
    { ...page, width: 2, height: 2, reduced: true },
  ];
  expect(await facts(pyramid)).toMatchObject({
    levels: 3,
    canonicalAxes: "YX",
    canonicalShape: [5, 6],
    warnings: [],
  });
});
