/**
 * Every message between the extension host and the slice viewer, and the checks at the host's door.
 *
 * The viewer pulls: it asks for what it shows, and events are hints to ask again. Nothing that the viewer
 * sends is trusted; no path ever comes from it.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Dtype, PixelArray } from "../volume/pixels";
import type { Interval } from "../volume/region";

/** Which plane of a stack: indices from 0 along time, depth and channel. */
export interface PlaneIndex {
  readonly t: number;
  readonly z: number;
  readonly c: number;
}

/** Part of a plane, px, half open. */
export interface PlaneRegion {
  readonly y: Interval;
  readonly x: Interval;
}

/** Length of a stack along each axis, px; 1 for an axis that the stack does not have. */
export interface StackLengths extends PlaneIndex {
  readonly y: number;
  readonly x: number;
}

/** What the viewer knows about the stack that it shows. */
export interface StackDescription {
  /** File name without the folder. */
  readonly name: string;
  /** Which stack of the file is shown, from 0, and how many it holds. */
  readonly series: { readonly index: number; readonly count: number };
  /** Subset of `TZCYX` in that order. */
  readonly axes: string;
  /** In the order of `axes`. */
  readonly shape: readonly number[];
  readonly lengths: StackLengths;
  /** Of the pixels that the viewer gets. */
  readonly dtype: Dtype;
  /** As the file has it: `float16` where `dtype` is float32. */
  readonly storedDtype: string;
  /** Distance between neighbouring pixels; null where the file does not say. */
  readonly pixelSize: {
    readonly x: number | null;
    readonly y: number | null;
    readonly z: number | null;
    readonly unit: string;
  } | null;
  /** Names and colours (`#rrggbb`) of the channels, as far as the file has them. */
  readonly channels: readonly { readonly name: string | null; readonly color: string | null }[];
  /** `none`, `lzw`, `deflate`… */
  readonly compression: string;
  /** `imagej`, `ome`, `plain`. */
  readonly flavour: string;
  readonly warnings: readonly string[];
}

/** Which pixels of a plane: every `step`-th pixel of `region` along both axes, starting with its first. */
export interface PlaneRequest {
  readonly plane: PlaneIndex;
  /** Default: the whole plane. */
  readonly region?: PlaneRegion;
  /** px, ≥ 1; default 1. */
  readonly step?: number;
}

/** Pixels of a plane, row-major: `height` rows of `width`, dtype of the description. */
export interface PlanePixels {
  readonly plane: PlaneIndex;
  readonly region: PlaneRegion;
  readonly step: number;
  readonly width: number;
  readonly height: number;
  /** Has its own memory. */
  readonly data: PixelArray;
}

/** Ways to choose display limits. */
export const CONTRAST_METHODS = ["auto", "percentile", "minmax"] as const;

/** How display limits are chosen: ImageJ's Auto, percentiles 0.3 and 99.7, or smallest and largest value. */
export type ContrastMethod = (typeof CONTRAST_METHODS)[number];

/** Asks for display limits of one plane. */
export interface ContrastRequest {
  readonly plane: PlaneIndex;
  readonly method: ContrastMethod;
  /** For `auto`: how often Auto was pressed before in a row, 0…9; each time saturates more, as in ImageJ. */
  readonly repeat?: number;
}

/** Display limits of one plane, in units of its pixels. */
export interface ContrastLimits {
  /** Shown black. */
  readonly low: number;
  /** Shown white; > `low` unless the plane is constant. */
  readonly high: number;
  /** Smallest and largest finite value of the plane. */
  readonly min: number;
  readonly max: number;
  /** Pixels that are NaN or infinite. */
  readonly notFinite: number;
}

/** What the viewer can ask the host to start. */
export const VIEWER_COMMANDS = [
  "predictTiled",
  "predictVisible",
  "explainTiling",
  "showRun",
  "showLog",
  "openAsText",
] as const;

/** One of the commands that a button of the viewer may start; they act on the stack that it shows. */
export type ViewerCommand = (typeof VIEWER_COMMANDS)[number];

/** What a user may set about how the viewer starts. */
export interface ViewerPreferences {
  readonly contrast: ContrastMethod;
  /** Keep the limits when the plane changes instead of choosing them anew. */
  readonly keepContrast: boolean;
  /** For the status bar: which engine predictions would use, such as "auto". */
  readonly engine: string;
  /** False in Restricted Mode: pictures can be looked at, nothing can be predicted. */
  readonly canPredict: boolean;
}

/** The extension host: answers the viewer, announces what changed. */
export interface Host {
  requests: {
    describe(params: undefined): StackDescription;
    preferences(params: undefined): ViewerPreferences;
    readPlane(params: PlaneRequest): PlanePixels;
    contrast(params: ContrastRequest): ContrastLimits;
    /** Shows another stack of the file in all its viewers; `stackChanged` follows. */
    chooseSeries(params: { readonly index: number }): undefined;
    runCommand(params: { readonly command: ViewerCommand }): undefined;
  };
  events: {
    /** The file was written or deleted, or settings changed: ask again. */
    stackChanged: { readonly reason: "file" | "deleted" | "preferences" };
    /** The host asks the viewer to show a plane. */
    showPlane: { readonly plane: PlaneIndex };
  };
}

/** What the user looks at. */
export interface ViewReport {
  readonly plane: PlaneIndex;
  /** Visible part of the plane. */
  readonly region: PlaneRegion;
  readonly contrast: { readonly low: number; readonly high: number };
  /** Screen px per image px. */
  readonly zoom: number;
}

/** The slice viewer: announces what the user looks at. It answers nothing. */
export interface Viewer {
  requests: object;
  events: {
    viewChanged: ViewReport;
    /** The first picture is on the screen. */
    ready: { readonly milliseconds: number };
    /** A violation of the content security policy, which must never happen. */
    cspViolation: { readonly directive: string; readonly blocked: string };
    /** Something failed in the viewer itself. */
    fault: { readonly message: string };
  };
}

const MAX_PIXELS_PER_MESSAGE = 2 ** 26;

const refuse = (what: string): TilewrightError => new TilewrightError("viewer.badMessage", `viewer: ${what}`);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function checkIndex(value: unknown, length: number, axis: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value >= length) {
    throw refuse(`${axis} is ${String(value)}, the stack has 0 to ${length - 1}`);
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

/**
 * Checks a request for pixels that came from a viewer, and fills in what it leaves out.
 *
 * @throws {TilewrightError} `viewer.badMessage`, also when more than 2²⁶ pixels are asked for
 */
export function checkPlaneRequest(value: unknown, lengths: StackLengths): Required<PlaneRequest> {
  if (!isRecord(value)) throw refuse("a request for pixels needs a plane");
  const plane = checkPlaneIndex(value.plane, lengths);
  const { region: asked, step = 1 } = value;
  if (typeof step !== "number" || !Number.isInteger(step) || step < 1)
    throw refuse("step must be a whole number ≥ 1");
  if (asked !== undefined && !isRecord(asked)) throw refuse("a region needs y and x");
  const region: PlaneRegion = {
    y: checkInterval(asked?.y ?? [0, lengths.y], lengths.y, "y"),
    x: checkInterval(asked?.x ?? [0, lengths.x], lengths.x, "x"),
  };
  const { width, height } = sampledSize(region, step);
  if (width * height > MAX_PIXELS_PER_MESSAGE)
    throw refuse(`${width} × ${height} pixels are too many for one message`);
  return { plane, region, step };
}

/** How many columns and rows a region gives when every `step`-th pixel is taken. */
export function sampledSize(
  region: PlaneRegion,
  step: number,
): { readonly width: number; readonly height: number } {
  const count = ([start, stop]: Interval): number => Math.ceil((stop - start) / step);
  return { width: count(region.x), height: count(region.y) };
}

/**
 * Checks a request for display limits that came from a viewer.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function checkContrastRequest(value: unknown, lengths: StackLengths): Required<ContrastRequest> {
  if (!isRecord(value)) throw refuse("a request for contrast needs a plane");
  const method = CONTRAST_METHODS.find((known) => known === value.method);
  if (method === undefined) throw refuse("contrast must be auto, percentile or minmax");
  const { repeat = 0 } = value;
  return {
    plane: checkPlaneIndex(value.plane, lengths),
    method,
    repeat: checkIndex(repeat, 10, "repeat"),
  };
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
