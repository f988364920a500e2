/**
 * Pictures of the worst places, cut from the stack.
 * @module
 */
import { encode } from "fast-png";
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { PixelArray } from "../../volume/pixels";
import type { Interval } from "../../volume/region";
import type { Diagnosis, Finding, Place, SeamFigures } from "../diagnosis";
import type { Picture } from "./blocks";
import { pictureSvg } from "./charts";
import type { MarkedPicture } from "./charts";
import { PROBE_NAMES, findingTitle, fractionText, numberText, positionText } from "../words";

const MOST_PICTURES = 4;
/** Longest side of a picture, px of the stack. */
const LARGEST = 96;
/** Longest side on the screen, px. */
const SCREEN = 480;
const LOW = 0.003;
const HIGH = 0.997;

/** A place worth a picture. */
export interface WorstPlace {
  readonly title: string;
  /** px by axis letter; axes that are left out do not matter. */
  readonly at: Readonly<Record<string, number>>;
}

/** The worst places of a diagnosis, at most four, each at another seam or finding. */
export function worstPlaces(diagnosis: Diagnosis): WorstPlace[] {
  const { findings, seams, probe, reference } = diagnosis;
  const probed = [...(probe?.places ?? [])].sort((a, b) => b.max - a.max);
  const all: WorstPlace[] = [
    ...(reference?.worst ?? []).map(({ position, error }) => ({
      title: `${fractionText(error)} from the reference`,
      at: position,
    })),
    ...probed
      .filter(({ max }) => max > 0)
      .map(({ why, max, worst }) => ({
        title: `Probe at ${PROBE_NAMES[why]}: error ${fractionText(max)}`,
        at: worst,
      })),
    ...findings.filter(({ where }) => Object.keys(where).length > 0).map(ofFinding),
    ...worstSeams(seams),
  ];
  const seen = new Set<string>();
  const isNew = ({ at }: WorstPlace): boolean => {
    const key = Object.entries(at)
      .map(([axis, index]) => `${axis}${Math.round(index / (LARGEST / 4))}`)
      .join();
    const isKnown = seen.has(key);
    seen.add(key);
    return !isKnown;
  };
  return all.filter(isNew).slice(0, MOST_PICTURES);
}

const middle = ([start, stop]: Interval): number => Math.floor((start + stop) / 2);

function ofFinding(finding: Finding): WorstPlace {
  return { title: findingTitle(finding), at: middleOf(finding.where) };
}

/** The px in the middle of a place. */
function middleOf(where: Place): Record<string, number> {
  return Object.fromEntries(Object.entries(where).map(([axis, interval]) => [axis, middle(interval)]));
}

function worstSeams(seams: readonly SeamFigures[]): WorstPlace[] {
  const weight = ({ error, disagreement, excess }: SeamFigures): number =>
    error ?? disagreement ?? excess ?? 0;
  return [...seams]
    .filter((seam) => weight(seam) > 0)
    .sort((a, b) => weight(b) - weight(a))
    .slice(0, MOST_PICTURES)
    .map(({ axis, position, disagreement, excess }) => ({
      title:
        disagreement === null
          ? `Seam excess ${numberText(excess)} sd`
          : `Tiles disagree by ${fractionText(disagreement)}`,
      at: { [axis]: position },
    }));
}

/**
 * Pictures of the worst places: planes of Y and X, or sections of Z and X where it is about Z alone.
 *
 * @param stack that was diagnosed; not closed
 * @returns nothing when the stack has another shape than the diagnosis says
 */
export async function cutPictures(diagnosis: Diagnosis, stack: Stack, job: Job): Promise<Picture[]> {
  const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
  const isSame =
    axes === diagnosis.axes &&
    shape.every((length, i) => length === diagnosis.shape[i]) &&
    axes.endsWith("YX");
  if (!isSame) return [];
  const pictures: Picture[] = [];
  for (const place of worstPlaces(diagnosis)) {
    job.signal.throwIfAborted();
    pictures.push(await cutPicture({ place, diagnosis, stack, name: `place-${pictures.length + 1}` }, job));
  }
  return pictures;
}

interface Cut {
  readonly place: WorstPlace;
  readonly diagnosis: Diagnosis;
  readonly stack: Stack;
  readonly name: string;
}

async function cutPicture({ place, diagnosis, stack, name }: Cut, job: Job): Promise<Picture> {
  const { canonicalAxes: axes, canonicalShape: shape } = stack.facts;
  const isAboutDepth = place.at.Z !== undefined && place.at.Y === undefined && place.at.X === undefined;
  const rows = isAboutDepth && axes.includes("Z") ? "Z" : "Y";
  const center = Object.fromEntries(
    [...axes].map((axis, i) => {
      const index = Math.floor(place.at[axis] ?? (axis === "C" || axis === "T" ? 0 : shape[i] / 2));
      return [axis, Math.min(shape[i] - 1, Math.max(0, index))];
    }),
  );
  const region = [...axes].map((axis, i): Interval => {
    if (axis !== rows && axis !== "X") return [center[axis], center[axis] + 1];
    const length = Math.min(LARGEST, shape[i]);
    const start = Math.min(shape[i] - length, Math.max(0, center[axis] - Math.floor(length / 2)));
    return [start, start + length];
  });
  const volume = await stack.read(region, job);
  const [tall, wide] = [region[axes.indexOf(rows)], region[axes.indexOf("X")]];
  const [height, width] = [tall[1] - tall[0], wide[1] - wide[0]];
  const title = `${place.title} at ${positionText(center)}`;
  const description = `${rows === "Z" ? "Section through Z and X" : "Part of a plane"}, ${axes} ${positionText(center)} in the middle; seams are marked at its edges.`;
  const marks = seamMarks(diagnosis.seams, { rows, tall, wide });
  const png = Buffer.from(
    encode({ width, height, depth: 8, channels: 1, data: grayLevels(volume.data) }),
  ).toString("base64");
  const zoom = Math.max(1, Math.min(8, Math.floor(SCREEN / Math.max(width, height))));
  return {
    name,
    title,
    description,
    svg: pictureSvg({ title, description, width, height, png, zoom, marks }),
  };
}

/** Which rows and columns a picture has, px of the stack. */
interface CutOut {
  readonly rows: string;
  readonly tall: Interval;
  readonly wide: Interval;
}

function seamMarks(seams: readonly SeamFigures[], { rows, tall, wide }: CutOut): MarkedPicture["marks"] {
  return seams.flatMap(({ axis, position }) => {
    const [start, stop] = axis === "X" ? wide : tall;
    if ((axis !== "X" && axis !== rows) || position <= start || position >= stop) return [];
    return [{ axis: axis === "X" ? "x" : "y", at: position - start, text: `${axis} ${position}` } as const];
  });
}

/** Gray levels between percentiles 0.3 and 99.7; what is not finite is black. */
function grayLevels(data: PixelArray): Uint8Array {
  const sorted = Float64Array.from(data).filter(Number.isFinite).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(LOW), at(HIGH)];
  const scale = high > low ? 255 / (high - low) : 0;
  return Uint8Array.from(data, (value) =>
    Number.isFinite(value) ? Math.min(255, Math.max(0, Math.round((value - low) * scale))) : 0,
  );
}
