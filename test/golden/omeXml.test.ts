import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { formatOmeXml } from "../../src/stack/tiff/omeWrite";
import type { StackLayout } from "../../src/stack/stack";
import { DTYPES } from "../../src/volume/pixels";
import { PYTHON_VARIABLE, pythonWith } from "../support/python";

const plain: StackLayout = {
  axes: "YX",
  shape: [20, 30],
  dtype: "uint16",
  pixelSize: null,
  channels: [],
  format: "ome",
};
const odd = "<GFP> & \"DAPI\" 'é' 細胞 😀 \u0007\ud800 \n";
const LAYOUTS: readonly (readonly [name: string, layout: StackLayout])[] = [
  ...DTYPES.map((dtype) => [`2-D ${dtype}`, { ...plain, dtype }] as const),
  ["3-D", { ...plain, axes: "ZYX", shape: [5, 20, 30] }],
  [
    "3-D with pixel size",
    { ...plain, axes: "ZYX", shape: [5, 20, 30], pixelSize: { x: 0.1, y: 1e-7, z: 2e21, unit: "µm" } },
  ],
  ["2-D with px in one direction only", { ...plain, pixelSize: { x: 0.5, y: null, z: null, unit: "nm" } }],
  ["sizes without meaning", { ...plain, pixelSize: { x: -1, y: Number.NaN, z: Infinity, unit: "µm" } }],
  ...["pixel", "inch", "Å", "in", "furlong <&>", ""].map(
    (unit) => [`unit "${unit}"`, { ...plain, pixelSize: { x: 1, y: 1, z: 1, unit } }] as const,
  ),
  [
    "5-D with named channels",
    {
      ...plain,
      axes: "TZCYX",
      shape: [2, 3, 4, 20, 30],
      dtype: "float32",
      pixelSize: { x: 0.25, y: 0.25, z: 1, unit: "µm" },
      channels: [
        { name: odd, color: "#ff0000" },
        { name: "", color: null },
        { name: null, color: "#000000" },
        { name: "last", color: "#ffffff" },
      ],
    },
  ],
  ["fewer names than channels", { ...plain, axes: "CYX", shape: [3, 20, 30], channels: [{ name: "a", color: null }] }],
];

const UNITS =
  "Ym Zm Em Pm Tm Gm Mm km hm dam m dm cm mm µm nm pm fm am zm ym Å thou li in ft yd mi ua ly pc pt pixel".split(" ");
const TYPES = ["int8", "int16", "int32", "uint8", "uint16", "uint32", "float", "bit", "double"];
const list = <T>(value: T | readonly T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? (value as readonly T[]) : [value as T];
type Attributes = Readonly<Record<string, string>>;

describe("the OME-XML we write", () => {
  test.each(LAYOUTS)("says what the schema requires: %s", (_, layout) => {
    const text = formatOmeXml(layout);
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    const { OME } = new XMLParser({
      ignoreAttributes: false,
      attributeNamePrefix: "",
      parseAttributeValue: false,
    }).parse(text) as { OME: Attributes & { Image: Attributes & { Pixels: Attributes } } };
    expect(OME.xmlns).toBe("http://www.openmicroscopy.org/Schemas/OME/2016-06");
    expect(OME.Image.ID).toMatch(/^Image:\S+$/);
    const { Pixels } = OME.Image;
    expect(Pixels.ID).toMatch(/^Pixels:\S+$/);
    expect(Pixels.DimensionOrder).toBe("XYCZT");
    expect(TYPES).toContain(Pixels.Type);
    const length = (axis: string): number =>
      layout.axes.includes(axis) ? layout.shape[layout.axes.indexOf(axis)] : 1;
    for (const axis of "XYZCT") expect(Pixels[`Size${axis}`]).toBe(String(length(axis)));
    for (const axis of "XYZ") {
      const size = Pixels[`PhysicalSize${axis}`] as string | undefined;
      const unit = Pixels[`PhysicalSize${axis}Unit`] as string | undefined;
      if (size !== undefined) expect(Number(size)).toBeGreaterThan(0);
      if (unit !== undefined) expect([...UNITS, "&#181;m", "&#197;", "reference frame"]).toContain(unit);
    }
    const parts = Pixels as unknown as Readonly<Record<string, Attributes | readonly Attributes[]>>;
    const channels = list<Attributes>(parts.Channel);
    const samples = channels.reduce((sum, channel) => sum + Number(channel.SamplesPerPixel), 0);
    expect(samples).toBe(length("C"));
    expect(new Set(channels.map(({ ID }) => ID)).size).toBe(channels.length);
    for (const { ID, Color = "0" } of channels) {
      expect(ID).toMatch(/^Channel:\S+$/);
      expect(Number(Color) | 0).toBe(Number(Color));
    }
    const planes = list<Attributes>(parts.TiffData).reduce((sum, data) => sum + Number(data.PlaneCount), 0);
    expect(planes).toBe(length("Z") * length("C") * length("T"));
  });

  const python = pythonWith("ome_types", "xmlschema");
  if (python === undefined) {
    process.stderr.write(
      `OME-XML: not validated by the schema, ${PYTHON_VARIABLE} names no Python with ome-types and xmlschema\n`,
    );
  }
  test.skipIf(python === undefined)("is valid by the schema itself", () => {
    const script = join(import.meta.dirname, "../support/validate_ome.py");
    const texts = [...LAYOUTS.map(([, layout]) => formatOmeXml(layout)), "<OME/>"];
    const run = spawnSync(python!, [script], { input: JSON.stringify(texts), encoding: "utf8" });
    expect(run.status, run.stderr).toBe(0);
    const complaints = JSON.parse(run.stdout) as string[][];
    expect(complaints.pop()).not.toEqual([]);
    expect(Object.fromEntries(LAYOUTS.map(([name], i) => [name, complaints[i]]))).toEqual(
      Object.fromEntries(LAYOUTS.map(([name]) => [name, []])),
    );
  });
});
