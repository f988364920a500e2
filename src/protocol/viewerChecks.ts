/**
 * Checks of what a viewer sends, at the door of the process that acts on it: whatever comes in is either exactly what
 * the types of `viewer.ts` say, or an error.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Interval } from "../volume/region";
import {
  CONTRAST_METHODS,
  PROJECTION_METHODS,
  SECTION_DIRECTIONS,
  USUAL_PERCENTILES,
  VIEWER_COMMANDS,
  arePercentiles,
} from "./viewer";
import type {
  ContrastRequest,
  LinkedReport,
  LinkedView,
  Percentiles,
  PicturePoint,
  PictureSource,
  PlaneIndex,
  PlaneRegion,
  PlaneRequest,
  ProfileRequest,
  Projection,
  Section,
  StackLengths,
  StatisticsRequest,
  Steps,
  ViewReport,
  ViewerCommand,
} from "./viewer";

/** Steps are multiples of one over this. */
const STEPS_PER_PIXEL = 16;
const MAX_PIXELS_PER_MESSAGE = 2 ** 26;
const MAX_LINE = 2 ** 22;

/** The error for a message that no viewer of ours sends. */
export function refuse(what: string): TilewrightError {
  return new TilewrightError("viewer.badMessage", `viewer: ${what}`);
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function checkIndex(value: unknown, length: number, axis: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= length) {
    const found = typeof value === "number" ? value : typeof value;
    throw refuse(`${axis} is ${found}, the stack has 0 to ${length - 1}`);
  }
  return value;
}

function checkInterval(value: unknown, length: number, axis: string): Interval {
  const [start, stop, ...rest] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  const isValid =
    rest.length === 0 &&
    typeof start === "number" &&
    typeof stop === "number" &&
    Number.isInteger(start) &&
    Number.isInteger(stop) &&
    start >= 0 &&
    start < stop &&
    stop <= length;
  if (!isValid) throw refuse(`${axis} must be an interval inside 0:${length}`);
  return [start, stop];
}

/**
 * Checks a plane index that came from a viewer.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkPlaneIndex(value: unknown, lengths: StackLengths): PlaneIndex {
  if (!isRecord(value)) throw refuse("a plane needs t, z and c");
  return {
    t: checkIndex(value.t, lengths.t, "t"),
    z: checkIndex(value.z, lengths.z, "z"),
    c: checkIndex(value.c, lengths.c, "c"),
  };
}

function checkSection(value: unknown, lengths: StackLengths): Section {
  const direction = isRecord(value)
    ? SECTION_DIRECTIONS.find((known) => known === value.direction)
    : undefined;
  if (!isRecord(value) || direction === undefined) throw refuse("a section is xz or yz");
  return {
    direction,
    at: checkIndex(value.at, direction === "xz" ? lengths.y : lengths.x, "the place of the section"),
  };
}

function checkProjection(value: unknown, lengths: StackLengths): Projection {
  const method = isRecord(value) ? PROJECTION_METHODS.find((known) => known === value.method) : undefined;
  if (!isRecord(value) || method === undefined) throw refuse("a projection is max, mean or sum");
  return { method, z: checkInterval(value.z, lengths.z, "z") };
}

/**
 * Checks which picture is asked for; the layer is for the host to find.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkPictureSource(value: unknown, lengths: StackLengths): Omit<PictureSource, "layer"> {
  if (!isRecord(value)) throw refuse("a picture needs a plane");
  const plane = checkPlaneIndex(value.plane, lengths);
  if (value.section !== undefined && value.projection !== undefined)
    throw refuse("a picture is a section or a projection, not both");
  if (value.section !== undefined) return { plane, section: checkSection(value.section, lengths) };
  if (value.projection !== undefined)
    return { plane, projection: checkProjection(value.projection, lengths) };
  return { plane };
}

/** Rows and columns of a picture, px. */
export function pictureSize(
  { section }: Pick<PictureSource, "section">,
  lengths: StackLengths,
): { readonly y: number; readonly x: number } {
  if (section === undefined) return { y: lengths.y, x: lengths.x };
  return section.direction === "xz" ? { y: lengths.z, x: lengths.x } : { y: lengths.y, x: lengths.z };
}

function checkRegion(value: unknown, size: { readonly y: number; readonly x: number }): PlaneRegion {
  if (!isRecord(value)) throw refuse("a region needs y and x");
  return { y: checkInterval(value.y, size.y, "y"), x: checkInterval(value.x, size.x, "x") };
}

function checkStep(value: unknown): number {
  if (typeof value !== "number" || value < 1 || !Number.isSafeInteger(value * STEPS_PER_PIXEL))
    throw refuse(`a step must be a multiple of 1/${STEPS_PER_PIXEL} and at least 1`);
  return value;
}

/** A request with everything that was left out filled in. */
export type CheckedPlaneRequest = Omit<PlaneRequest, "layer"> &
  Required<Pick<PlaneRequest, "region" | "step">>;

/**
 * Checks a request for pixels, and fills in what it leaves out.
 *
 * @throws {TilewrightError} `viewer.badMessage`, also when more than 2²⁶ pixels are asked for
 */
export function checkPlaneRequest(value: unknown, lengths: StackLengths): CheckedPlaneRequest {
  const source = checkPictureSource(value, lengths);
  const asked = value as Readonly<Record<string, unknown>>;
  const size = pictureSize(source, lengths);
  const region =
    asked.region === undefined
      ? { y: [0, size.y] as const, x: [0, size.x] as const }
      : checkRegion(asked.region, size);
  if (asked.step !== undefined && !isRecord(asked.step)) throw refuse("a step needs y and x");
  const step = { y: checkStep(asked.step?.y ?? 1), x: checkStep(asked.step?.x ?? 1) };
  const { width, height } = sampledSize(region, step);
  if (width * height > MAX_PIXELS_PER_MESSAGE)
    throw refuse(`${width} × ${height} pixels are too many for one message`);
  return { ...source, region, step };
}

/** How many columns and rows a region gives. */
export function sampledSize(
  region: PlaneRegion,
  step: Steps,
): { readonly width: number; readonly height: number } {
  const count = ([start, stop]: Interval, by: number): number => Math.ceil((stop - start) / by);
  return { width: count(region.x, step.x), height: count(region.y, step.y) };
}

/** A request for display limits with everything that was left out filled in. */
export type CheckedContrastRequest = Omit<ContrastRequest, "layer" | "repeat" | "percentiles"> & {
  readonly repeat: number;
  readonly percentiles: Percentiles;
};

function checkPercentiles(value: unknown): Percentiles {
  const { low, high } = isRecord(value) ? value : {};
  const asked = { low: Number(low), high: Number(high) };
  if (typeof low !== "number" || typeof high !== "number" || !arePercentiles(asked))
    throw refuse("percentiles must be two numbers from 0 to 100, the low one first");
  return asked;
}

/**
 * Checks a request for display limits.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkContrastRequest(value: unknown, lengths: StackLengths): CheckedContrastRequest {
  const source = checkPictureSource(value, lengths);
  const asked = value as Readonly<Record<string, unknown>>;
  const method = CONTRAST_METHODS.find((known) => known === asked.method);
  if (method === undefined) throw refuse("contrast must be auto, percentile or minmax");
  return {
    ...source,
    method,
    repeat: checkIndex(asked.repeat ?? 0, 10, "repeat"),
    percentiles: checkPercentiles(asked.percentiles ?? USUAL_PERCENTILES),
  };
}

function checkPoint(value: unknown): PicturePoint {
  const isPoint = isRecord(value) && Number.isFinite(value.y) && Number.isFinite(value.x);
  if (!isPoint) throw refuse("a line needs two places");
  return { y: value.y as number, x: value.x as number };
}

/**
 * Checks a request for a line profile.
 *
 * @throws {TilewrightError} `viewer.badMessage`, also when the line is longer than twice around the picture
 */
export function checkProfileRequest(value: unknown, lengths: StackLengths): Omit<ProfileRequest, "layer"> {
  const source = checkPictureSource(value, lengths);
  const asked = value as Readonly<Record<string, unknown>>;
  const from = checkPoint(asked.from);
  const to = checkPoint(asked.to);
  const size = pictureSize(source, lengths);
  const longest = Math.min(4 * (size.y + size.x), MAX_LINE);
  if (Math.hypot(to.y - from.y, to.x - from.x) > longest) throw refuse("the line is too long");
  return { ...source, from, to };
}

/**
 * Checks a request for statistics of a rectangle.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkStatisticsRequest(
  value: unknown,
  lengths: StackLengths,
): Omit<StatisticsRequest, "layer"> {
  const source = checkPictureSource(value, lengths);
  const asked = value as Readonly<Record<string, unknown>>;
  const region = checkRegion(asked.region, pictureSize(source, lengths));
  const overDepth = asked.overDepth === true;
  if (overDepth && (source.section !== undefined || source.projection !== undefined))
    throw refuse("statistics over depth are those of slices");
  return { ...source, region, overDepth };
}

/**
 * Checks a choice of series that came from a viewer.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkSeriesChoice(value: unknown, count: number): number {
  return checkIndex(isRecord(value) ? value.index : undefined, count, "series");
}

/**
 * Checks a command that came from a viewer.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkViewerCommand(value: unknown): ViewerCommand {
  const asked = isRecord(value) ? value.command : undefined;
  const command = VIEWER_COMMANDS.find((known) => known === asked);
  if (command === undefined) throw refuse("this is no command of the viewer");
  return command;
}

/**
 * Checks what a viewer says it shows; null when it is not worth using.
 */
export function checkViewReport(value: unknown, lengths: StackLengths): ViewReport | null {
  if (!isRecord(value) || !isRecord(value.region) || !isRecord(value.contrast)) return null;
  const { low, high } = value.contrast;
  if (typeof low !== "number" || typeof high !== "number" || typeof value.zoom !== "number") return null;
  try {
    return {
      plane: checkPlaneIndex(value.plane, lengths),
      region: {
        y: checkInterval(value.region.y, lengths.y, "y"),
        x: checkInterval(value.region.x, lengths.x, "x"),
      },
      contrast: { low, high },
      zoom: value.zoom,
    };
  } catch {
    return null;
  }
}

/**
 * Checks what a linked viewer tells the others; null when it is not worth passing on.
 */
export function checkLinkedReport(value: unknown, lengths: StackLengths): LinkedReport | null {
  if (!isRecord(value) || typeof value.isJoining !== "boolean") return null;
  if (value.state === null) return { state: null, isJoining: false };
  const state = checkLinkedView(value.state, lengths);
  return state === null ? null : { state, isJoining: value.isJoining };
}

function checkLinkedView(value: unknown, lengths: StackLengths): LinkedView | null {
  if (!isRecord(value) || !Array.isArray(value.limits) || value.limits.length > lengths.c) return null;
  const limits = (value.limits as readonly unknown[]).map((pair) =>
    pair === null ? null : finiteLimits(pair),
  );
  const view = value.view === null ? null : finiteView(value.view);
  if (limits.includes(undefined) || view === undefined) return null;
  try {
    return { plane: checkPlaneIndex(value.plane, lengths), view, limits: limits as LinkedView["limits"] };
  } catch {
    return null;
  }
}

function finiteLimits(value: unknown): { readonly low: number; readonly high: number } | undefined {
  if (!isRecord(value) || !Number.isFinite(value.low) || !Number.isFinite(value.high)) return undefined;
  return { low: value.low as number, high: value.high as number };
}

function finiteView(value: unknown): NonNullable<LinkedView["view"]> | undefined {
  if (!isRecord(value)) return undefined;
  const { centerX, centerY, zoom } = value;
  const isValid = [centerX, centerY, zoom].every((part) => Number.isFinite(part)) && (zoom as number) > 0;
  return isValid
    ? { centerX: centerX as number, centerY: centerY as number, zoom: zoom as number }
    : undefined;
}
