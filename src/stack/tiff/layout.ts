/**
 * Where everything stands in a stack file we write: computed from the layout alone, so that several
 * processes, or a resumed run, come to the same bytes.
 *
 * Uncompressed, little endian, one strip per plane, all planes one after the other in the order of the axes:
 * the pixels are one row-major array. Metadata stands before them.
 * @module
 */
import { TilewrightError } from "../../errors";
import { CANONICAL_AXES } from "../../volume/axes";
import { bytesPerPixel, isFloat } from "../../volume/pixels";
import { shapeSize } from "../../volume/region";
import { formatImagejDescription, imagejBlock, pixelsPerUnit } from "./imagej";
import type { ImagejBlock } from "./imagej";
import { formatOmeXml } from "./omeWrite";
import type { StackLayout } from "../stack";
import { CLASSIC_LIMIT, TAG, TYPE } from "./tags";

/** The plan of a file. */
export interface FilePlan {
  /** Everything before the pixels. */
  readonly head: Uint8Array;
  /** Byte position of the first pixel. */
  readonly pixelsAt: number;
  /** Size of the finished file, bytes. */
  readonly bytes: number;
}

interface Field {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** The value, or the bytes that stand elsewhere. */
  readonly value: number | Uint8Array;
}

const MAX_DESCRIPTION = 2 ** 20;
const MAX_PLANES = 2 ** 20;
const ALIGNMENT = 64;
const IMAGEJ_DTYPES: readonly string[] = ["uint8", "uint16", "float32"];
const SOFTWARE = "Tilewright";

/**
 * Plans a file.
 *
 * @throws {TilewrightError} `stack.layout` when the layout cannot be written in its format
 */
export function planFile(layout: StackLayout): FilePlan {
  checkLayout(layout);
  const planes = shapeSize(layout.shape.slice(0, -2));
  const pixelBytes = shapeSize(layout.shape) * bytesPerPixel(layout.dtype);
  const classic = arrange(layout, { planes, big: false, single: false, pixelBytes });
  if (classic.pixelsAt + pixelBytes <= CLASSIC_LIMIT - CLASSIC_MARGIN) return writeHead(layout, classic);
  const [big, single] = [layout.format === "ome", layout.format === "imagej"];
  return writeHead(layout, arrange(layout, { planes, big, single, pixelBytes }));
}

/** Some readers add to positions before they compare them; this keeps them below 2^32. */
const CLASSIC_MARGIN = 2 ** 16;

function checkLayout(layout: StackLayout): void {
  const { axes, shape, dtype, format } = layout;
  const fail = (why: string, hint?: string): never => {
    throw new TilewrightError("stack.layout", `cannot write a stack in format ${format}: ${why}`, hint);
  };
  const order = [...CANONICAL_AXES].filter((axis) => axes.includes(axis)).join("");
  if (axes !== order || !axes.endsWith("YX")) fail(`axes "${axes}" are no part of TZCYX that ends in YX`);
  if (shape.length !== axes.length) fail(`shape [${shape.join(", ")}] does not fit axes ${axes}`);
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 1 || length >= 2 ** 31)
      fail(`an axis has the length ${length}`);
  }
  if (shapeSize(shape) * bytesPerPixel(dtype) > Number.MAX_SAFE_INTEGER / 2)
    fail("it is larger than any disk");
  if (shapeSize(shape.slice(0, -2)) > MAX_PLANES) fail(`it has more than ${MAX_PLANES} planes`);
  if (shapeSize(shape.slice(-2)) * bytesPerPixel(dtype) >= CLASSIC_LIMIT) {
    fail("one plane is 4 GiB or larger", "predict a part of it with --roi");
  }
  if (format === "imagej" && !IMAGEJ_DTYPES.includes(dtype)) {
    fail(`ImageJ has no ${dtype} pixels`, "choose --format ome, or --dtype float32, uint16 or uint8");
  }
}

interface Form {
  readonly planes: number;
  readonly big: boolean;
  /** One directory for all planes (ImageJ above 4 GiB). */
  readonly single: boolean;
  readonly pixelBytes: number;
}

/** Where the parts before the pixels stand. */
interface Arrangement extends Form {
  readonly first: readonly Field[];
  readonly others: readonly Field[];
  readonly firstBytes: number;
  readonly otherBytes: number;
  readonly extras: Extras;
  readonly pixelsAt: number;
}

/** Header, directories, then what does not fit into them, then the pixels. */
function arrange(layout: StackLayout, form: Form): Arrangement {
  const { planes, big, single } = form;
  const others = pageFields(layout);
  const first = [...pageFields(layout), ...descriptionFields(layout, big)];
  const size = (count: number): number => (big ? 16 + 20 * count : 6 + 12 * count);
  // Strip position and strip length are added to each page, hence + 2.
  const firstBytes = size(first.length + 2);
  const otherBytes = size(others.length + 2);
  const pages = single ? 1 : planes;
  const extras = new Extras(even(headerBytes(big) + firstBytes + (pages - 1) * otherBytes), big ? 8 : 4);
  for (const field of first) extras.place(field);
  const pixelsAt = Math.ceil(extras.end / ALIGNMENT) * ALIGNMENT;
  return { ...form, first, others, firstBytes, otherBytes, extras, pixelsAt };
}

function headerBytes(big: boolean): number {
  return big ? 16 : 8;
}

function writeHead(layout: StackLayout, arrangement: Arrangement): FilePlan {
  const { planes, big, single, first, others, extras, pixelsAt } = arrangement;
  const pages = single ? 1 : planes;
  const planeBytes = shapeSize(layout.shape.slice(-2)) * bytesPerPixel(layout.dtype);
  const head = Buffer.alloc(pixelsAt);
  head.write("II", 0, "latin1");
  head.writeUInt16LE(big ? 43 : 42, 2);
  if (big) head.writeUInt16LE(8, 4);
  putNumber(head, headerBytes(big), big ? 8 : 4, big);
  const wordType = big ? TYPE.long8 : TYPE.long;
  let at = headerBytes(big);
  for (let page = 0; page < pages; page++) {
    const fields = [
      ...(page === 0 ? first : others),
      { tag: TAG.stripOffsets, type: wordType, count: 1, value: pixelsAt + page * planeBytes },
      { tag: TAG.stripByteCounts, type: wordType, count: 1, value: planeBytes },
    ];
    const next = at + (page === 0 ? arrangement.firstBytes : arrangement.otherBytes);
    putDirectory(head, at, { fields, next: page === pages - 1 ? 0 : next, big, extras });
    at = next;
  }
  extras.write(head);
  return { head, pixelsAt, bytes: pixelsAt + arrangement.pixelBytes };
}

function even(position: number): number {
  return position + (position % 2);
}

function pageFields(layout: StackLayout): Field[] {
  const [height, width] = layout.shape.slice(-2);
  const { dtype, pixelSize } = layout;
  const fields: Field[] = [
    { tag: TAG.newSubfileType, type: TYPE.long, count: 1, value: 0 },
    { tag: TAG.imageWidth, type: TYPE.long, count: 1, value: width },
    { tag: TAG.imageLength, type: TYPE.long, count: 1, value: height },
    { tag: TAG.bitsPerSample, type: TYPE.short, count: 1, value: bytesPerPixel(dtype) * 8 },
    { tag: TAG.compression, type: TYPE.short, count: 1, value: 1 },
    { tag: TAG.photometric, type: TYPE.short, count: 1, value: 1 },
    { tag: TAG.samplesPerPixel, type: TYPE.short, count: 1, value: 1 },
    { tag: TAG.rowsPerStrip, type: TYPE.long, count: 1, value: height },
    {
      tag: TAG.sampleFormat,
      type: TYPE.short,
      count: 1,
      value: isFloat(dtype) ? 3 : dtype.startsWith("u") ? 1 : 2,
    },
  ];
  const [x, y] = [pixelsPerUnit(pixelSize?.x ?? null), pixelsPerUnit(pixelSize?.y ?? null)];
  if (x !== null || y !== null) {
    // ResolutionUnit "none": the unit stands in the description, as ImageJ writes it.
    fields.push(
      { tag: TAG.xResolution, type: TYPE.rational, count: 1, value: rational(x ?? 1) },
      { tag: TAG.yResolution, type: TYPE.rational, count: 1, value: rational(y ?? 1) },
      { tag: TAG.resolutionUnit, type: TYPE.short, count: 1, value: 1 },
    );
  }
  return fields;
}

/** Fields of the first page only: descriptions, ImageJ's block, the name of this program. */
function descriptionFields(layout: StackLayout, big: boolean): Field[] {
  const lengthOf = (axis: string): number =>
    layout.axes.includes(axis) ? layout.shape[layout.axes.indexOf(axis)] : 1;
  const counts = { channels: lengthOf("C"), slices: lengthOf("Z"), frames: lengthOf("T") };
  const texts: string[] = [];
  if (layout.format === "ome") texts.push(formatOmeXml(layout));
  // ImageJ cannot read BigTIFF, so its text would only mislead there.
  if (!big) texts.push(formatImagejDescription(counts, layout.pixelSize));
  const fields = texts.map((text) => descriptionField(text));
  const named = layout.channels.length === counts.channels ? layout.channels : [];
  const block: ImagejBlock | null = big
    ? null
    : imagejBlock(named, counts.channels * counts.slices * counts.frames);
  if (block !== null) {
    const table = Buffer.alloc(block.counts.length * 4);
    block.counts.forEach((count, i) => table.writeUInt32LE(count, i * 4));
    fields.push(
      { tag: TAG.imagejMetadataCounts, type: TYPE.long, count: block.counts.length, value: table },
      { tag: TAG.imagejMetadata, type: 1, count: block.bytes.length, value: block.bytes },
    );
  }
  const software = Buffer.from(`${SOFTWARE}\0`, "latin1");
  fields.push({ tag: TAG.software, type: TYPE.ascii, count: software.length, value: software });
  return fields;
}

function descriptionField(text: string): Field {
  const bytes = Buffer.from(`${text}\0`, "utf8");
  if (bytes.length > MAX_DESCRIPTION) {
    throw new TilewrightError(
      "stack.layout",
      `the description of the stack needs ${bytes.length} bytes, at most ${MAX_DESCRIPTION} are written`,
      "shorten the channel names",
    );
  }
  return { tag: TAG.imageDescription, type: TYPE.ascii, count: bytes.length, value: bytes };
}

/**
 * A positive number as two 32-bit integers: the best fraction by continued fractions.
 *
 * @returns 8 bytes, numerator first
 */
function rational(value: number): Uint8Array {
  const limit = 2 ** 32 - 1;
  let [p, q, p0, q0] = [1, 0, 0, 1];
  let rest = Math.min(Math.max(value, 1 / limit), limit);
  for (let i = 0; i < 64; i++) {
    const whole = Math.floor(rest);
    const [p2, q2] = [whole * p + p0, whole * q + q0];
    if (p2 > limit || q2 > limit) break;
    [p, q, p0, q0] = [p2, q2, p, q];
    if (rest === whole || p / q === value) break;
    rest = 1 / (rest - whole);
  }
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(p, 0);
  bytes.writeUInt32LE(q, 4);
  return bytes;
}

function putNumber(target: Buffer, value: number, at: number, big: boolean): void {
  if (big) target.writeBigUInt64LE(BigInt(value), at);
  else target.writeUInt32LE(value, at);
}

/** Values that do not fit into a directory entry, each placed once. */
class Extras {
  readonly #places = new Map<Field, { at: number; bytes: Uint8Array }>();
  end: number;

  constructor(
    start: number,
    readonly inlineBytes: number,
  ) {
    this.end = start;
  }

  place(field: Field): void {
    if (typeof field.value === "number" || field.value.length <= this.inlineBytes) return;
    this.#places.set(field, { at: this.end, bytes: field.value });
    this.end = even(this.end + field.value.length);
  }

  /** Position of the bytes of a field; later pages share those of the first with the same tag and bytes. */
  find(field: Field): number | undefined {
    const own = this.#places.get(field);
    if (own !== undefined) return own.at;
    for (const [other, place] of this.#places) if (other.tag === field.tag) return place.at;
    return undefined;
  }

  write(target: Buffer): void {
    for (const { at, bytes } of this.#places.values()) target.set(bytes, at);
  }
}

interface Directory {
  readonly fields: readonly Field[];
  readonly next: number;
  readonly big: boolean;
  readonly extras: Extras;
}

function putDirectory(target: Buffer, start: number, directory: Directory): void {
  const { big, extras, next } = directory;
  // A stable sort keeps two descriptions in their order: readers that know one tag take the first.
  const fields = [...directory.fields].sort((a, b) => a.tag - b.tag);
  const word = big ? 8 : 4;
  if (big) target.writeBigUInt64LE(BigInt(fields.length), start);
  else target.writeUInt16LE(fields.length, start);
  let at = start + (big ? 8 : 2);
  for (const field of fields) {
    target.writeUInt16LE(field.tag, at);
    target.writeUInt16LE(field.type, at + 2);
    putNumber(target, field.count, at + 4, big);
    const place = extras.find(field);
    if (typeof field.value !== "number" && place === undefined) target.set(field.value, at + 4 + word);
    else putNumber(target, place ?? (field.value as number), at + 4 + word, big);
    at += 4 + 2 * word;
  }
  putNumber(target, next, at, big);
}
