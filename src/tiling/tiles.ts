/**
 * Tiles of several axes: the product of the tilings of each axis.
 * @module
 */
import type { Interval, Region } from "../volume/region";
import { planAxis } from "./axis";
import type { AxisTile, Guarantee } from "./axis";

/** One tile; all intervals half open, px, one per axis. */
export interface Tile {
  /** With respect to the padded array. */
  readonly read: Region;
  /** With respect to the tile: the part that is kept. */
  readonly keep: Region;
  /** With respect to the padded array: where the kept part goes. */
  readonly write: Region;
}

/**
 * Cuts an array into tiles, each axis on its own.
 *
 * @param request one entry per axis: `shape` px, wanted `tiles`, `blocks` px, `overlapBlocks`
 * @returns tiles with the last axis fastest; their `write` regions partition the array
 * @throws {RangeError} as {@link planAxis}, or when the lists differ in length
 * @see CSBDeep 0.8.1 `tile_iterator`
 */
export function planTiles(request: {
  readonly shape: readonly number[];
  readonly tiles: readonly number[];
  readonly blocks: readonly number[];
  readonly overlapBlocks: readonly number[];
  readonly guarantee?: Guarantee;
}): Tile[] {
  const { shape, tiles, blocks, overlapBlocks, guarantee } = request;
  for (const [name, list] of Object.entries({ tiles, blocks, overlapBlocks })) {
    if (list.length !== shape.length) {
      throw new RangeError(`${name} has ${list.length} entries, the shape ${shape.length}`);
    }
  }
  return multiplyAxes(
    shape.map((length, axis) =>
      planAxis({
        length,
        tiles: tiles[axis],
        block: blocks[axis],
        overlapBlocks: overlapBlocks[axis],
        guarantee,
      }),
    ),
  );
}

/** All combinations of the tiles of each axis, last axis fastest. */
export function multiplyAxes(axes: readonly (readonly AxisTile[])[]): Tile[] {
  let tiles: Tile[] = [{ read: [], keep: [], write: [] }];
  for (const axis of axes) {
    tiles = tiles.flatMap((tile) => axis.map((one) => extend(tile, one)));
  }
  return tiles;
}

function extend(tile: Tile, axis: AxisTile): Tile {
  const add = (region: Region, interval: Interval): Region => [...region, interval];
  return {
    read: add(tile.read, axis.read),
    keep: add(tile.keep, axis.keep),
    write: add(tile.write, axis.write),
  };
}
