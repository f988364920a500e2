/**
 * From plan, network and measurements to findings: what left a mark, how sure that is, and the way out of it.
 * @module
 */
import { advice, curedTogether, enoughOverlap, repeatWith } from "./cures";
import type { Finding, Place, SeamFigures } from "./diagnosis";
import { isCut, seamPositions, wholeBlocks, writtenRegion, writtenStart } from "./places";
import { largestTile } from "../tiling/plan";
import { isExactRun } from "./exact";
import { unexpectedDisagreement, worstDisagreement } from "./recorded";
import type { ExtraPadding } from "./probe/borders";
import type { ProbeResult, ProbedPlace } from "./probe/probe";
import type { RunFacts } from "./run";
import { TOLERANCE } from "./tolerance";
import { fractionText } from "./words";
import { smallPatch } from "./trained";

/** What was measured of a run, fractions of the range; null where nothing measured it. */
export interface Measured {
  readonly seams: readonly SeamFigures[];
  /** What recomputing found; null without a model. */
  readonly probe: ProbeResult | null;
}

/** Everything that plan and network say about a run, with the numbers that measure it; worst first. */
export function findCauses(run: RunFacts, measured: Measured): Finding[] {
  const findings = worstFirst([
    ...overlapFindings(run, measured),
    ...misalignedFindings(run, measured),
    ...normalizationFindings(run, measured),
    ...paddingFindings(run, measured),
    ...trainingFindings(run, measured),
    ...unexplainedFindings(run, measured),
    ...disagreementFindings(run, measured),
  ]);
  return curedTogether(run, findings);
}

/**
 * Largest magnitude first; what nothing measured comes last, the certain before the suspected. Training is after all
 * others: it is no mark of tiles, and no other prediction cures it.
 */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  const order = ["certain", "measured", "suspected"];
  const isTraining = ({ cause }: Finding): number => Number(cause === "training-patch");
  return [...findings].sort(
    (a, b) =>
      isTraining(a) - isTraining(b) ||
      (b.magnitude ?? -1) - (a.magnitude ?? -1) ||
      order.indexOf(a.certainty) - order.indexOf(b.certainty),
  );
}

function overlapFindings(run: RunFacts, measured: Measured): Finding[] {
  const { plan } = run;
  if (run.untiled) return [];
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    const [overlap, context] = [plan.overlap[i], plan.context[i]];
    const isBlended = run.blend !== "crop";
    if (!isCut(plan, i) || (overlap >= context && !isBlended)) return [];
    const { magnitude, text } = tileError(measured, axis);
    return [
      {
        cause: "overlap-too-small",
        certainty: "certain",
        axis,
        where: nearSeams(run, i, isBlended ? context : context - overlap),
        magnitude,
        evidence: `${isBlended ? blendText(run, axis, context) : overlapText(axis, overlap, context)}${text}${curveText(measured, axis, overlap)}`,
        cure: enoughOverlap(run),
      },
    ];
  });
}

function overlapText(axis: string, overlap: number, context: number): string {
  return `the overlap on ${axis} is ${overlap} px of the ${context} px that the network needs: what is kept within ${context - overlap} px of a tile border misses part of what it depends on`;
}

function blendText({ blend, plan }: RunFacts, axis: string, context: number): string {
  const overlap = plan.overlap[plan.axes.indexOf(axis)];
  return `tiles are blended on ${axis} (${blend}) over ${2 * overlap} px: that uses px up to the border of a tile, where ${context} px of what they depend on are missing; blending hides seams, it does not make them exact`;
}

function misalignedFindings(run: RunFacts, measured: Measured): Finding[] {
  const { plan } = run;
  const warned = plan.warnings.filter(
    ({ code, breaksExactness }) => code === "block-misaligned" && breaksExactness,
  );
  return warned.map(({ axis, message, fix }): Finding => {
    const { magnitude, text } = tileError(measured, axis);
    return {
      cause: "misaligned-tiles",
      certainty: "certain",
      axis,
      where: {},
      magnitude,
      evidence: `${message}${text}`,
      cure: repeatWith(run, `predict again on the network's own grid: ${fix}`, { block: null }),
    };
  });
}

function normalizationFindings(run: RunFacts, measured: Measured): Finding[] {
  const { plan } = run;
  const findings: Finding[] = [];
  if (run.normalizationScope === "tile" && plan.count > 1 && !run.untiled) {
    const { magnitude, text } = intensitiesError(measured);
    findings.push({
      cause: "tile-normalization",
      certainty: "certain",
      axis: null,
      where: {},
      magnitude,
      evidence: `each of the ${plan.count} tiles was normalised by its own intensities, so the same pixel means something else in another tile${text}`,
      cure: repeatWith(run, "predict again with intensities measured over the whole stack", {
        normalizeScope: null,
      }),
    });
  }
  for (const { message } of plan.warnings.filter(({ code }) => code === "not-exact-network")) {
    const { magnitude, text } = tileError(measured, null);
    findings.push({
      cause: /statistics|depends on all of it/.test(message) ? "tile-normalization" : "unknown",
      certainty: "certain",
      axis: null,
      where: {},
      magnitude,
      evidence: `the network cannot be tiled exactly with any overlap: ${message}${text}`,
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

/** What neither the plan nor the way of normalising explains, where the model was asked: one finding per cause. */
function unexplainedFindings(run: RunFacts, { probe }: Measured): Finding[] {
  const worst = new Map<UnexplainedCause, ProbedPlace>();
  for (const place of probe?.places ?? []) {
    if ((place.unexplained ?? 0) < TOLERANCE) continue;
    const cause = place.looksLike ?? "unknown";
    if ((place.unexplained ?? 0) > (worst.get(cause)?.unexplained ?? 0)) worst.set(cause, place);
  }
  // A tile that is missing, or wrapped, may look like neither in a part of it.
  if (worst.size > 1) worst.delete("unknown");
  return [...worst].map(([cause, place]) => unexplainedFinding(run, cause, place));
}

type UnexplainedCause = NonNullable<ProbedPlace["looksLike"]> | "unknown";

function unexplainedFinding(run: RunFacts, cause: UnexplainedCause, worst: ProbedPlace): Finding {
  const magnitude = worst.unexplained ?? 0;
  const place = Object.entries(worst.worst)
    .map(([axis, px]) => `${axis} ${px}`)
    .join(", ");
  const what = {
    "integer-wrap": "values that did not fit into the pixel type were wrapped around instead of clamped",
    "missing-tile": "one value stands where the network gives many",
    unknown: "what is written is not what the model gives for the same tile",
  }[cause];
  const cure = {
    "integer-wrap": repeatWith(run, "write float32, or a type that is clamped to", { dtype: null }),
    "missing-tile": repeatWith(run, "predict again: part of the run was never written", {}),
    unknown: advice("check that the stack is what this run wrote, and that nothing changed it since"),
  }[cause];
  return {
    cause,
    certainty: "measured",
    axis: null,
    where: worst.where,
    magnitude,
    evidence: `${what}: up to ${fractionText(magnitude)} of the range at ${place}`,
    cure,
  };
}

/** Tiles of an exact run that disagree although both had their whole context. */
function disagreementFindings(run: RunFacts, { seams, probe }: Measured): Finding[] {
  const magnitude = unexpectedDisagreement(run, seams, null);
  if (probe !== null || !isExactRun(run) || magnitude < TOLERANCE) return [];
  return [
    {
      cause: "unknown",
      certainty: "measured",
      axis: null,
      where: {},
      magnitude,
      evidence: `the plan is exact, and yet two tiles that both had their whole context disagree by up to ${fractionText(magnitude)} of the range`,
      cure: advice("measure it with the model (--model); try another engine"),
    },
  ];
}

/** A magnitude and how it was measured. */
interface Size {
  readonly magnitude: number | null;
  /** For the end of a sentence; empty when nothing measured it. */
  readonly text: string;
}

/** How far tiles are from one call with full context, at the probes on seams of an axis; else how far they disagree. */
function tileError({ seams, probe }: Measured, axis: string | null): Size {
  const disagreement = worstDisagreement(seams, axis);
  const places = (probe?.places ?? []).filter((place) => axis === null || place.seams[axis] !== undefined);
  if (places.length === 0) return { magnitude: disagreement, text: disagreementText(disagreement) };
  const magnitude = places.reduce((most, { fromTiles }) => Math.max(most, fromTiles), 0);
  return {
    magnitude,
    text: `; at ${places.length} places predicted again with full context the error is up to ${fractionText(magnitude)} of the range`,
  };
}

function intensitiesError({ seams, probe }: Measured): Size {
  const disagreement = worstDisagreement(seams, null);
  const known = (probe?.places ?? []).flatMap(({ fromIntensities }) =>
    fromIntensities === null ? [] : [fromIntensities],
  );
  if (known.length === 0) return { magnitude: disagreement, text: disagreementText(disagreement) };
  const magnitude = Math.max(...known);
  return {
    magnitude,
    text: `; the same tiles with the intensities of the whole stack differ by up to ${fractionText(magnitude)} of the range`,
  };
}

/** "exact needs 54 px; with 40 px the largest error at the probes was …". */
function curveText({ probe }: Measured, axis: string, overlap: number): string {
  const curve = probe?.probe.curve ?? [];
  const present = curve.find((step) => step.overlap[axis] === overlap);
  if (present === undefined) return "";
  const exact = curve[curve.length - 1].overlap[axis];
  return `; exact are ${exact} px, with ${overlap} px the largest error at the seams tried was ${fractionText(present.max)}`;
}

function paddingFindings(run: RunFacts, { probe }: Measured): Finding[] {
  const { plan } = run;
  const warned = new Set(
    plan.warnings.filter(({ code }) => code === "extra-padding").map(({ axis }) => axis),
  );
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    if (!warned.has(axis)) return [];
    const [before, after] = plan.padding[i];
    const least = wholeBlocks(plan.shape[i], plan.block[i]) - plan.shape[i];
    const extra = probe?.extra.find((one) => one.axis === axis);
    const needed = [Math.floor(least / 2), least - Math.floor(least / 2)];
    return [
      {
        cause: "border-padding",
        certainty: "certain",
        axis,
        where: bordersOf(run, i),
        magnitude: extra?.max ?? null,
        evidence: `${axis} is padded by ${before} px before and ${after} px after its ${plan.shape[i]} px (${run.padding}); ${needed[0]} and ${needed[1]} px are needed: the network sees invented pixels where an untiled prediction sees its border${reachText(plan.context[i], plan.shape[i])}${extra === undefined ? "" : extraText(extra)}`,
        cure: repeatWith(run, "predict again without extra padding", { padExtra: null }),
      },
    ];
  });
}

function trainingFindings(run: RunFacts, { probe }: Measured): Finding[] {
  const { plan } = run;
  return [...plan.axes].flatMap((axis, i): Finding[] => {
    const patch = smallPatch(run, i);
    if (patch === null) return [];
    const measured = probe?.training.find((one) => one.axis === axis);
    return [
      {
        cause: "training-patch",
        certainty: "certain",
        axis,
        where: {},
        magnitude: measured?.max ?? null,
        evidence: `the network was trained on patches of ${patch} px in ${axis} and predicts tiles of ${largestTile(plan.tiles)[i]} px; it sees ${plan.context[i]} px on either side, so no pixel of its training had its whole surroundings, and every one had the patch's border in sight${measured === undefined ? "" : `; in patches of that size the same places differ by up to ${fractionText(measured.max)} of the range`}`,
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
    : `; where tiles meet they disagree by up to ${fractionText(disagreement)} of the range`;
}

function reachText(context: number, length: number): string {
  return context >= length
    ? `, and it sees ${context} px, so all ${length} px depend on that`
    : `, which reaches ${context} px deep`;
}

/** Which px of an axis differ because of extra padding. */
function extraText({ axis, profile, max }: ExtraPadding): string {
  const seen = profile.flatMap((value, px) => ((value ?? 0) >= TOLERANCE ? [px] : []));
  if (seen.length === 0)
    return `; the difference stays below ${fractionText(TOLERANCE)} of the range where it was measured`;
  const parts: string[] = [];
  for (let i = 0; i < seen.length;) {
    let last = i;
    while (seen[last + 1] === seen[last] + 1) last++;
    parts.push(last === i ? `${seen[i]}` : `${seen[i]} to ${seen[last]}`);
    i = last + 1;
  }
  const worst = profile.indexOf(max);
  return `; ${axis} ${parts.join(", ")} differ by more than ${fractionText(TOLERANCE)} of the range from a prediction without it, most at ${axis} ${worst}: ${fractionText(max)}`;
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

/** All of an axis: both of its borders. */
function bordersOf({ plan }: RunFacts, axis: number): Place {
  return { [plan.axes[axis]]: [0, writtenRegion(plan)[axis][1] - writtenStart(plan)[axis]] };
}
