/**
 * Reading a rectangle of one stored plane into memory: straight from the file where the pixels are stored
 * plainly, through decoded chunks otherwise.
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { PixelArray } from "../volume/pixels";
import { settleAll, truncated } from "./bytes";
import { decodesAtOnce, isDirect } from "./chunks";
import type { ChunkPlace, ChunkReader } from "./chunks";
import type { Page } from "./page";
import { swapBytes } from "./samples";
import { storedBytesPerPixel } from "./stored";
import type { Carrier } from "./stored";

/** A stored plane. */
export interface StoredPlane {
  readonly page: Page;
  /** For messages, 0 for the first. */
  readonly index: number;
  /** 0 for full-size pages. */
  readonly level: number;
  /** Bytes to add to every position of the page: planes that follow each other under one directory. */
  readonly shift: number;
}

/** What is wanted of a plane; half open. */
export interface PlaneRegion {
  readonly rows: readonly [start: number, stop: number];
  readonly columns: readonly [start: number, stop: number];
  readonly samples: readonly [start: number, stop: number];
}

/** Where it goes; steps in elements. */
export interface PlaneTarget {
  readonly pixels: Carrier;
  /** Index of the first wanted value. */
  readonly start: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly sampleStep: number;
}

/** Rows of a page that stand one after the other in the file. */
interface Extent {
  readonly at: number;
  /** Row and column of the image of its first pixel. */
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  /** Pixels per stored row, padding of tiles included. */
  readonly width: number;
  /** First sample, and how many stand side by side. */
  readonly sample: number;
  readonly samples: number;
}

const READS_AT_ONCE = 64;
const SCRATCH_BYTES = 4 * 2 ** 20;
/** Rows below this size are read without the thread pool, this many bytes at a time. */
const SMALL_BYTES = 2 ** 16;

/**
 * Reads a region of a plane into `target.pixels`.
 *
 * @throws {TilewrightError} `stack.truncated`, `stack.decode`, `stack.damaged`… ; the target is then undefined
 */
export async function readPlane(
  reader: ChunkReader,
  plane: StoredPlane,
  request: { readonly region: PlaneRegion; readonly target: PlaneTarget },
  job: Job,
): Promise<void> {
  const { problem } = plane.page.format;
  if (problem !== null) throw problem;
  job.signal.throwIfAborted();
  const { region, target } = request;
  const cells = await chunkCells(reader, plane, region);
  const work = isDirect(plane.page.format)
    ? directWork(reader, plane, { cells, region, target })
    : cells.map((cell) => () => decodeCell(reader, plane, { cell, region, target }));
  const limit = isDirect(plane.page.format) ? READS_AT_ONCE : decodesAtOnce(plane.page.format);
  await runSome(work, limit, job);
}

/** Runs tasks, `limit` at a time; after the first failure no more are started, and it is thrown at the end. */
async function runSome(tasks: readonly (() => Promise<void>)[], limit: number, job: Job): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < tasks.length && !failed) {
      job.signal.throwIfAborted();
      try {
        await tasks[next++]();
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await settleAll(Array.from({ length: Math.min(limit, tasks.length) }, worker));
}

interface Cell {
  readonly chunk: number;
  readonly place: ChunkPlace;
  /** Chunk row, chunk column, plane of samples. */
  readonly down: number;
  readonly across: number;
  readonly sample: number;
}

/** The chunks that a region touches, in the order in which they are stored. */
async function chunkCells(reader: ChunkReader, plane: StoredPlane, region: PlaneRegion): Promise<Cell[]> {
  const { format } = plane.page;
  const firstDown = Math.floor(region.rows[0] / format.chunkHeight);
  const lastDown = Math.ceil(region.rows[1] / format.chunkHeight);
  const firstAcross = Math.floor(region.columns[0] / format.chunkWidth);
  const lastAcross = Math.ceil(region.columns[1] / format.chunkWidth);
  const cells: Cell[] = [];
  const [firstSample, lastSample] = format.planar ? region.samples : [0, 1];
  for (let sample = firstSample; sample < lastSample; sample++) {
    const base = sample * format.chunksAcross * format.chunksDown;
    const first = base + firstDown * format.chunksAcross;
    const places = await reader.places(plane.page, first, (lastDown - firstDown) * format.chunksAcross);
    for (let down = firstDown; down < lastDown; down++) {
      for (let across = firstAcross; across < lastAcross; across++) {
        const chunk = base + down * format.chunksAcross + across;
        const { at, bytes } = places[chunk - first];
        cells.push({ chunk, place: { at: at + plane.shift, bytes }, down, across, sample });
      }
    }
  }
  return cells;
}

interface DirectRequest {
  readonly cells: readonly Cell[];
  readonly region: PlaneRegion;
  readonly target: PlaneTarget;
}

function directWork(
  reader: ChunkReader,
  plane: StoredPlane,
  request: DirectRequest,
): (() => Promise<void>)[] {
  const { format } = plane.page;
  const size = storedBytesPerPixel(format.dtype!);
  const { region, target } = request;
  return mergeExtents(
    request.cells.map((cell) => extentOf(reader, plane, cell)),
    size,
  ).flatMap((extent) => {
    const overlap = overlapOf(extent, region, format.width);
    return overlap === null
      ? []
      : extentWork(reader, { extent, overlap, target: shiftTarget(target, region, overlap), size });
  });
}

function extentOf(reader: ChunkReader, plane: StoredPlane, cell: Cell): Extent {
  const { format } = plane.page;
  const samples = format.planar ? 1 : format.samples;
  const row = cell.down * format.chunkHeight;
  const rows = Math.min(format.chunkHeight, format.height - row);
  const needed = rows * format.chunkWidth * samples * storedBytesPerPixel(format.dtype!);
  // With a single chunk a wrong length does no harm (and occurs): the size of the file decides.
  if (format.chunks > 1 && cell.place.bytes !== null && cell.place.bytes < needed) {
    throw new TilewrightError(
      "stack.damaged",
      `${reader.source.name}, page ${plane.index}: a strip or tile has ${cell.place.bytes} bytes, it needs ${needed}`,
      "the file is damaged; copy or export it again",
    );
  }
  const column = cell.across * format.chunkWidth;
  return { at: cell.place.at, row, column, rows, width: format.chunkWidth, sample: cell.sample, samples };
}

/** Strips that follow each other in the file become one. */
function mergeExtents(extents: readonly Extent[], size: number): Extent[] {
  const merged: Extent[] = [];
  for (const extent of extents) {
    const last = merged.at(-1);
    const follows =
      last !== undefined &&
      last.column === extent.column &&
      last.sample === extent.sample &&
      last.row + last.rows === extent.row &&
      last.at + last.rows * last.width * last.samples * size === extent.at;
    if (follows) merged[merged.length - 1] = { ...last, rows: last.rows + extent.rows };
    else merged.push(extent);
  }
  return merged;
}

/** The part of a region that an extent or a chunk holds; null when there is none. */
function overlapOf(
  extent: Pick<Extent, "row" | "rows" | "column" | "width" | "sample" | "samples">,
  region: PlaneRegion,
  imageWidth: number,
): PlaneRegion | null {
  const common = (a: readonly [number, number], start: number, stop: number): [number, number] => [
    Math.max(a[0], start),
    Math.min(a[1], stop),
  ];
  const rows = common(region.rows, extent.row, extent.row + extent.rows);
  const columns = common(region.columns, extent.column, Math.min(extent.column + extent.width, imageWidth));
  const samples = common(region.samples, extent.sample, extent.sample + extent.samples);
  const empty = [rows, columns, samples].some(([start, stop]) => start >= stop);
  return empty ? null : { rows, columns, samples };
}

function shiftTarget(target: PlaneTarget, region: PlaneRegion, part: PlaneRegion): PlaneTarget {
  const start =
    target.start +
    (part.rows[0] - region.rows[0]) * target.rowStep +
    (part.columns[0] - region.columns[0]) * target.columnStep +
    (part.samples[0] - region.samples[0]) * target.sampleStep;
  return { ...target, start };
}

interface ExtentRequest {
  readonly extent: Extent;
  readonly overlap: PlaneRegion;
  readonly target: PlaneTarget;
  /** Bytes per value. */
  readonly size: number;
}

function extentWork(reader: ChunkReader, request: ExtentRequest): (() => Promise<void>)[] {
  const { extent, overlap, target, size } = request;
  const pixelBytes = extent.samples * size;
  const rowBytes = extent.width * pixelBytes;
  const rows = overlap.rows[1] - overlap.rows[0];
  const columns = overlap.columns[1] - overlap.columns[0];
  const wanted = columns * pixelBytes;
  const first =
    extent.at + (overlap.rows[0] - extent.row) * rowBytes + (overlap.columns[0] - extent.column) * pixelBytes;
  const end = first + (rows - 1) * rowBytes + wanted;
  if (end > reader.source.size) throw truncated(reader.source.name, first, end - first);

  const samples = overlap.samples[1] - overlap.samples[0];
  const sameOrder =
    samples === extent.samples && target.columnStep === samples && (samples === 1 || target.sampleStep === 1);
  const gapless = columns === extent.width && target.rowStep === columns * samples;
  if (sameOrder && gapless)
    return [() => readStraight(reader, target, { at: first, values: rows * columns * samples })];
  // Rows are read with what stands between them as long as that at most doubles the bytes.
  const spanned = rowBytes <= 2 * wanted || rows === 1;
  const together = spanned
    ? Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes))
    : SMALL_BYTES / Math.min(SMALL_BYTES, wanted);
  const step = Math.floor(together);
  return Array.from({ length: Math.ceil(rows / step) }, (_, i) => {
    const row = i * step;
    const count = Math.min(step, rows - row);
    const to = { ...target, start: target.start + row * target.rowStep };
    return () => readRows(reader, { at: first + row * rowBytes, count, rowBytes, spanned, request, to });
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

async function readRows(reader: ChunkReader, rows: RowsRequest): Promise<void> {
  const { extent, overlap, size } = rows.request;
  const columns = overlap.columns[1] - overlap.columns[0];
  const wanted = columns * extent.samples * size;
  const rowStep = rows.spanned ? rows.rowBytes : wanted;
  const bytes = new Uint8Array((rows.count - 1) * rowStep + wanted);
  if (rows.spanned || wanted > SMALL_BYTES / 2) {
    const step = rows.spanned ? rows.count : 1;
    for (let row = 0; row < rows.count; row += step) {
      const end = rows.spanned ? bytes.length : row * rowStep + wanted;
      await reader.source.readInto(bytes.subarray(row * rowStep, end), rows.at + row * rows.rowBytes);
    }
  } else {
    for (let row = 0; row < rows.count; row++) {
      reader.source.readNow(
        bytes.subarray(row * rowStep, row * rowStep + wanted),
        rows.at + row * rows.rowBytes,
      );
    }
    // Lets others have the thread between two handfuls of rows.
    await nextTurn();
  }
  if (!reader.littleEndian) swapBytes(bytes, size);
  const constructor = rows.to.pixels.constructor as new (buffer: ArrayBuffer) => Carrier;
  copyValues(new constructor(bytes.buffer), rows.to, {
    start: overlap.samples[0] - extent.sample,
    rowStep: rowStep / size,
    columnStep: extent.samples,
    rows: rows.count,
    columns,
    samples: overlap.samples[1] - overlap.samples[0],
  });
}

interface CopyFrom {
  readonly start: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

/** `values` are of the target's type. */
function copyValues(values: Carrier, target: PlaneTarget, from: CopyFrom): void {
  const { rowStep, columnStep, sampleStep } = target;
  // Numbers or bigints, but the same on both sides.
  const [source, pixels] = [values, target.pixels] as [PixelArray, PixelArray];
  const alike =
    from.columnStep === columnStep &&
    (from.samples === 1 ? columnStep === 1 : sampleStep === 1 && columnStep === from.samples);
  for (let row = 0; row < from.rows; row++) {
    const sourceRow = from.start + row * from.rowStep;
    const targetRow = target.start + row * rowStep;
    if (alike) {
      pixels.set(source.subarray(sourceRow, sourceRow + from.columns * columnStep), targetRow);
      continue;
    }
    for (let sample = 0; sample < from.samples; sample++) {
      let to = targetRow + sample * sampleStep;
      let at = sourceRow + sample;
      for (let column = 0; column < from.columns; column++) {
        pixels[to] = source[at];
        to += columnStep;
        at += from.columnStep;
      }
    }
  }
}

interface CellRequest {
  readonly cell: Cell;
  readonly region: PlaneRegion;
  readonly target: PlaneTarget;
}

async function decodeCell(reader: ChunkReader, plane: StoredPlane, request: CellRequest): Promise<void> {
  const { format } = plane.page;
  const { cell, region, target } = request;
  const row = cell.down * format.chunkHeight;
  const column = cell.across * format.chunkWidth;
  const rows = format.tiled ? format.chunkHeight : Math.min(format.chunkHeight, format.height - row);
  const samples = format.planar ? 1 : format.samples;
  const width = format.chunkWidth;
  const overlap = overlapOf({ row, rows, column, width, sample: cell.sample, samples }, region, format.width);
  if (overlap === null) return;
  const copy = plane.level === 0 ? "" : ` at level ${plane.level}`;
  const where = `${reader.source.name}, page ${plane.index}${copy}, ${format.tiled ? "tile" : "strip"} ${cell.chunk}`;
  const chunk = { key: `${plane.level}/${plane.index}/${cell.chunk}`, place: cell.place, rows };
  const values = await reader.values(plane.page, chunk, where);
  copyValues(values, shiftTarget(target, region, overlap), {
    start:
      ((overlap.rows[0] - row) * width + (overlap.columns[0] - column)) * samples +
      (overlap.samples[0] - cell.sample),
    rowStep: width * samples,
    columnStep: samples,
    rows: overlap.rows[1] - overlap.rows[0],
    columns: overlap.columns[1] - overlap.columns[0],
    samples: overlap.samples[1] - overlap.samples[0],
  });
}
