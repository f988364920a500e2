/**
 * What a stack file says about itself, in words for people.
 * @module
 */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { StackMetadata } from "../../src/protocol/viewer";
import type { Stack, StackFacts } from "../../src/stack/stack";
import { storedBytesPerPixel } from "../../src/stack/stored";
import { shapeSize } from "../../src/volume/region";

type Row = readonly [name: string, value: string];

/** No more rows of one kind, and no longer names, are of use to anybody. */
const MOST_ROWS = 64;
const LONGEST_VALUE = 1000;
const LONGEST_TEXT = 2 ** 20;

const FLAVOURS: Readonly<Record<StackFacts["flavour"], string>> = {
  imagej: "ImageJ",
  ome: "OME",
  "ome-zarr": "OME-Zarr",
  plain: "",
};

/** Names and values, and the text that the writer left. */
export async function describeMetadata(stack: Stack): Promise<StackMetadata> {
  const { facts } = stack;
  const found = await stat(facts.file).catch(() => null);
  const rows: Row[] = [
    ["File", basename(facts.file)],
    ...fileRows(facts, found?.isFile() === true ? found.size : null),
    ...pixelRows(facts),
    ...sizeRows(facts),
    ...storageRows(facts),
    ...some(
      facts.channels.map(({ name, color }, i): Row => {
        return [`Channel ${i}`, [name, color].filter((part) => part !== null).join(", ") || "no name"];
      }),
      "channels",
    ),
    ...some(
      facts.warnings.map((warning): Row => ["Warning", warning]),
      "warnings",
    ),
  ];
  const text = stack.description ?? null;
  return {
    rows: rows.map(([name, value]) => [name, value.slice(0, LONGEST_VALUE)]),
    text: text === null ? null : text.slice(0, LONGEST_TEXT),
  };
}

function some(rows: readonly Row[], what: string): Row[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  return [...rows.slice(0, MOST_ROWS), [`More ${what}`, `${rows.length - MOST_ROWS}`]];
}

function fileRows(
  { files, series, flavour, layout, bigTiff, byteOrder }: StackFacts,
  bytes: number | null,
): Row[] {
  const container = layout === "chunks" ? "Zarr" : bigTiff ? "BigTIFF" : "TIFF";
  const kind = flavour === "ome-zarr" ? FLAVOURS[flavour] : `${FLAVOURS[flavour]} ${container}`.trim();
  const rows: Row[] = [];
  if (files.length > 1) {
    const names = files.slice(0, 8).join(", ");
    rows.push(["Files", `${files.length}: ${names}${files.length > 8 ? ", …" : ""}`]);
  }
  if (bytes !== null) rows.push(["File size", bytesText(bytes)]);
  rows.push(["Format", `${kind}, ${byteOrder} endian`]);
  if (series.count > 1)
    rows.push(["Series", `${series.index + 1} of ${series.count} (--series ${series.index})`]);
  return rows;
}

function pixelRows(facts: StackFacts): Row[] {
  const { axes, shape, canonicalAxes, canonicalShape, dtype, readsAs } = facts;
  const rows: Row[] = [
    ["Axes", canonicalAxes],
    ["Shape", shapeText(canonicalAxes, canonicalShape)],
  ];
  if (axes !== canonicalAxes) rows.push(["Stored as", shapeText(axes, shape)]);
  rows.push(["Pixel type", readsAs ?? dtype]);
  if (readsAs !== null && readsAs !== dtype) rows.push(["Stored type", dtype]);
  rows.push(["Decoded size", bytesText(shapeSize(canonicalShape) * storedBytesPerPixel(dtype))]);
  return rows;
}

function sizeRows({ pixelSize, canonicalAxes, canonicalShape }: StackFacts): Row[] {
  if (pixelSize === null) return [["Pixel size", "unknown"]];
  const known = (["z", "y", "x"] as const).flatMap((axis) => {
    const at = canonicalAxes.indexOf(axis.toUpperCase());
    const size = pixelSize[axis];
    return size === null || at < 0 ? [] : [{ axis, size, length: canonicalShape[at] }];
  });
  if (known.length === 0) return [["Pixel size", "unknown"]];
  const list = (value: (one: (typeof known)[number]) => number): string =>
    known.map((one) => `${one.axis} ${number(value(one))}`).join(", ");
  return [
    ["Pixel size", `${list(({ size }) => size)} ${pixelSize.unit}`.trim()],
    ["Physical extent", `${list(({ size, length }) => size * length)} ${pixelSize.unit}`.trim()],
  ];
}

function storageRows(facts: StackFacts): Row[] {
  const { compression, layout, planes, levels, levelShapes } = facts;
  const rows: Row[] = [
    ["Compression", compression],
    ["Layout", layout],
    ["Stored planes", `${planes}`],
  ];
  if (levels > 1) {
    const shapes = levelShapes.slice(0, MOST_ROWS).map((shape) => shape.join(" × "));
    rows.push(["Levels", `${levels}: ${shapes.join(", ")}`]);
  }
  return rows;
}

function shapeText(axes: string, shape: readonly number[]): string {
  return [...axes].map((axis, i) => `${axis} ${shape[i]}`).join(", ");
}

function number(value: number): string {
  return `${Number(value.toPrecision(6))}`;
}

function bytesText(bytes: number): string {
  const exact = `${bytes.toLocaleString("en-US")} bytes`;
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  if (power === 0) return exact;
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${["", "KiB", "MiB", "GiB", "TiB"][power]} (${exact})`;
}
