/**
 * Reading a rectangle of one stored plane into memory: straight from the file where the pixels are stored
 * plainly, through decoded chunks otherwise.
 * @module
 */
import type { Job } from "../../job";
import { settleAll } from "../bytes";
import { decodesAtOnce, isDirect } from "./chunks";
import type { ChunkReader } from "./chunks";
import { READS_AT_ONCE, directWork } from "./directRows";
import { copyValues, overlapOf, shiftTarget } from "./planeParts";
import type { Cell, PlaneRegion, PlaneTarget, StoredPlane } from "./planeParts";

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
