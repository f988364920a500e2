/**
 * Parts of a stored plane: what is wanted, where it goes, and copying between the two.
 * @module
 */
import type { PixelArray } from "../../volume/pixels";
import type { ChunkPlace } from "./chunks";
import type { Page } from "./page";
import type { Carrier } from "../stored";

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

/** A strip or tile of a plane. */
export interface Cell {
  readonly chunk: number;
  readonly place: ChunkPlace;
  /** Chunk row, chunk column, plane of samples. */
  readonly down: number;
  readonly across: number;
  readonly sample: number;
}

/** Rows and columns that a strip, a tile or a run of them covers. */
export interface Covered {
  readonly row: number;
  readonly rows: number;
  readonly column: number;
  /** Pixels per stored row, padding of tiles included. */
  readonly width: number;
  /** First sample, and how many stand side by side. */
  readonly sample: number;
  readonly samples: number;
}

/** The part of a region that an extent or a chunk holds; null when there is none. */
export function overlapOf(extent: Covered, region: PlaneRegion, imageWidth: number): PlaneRegion | null {
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

/** The target of a part of a region. */
export function shiftTarget(target: PlaneTarget, region: PlaneRegion, part: PlaneRegion): PlaneTarget {
  const start =
    target.start +
    (part.rows[0] - region.rows[0]) * target.rowStep +
    (part.columns[0] - region.columns[0]) * target.columnStep +
    (part.samples[0] - region.samples[0]) * target.sampleStep;
  return { ...target, start };
}

/** Where values stand that are copied; steps in elements. */
export interface CopyFrom {
  readonly start: number;
  readonly rowStep: number;
  readonly columnStep: number;
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
}

/** `values` are of the target's type. */
export function copyValues(values: Carrier, target: PlaneTarget, from: CopyFrom): void {
  const { rowStep, columnStep, sampleStep } = target;
  // Numbers or bigints, but the same on both sides.
  const [source, pixels] = [values, target.pixels] as [PixelArray, PixelArray];
  const alike =
    from.columnStep === columnStep &&
    (from.samples === 1 ? columnStep === 1 : sampleStep === 1 && columnStep === from.samples);
  const rowLength = from.columns * columnStep;
  if (alike && from.rowStep === rowLength && rowStep === rowLength) {
    pixels.set(source.subarray(from.start, from.start + from.rows * rowLength), target.start);
    return;
  }
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
