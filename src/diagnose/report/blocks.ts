/**
 * A report as a list of headings, sentences, tables and pictures, before it becomes Markdown or HTML. Pure.
 * @module
 */
import type { Diagnosis, Finding, OverlapError, Probe, SeamFigures } from "../diagnosis";
import { chartSvg } from "./charts";
import { figuresOf } from "./plots";
import {
  CERTAINTY_TEXTS,
  MODE_TEXTS,
  PROBE_NAMES,
  VERDICT_NAMES,
  findingTitle,
  fractionText,
  gridTexts,
  numberText,
  pixelsText,
  placeText,
  positionText,
  probabilityText,
  sentenceText,
  stackText,
  toleranceText,
} from "../words";

/** A picture of a report. */
export interface Picture {
  /** File name without ending: small letters, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  /** What is to be seen, for people who do not see it. */
  readonly description: string;
  readonly svg: string;
}

/** One part of a report; texts are plain. */
export type Block =
  | { readonly kind: "heading"; readonly level: 1 | 2 | 3; readonly text: string }
  | { readonly kind: "text"; readonly text: string; readonly isStrong?: boolean }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "picture"; readonly picture: Picture };

/** Rows of the seam table of a report; those with the largest figures. */
const MOST_SEAMS = 200;

/** All parts of a report. */
export function blocksOf(diagnosis: Diagnosis, pictures: readonly Picture[]): Block[] {
  const { mode, summary, findings, notes, probe } = diagnosis;
  const words = MODE_TEXTS[mode];
  const charts = figuresOf(diagnosis).map((figure): Block => {
    const { id: name, title, description } = figure;
    return { kind: "picture", picture: { name, title, description, svg: chartSvg(figure) } };
  });
  return [
    { kind: "heading", level: 1, text: `Seam diagnosis of ${fileName(diagnosis.file)}` },
    { kind: "text", text: `${VERDICT_NAMES[diagnosis.verdict]}. ${summary}`, isStrong: true },
    { kind: "text", text: `Mode: ${words.name}. ${words.known} ${words.limits}` },
    { kind: "text", text: stackText(diagnosis) },
    { kind: "heading", level: 2, text: "Findings" },
    ...(findings.length === 0
      ? [{ kind: "text", text: "Nothing was found." } as const]
      : findings.flatMap(findingBlocks)),
    ...gridTexts(diagnosis).map((text): Block => ({ kind: "text", text })),
    ...(probe === null ? [] : probeBlocks(probe)),
    ...section(
      "Worst places",
      pictures.map((picture) => ({ kind: "picture", picture })),
    ),
    ...section("Plots", charts),
    ...seamBlocks(diagnosis.seams),
    ...section("What was not looked at", notes.length === 0 ? [] : [{ kind: "list", items: notes }]),
  ];
}

/** Last part of a path, of either system. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

function section(text: string, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [{ kind: "heading", level: 2, text }, ...blocks];
}

function findingBlocks(finding: Finding, index: number): Block[] {
  const { certainty, axis, where, magnitude, evidence, cure } = finding;
  const { name, why } = CERTAINTY_TEXTS[certainty];
  const size = magnitude === null ? "not measured" : `${fractionText(magnitude)} of the range`;
  return [
    { kind: "heading", level: 3, text: `${index + 1}. ${findingTitle(finding)}` },
    {
      kind: "list",
      items: [
        `Certainty: ${name} (${why})`,
        `Where: ${axis === null ? "" : `across ${axis}; `}${placeText(where)}`,
        `Magnitude: ${size}`,
        `Evidence: ${sentenceText(evidence)}`,
        `Cure: ${sentenceText(cure.text)}`,
      ],
    },
    ...(cure.command === null ? [] : [{ kind: "code", text: cure.command } as const]),
  ];
}

const overlapText = (entry: OverlapError | null): string =>
  entry === null ? "none that was tried" : pixelsText(entry.overlap);

function probeBlocks({ places, recommended, borders }: Probe): Block[] {
  const rows = recommended.map(({ tolerance, overlap }) => [
    toleranceText(tolerance),
    overlapText(overlap),
    fractionText(overlap?.max),
    overlap === null ? "–" : `${numberText(overlap.cost)} ×`,
  ]);
  return [
    { kind: "heading", level: 2, text: "Probes" },
    {
      kind: "text",
      text: `${places.length} ${places.length === 1 ? "part was" : "parts were"} predicted again in one call with full context.`,
    },
    {
      kind: "table",
      head: ["Probe", "Place", "Largest error", "Mean error", "Worst at"],
      rows: places.map(({ why, where, max, mean, worst }) => [
        PROBE_NAMES[why],
        placeText(where),
        fractionText(max),
        fractionText(mean),
        positionText(worst),
      ]),
    },
    ...(rows.length === 0
      ? []
      : [
          {
            kind: "table",
            head: ["Tolerance", "Overlap", "Largest error", "Voxels computed"],
            rows,
          } as const,
        ]),
    ...(borders.length === 0
      ? []
      : [
          {
            kind: "list",
            items: borders.map(
              ({ axis, end, depth }) =>
                `The padding reaches ${depth} px into ${axis} from its ${end === "start" ? "first" : "last"} px.`,
            ),
          } as const,
        ]),
  ];
}

/** What seams are ranked by, largest first. */
const weightOf = ({ error, disagreement, excess }: SeamFigures): number =>
  error ?? disagreement ?? (excess === null ? -1 : excess * 1e-6);

function seamBlocks(seams: readonly SeamFigures[]): Block[] {
  if (seams.length === 0) return [];
  const worst = [...seams].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, MOST_SEAMS);
  const note =
    seams.length > worst.length ? `The ${worst.length} worst of ${seams.length} seams.` : "Worst first.";
  return [
    { kind: "heading", level: 2, text: "Seams" },
    {
      kind: "text",
      text: `${note} Disagreement is how much two tiles differ at their last kept px: they can agree and both be wrong.`,
    },
    {
      kind: "table",
      head: ["Axis", "Position", "In the plan", "Disagreement", "Excess (sd)", "p", "Error"],
      rows: worst.map(({ axis, position, known, disagreement, excess, pValue, error }) => [
        axis,
        String(position),
        known ? "yes" : "no",
        fractionText(disagreement),
        numberText(excess),
        probabilityText(pValue),
        fractionText(error),
      ]),
    },
  ];
}
