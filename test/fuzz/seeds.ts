/**
 * Sound files that the fuzzer damages: every layout the reader knows, made by the tests' own writer, and the small
 * pictures of the reference material when it is there. In the files we make no byte of any pixel is zero, so a row of
 * zeros was never in the file.
 * @module
 */
import { readFileSync, readdirSync, statSync } from "node:fs";
import { quietJob } from "../../src/job";
import type { Stack } from "../../src/stack/stack";
import { openTiff } from "../../src/stack/tiff/read";
import { hasShared, sharedPath } from "../support/shared";
import { CountingSource, makeTiff } from "../support/tiff";
import type { FileSpec, PageSpec } from "../support/tiff";
import { dissect, findField, putNumber } from "./anatomy";
import { constantJpeg, storedZstd } from "./packers";

/** A sound file and what its stored planes are. */
export interface Seed {
  readonly name: string;
  readonly bytes: Buffer;
  /** Shape, type and pixels of each stored plane; only the first ones of long stacks. */
  readonly planes: readonly { readonly kind: string; readonly bytes: Uint8Array }[];
  /** No byte of a pixel is zero. */
  readonly nonZero: boolean;
}

/** Shared pictures above this size would make the run slow. */
const MAX_SHARED_BYTES = 30_000;
/** Of longer stacks only the first planes are known. */
export const MAX_KEPT_PLANES = 16;

/** The bytes of a stored plane, or of a volume. */
export function storedBytes(
  stored: { readonly bytes: Uint8Array } | { readonly data: ArrayBufferView },
): Uint8Array {
  if ("bytes" in stored) return stored.bytes;
  return new Uint8Array(stored.data.buffer, stored.data.byteOffset, stored.data.byteLength);
}

/** What two planes must have in common before their pixels can be compared. */
export function planeKind(facts: Stack["facts"], shape: readonly number[]): string {
  return `${facts.dtype} ${shape.join("x")}`;
}

/** A byte from 1 to 255 that depends on all of its arguments. */
function filledByte(...parts: readonly number[]): number {
  let mixed = 0x811c9dc5;
  for (const part of parts) mixed = Math.imul(mixed ^ part, 0x01000193) ^ (mixed >>> 13);
  return 1 + ((mixed >>> 0) % 255);
}

type Pixel = PageSpec["value"];

function pixelsOf(kind: PageSpec["kind"], bits: number, plane: number): Pixel {
  return (row, column, sample) => {
    const byte = (i: number): number => filledByte(row, column, sample, plane, i);
    if (bits < 8 || bits === 12) return 1 + ((byte(0) * 16 + (byte(1) >> 4)) % (2 ** bits - 1));
    const view = new DataView(new ArrayBuffer(8));
    for (let i = 0; i < bits / 8; i++) view.setUint8(i, byte(i));
    // The first byte of a float holds its exponent: this one makes it a number, neither NaN nor infinite.
    if (kind === "float") view.setUint8(0, 0x40);
    if (kind === "float") return bits === 32 ? view.getFloat32(0) : view.getFloat64(0);
    return bits === 8 ? view.getUint8(0) : bits === 16 ? view.getUint16(0) : view.getUint32(0);
  };
}

function page(more: Partial<PageSpec> = {}, plane = 0): PageSpec {
  const { bits = 8, kind } = more;
  const value = pixelsOf(kind, bits, plane);
  return { width: 24, height: 18, rowsPerStrip: 5, beyond: 1, value, ...more };
}

function pages(count: number, more: Partial<PageSpec> = {}, description?: string): PageSpec[] {
  return Array.from({ length: count }, (_, i) =>
    page({ ...more, ...(i === 0 && description !== undefined ? { description } : {}) }, i),
  );
}

const OME = (attributes: string, inside = "<TiffData/>"): string =>
  '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:1">' +
  `<Image ID="Image:0"><Pixels ID="Pixels:0" Type="uint16" SizeX="24" SizeY="18" ${attributes} ` +
  'PhysicalSizeX="0.2" PhysicalSizeY="0.2" PhysicalSizeZ="1.5">' +
  `<Channel ID="Channel:0:0" Name="DAPI" Color="65535"/>${inside}</Pixels></Image></OME>`;

const HYPERSTACK =
  "ImageJ=1.53c\nimages=8\nchannels=2\nslices=2\nframes=2\nhyperstack=true\nunit=micron\nspacing=2.0\n";

/** Name, pages, file, and what is changed afterwards. */
type Recipe = readonly [
  name: string,
  pages: readonly PageSpec[],
  file?: FileSpec,
  finish?: (bytes: Buffer) => Buffer,
];

function recipes(): Recipe[] {
  const made: Recipe[] = [];
  for (const bigTiff of [false, true]) {
    for (const bigEndian of [false, true]) {
      const name = `${bigTiff ? "big" : "classic"}-${bigEndian ? "MM" : "II"}`;
      made.push([`${name}-strips-u16`, pages(3, { bits: 16 }), { bigTiff, bigEndian }]);
      made.push([`${name}-tiles-u8`, pages(2, { tile: [16, 16] }), { bigTiff, bigEndian }]);
      made.push([
        `${name}-lzw-u16-p2`,
        pages(2, { bits: 16, compression: 5, predictor: 2 }),
        { bigTiff, bigEndian },
      ]);
      made.push([
        `${name}-deflate-f32-p3`,
        pages(2, { bits: 32, kind: "float", compression: 8, predictor: 3, tile: [16, 16] }),
        { bigTiff, bigEndian },
      ]);
    }
  }
  for (const compression of [1, 5, 8, 32773]) {
    made.push([`rgb-${compression}`, pages(2, { samples: 3, compression })]);
    made.push([`planar-${compression}`, pages(1, { samples: 3, compression, planar: true })]);
    made.push([
      `f64-${compression}`,
      pages(1, { bits: 64, kind: "float", compression }),
      { bigEndian: true },
    ]);
    made.push([`bits12-${compression}`, pages(1, { bits: 12, compression })]);
    made.push([`reversed-${compression}`, pages(1, { reversedBits: true, compression })]);
  }
  for (const bits of [1, 2, 4]) made.push([`bits${bits}`, pages(2, { bits, width: 160 })]);
  made.push(["zstd", pages(2, { bits: 16, compression: 50000, pack: storedZstd })]);
  made.push([
    "jpeg",
    pages(2, { width: 16, height: 16, compression: 7, rowsPerStrip: 8, pack: constantJpeg }),
  ]);
  made.push(["int16", pages(1, { bits: 16, kind: "int", compression: 8, predictor: 2 })]);
  made.push(["int32-tiles", pages(1, { bits: 32, kind: "int", tile: [16, 32] })]);
  made.push(["single-strips", pages(5, { bits: 16, rowsPerStrip: 18 })]);
  made.push(["imagej-hyperstack", pages(8, { bits: 16, rowsPerStrip: 18 }, HYPERSTACK), { bigEndian: true }]);
  made.push(["imagej-contiguous", pages(1, { rowsPerStrip: 18 }, HYPERSTACK), {}, contiguous]);
  made.push(["shaped", pages(6, { bits: 16 }, '{"shape": [2, 3, 18, 24], "axes": "TZYX"}')]);
  made.push(["shaped-contiguous", pages(1, { rowsPerStrip: 18 }, '{"shape": [8, 18, 24]}'), {}, contiguous]);
  made.push(["ome-czt", pages(6, { bits: 16 }, OME('DimensionOrder="XYCZT" SizeZ="3" SizeC="2" SizeT="1"'))]);
  made.push([
    "ome-mapped",
    pages(4, { bits: 16 }, OME('DimensionOrder="XYZCT" SizeZ="2" SizeC="1" SizeT="2"', MAPPED)),
    { bigTiff: true },
  ]);
  made.push(["pyramid-subifd", [page(), page({ width: 12, height: 9, reduced: true })], {}, hangBelow]);
  made.push(["pyramid-chain", [page(), page({ width: 12, height: 9, reduced: true })]]);
  made.push(["thumbnail-first", [page({ width: 12, height: 9 }), ...pages(3)]]);
  return made;
}

const MAPPED = [0, 1, 2, 3]
  .map((i) => `<TiffData FirstZ="${i % 2}" FirstT="${i >> 1}" IFD="${3 - i}" PlaneCount="1"/>`)
  .join("");

/** Seven more planes behind the only one, as ImageJ writes stacks above 4 GB. */
function contiguous(bytes: Buffer): Buffer {
  const anatomy = dissect(bytes);
  const offsets = findField(anatomy.sections[0], 273)!;
  const planes = Array.from({ length: 8 }, (_, plane) =>
    Buffer.from(Array.from({ length: 24 * 18 }, (_, i) => filledByte(i, plane))),
  );
  const out = Buffer.concat([bytes, ...planes]);
  putNumber(out, { at: offsets.valueAt, size: 4, little: anatomy.little }, BigInt(bytes.length));
  return out;
}

/** Moves the second directory of the chain below the first. */
function hangBelow(bytes: Buffer): Buffer {
  const { sections, little } = dissect(bytes);
  const [first, second] = sections;
  // NewSubfileType of the first page makes room: it is 0 anyway.
  const entry = findField(first, 254)!;
  putNumber(bytes, { at: entry.entryAt, size: 2, little }, 330n);
  putNumber(bytes, { at: entry.valueAt, size: 4, little }, BigInt(second.at));
  putNumber(bytes, { at: first.nextAt, size: 4, little }, 0n);
  return bytes;
}

/** All seeds, read once with the reader so that their planes are known. */
export async function makeSeeds(): Promise<Seed[]> {
  const seeds: Seed[] = [];
  for (const [name, made, file, finish = (bytes: Buffer): Buffer => bytes] of recipes()) {
    const bytes = finish(makeTiff(made, file));
    const planes = await readAll(name, bytes);
    const nonZero = planes.every((plane) => !hasZeroRow(plane.bytes));
    if (!nonZero) throw new Error(`seed ${name} has rows of zeros`);
    seeds.push({ name, bytes, planes, nonZero });
  }
  if (!hasShared) return seeds;
  for (const name of readdirSync(sharedPath("tiffs")).sort()) {
    const path = sharedPath("tiffs", name);
    if (!/\.tiff?$/.test(name) || statSync(path).size > MAX_SHARED_BYTES) continue;
    const bytes = readFileSync(path);
    const planes = await readAll(name, bytes).catch(() => []);
    seeds.push({ name, bytes, planes, nonZero: false });
  }
  return seeds;
}

function hasZeroRow(bytes: Uint8Array): boolean {
  let run = 0;
  for (const byte of bytes) {
    run = byte === 0 ? run + 1 : 0;
    if (run >= 8) return true;
  }
  return false;
}

async function readAll(name: string, bytes: Buffer): Promise<Seed["planes"]> {
  const job = quietJob();
  const stack = await openTiff(new CountingSource(bytes), job);
  const planes: { kind: string; bytes: Uint8Array }[] = [];
  for (let i = 0; i < Math.min(stack.facts.planes, MAX_KEPT_PLANES); i++) {
    const stored = await stack.readStoredPlane(i, job).catch((cause: unknown) => {
      throw new Error(`seed ${name}: plane ${i} cannot be read`, { cause });
    });
    planes.push({ kind: planeKind(stack.facts, stored.shape), bytes: storedBytes(stored).slice() });
  }
  await stack.close();
  return planes;
}
