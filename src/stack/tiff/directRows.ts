/**
 * Reading pixels that stand in the file as they stand in memory, up to byte order: straight into their place, or
 * through a scratch when rows or tiles stand apart.
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../../errors";
import { truncated } from "../bytes";
import type { ChunkReader } from "./chunks";
import { copyValues, overlapOf, shiftTarget } from "./planeParts";
import type { Cell, Covered, PlaneRegion, PlaneTarget, StoredPlane } from "./planeParts";
import { swapBytes } from "./samples";
import { storedBytesPerPixel } from "../stored";
import type { Carrier } from "../stored";

/** Rows of a page that stand one after the other in the file. */
interface Extent extends Covered {
  readonly at: number;
}

/** Reads of one plane under way at once. */
export const READS_AT_ONCE = 8;
/** What is read with something between it, or of several tiles, comes in pieces that fit into a processor's cache. */
const SCRATCH_BYTES = 2 ** 20;
/** Pixels in the other byte order are turned right while they are still in the cache. */
const SWAP_BYTES = 2 ** 20;
/** Rows below this size are read without the thread pool, this many bytes at a time. */
const SMALL_BYTES = 2 ** 16;

/** A region of a plane and the strips or tiles that hold it. */
export interface DirectRequest {
  readonly cells: readonly Cell[];
  readonly region: PlaneRegion;
  readonly target: PlaneTarget;
}

/**
 * The reads that bring a region into memory, to be run in any order.
 *
 * @throws {TilewrightError} `stack.damaged`, `stack.truncated`
 */
export function directWork(
  reader: ChunkReader,
  plane: StoredPlane,
  request: DirectRequest,
): (() => Promise<void>)[] {
  const { format } = plane.page;
  const size = storedBytesPerPixel(format.dtype!);
  const { region, target } = request;
  const work: (() => Promise<void>)[] = [];
  const spanned: RowsRequest[] = [];
  for (const extent of extentsOf(reader, plane, request.cells)) {
    const overlap = overlapOf(extent, region, format.width);
    if (overlap === null) continue;
    const own = { extent, overlap, target: shiftTarget(target, region, overlap), size };
    const straight = straightWork(reader, own);
    if (straight.length > 0) {
      work.push(...straight);
      continue;
    }
    for (const rows of rowRequests(reader, own)) {
      if (rows.spanned) spanned.push(rows);
      else work.push(() => readRows(reader, rows));
    }
  }
  for (const group of neighbours(spanned)) work.push(() => readSpanned(reader, group));
  return work;
}

/** Groups of stretches that follow each other closely in the file and can be read together. */
function neighbours(requests: readonly RowsRequest[]): RowsRequest[][] {
  const groups: RowsRequest[][] = [];
  let end = -1;
  for (const rows of requests) {
    const group = groups.at(-1);
    const gap = rows.at - end;
    const near =
      group !== undefined &&
      gap >= 0 &&
      gap <= slackOf(rows) &&
      rows.at + spannedBytes(rows) - group[0].at <= SCRATCH_BYTES &&
      (rows.at - group[0].at) % rows.request.size === 0;
    if (near) group.push(rows);
    else groups.push([rows]);
    end = rows.at + spannedBytes(rows);
  }
  return groups;
}

/** How far apart two stretches may stand: as far as their own rows, so that what is read at most doubles. */
function slackOf({ rowBytes, request }: RowsRequest): number {
  const { extent, overlap, size } = request;
  const wanted = (overlap.columns[1] - overlap.columns[0]) * extent.samples * size;
  return rowBytes <= 2 * wanted ? rowBytes - wanted : 0;
}

/** Bytes from the first wanted one to the last, with what stands between the rows. */
function spannedBytes({ count, rowBytes, request }: RowsRequest): number {
  const { extent, overlap, size } = request;
  return (count - 1) * rowBytes + (overlap.columns[1] - overlap.columns[0]) * extent.samples * size;
}

/** Rows that stand one after the other in the file: strips that follow each other are one extent. */
function extentsOf(reader: ChunkReader, plane: StoredPlane, cells: readonly Cell[]): Extent[] {
  const { chunkWidth: width, chunkHeight, height, planar, samples: all, dtype } = plane.page.format;
  const samples = planar ? 1 : all;
  const rowBytes = width * samples * storedBytesPerPixel(dtype!);
  const extents: { -readonly [K in keyof Extent]: Extent[K] }[] = [];
  let end = -1;
  for (const cell of cells) {
    const { place, sample } = cell;
    const row = cell.down * chunkHeight;
    const column = cell.across * width;
    const rows = Math.min(chunkHeight, height - row);
    checkLength(reader, plane, place.bytes, rows * rowBytes);
    const last = extents.at(-1);
    const follows =
      place.at === end &&
      last !== undefined &&
      last.column === column &&
      last.sample === sample &&
      last.row + last.rows === row;
    if (follows) last.rows += rows;
    else extents.push({ at: place.at, row, column, rows, width, sample, samples });
    end = place.at + rows * rowBytes;
  }
  return extents;
}

/** With a single chunk a wrong length does no harm (and occurs): the size of the file decides. */
function checkLength(reader: ChunkReader, plane: StoredPlane, bytes: number | null, needed: number): void {
  if (plane.page.format.chunks === 1 || bytes === null || bytes >= needed) return;
  throw new TilewrightError(
    "stack.damaged",
    `${reader.source.name}, page ${plane.index}: a strip or tile has ${bytes} bytes, it needs ${needed}`,
    "the file is damaged; copy or export it again",
  );
}

interface ExtentRequest {
  readonly extent: Extent;
  readonly overlap: PlaneRegion;
  readonly target: PlaneTarget;
  /** Bytes per value. */
  readonly size: number;
}

/** Position in the file of the first wanted byte; checks that the last one is there. */
function firstByte(reader: ChunkReader, { extent, overlap, size }: ExtentRequest): number {
  const pixelBytes = extent.samples * size;
  const rowBytes = extent.width * pixelBytes;
  const first =
    extent.at + (overlap.rows[0] - extent.row) * rowBytes + (overlap.columns[0] - extent.column) * pixelBytes;
  const rows = overlap.rows[1] - overlap.rows[0];
  const end = first + (rows - 1) * rowBytes + (overlap.columns[1] - overlap.columns[0]) * pixelBytes;
  if (end > reader.source.size) throw truncated(reader.source.name, first, end - first);
  return first;
}

/** Reads of whole rows that stand in memory as in the file; none when they do not. */
function straightWork(reader: ChunkReader, request: ExtentRequest): (() => Promise<void>)[] {
  const { extent, overlap, target, size } = request;
  const columns = overlap.columns[1] - overlap.columns[0];
  const samples = overlap.samples[1] - overlap.samples[0];
  const sameOrder =
    samples === extent.samples && target.columnStep === samples && (samples === 1 || target.sampleStep === 1);
  const gapless = columns === extent.width && target.rowStep === columns * samples;
  if (!sameOrder || !gapless) return [];
  const first = firstByte(reader, request);
  const values = (overlap.rows[1] - overlap.rows[0]) * columns * samples;
  const step = reader.littleEndian || size === 1 ? values : SWAP_BYTES / size;
  return Array.from({ length: Math.ceil(values / step) }, (_, i) => {
    const part = { ...target, start: target.start + i * step };
    const count = Math.min(step, values - i * step);
    return () => readStraight(reader, part, { at: first + i * step * size, values: count });
  });
}

function rowRequests(reader: ChunkReader, request: ExtentRequest): RowsRequest[] {
  const { extent, overlap, target, size } = request;
  const rowBytes = extent.width * extent.samples * size;
  const rows = overlap.rows[1] - overlap.rows[0];
  const wanted = (overlap.columns[1] - overlap.columns[0]) * extent.samples * size;
  const first = firstByte(reader, request);
  // Rows are read with what stands between them as long as that at most doubles the bytes.
  const spanned = rowBytes <= 2 * wanted || rows === 1;
  const step = spanned
    ? Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes))
    : Math.floor(SMALL_BYTES / Math.min(SMALL_BYTES, wanted));
  return Array.from({ length: Math.ceil(rows / step) }, (_, i) => {
    const row = i * step;
    const count = Math.min(step, rows - row);
    const to = { ...target, start: target.start + row * target.rowStep };
    return { at: first + row * rowBytes, count, rowBytes, spanned, request, to };
  });
}

async function readStraight(
  reader: ChunkReader,
  target: PlaneTarget,
  { at, values }: { readonly at: number; readonly values: number },
): Promise<void> {
  const { pixels, start } = target;
  const size = pixels.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset + start * size, values * size);
  await reader.source.readInto(bytes, at);
  if (!reader.littleEndian) swapBytes(bytes, size);
}

interface RowsRequest {
  readonly at: number;
  readonly count: number;
  readonly rowBytes: number;
  /** Read what stands between the rows as well. */
  readonly spanned: boolean;
  readonly request: ExtentRequest;
  readonly to: PlaneTarget;
}

/** Reads stretches of one file, from the first byte of the first to the last of the last, in one go. */
async function readSpanned(reader: ChunkReader, group: readonly RowsRequest[]): Promise<void> {
  const [first] = group;
  const bytes = group.at(-1)!.at + spannedBytes(group.at(-1)!) - first.at;
  const scratch = spareScratch.pop() ?? new ArrayBuffer(SCRATCH_BYTES);
  try {
    const read = bytes <= SCRATCH_BYTES ? new Uint8Array(scratch, 0, bytes) : new Uint8Array(bytes);
    await reader.source.readInto(read, first.at);
    const { size } = first.request;
    if (!reader.littleEndian) swapBytes(read.subarray(0, bytes - (bytes % size)), size);
    for (const rows of group) scatter(read, rows.at - first.at, rows, rows.rowBytes);
  } finally {
    if (spareScratch.length < READS_AT_ONCE) spareScratch.push(scratch);
  }
}

/** Memory between reads: making it anew for each costs more than the read. */
const spareScratch: ArrayBuffer[] = [];

async function readRows(reader: ChunkReader, rows: RowsRequest): Promise<void> {
  const { extent, overlap, size } = rows.request;
  const wanted = (overlap.columns[1] - overlap.columns[0]) * extent.samples * size;
  const bytes = new Uint8Array(rows.count * wanted);
  for (let row = 0; row < rows.count; row++) {
    const part = bytes.subarray(row * wanted, (row + 1) * wanted);
    const at = rows.at + row * rows.rowBytes;
    if (wanted > SMALL_BYTES / 2) await reader.source.readInto(part, at);
    else reader.source.readNow(part, at);
  }
  // Lets others have the thread between two handfuls of rows.
  if (wanted <= SMALL_BYTES / 2) await nextTurn();
  if (!reader.littleEndian) swapBytes(bytes, size);
  scatter(bytes, 0, rows, wanted);
}

/** Copies rows that stand `rowBytes` apart from `start` on to where they belong. */
function scatter(bytes: Uint8Array, start: number, rows: RowsRequest, rowBytes: number): void {
  const { extent, overlap, size } = rows.request;
  const { pixels } = rows.to;
  const constructor = pixels.constructor as new (
    buffer: ArrayBufferLike,
    at: number,
    length: number,
  ) => Carrier;
  const length = Math.floor((bytes.length - start) / size);
  copyValues(new constructor(bytes.buffer, bytes.byteOffset + start, length), rows.to, {
    start: overlap.samples[0] - extent.sample,
    rowStep: rowBytes / size,
    columnStep: extent.samples,
    rows: rows.count,
    columns: overlap.columns[1] - overlap.columns[0],
    samples: overlap.samples[1] - overlap.samples[0],
  });
}
