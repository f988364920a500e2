/**
 * What was measured, as findings: cause, place, evidence, cure in words.
 * @module
 */
import type { Finding, Place } from "../diagnosis";
import type { FlatRectangle } from "./missing";
import type { Print } from "./prints";
import { listed } from "./seams";
import type { AxisSeams } from "./seams";
import { EXPLAINED, LASTING, outlasting } from "./tileSteps";
import type { StepEnergy } from "./tileSteps";
import type { Lengths } from "./sample";

/** All that findings are made of. */
export interface Measured {
  readonly lengths: Lengths;
  /** Units of the stack; null when it has none. */
  readonly range: number | null;
  readonly axes: readonly AxisSeams[];
  /** By axis letter. */
  readonly steps: Readonly<Record<string, StepEnergy>>;
  readonly rectangles: readonly FlatRectangle[];
  /** Sentence about wrapped integers; null when there are none. */
  readonly wrap: string | null;
}

const PREDICT_AGAIN = "Predict again with the overlap that the network needs and with tiles on its grid.";

/** Findings, worst first: missing pixels, wrong pixels, seams. */
export function blindFindings(measured: Measured): Finding[] {
  return [...missingTiles(measured), ...wrapped(measured), ...stitched(measured)];
}

function missingTiles({ rectangles, lengths }: Measured): Finding[] {
  const groups = new Map<string, FlatRectangle[]>();
  for (const rectangle of rectangles) {
    const key = JSON.stringify([rectangle.rows, rectangle.columns, String(rectangle.value)]);
    groups.set(key, [...(groups.get(key) ?? []), rectangle]);
  }
  return [...groups.values()].map((group): Finding => {
    const [{ rows, columns, value }] = group;
    const where: Record<string, readonly [number, number]> = { Y: rows, X: columns };
    for (const axis of ["T", "Z", "C"] as const) {
      const indices = group.map(({ at }) => at[axis]);
      if (lengths[axis] > 1) where[axis] = [Math.min(...indices), Math.max(...indices) + 1];
    }
    const what = Number.isNaN(value) ? "not a number" : `exactly ${value}`;
    return {
      cause: "missing-tile",
      certainty: "measured",
      axis: null,
      where,
      magnitude: null,
      evidence:
        `All ${columns[1] - columns[0]} × ${rows[1] - rows[0]} px of the rectangle at X ${columns[0]}, Y ${rows[0]} are ${what}` +
        `${group.length > 1 ? ` in ${group.length} of the planes looked at` : ""}, while the image varies everywhere else.`,
      cure: {
        text: "Predict again; if the run was interrupted, resume it until all tiles are written.",
        options: null,
        command: null,
      },
    };
  });
}

function wrapped({ wrap }: Measured): Finding[] {
  if (wrap === null) return [];
  return [
    {
      cause: "integer-wrap",
      certainty: "measured",
      axis: null,
      where: {},
      magnitude: null,
      evidence: wrap,
      cure: {
        text: "Keep the prediction in float32, or scale it into the range of the integer type before it is converted.",
        options: null,
        command: null,
      },
    },
  ];
}

function stitched({ axes, steps, range }: Measured): Finding[] {
  const isGain = areOfWholeTiles(
    Object.values(steps),
    axes.some(({ print }) => print !== null),
  );
  return axes
    .filter(({ found }) => found.length > 0)
    .map(({ axis, grid, found, seams, print }): Finding => {
      const worst = Math.max(
        ...seams.filter((seam) => found.includes(seam.position)).map((seam) => seam.excess ?? 0),
      );
      const place =
        grid === null
          ? `at ${axis} ${listed(found)}`
          : `every ${grid.period} px in ${axis} from ${grid.offset}`;
      const own = steps[axis];
      const where: Place = { [axis]: [found[0] - 1, found[found.length - 1] + 1] };
      const common = { certainty: "measured", axis, where } as const;
      const seen = `Stitched ${place}: the step there exceeds those around it by up to ${worst.toFixed(1)} robust standard deviations${print === null || print.period !== grid?.period ? "" : printed(print)}`;
      if (own !== undefined && isGain) {
        return {
          ...common,
          cause: "tile-normalization",
          magnitude: range === null ? null : Math.min(1, own.largest / range),
          evidence: `${seen}, and steps of one gain and offset for each side of a tile go on away from the seam.`,
          cure: {
            text: "Predict again with intensities normalised over the whole stack instead of over each tile.",
            options: null,
            command: null,
          },
        };
      }
      return {
        ...common,
        cause: "unknown",
        magnitude: own === undefined || range === null ? null : Math.min(1, own.typical / range),
        evidence: `${seen}${typicalStep(own)}. Pixels alone do not tell why.`,
        cure: { text: PREDICT_AGAIN, options: null, command: null },
      };
    });
}

/** Standard deviations of {@link outlasting} from which steps are those of whole tiles whatever else they are, and that they must have in any case. */
const SURELY_OUTLAST = 1.8;
const MAY_OUTLAST = -0.2;

/**
 * Whether steps are differences of whole tiles, as normalising each for itself makes them.
 *
 * @param isPrinted whether what tiles did not see shows all over them: then steps reach as far without being of whole tiles
 */
function areOfWholeTiles(steps: readonly StepEnergy[], isPrinted: boolean): boolean {
  const sum = (of: (step: StepEnergy) => number): number => steps.reduce((all, step) => all + of(step), 0);
  const [beyond, explained] = [sum((step) => step.beyond), sum((step) => step.explained)];
  const outlast = outlasting({ ranks: sum((step) => step.ranks), sides: sum((step) => step.sides) });
  if (outlast > SURELY_OUTLAST) return true;
  if (isPrinted) return false;
  const share = beyond > 0 ? explained / beyond : 0;
  // More than all of the energy means that steps beside the seams are as large: nothing can be said.
  const isLinear =
    share > EXPLAINED && share < 1 / EXPLAINED && sum((step) => step.lasting) > LASTING * explained;
  return isLinear && outlast > MAY_OUTLAST;
}

/** Of tiles hardly larger than what a px sees, nearly all is wrong, and in all of them alike. */
function printed({ period, likeness }: Print): string {
  return `, and between the seams ${(100 * likeness).toFixed(0)} % of the pattern repeats after ${period} px, as tiles print it that are hardly larger than what a pixel sees`;
}

/** The size that {@link Finding.magnitude} of unknown seams has: not the largest, which objects on a seam would decide. */
function typicalStep(own: StepEnergy | undefined): string {
  return own === undefined || own.typical === 0
    ? ""
    : `; the root mean square of the step, beyond that beside the seams, is ${own.typical.toPrecision(2)}`;
}
