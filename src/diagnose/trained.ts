/**
 * What the training of a network saw, against what a run shows it.
 * @module
 */
import { largestTile } from "../tiling/plan";
import type { RunFacts } from "./run";

/**
 * px of the training's patches on an axis, where they were smaller than what the network sees on one side and tiles of
 * the run are longer; else null.
 *
 * @param axis index in `plan.axes`
 */
export function smallPatch({ plan, trainingPatch }: RunFacts, axis: number): number | null {
  const patch = trainingPatch?.[plan.axes[axis]];
  if (patch === undefined || plan.roles[axis] !== "tiled") return null;
  return patch >= plan.context[axis] || largestTile(plan.tiles)[axis] <= patch ? null : patch;
}
