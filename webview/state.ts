/**
 * What the user chose in the viewer: remembered across tab switches and window reloads, and undone step by step.
 * @module
 */
import { USUAL_PERCENTILES } from "../src/protocol/viewer";
import type {
  ContrastMethod,
  Percentiles,
  PicturePoint,
  PlaneIndex,
  PlaneRegion,
  Projection,
  StackDescription,
  StackLengths,
  ViewerPreferences,
} from "../src/protocol/viewer";
import type { View } from "./draw/geometry";
import type { Limits } from "./draw/renderer";

/** How one channel, or an intensity layer, is shown. */
export interface Look {
  readonly visible: boolean;
  /** Name of a LUT, or `#rrggbb`. */
  readonly lut: string;
  readonly gamma: number;
  /** null: chosen by the method, for each picture or once. */
  readonly limits: Limits | null;
}

/** How a layer is laid over the picture. */
export interface LayerLook extends Look {
  readonly kind: "intensity" | "labels";
  /** 0…1 */
  readonly opacity: number;
}

/** How the channels of a stack are shown, after Fiji's Channels tool: `labels` shows integers as colours. */
export const DISPLAY_MODES = ["gray", "color", "composite", "labels"] as const;

/** One of the display modes. */
export type DisplayMode = (typeof DISPLAY_MODES)[number];

/** Ways to compare two stacks. */
export const COMPARE_MODES = ["swipe", "blend", "flicker", "difference", "beside"] as const;

/** One of the ways to compare two stacks. */
export type CompareMode = (typeof COMPARE_MODES)[number];

/** A comparison of the stack with one of its layers. */
export interface Comparison {
  readonly layer: number;
  readonly mode: CompareMode;
  /** Where the swipe's border is, or how much of the other stack is blended in: 0…1. */
  readonly at: number;
  /** Largest difference of the scale; null: the largest that is visible. */
  readonly limit: number | null;
}

/** What a drag in the picture does. */
export const TOOLS = ["move", "line", "rectangle"] as const;

/** One of the tools. */
export type Tool = (typeof TOOLS)[number];

/** Things drawn over the picture. */
export const EXTRAS = ["scaleBar", "pixelGrid", "values", "crosshair", "tiles"] as const;

/** One of the things drawn over the picture. */
export type Extra = (typeof EXTRAS)[number];

/** Pages of the side panel. */
export const SIDE_PAGES = ["channels", "measure", "layers", "info"] as const;

/** One of the pages of the side panel. */
export type SidePage = (typeof SIDE_PAGES)[number];

/** Everything the user chose. Plain data. */
export interface ViewerState {
  readonly plane: PlaneIndex;
  /** Row and column of the sections in orthogonal views. */
  readonly cursor: PicturePoint;
  /** null shows the whole plane, whatever the size of the window. */
  readonly view: View | null;
  readonly isOrthogonal: boolean;
  readonly projection: Projection | null;
  readonly mode: DisplayMode;
  /** One for each channel of the stack. */
  readonly channels: readonly Look[];
  readonly method: ContrastMethod;
  /** What the method "percentile" takes. */
  readonly percentiles: Percentiles;
  /** Whether limits stay when the plane changes. */
  readonly keepContrast: boolean;
  /** Whether histograms show the logarithm of their counts. */
  readonly hasLogCounts: boolean;
  readonly hiddenLabels: readonly number[];
  readonly pickedLabel: number | null;
  readonly extras: Readonly<Record<Extra, boolean>>;
  /** Which of the tile grids is shown. */
  readonly tileGrid: number;
  readonly tool: Tool;
  readonly line: { readonly from: PicturePoint; readonly to: PicturePoint } | null;
  readonly rectangle: PlaneRegion | null;
  /** By number of the layer. */
  readonly layers: Readonly<Record<string, LayerLook>>;
  readonly comparison: Comparison | null;
  /** Whether plane, zoom and contrast are shared with the other viewers that are linked. */
  readonly isLinked: boolean;
  /** null: the side panel is closed. */
  readonly side: SidePage | null;
}

/** Axes that have a slider. */
export type SlidingAxis = keyof PlaneIndex;

/** The sliding axes, in the order in which they stand below the picture. */
export const SLIDING_AXES: readonly SlidingAxis[] = ["c", "z", "t"];

/** What channels without a colour of their own get in composites: napari's order. */
const CHANNEL_LUTS = [["gray"], ["magenta", "green"], ["cyan", "yellow", "magenta", "red", "green", "blue"]];

/** The look of a channel before anyone chose another. */
export function initialLook({ channels, lengths }: StackDescription, channel: number): Look {
  const colors = CHANNEL_LUTS[Math.min(lengths.c, CHANNEL_LUTS.length) - 1];
  const lut = channels[channel]?.color ?? colors[channel % colors.length];
  return { visible: true, lut, gamma: 1, limits: null };
}

/** The look of a layer before anyone chose another. */
export function initialLayerLook({ dtype }: StackDescription): LayerLook {
  const isWhole = !dtype.startsWith("float");
  return {
    visible: true,
    kind: isWhole ? "labels" : "intensity",
    lut: "fire",
    gamma: 1,
    limits: null,
    opacity: 0.5,
  };
}

/** The state in which a stack is shown first: its middle slice. */
export function initialState(description: StackDescription, preferences: ViewerPreferences): ViewerState {
  const { lengths, channels } = description;
  const isColored =
    lengths.c > 1 && channels.length === lengths.c && channels.every(({ color }) => color !== null);
  return {
    plane: { t: 0, z: Math.floor((lengths.z - 1) / 2), c: 0 },
    cursor: { y: Math.floor(lengths.y / 2), x: Math.floor(lengths.x / 2) },
    view: null,
    isOrthogonal: false,
    projection: null,
    mode: isColored ? "composite" : lengths.c > 1 ? "gray" : "color",
    channels: Array.from({ length: lengths.c }, (_, channel) => initialLook(description, channel)),
    method: preferences.contrast,
    percentiles: USUAL_PERCENTILES,
    keepContrast: preferences.keepContrast,
    hasLogCounts: true,
    hiddenLabels: [],
    pickedLabel: null,
    extras: { scaleBar: true, pixelGrid: true, values: true, crosshair: true, tiles: false },
    tileGrid: 0,
    tool: "move",
    line: null,
    rectangle: null,
    layers: {},
    comparison: null,
    isLinked: false,
    side: null,
  };
}

/** An index inside 0…length - 1; 0 for what is no number. */
export function clampIndex(value: unknown, length: number): number {
  return typeof value === "number" && Number.isFinite(value)
    ? Math.min(length - 1, Math.max(0, Math.round(value)))
    : 0;
}

/** The plane `by` steps further along an axis; stops at the ends. */
export function stepPlane(
  plane: PlaneIndex,
  axis: SlidingAxis,
  by: number,
  lengths: StackLengths,
): PlaneIndex {
  return { ...plane, [axis]: clampIndex(plane[axis] + by, lengths[axis]) };
}

/** Whether two indices name the same plane. */
export function samePlane(a: PlaneIndex, b: PlaneIndex): boolean {
  return a.t === b.t && a.z === b.z && a.c === b.c;
}

/** The state with another look of one channel. */
export function withLook(state: ViewerState, channel: number, look: Partial<Look>): ViewerState {
  const channels = state.channels.map((old, index) => (index === channel ? { ...old, ...look } : old));
  return { ...state, channels };
}

/** The state with limits set by the user, which from then on are kept. */
export function withLimits(state: ViewerState, channel: number, limits: Limits): ViewerState {
  return { ...withLook(state, channel, { limits }), keepContrast: true };
}

/** The state in which limits are chosen anew. */
export function withoutLimits(state: ViewerState): ViewerState {
  return { ...state, channels: state.channels.map((look) => ({ ...look, limits: null })) };
}

/** The display modes that make a difference with so many channels. */
export function modesOf(channels: number): readonly DisplayMode[] {
  return channels > 1 ? DISPLAY_MODES : ["color", "labels"];
}

/** Numbers of the channels that are seen. */
export function shownChannels({ mode, channels, plane }: ViewerState): number[] {
  if (mode !== "composite") return [plane.c];
  return channels.flatMap(({ visible }, channel) => (visible ? [channel] : []));
}
