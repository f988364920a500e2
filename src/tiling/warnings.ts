/**
 * What a plan has to say: why it is not exact, or what it costs.
 * @module
 */
import type { Plan, PlanInput } from "./plan";

/** One thing a user should know about a plan. */
export interface PlanWarning {
  /** Stable, for programs. */
  readonly code:
    | "overlap-below-context"
    | "block-misaligned"
    | "not-exact-network"
    | "extra-padding"
    | "over-memory"
    | "mostly-overlap";
  /** The axis it is about; null when it is about all. */
  readonly axis: string | null;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
  /** Whether tiled prediction then differs from untiled prediction. */
  readonly breaksExactness: boolean;
}

type Draft = Omit<Plan, "exact" | "warnings">;

/** Below this kept fraction most of the work is overlap. */
const MOSTLY_OVERLAP = 0.5;

/** Everything worth saying about a plan, worst first. */
export function planWarnings(input: PlanInput, plan: Draft, fits: boolean): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  const isCut = (i: number): boolean => input.axes[i].role === "tiled" && plan.tilesPerAxis[i] > 1;
  const isPart = (i: number): boolean =>
    input.axes[i].role === "tiled" && plan.computed[i][1] - plan.computed[i][0] < plan.paddedShape[i];
  if (input.axes.some((_, i) => isCut(i) || isPart(i))) {
    for (const message of input.blockers) {
      warnings.push({
        code: "not-exact-network",
        axis: null,
        message,
        fix: "predict untiled where memory allows, or expect differences between tiles",
        breaksExactness: true,
      });
    }
  }
  for (const [i, axis] of input.axes.entries()) {
    if (isCut(i) || isPart(i)) warnings.push(...axisWarnings(axis, plan, i));
    const extra = input.wishes.padExtra?.[i] ?? 0;
    if (axis.role === "tiled" && extra > 0) {
      warnings.push({
        code: "extra-padding",
        axis: axis.axis,
        message: `${axis.axis} is padded by ${extra} px more on each side than the block needs: the network sees invented pixels where it would see its own border`,
        fix: "leave out --pad-extra",
        breaksExactness: true,
      });
    }
  }
  warnings.push(...costWarnings(input, plan, fits));
  return warnings;
}

function axisWarnings(axis: PlanInput["axes"][number], plan: Draft, i: number): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  const overlap = plan.overlap[i];
  const misaligned = plan.tiles.find(({ read }) => read[i][0] % axis.block !== 0);
  if (misaligned === undefined && plan.block[i] % axis.block !== 0) {
    warnings.push({
      code: "block-misaligned",
      axis: axis.axis,
      message: `block ${plan.block[i]} on ${axis.axis} is no multiple of the network's block of ${axis.block} px: for this length all tiles happen to start on the network's grid, for others they would not`,
      fix: `use block ${axis.block}`,
      breaksExactness: false,
    });
  }
  if (misaligned !== undefined) {
    warnings.push({
      code: "block-misaligned",
      axis: axis.axis,
      message: `a tile on ${axis.axis} starts at ${misaligned.read[i][0]} px, which is no multiple of the network's block of ${axis.block} px: its pooling windows fall differently there, and no overlap can repair that`,
      fix: `use block ${axis.block}`,
      breaksExactness: true,
    });
  }
  if (overlap < axis.context) {
    const enough = Math.ceil(axis.context / axis.block) * axis.block;
    warnings.push({
      code: "overlap-below-context",
      axis: axis.axis,
      message: `overlap on ${axis.axis} is ${overlap} px, the network sees ${axis.context} px: kept pixels near tile borders miss part of what they depend on`,
      fix: `use overlap ${enough} or more on ${axis.axis}`,
      breaksExactness: true,
    });
  }
  return warnings;
}

function costWarnings(input: PlanInput, plan: Draft, fits: boolean): PlanWarning[] {
  const warnings: PlanWarning[] = [];
  if (!fits) {
    const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
    warnings.push({
      code: "over-memory",
      axis: null,
      message: `even the smallest exact tiles need about ${mib(plan.peakBytes)}, the limit is ${mib(input.memoryLimit)}`,
      fix: "raise the memory limit",
      breaksExactness: false,
    });
  }
  if (plan.count > 1 && plan.keptFraction < MOSTLY_OVERLAP) {
    warnings.push({
      code: "mostly-overlap",
      axis: null,
      message: `${Math.round((1 - plan.keptFraction) * 100)} % of the work is overlap that is computed and thrown away`,
      fix: "use fewer, larger tiles where memory allows",
      breaksExactness: false,
    });
  }
  return warnings;
}
