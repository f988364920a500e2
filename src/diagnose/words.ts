/**
 * A diagnosis in words: names of causes, modes and places, and numbers as people read them. Used by the command line, by
 * reports and by the panel, which say the same. Pure.
 * @module
 */
import type {
  Cause,
  Certainty,
  Diagnosis,
  DiagnosisMode,
  Finding,
  Place,
  ProbePlace,
  Verdict,
} from "./diagnosis";

/** What a verdict is called. */
export const VERDICT_NAMES: Readonly<Record<Verdict, string>> = Object.freeze({
  seamless: "Seamless",
  artifacts: "Artifacts",
  undecided: "Undecided",
});

const CAUSE_NAMES: Readonly<Record<Cause, string>> = Object.freeze({
  "overlap-too-small": "the overlap is too small",
  "misaligned-tiles": "tiles do not start on the network's grid",
  "tile-normalization": "tiles were normalised one by one",
  "border-padding": "the border was padded by more than was needed",
  "integer-wrap": "values wrapped around in an integer type",
  "missing-tile": "a tile is missing",
  "training-patch": "the network was trained on smaller patches",
  unknown: "a mark of unknown cause",
});

/** The cause of a finding within a sentence, with the axis that it is about. */
export function causeText({ cause, axis }: Pick<Finding, "cause" | "axis">): string {
  return `${CAUSE_NAMES[cause]}${axis === null ? "" : ` on ${axis}`}`;
}

/** What a finding is called: {@link causeText} with a capital letter. */
export function findingTitle(finding: Pick<Finding, "cause" | "axis">): string {
  return capitalised(causeText(finding));
}

/** Where probes are. */
export const PROBE_NAMES: Readonly<Record<ProbePlace["why"], string>> = Object.freeze({
  seam: "a seam",
  crossing: "a crossing of seams",
  "stack end": "an end of the stack",
  "worst disagreement": "a seam whose tiles disagree most",
});

/** How sure a finding is, and why. */
export const CERTAINTY_TEXTS: Readonly<Record<Certainty, { readonly name: string; readonly why: string }>> =
  Object.freeze({
    certain: { name: "certain", why: "follows from the plan and the network" },
    measured: { name: "measured", why: "seen in numbers that have this cause" },
    suspected: { name: "suspected", why: "fits what is seen; other causes are possible" },
  });

/** What was known, what that can tell and what it cannot. */
export interface ModeText {
  readonly name: string;
  readonly known: string;
  readonly limits: string;
}

/** What each mode knows and cannot know. */
export const MODE_TEXTS: Readonly<Record<DiagnosisMode, ModeText>> = Object.freeze({
  blind: {
    name: "Blind",
    known: "Only the pixels were looked at.",
    limits:
      "Marks can be seen, but whether the overlap was large enough or the padding reaches in cannot be known without a run record, and pixels that look right may be wrong.",
  },
  record: {
    name: "Run record",
    known: "The plan of the run is known, and how much its tiles disagreed.",
    limits:
      "Nothing was predicted again: two tiles can agree and both be wrong, so the error itself is not measured.",
  },
  "record+model": {
    name: "Run record and model",
    known:
      "Plan and network are known, and parts were predicted again in one call with all the context they need.",
    limits:
      "Errors are measured at the probes only; elsewhere the plan and the disagreement of the tiles speak.",
  },
});

/** A fraction of the range for people: percent down to 0.01 %, below that as a power of ten; "–" for none. */
export function fractionText(fraction: number | null | undefined): string {
  if (fraction === null || fraction === undefined || !Number.isFinite(fraction)) return "–";
  if (fraction === 0) return "0";
  if (Math.abs(fraction) < 1e-4) return fraction.toExponential(1).replace("e-", "e−");
  return `${Number((100 * fraction).toPrecision(2))} %`;
}

/** A sentence with its capital letter and its full stop. */
export function sentenceText(text: string): string {
  const whole = text.trim();
  const ended = /[.!?:…]$/.test(whole) || whole === "" ? whole : `${whole}.`;
  return capitalised(ended);
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** An error that is to be stayed below; 0 asks for the exact result. */
export function toleranceText(tolerance: number): string {
  return tolerance === 0 ? "exact" : fractionText(tolerance);
}

/** A number to three digits; "–" for none. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e6)
      ? value.toExponential(1)
      : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}

/** A probability: exact down to 0.001, below that "< 0.001" or a power of ten; "–" for none. */
export function probabilityText(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value >= 1e-3) return String(Number(value.toPrecision(2)));
  return value > 1e-12 ? value.toExponential(0).replace("e-", "e−") : "< 1e−12";
}

/** A place: "Y 96–98, X 80–128", last px included; "the whole stack" for the empty one. */
export function placeText(where: Place): string {
  const parts = Object.entries(where).map(([axis, [start, stop]]) =>
    stop - start === 1 ? `${axis} ${start}` : `${axis} ${start}–${stop - 1}`,
  );
  return parts.length === 0 ? "the whole stack" : parts.join(", ");
}

/** A single px or part of one by axis letter: "Z 3, Y 96, X 80". */
export function positionText(position: Readonly<Record<string, number>>): string {
  return Object.entries(position)
    .map(([axis, index]) => `${axis} ${index}`)
    .join(", ");
}

/** px per axis: "48 px" when all are the same, else "Z 16, Y 48 px". */
export function pixelsText(pixels: Readonly<Record<string, number>>): string {
  const entries = Object.entries(pixels);
  const isSame = entries.every(([, length]) => length === entries[0][1]);
  if (entries.length === 0) return "0 px";
  return isSame ? `${entries[0][1]} px` : `${entries.map(([axis, px]) => `${axis} ${px}`).join(", ")} px`;
}

const OPTION_NAMES: Readonly<Record<string, string>> = {
  overlap: "Overlap",
  tiles: "Tiles",
  tileSize: "Tile Size",
  block: "Block",
  blend: "Joining",
  pad: "Padding",
  padExtra: "Extra Padding",
  normalize: "Normalization",
  normalizeScope: "Normalization over",
  dtype: "Pixel Type",
  guarantee: "Guarantee",
};
const LONGEST_VALUE = 40;

/** What a button says that predicts again with other options: "Predict Again with Overlap 48". */
export function cureLabel(options: Readonly<Record<string, unknown>>): string {
  const changes = Object.entries(options)
    .filter(([, value]) => value !== null && value !== undefined)
    .slice(0, 4)
    .map(([name, value]) => `${OPTION_NAMES[name] ?? name} ${valueText(value)}`);
  return changes.length === 0 ? "Predict Again" : `Predict Again with ${changes.join(" and ")}`;
}

function valueText(value: unknown): string {
  const parts =
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([axis, part]) => `${axis}=${JSON.stringify(part)}`)
      : [typeof value === "string" ? value : JSON.stringify(value)];
  const text = parts.join(",");
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** Axes, shape, pixel type and range of the stack in one line. */
export function stackText({ axes, shape, dtype, range }: Diagnosis): string {
  const spread = range === null ? "no range" : `range ${numberText(range)} (percentiles 0.1 to 99.9)`;
  return `${axes} ${shape.join(" × ")} · ${dtype} · ${spread}`;
}

/** Regular seams in one sentence each: "Stitched every 96 px in X from 80." */
export function gridTexts({ grid }: Pick<Diagnosis, "grid">): string[] {
  return Object.entries(grid).flatMap(([axis, found]) =>
    found === null
      ? []
      : [`Stitched every ${numberText(found.period)} px in ${axis} from ${numberText(found.offset)}.`],
  );
}
