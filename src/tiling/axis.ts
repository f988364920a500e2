/**
 * One axis cut into tiles, as CSBDeep 0.8.1 does (`internals/predict.py`: `Tile`, `Tiling`,
 * `tile_iterator_1d`). Everything N-dimensional is a product of this.
 *
 *     axis   |---------------------------------------|
 *     read   ·····[=====================]              with respect to the axis
 *     keep        ···[===============]···              with respect to the tile
 *     write  ········[===============]                 with respect to the axis, same length as keep
 * @module
 */
import type { Interval } from "../volume/region";

/** What of the number or the size of tiles is kept exactly: CSBDeep's `'size'` and `'n_tiles'`. */
export type Guarantee = "size" | "count";

/** One tile on one axis; all intervals half open, px. */
export interface AxisTile {
  /** With respect to the axis. */
  readonly read: Interval;
  /** With respect to the tile: the part whose context was complete. */
  readonly keep: Interval;
  /** With respect to the axis: where the kept part goes. */
  readonly write: Interval;
}

/** How one axis is to be cut. */
export interface AxisRequest {
  /** px, a multiple of `block`, ≥ 1. */
  readonly length: number;
  /** Wanted number of tiles, ≥ 1. */
  readonly tiles: number;
  /** Tiles start and end on multiples of this many px. */
  readonly block: number;
  /** Blocks read but not kept on each inner side, ≥ 0. */
  readonly overlapBlocks: number;
  /** Default `size`. */
  readonly guarantee?: Guarantee;
}

/**
 * Cuts one axis.
 *
 * `size`: all tiles have the same length, the last one is shifted back inside the axis (its overlap
 * grows, never shrinks), and the number of tiles is as near to `tiles` as that allows. `count`: exactly
 * `tiles` tiles (at most one per block) of lengths that differ.
 *
 * @returns tiles in increasing order; their `write` intervals partition `[0, length)`
 * @throws {RangeError} for a length that is no multiple of the block, or a number that makes no sense
 * @see CSBDeep 0.8.1 `tile_iterator_1d`; equal on every case of the golden figures
 */
export function planAxis(request: AxisRequest): AxisTile[] {
  const { tiles, block, overlapBlocks, guarantee = "size" } = request;
  const blocks = blockCount(request.length, block);
  requireWhole("tiles", tiles, 1);
  requireWhole("overlapBlocks", overlapBlocks, 0);
  switch (guarantee) {
    case "size":
      return equalTiles(blocks, tileLengthFor(blocks, tiles, overlapBlocks), overlapBlocks).map((t) =>
        scale(t, block),
      );
    case "count":
      return countedTiles(blocks, Math.min(tiles, blocks), overlapBlocks).map((t) => scale(t, block));
    default:
      throw new RangeError(`guarantee is "size" or "count", found "${String(guarantee)}"`);
  }
}

/**
 * Cuts one axis into tiles of a given length.
 *
 * @param size px read per tile, overlap included; a multiple of `block`, larger than twice the overlap
 *             unless it covers the whole axis
 * @returns as {@link planAxis} with guarantee `size`
 * @throws {RangeError}
 */
export function planAxisBySize(request: {
  readonly length: number;
  readonly size: number;
  readonly block: number;
  readonly overlapBlocks: number;
}): AxisTile[] {
  const { size, block, overlapBlocks } = request;
  const blocks = blockCount(request.length, block);
  requireWhole("overlapBlocks", overlapBlocks, 0);
  requireWhole("size", size, 1);
  if (size % block !== 0) throw new RangeError(`tile size ${size} is no multiple of the block ${block}`);
  if (size < request.length && size <= 2 * overlapBlocks * block) {
    throw new RangeError(
      `tile size ${size} must be larger than twice the overlap of ${overlapBlocks * block} px, at least ${(2 * overlapBlocks + 1) * block}`,
    );
  }
  return equalTiles(blocks, size / block, overlapBlocks).map((tile) => scale(tile, block));
}

/** Number of tiles of length `size` that cover `length` with `overlap` lost on each inner side; one unit for all. */
export function tileCount(length: number, size: number, overlap: number): number {
  return size >= length ? 1 : 1 + Math.ceil((length - size) / (size - 2 * overlap));
}

/** CSBDeep's `Tiling.for_n_tiles`: the tile length (blocks) whose count is nearest to the wanted one. */
export function tileLengthFor(blocks: number, tiles: number, overlap: number): number {
  const smallest = 2 * overlap + 1;
  // tileCount never grows with the size, so the first size with few enough tiles can be bisected.
  let low = smallest;
  let high = Math.max(smallest, blocks);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (tileCount(blocks, middle, overlap) > tiles) low = middle + 1;
    else high = middle;
  }
  if (low === smallest) return low;
  const miss = (size: number): number => Math.abs(tileCount(blocks, size, overlap) - tiles);
  return miss(low - 1) <= miss(low) ? low - 1 : low;
}

/** More tiles than any image is worth; the list of more would not fit into memory. */
export const MOST_TILES = 2 ** 22;

function requireBounded(count: number): void {
  if (count > MOST_TILES)
    throw new RangeError(`tiles: ${count} on one axis, at most ${MOST_TILES} can be listed`);
}

function equalTiles(blocks: number, size: number, overlap: number): AxisTile[] {
  if (size >= blocks) return [{ read: [0, blocks], keep: [0, blocks], write: [0, blocks] }];
  const count = tileCount(blocks, size, overlap);
  const step = size - 2 * overlap;
  requireBounded(count);
  const tiles: AxisTile[] = [];
  let written = 0;
  for (let i = 0; i < count; i++) {
    const isLast = i === count - 1;
    const start = isLast ? blocks - size : i * step;
    const end = isLast ? blocks : start + size - overlap;
    tiles.push({ read: [start, start + size], keep: [written - start, end - start], write: [written, end] });
    written = end;
  }
  return tiles;
}

function countedTiles(blocks: number, tiles: number, overlap: number): AxisTile[] {
  requireBounded(tiles);
  const size = Math.floor(blocks / tiles);
  const rest = blocks % tiles;
  const longerAtStart = Math.floor(rest / 2);
  const longerAtEnd = rest - longerAtStart;
  const out: AxisTile[] = [];
  let start = 0;
  for (let i = 0; i < tiles; i++) {
    const stop = start + size + (i < longerAtStart || i >= tiles - longerAtEnd ? 1 : 0);
    const read = [Math.max(0, start - overlap), Math.min(blocks, stop + overlap)] as const;
    out.push({ read, keep: [start - read[0], stop - read[0]], write: [start, stop] });
    start = stop;
  }
  return out;
}

function scale(tile: AxisTile, block: number): AxisTile {
  const times = ([start, stop]: Interval): Interval => [start * block, stop * block];
  return { read: times(tile.read), keep: times(tile.keep), write: times(tile.write) };
}

function blockCount(length: number, block: number): number {
  requireWhole("length", length, 1);
  requireWhole("block", block, 1);
  if (length % block !== 0) throw new RangeError(`length ${length} is no multiple of the block ${block}`);
  return length / block;
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number of at least ${least}, found ${value}`);
  }
}
