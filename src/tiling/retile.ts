/**
 * Smaller tiles when memory runs out: CSBDeep's rule.
 * @module
 */
import { largestTile } from "./plan";
import type { Plan } from "./plan";

/** CSBDeep's limit: how often the tiles are made smaller before it gives up. */
export const MOST_RETILES = 8;

/** Doubles the tiles of the axis with the largest tile that can still shrink: CSBDeep's rule when memory runs out. */
export function retile(plan: Plan, replan: (tiles: readonly number[]) => Plan): Plan | null {
  const size = largestTile(plan.tiles);
  const axes = [...size.keys()]
    .filter((axis) => plan.roles[axis] === "tiled")
    .sort((a, b) => size[b] - size[a] || b - a);
  for (const axis of axes) {
    const tiles = plan.tilesPerAxis.map((count, i) =>
      plan.roles[i] !== "tiled" ? 1 : i === axis ? 2 * count : count,
    );
    const next = replan(tiles);
    if (next.tilesPerAxis[axis] > plan.tilesPerAxis[axis]) return next;
  }
  return null;
}
