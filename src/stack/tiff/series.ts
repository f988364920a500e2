/**
 * Series: one stack of a TIFF file: how pages, of this file or of several, become axes.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { ImagejExtras } from "./imagej";
import type { Page } from "./page";
import type { ChannelFacts, PixelSize, StackFacts } from "../stack";

/** No stack has more planes. */
export const MAX_PLANES = 2 ** 24;

/** What the walk through a file found. */
export interface FileParts {
  readonly name: string;
  readonly size: number;
  readonly pages: readonly Page[];
  /** ImageDescriptions of the first page, in order. */
  readonly descriptions: readonly string[];
  /** Px per unit of the resolution tags of the first page, and ResolutionUnit. */
  readonly resolution: readonly [x: number | null, y: number | null];
  readonly resolutionUnit: number;
  /** First position of the pixels of page 0; null when it has several chunks that do not follow each other. */
  readonly contiguousAt: number | null;
  /** First position behind `contiguousAt` that holds no pixel: the directory, a text, a table. */
  readonly metadataAt: number;
  /** ImageJ's slice labels and lookup tables. */
  readonly extras: ImagejExtras;
  /** Planes that MetaMorph counts behind the first page's directory; 1 when it did not write the file. */
  readonly metamorphPlanes: number;
  /** Whether reduced pages are thumbnails (Zeiss LSM): colours, not the pixels of the stack. */
  readonly thumbnails: boolean;
}

/** One stack of a file. */
export interface Series {
  /** Which stack of the file, from 0. */
  readonly index: number;
  /** Stacks in the file. */
  readonly count: number;
  readonly flavour: StackFacts["flavour"];
  /** Letters and lengths of the axes that count planes, slowest first; no axis has length 1. */
  readonly axes: string;
  readonly shape: readonly number[];
  /** Page of each index of these axes (row-major) in its file; -1 where there is none. */
  readonly planes: readonly number[];
  /** File of each index, into `files`; null when all planes are in the first. */
  readonly fileOf: readonly number[] | null;
  /** Names of the files of the set; the first is the one that was opened. */
  readonly files: readonly string[];
  /** Planes that follow each other under the first page's directory; 0 when each has its own. */
  readonly contiguous: number;
  readonly pixelSize: PixelSize | null;
  readonly channels: readonly ChannelFacts[];
  readonly warnings: readonly string[];
}

/** What a description tells of the pages of a series, without its place in the file. */
export type Described = Omit<Series, "index" | "count">;

/**
 * Refuses to look for a stack that is not there.
 *
 * @throws {TilewrightError} `stack.series`
 */
export function checkIndex(parts: FileParts, index: number, count: number): void {
  if (index < count) return;
  throw new TilewrightError(
    "stack.series",
    `${parts.name}: it holds ${count} ${count === 1 ? "stack" : "stacks"}, series ${index} is asked for`,
    `series count from 0; choose 0${count === 1 ? "" : ` to ${count - 1}`}`,
  );
}

/** Axes and lengths without the axes of length 1. */
export function squeeze(axes: string, shape: readonly number[]): { axes: string; shape: number[] } {
  const kept = [...axes].map((axis, i) => ({ axis, length: shape[i] })).filter(({ length }) => length !== 1);
  return { axes: kept.map(({ axis }) => axis).join(""), shape: kept.map(({ length }) => length) };
}
