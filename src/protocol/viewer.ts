/**
 * Every message between the extension host and the slice viewer; `viewerChecks.ts` checks what comes from the viewer.
 *
 * The viewer pulls: it asks for what it shows, and events are hints to ask again. Nothing that the viewer
 * sends is trusted; no path ever comes from it.
 * @module
 */
import type { Place } from "../diagnose/diagnosis";
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

/** Directions of a cut along depth. */
export const SECTION_DIRECTIONS = ["xz", "yz"] as const;

/**
 * A cut through the stack along depth. `xz`: rows are slices, columns are x, at row `at` of the planes.
 * `yz`: rows are y, columns are slices, at column `at`.
 */
export interface Section {
  readonly direction: (typeof SECTION_DIRECTIONS)[number];
  /** px, from 0. */
  readonly at: number;
}

/** Ways to make one plane of several slices. */
export const PROJECTION_METHODS = ["max", "mean", "sum"] as const;

/** How several slices become one plane. */
export type ProjectionMethod = (typeof PROJECTION_METHODS)[number];

/** A projection along depth of the slices `z`. */
export interface Projection {
  readonly method: ProjectionMethod;
  readonly z: Interval;
}

/** Which picture of which stack. */
export interface PictureSource {
  /** 0 or absent: the stack of the editor; else one of its layers. */
  readonly layer?: number;
  /** With a section or a projection `z` is of no account. */
  readonly plane: PlaneIndex;
  /** Default: the plane itself. Not together with a projection. */
  readonly section?: Section;
  readonly projection?: Projection;
}

/** Image px from one sample to the next along rows and columns: ≥ 1, multiples of 1/16. */
export interface Steps {
  readonly y: number;
  readonly x: number;
}

/**
 * Which pixels of a picture: sample i of an interval from `start` is pixel `floor(start + (i + 0.5) · step)`, and
 * there are as many samples as begin inside the interval.
 */
export interface PlaneRequest extends PictureSource {
  /** `y` along the rows of the picture, `x` along its columns. Default: all of it. */
  readonly region?: PlaneRegion;
  /** Default 1 and 1. */
  readonly step?: Steps;
}

/** Pixels of a picture, row-major: `height` rows of `width`. */
export interface PlanePixels {
  readonly plane: PlaneIndex;
  readonly region: PlaneRegion;
  readonly step: Steps;
  readonly width: number;
  readonly height: number;
  /** Has its own memory. Dtype of the description; float64 for projections by mean and sum. */
  readonly data: PixelArray;
}

/** Ways to choose display limits. */
export const CONTRAST_METHODS = ["auto", "percentile", "minmax"] as const;

/** How display limits are chosen: ImageJ's Auto, two percentiles, or smallest and largest value. */
export type ContrastMethod = (typeof CONTRAST_METHODS)[number];

/** Two percentiles of the values of a picture, %: 0 ≤ `low` < `high` ≤ 100. */
export interface Percentiles {
  readonly low: number;
  readonly high: number;
}

/** The percentiles that are taken unless others are asked for. */
export const USUAL_PERCENTILES: Percentiles = { low: 0.3, high: 99.7 };

/** Whether these are percentiles between which something lies. */
export function arePercentiles({ low, high }: Percentiles): boolean {
  return low >= 0 && low < high && high <= 100;
}

/** Asks for display limits of one picture. */
export interface ContrastRequest extends PictureSource {
  readonly method: ContrastMethod;
  /** For `auto`: how often Auto was pressed before in a row, 0…9; each time saturates more, as in ImageJ. */
  readonly repeat?: number;
  /** For `percentile`; default {@link USUAL_PERCENTILES}. */
  readonly percentiles?: Percentiles;
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

/** How often each value occurs in a picture, or in an even sample of its pixels when it is very large. */
export interface Histogram {
  /** Value at the left end of the first bin and at the right end of the last. */
  readonly from: number;
  readonly to: number;
  /** 256 bins of equal width. */
  readonly counts: Uint32Array;
  /** Smallest and largest finite value. */
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
}

/** A place in a picture, px; pixel i reaches from i to i + 1. */
export interface PicturePoint {
  readonly y: number;
  readonly x: number;
}

/** Asks for values along a line. */
export interface ProfileRequest extends PictureSource {
  readonly from: PicturePoint;
  readonly to: PicturePoint;
}

/** Values along a line, one for each px of its length, interpolated between the four pixels around each place. */
export interface Profile {
  /** NaN outside of the picture. */
  readonly values: Float64Array;
  /** px of the picture between neighbouring values. */
  readonly spacing: number;
}

/** Asks for statistics of a rectangle. */
export interface StatisticsRequest extends PictureSource {
  readonly region: PlaneRegion;
  /** One answer for each slice of the stack instead of one for the picture; not for sections and projections. */
  readonly overDepth?: boolean;
}

/** Statistics of the finite values of a rectangle. */
export interface Statistics {
  /** Slice that was measured, from 0. */
  readonly z: number;
  /** Finite values. */
  readonly count: number;
  readonly mean: number;
  /** With count - 1 in the denominator. */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  readonly notFinite: number;
}

/** A stack that was added to a viewer: to be compared with, or laid over the picture. */
export interface Layer {
  /** ≥ 1; the same as long as the layer is there. */
  readonly layer: number;
  readonly description: StackDescription;
}

/** What the file says about itself. */
export interface StackMetadata {
  /** Names and values, in the order in which to show them. */
  readonly rows: readonly (readonly [name: string, value: string])[];
  /** Text that the writer left in the file (ImageJ's description, OME-XML), at most 2²⁰ characters; null when there is none. */
  readonly text: string | null;
}

/** Where the tiles of one axis lie, px of the whole image. */
export interface TileCut {
  /** What the network was given, padding included: may reach over the ends of the image. */
  readonly read: Interval;
  /** What is right whatever lies around the tile. */
  readonly keep: Interval;
  /** What was written. */
  readonly write: Interval;
}

/** The tiles of a prediction: every combination of one cut along each axis. */
export interface TileGrid {
  /** "plan: model name" or "run of 2026-11-22". */
  readonly name: string;
  /** Axes without an entry are not cut. */
  readonly cuts: Readonly<Partial<Record<"z" | "y" | "x", readonly TileCut[]>>>;
  /** px on either side that the network looks at. */
  readonly context: Readonly<Partial<Record<"z" | "y" | "x", number>>>;
}

/** What the viewer can ask the host to start. */
export const VIEWER_COMMANDS = [
  "predictTiled",
  "predictVisible",
  "explainTiling",
  "showRun",
  "compareWith",
  "addLayer",
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
    histogram(params: PictureSource): Histogram;
    profile(params: ProfileRequest): Profile;
    statistics(params: StatisticsRequest): readonly Statistics[];
    metadata(params: undefined): StackMetadata;
    /** Stacks that were added to this viewer. */
    layers(params: undefined): readonly Layer[];
    removeLayer(params: { readonly layer: number }): undefined;
    /** Tiles of the last plan for this stack and of the run that made it, as far as there are any. */
    tileGrids(params: undefined): readonly TileGrid[];
    /** Asks where to save a PNG; false when the user changed their mind. */
    savePicture(params: { readonly name: string; readonly png: Uint8Array }): boolean;
    /** Asks for a folder for `count` pictures; null when the user changed their mind, else a key for `savePicturePart`. */
    chooseFolder(params: { readonly name: string; readonly count: number }): string | null;
    /** Writes picture `index` of a movie into the folder that was chosen. */
    savePicturePart(params: {
      readonly key: string;
      readonly index: number;
      readonly png: Uint8Array;
    }): undefined;
    copyText(params: { readonly text: string }): undefined;
    /** Shows another stack of the file in all its viewers; `stackChanged` follows. */
    chooseSeries(params: { readonly index: number }): undefined;
    runCommand(params: { readonly command: ViewerCommand }): undefined;
  };
  events: {
    /** The file was written or deleted, or settings changed: ask again. */
    stackChanged: { readonly reason: "file" | "deleted" | "preferences" };
    /** Layers were added or removed, or changed on disk: ask again. `compare` is the one to compare with from now on. */
    layersChanged: { readonly compare: number | null };
    /** A plan was made or a run ended: ask for tiles again. */
    tileGridsChanged: undefined;
    /** The host asks the viewer to show a plane. */
    showPlane: { readonly plane: PlaneIndex };
    /** The host asks the viewer to show a place: in the middle of the picture, as large as is sensible. */
    goTo: { readonly place: Place };
    /** A linked viewer shows something else: viewers that are linked follow. */
    linkedView: { readonly state: LinkedView };
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

/** What linked viewers share. Indices and px are those of the stack of the viewer that tells it. */
export interface LinkedView {
  readonly plane: PlaneIndex;
  /** Place in the middle of the picture, px, and screen px per image px; null: the whole plane. */
  readonly view: { readonly centerX: number; readonly centerY: number; readonly zoom: number } | null;
  /** By channel; null where limits are chosen for each picture. */
  readonly limits: readonly ({ readonly low: number; readonly high: number } | null)[];
}

/** What a linked viewer tells. */
export interface LinkedReport {
  /** null: it is not linked any more. */
  readonly state: LinkedView | null;
  /** It has just been linked, or came back: it wants to hear what the others show, if there are any. */
  readonly isJoining: boolean;
}

/** The slice viewer: announces what the user looks at. It answers nothing. */
export interface Viewer {
  requests: object;
  events: {
    viewChanged: ViewReport;
    linkedView: LinkedReport;
    /** The first picture is on the screen. */
    ready: { readonly milliseconds: number };
    /** A violation of the content security policy, which must never happen. */
    cspViolation: { readonly directive: string; readonly blocked: string };
    /** Something failed in the viewer itself. */
    fault: { readonly message: string };
  };
}
