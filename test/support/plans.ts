import { careOverlap } from "../../src/tiling/careOverlap";
import { makePlan } from "../../src/tiling/plan";
import type { Plan, PlanAxis, PlanInput, PlanWishes } from "../../src/tiling/plan";

/** What a test changes of {@link planFor}. */
export interface PlanTest {
  readonly axes: string;
  readonly shape: readonly number[];
  /** px per axis; one number for all spatial axes. Default: CARE, depth 2, kernel 3. */
  readonly block?: number;
  readonly context?: number;
  /** Axes the network lacks. */
  readonly each?: string;
  readonly parts?: Readonly<Record<string, readonly [number, number]>>;
  readonly wishes?: Partial<PlanWishes>;
  readonly blockers?: readonly string[];
  readonly bytes?: PlanInput["bytes"];
  readonly memoryLimit?: number;
}

const CARE_BLOCK = 4;
const CARE_CONTEXT = 22;

/** A plan for a CARE network of depth 2 and kernel 3, or with the given block and context. */
export function planFor(test: PlanTest): Plan {
  const { axes, shape, block = CARE_BLOCK, context = CARE_CONTEXT, each = "", parts = {} } = test;
  return makePlan({
    axes: [...axes].map((axis, i): PlanAxis => {
      const role = axis === "C" ? "whole" : each.includes(axis) ? "each" : "tiled";
      const common = {
        axis,
        length: shape[i],
        role,
        ...(parts[axis] === undefined ? {} : { part: parts[axis] }),
      };
      return role === "tiled"
        ? { ...common, role, block, context, careOverlap: careOverlap({ depth: 2, kernel: 3 }) }
        : { ...common, role, block: 1, context: 0, careOverlap: null };
    }),
    wishes: {
      tiles: shape.map(() => 1),
      overlap: "auto",
      block: "auto",
      guarantee: "size",
      ...test.wishes,
    },
    blockers: test.blockers ?? [],
    bytes: test.bytes ?? ((tile) => 4 * tile.reduce((size, length) => size * length, 1)),
    memoryLimit: test.memoryLimit ?? Infinity,
  });
}
