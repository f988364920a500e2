import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { deflateSync } from "node:zlib";

/** A stack of uint16 planes of which only one is written; the others are zero and take no room on disk. */
export interface SparseSpec {
  readonly planes: number;
  /** px, both of them. */
  readonly size: number;
  /** Square tiles of this many px, or strips of this many rows. */
  readonly tile?: number;
  readonly rows?: number;
  readonly deflate?: boolean;
  /** Index of the plane that is written. */
  readonly written: number;
  readonly value: (row: number, column: number) => number;
}

const FIELDS = 9;
const FIELD_BYTES = 20;

interface ChunkSize {
  readonly width: number;
  readonly height: number;
  readonly across: number;
  /** Chunks of one plane. */
  readonly count: number;
}

function chunkSize({ size, tile, rows }: SparseSpec): ChunkSize {
  const width = tile ?? size;
  const height = tile ?? rows ?? size;
  const across = size / width;
  return { width, height, across, count: across * (size / height) };
}

/** Bytes of one chunk of the written plane. */
function chunkBytes(spec: SparseSpec, chunk: ChunkSize, index: number): Buffer {
  const [top, left] = [Math.floor(index / chunk.across) * chunk.height, (index % chunk.across) * chunk.width];
  const out = Buffer.alloc(chunk.width * chunk.height * 2);
  for (let i = 0; i < chunk.width * chunk.height; i++) {
    out.writeUInt16LE(spec.value(top + Math.floor(i / chunk.width), left + (i % chunk.width)), i * 2);
  }
  return spec.deflate === true ? deflateSync(out) : out;
}

/**
 * Writes a little-endian BigTIFF by code that shares nothing with the reader.
 *
 * @returns stored bytes of each chunk of the written plane
 */
export function writeSparseBigTiff(path: string, spec: SparseSpec): number[] {
  const chunk = chunkSize(spec);
  const parts = Array.from({ length: chunk.count }, (_, i) => chunkBytes(spec, chunk, i));
  const empty = spec.deflate === true ? deflateSync(Buffer.alloc(chunk.width * chunk.height * 2)) : null;
  const plain = chunk.width * chunk.height * 2;
  const directory = 8 + FIELDS * FIELD_BYTES + 8;
  const tables = chunk.count === 1 ? 0 : chunk.count * 16;
  const dataAt = Math.ceil((16 + spec.planes * (directory + tables)) / 4096) * 4096;
  const file = openSync(path, "w");
  const head = Buffer.alloc(dataAt);
  head.write("II", 0, "latin1");
  head.writeUInt16LE(43, 2);
  head.writeUInt16LE(8, 4);
  head.writeBigUInt64LE(16n, 8);
  let writtenEnd = dataAt + (empty?.length ?? 0);
  const writtenAt = parts.map((part) => (writtenEnd += part.length) - part.length);
  for (let plane = 0; plane < spec.planes; plane++) {
    const own = plane === spec.written;
    const places = parts.map((part, i): readonly [at: number, bytes: number] => {
      if (empty === null) return [dataAt + (plane * chunk.count + i) * plain, plain];
      return own ? [writtenAt[i], part.length] : [dataAt, empty.length];
    });
    putDirectory(head, spec, { plane, places, at: 16 + plane * (directory + tables), directory, tables });
    if (own) places.forEach(([at], i) => writeSync(file, parts[i], 0, parts[i].length, at));
  }
  writeSync(file, head, 0, head.length, 0);
  if (empty === null) ftruncateSync(file, dataAt + spec.planes * chunk.count * plain);
  else writeSync(file, empty, 0, empty.length, dataAt);
  closeSync(file);
  return parts.map((part) => part.length);
}

function putDirectory(
  head: Buffer,
  spec: SparseSpec,
  page: {
    plane: number;
    places: readonly (readonly [at: number, bytes: number])[];
    at: number;
    directory: number;
    tables: number;
  },
): void {
  const { places, at, directory, tables } = page;
  const count = places.length;
  const table = (part: 0 | 1): number => {
    if (count === 1) return places[0][part];
    const start = at + directory + part * 8 * count;
    places.forEach((place, i) => head.writeBigUInt64LE(BigInt(place[part]), start + 8 * i));
    return start;
  };
  const tiled = spec.tile !== undefined;
  const fields = [
    [256, 4, 1, spec.size],
    [257, 4, 1, spec.size],
    [258, 3, 1, 16],
    [259, 3, 1, spec.deflate === true ? 8 : 1],
    [262, 3, 1, 1],
    [tiled ? 324 : 273, 16, count, table(0)],
    [tiled ? 322 : 278, 4, 1, spec.tile ?? spec.rows ?? spec.size],
    [tiled ? 325 : 279, 16, count, table(1)],
    tiled ? [323, 4, 1, spec.tile] : [277, 3, 1, 1],
  ].sort((a, b) => a[0] - b[0]);
  head.writeBigUInt64LE(BigInt(FIELDS), at);
  fields.forEach(([tag, type, many, value], i) => {
    const place = at + 8 + i * FIELD_BYTES;
    head.writeUInt16LE(tag, place);
    head.writeUInt16LE(type, place + 2);
    head.writeBigUInt64LE(BigInt(many), place + 4);
    head.writeBigUInt64LE(BigInt(value), place + 12);
  });
  const next = page.plane + 1 < spec.planes ? at + directory + tables : 0;
  head.writeBigUInt64LE(BigInt(next), at + 8 + FIELDS * FIELD_BYTES);
}
