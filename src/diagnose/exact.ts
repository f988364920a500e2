/**
 * Whether a run equals untiled prediction, as far as plan, joining and normalisation decide.
 * @module
 */
import type { RunFacts } from "./run";

/** Whether plan, joining and normalisation make the run equal to untiled prediction. */
export function isExactRun({ plan, blend, normalizationScope, untiled }: RunFacts): boolean {
  const oneTile = untiled || plan.tilesPerAxis.every((count, i) => count === 1 || plan.roles[i] !== "tiled");
  return plan.exact && (oneTile || (blend === "crop" && normalizationScope !== "tile"));
}
