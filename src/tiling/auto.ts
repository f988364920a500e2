/**
 * "auto" tiles: the cut that keeps most of what it computes and fits into memory.
 * @module
 */
import { tileCount } from "./axis";

/** One axis as the search sees it. */
export interface AutoAxis {
  /** Padded length, px. */
  readonly length: number;
  /** px. */
  readonly block: number;
  /** Blocks lost on each inner side. */
  readonly overlapBlocks: number;
  /** Whether this axis may be cut at all. */
  readonly tileable: boolean;
}

/** What the search found. */
export interface AutoTiles {
  /** Number of tiles per axis; asking {@link planAxis} for it gives `size`. */
  readonly tiles: readonly number[];
  /** px read per tile and axis. */
  readonly size: readonly number[];
  /** Voxels kept ÷ voxels computed, 0…1. */
  readonly keptFraction: number;
  readonly bytes: number;
  /** False when even the smallest tiles need more than the limit; then those are returned. */
  readonly fits: boolean;
}

interface Choice {
  readonly tiles: number;
  readonly size: number;
  readonly kept: number;
}

/**
 * Finds the tiling with the largest kept fraction among those that fit; among equals the one with
 * fewest tiles.
 *
 * @param axes  axes to cut
 * @param bytes memory of one tile of a given shape (px per axis); must not shrink when an axis grows
 * @param limit bytes
 */
export function autoTiles(
  axes: readonly AutoAxis[],
  bytes: (shape: readonly number[]) => number,
  limit: number,
): AutoTiles {
  const combinations = product(axes.map(choicesOf))
    .map((choices) => ({
      choices,
      kept: choices.reduce((kept, choice) => kept * choice.kept, 1),
      count: choices.reduce((count, choice) => count * choice.tiles, 1),
    }))
    .sort((a, b) => b.kept - a.kept || a.count - b.count);
  const describe = (choices: readonly Choice[], kept: number, fits: boolean): AutoTiles => {
    const size = choices.map((choice) => choice.size);
    return {
      tiles: choices.map((choice) => choice.tiles),
      size,
      keptFraction: kept,
      bytes: bytes(size),
      fits,
    };
  };
  for (const { choices, kept } of combinations) {
    if (bytes(choices.map((choice) => choice.size)) <= limit) return describe(choices, kept, true);
  }
  const smallest = axes.map((axis) => choicesOf(axis).reduce((a, b) => (b.size < a.size ? b : a)));
  return describe(
    smallest,
    smallest.reduce((kept, choice) => kept * choice.kept, 1),
    false,
  );
}

/** For each reachable number of tiles the smallest tile that gives it: best in memory and in kept fraction. */
function choicesOf(axis: AutoAxis): Choice[] {
  const blocks = axis.length / axis.block;
  const choices: Choice[] = [{ tiles: 1, size: axis.length, kept: 1 }];
  if (!axis.tileable) return choices;
  for (let size = blocks - 1, smallest = 2 * axis.overlapBlocks + 1; size >= smallest; size--) {
    const tiles = tileCount(blocks, size, axis.overlapBlocks);
    const choice = { tiles, size: size * axis.block, kept: blocks / (tiles * size) };
    if (choices[choices.length - 1].tiles === tiles) choices[choices.length - 1] = choice;
    else choices.push(choice);
  }
  return choices;
}

function product(axes: readonly (readonly Choice[])[]): Choice[][] {
  let rows: Choice[][] = [[]];
  for (const choices of axes) rows = rows.flatMap((row) => choices.map((choice) => [...row, choice]));
  return rows;
}
