/**
 * From plan, network and measurements to findings: what left a mark, how sure that is, and the way out of it.
 * @module
 */
import { advice, enoughOverlap, repeatWith } from "./cures";
import type { Finding, Place, SeamFigures } from "./diagnosis";
import { isCut, seamPositions, wholeBlocks, writtenRegion, writtenStart } from "./places";
import { worstDisagreement } from "./recorded";
import type { RunFacts } from "./run";

/** What was measured of a run, fractions of the range; null where nothing measured it. */
export interface Measured {
  readonly seams: readonly SeamFigures[];
}

/** Everything that plan and network say about a run, with the numbers that measure it; worst first. */
export function findCauses(run: RunFacts, measured: Measured): Finding[] {
  return worstFirst([
    ...overlapFindings(run, measured),
    ...misalignedFindings(run, measured),
    ...normalizationFindings(run, measured),
    ...paddingFindings(run),
    ...trainingFindings(run),
  ]);
}

/** Largest magnitude first; what nothing measured comes last, the certain before the suspected. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const order = ["certain", "measured", "suspected"];
  return [...findings].sort(
    (a, b) =>
      (b.magnitude ?? -1) - (a.magnitude ?? -1) || order.indexOf(a.certainty) - order.indexOf(b.certainty),
  );
}

function overlapFindings(run: RunFacts, { seams }: Measured): Finding[] {
  const { plan } = run;
  if (run.untiled) return [];
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    const [overlap, context] = [plan.overlap[i], plan.context[i]];
    if (!isCut(plan, i) || overlap >= context) return [];
    const disagreement = worstDisagreement(seams, axis);
    return [
      {
        cause: "overlap-too-small",
        certainty: "certain",
        axis,
        where: nearSeams(run, i, context - overlap),
        magnitude: disagreement,
        evidence: `the overlap on ${axis} is ${overlap} px of the ${context} px that the network needs: what is kept within ${context - overlap} px of a tile border misses part of what it depends on${disagreementText(disagreement)}`,
        cure: enoughOverlap(run),
      },
    ];
  });
}

function misalignedFindings(run: RunFacts, { seams }: Measured): Finding[] {
  const { plan } = run;
  const warned = plan.warnings.filter(
    ({ code, breaksExactness }) => code === "block-misaligned" && breaksExactness,
  );
  return warned.map(({ axis, message, fix }): Finding => {
    const disagreement = worstDisagreement(seams, axis);
    return {
      cause: "misaligned-tiles",
      certainty: "certain",
      axis,
      where: {},
      magnitude: disagreement,
      evidence: `${message}${disagreementText(disagreement)}`,
      cure: repeatWith(run, `predict again on the network's own grid: ${fix}`, { block: null }),
    };
  });
}

function normalizationFindings(run: RunFacts, { seams }: Measured): Finding[] {
  const disagreement = worstDisagreement(seams, null);
  const base = { cause: "tile-normalization", axis: null, where: {}, magnitude: disagreement } as const;
  const findings: Finding[] = [];
  if (run.normalizationScope === "tile" && run.plan.count > 1 && !run.untiled) {
    findings.push({
      ...base,
      certainty: "certain",
      evidence: `each of the ${run.plan.count} tiles was normalised by its own intensities, so the same pixel means something else in another tile${disagreementText(disagreement)}`,
      cure: repeatWith(run, "predict again with intensities measured over the whole stack", {
        normalizeScope: null,
      }),
    });
  }
  for (const { message } of run.plan.warnings.filter(({ code }) => code === "not-exact-network")) {
    findings.push({
      ...base,
      cause: /statistics|depends on all of it/.test(message) ? "tile-normalization" : "unknown",
      certainty: "certain",
      evidence: `the network cannot be tiled exactly with any overlap: ${message}${disagreementText(disagreement)}`,
      cure: repeatWith(run, "predict untiled where memory allows, or with fewer and larger tiles", {
        tiles: null,
        tileSize: null,
        overlap: null,
        untiled: true,
      }),
    });
  }
  return findings;
}

function paddingFindings(run: RunFacts): Finding[] {
  const { plan } = run;
  const warned = new Set(
    plan.warnings.filter(({ code }) => code === "extra-padding").map(({ axis }) => axis),
  );
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    if (!warned.has(axis)) return [];
    const [before, after] = plan.padding[i];
    const least = wholeBlocks(plan.shape[i], plan.block[i]) - plan.shape[i];
    const needed = [Math.floor(least / 2), least - Math.floor(least / 2)];
    return [
      {
        cause: "border-padding",
        certainty: "certain",
        axis,
        where: bordersOf(run, i),
        magnitude: null,
        evidence: `${axis} is padded by ${before} px before and ${after} px after its ${plan.shape[i]} px (${run.padding}); ${needed[0]} and ${needed[1]} px are needed: the network sees invented pixels where an untiled prediction sees its border${reachText(plan.context[i], plan.shape[i])}`,
        cure: repeatWith(run, "predict again without extra padding", { padExtra: null }),
      },
    ];
  });
}

function trainingFindings(run: RunFacts): Finding[] {
  const { plan, trainingPatch } = run;
  if (trainingPatch === null) return [];
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    const patch = trainingPatch[axis];
    if (patch === undefined || plan.roles[i] !== "tiled") return [];
    const longest = Math.max(...plan.tiles.map(({ read }) => read[i][1] - read[i][0]));
    if (patch >= plan.context[i] || longest <= patch) return [];
    return [
      {
        cause: "training-patch",
        certainty: "certain",
        axis,
        where: {},
        magnitude: null,
        evidence: `the network was trained on patches of ${patch} px in ${axis} and predicts tiles of ${longest} px; it sees ${plan.context[i]} px on either side, so no pixel of its training had its whole surroundings, and every one had the patch's border in sight`,
        cure: advice(
          `train with patches of at least ${2 * plan.context[i] + plan.block[i]} px in ${axis}, or with a shallower network; no overlap repairs this`,
        ),
      },
    ];
  });
}

function disagreementText(disagreement: number | null): string {
  return disagreement === null
    ? ""
    : `; where tiles meet they disagree by up to ${percent(disagreement)} of the range`;
}

function reachText(context: number, length: number): string {
  return context >= length
    ? `, and it sees ${context} px, so all ${length} px depend on that`
    : `, which reaches ${context} px deep`;
}

/** "3.1 %", "0.00012 %". */
export function percent(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(2))} %`;
}

/** From the first to the last seam of an axis and as far beside them as the error reaches. */
function nearSeams(run: RunFacts, axis: number, reach: number): Place {
  const positions = seamPositions(run.plan, axis);
  if (positions.length === 0) return {};
  const [first, stop] = writtenRegion(run.plan)[axis];
  const start = writtenStart(run.plan)[axis];
  return {
    [run.plan.axes[axis]]: [
      Math.max(first, positions[0] - reach) - start,
      Math.min(stop, positions[positions.length - 1] + reach) - start,
    ],
  };
}

/** All of an axis when its borders reach that far. */
function bordersOf({ plan }: RunFacts, axis: number): Place {
  return { [plan.axes[axis]]: [0, writtenRegion(plan)[axis][1] - writtenStart(plan)[axis]] };
}
