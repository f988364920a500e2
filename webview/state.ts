/**
 * What the viewer remembers across tab switches and window reloads, and how it changes.
 * @module
 */
import { CONTRAST_METHODS } from "../src/protocol/viewer";
import type {
  ContrastMethod,
  PlaneIndex,
  StackDescription,
  StackLengths,
  ViewerPreferences,
} from "../src/protocol/viewer";
import type { View } from "./geometry";

/** Display limits in units of the pixels. */
export interface Limits {
  readonly low: number;
  readonly high: number;
}

/** Everything the user chose. Plain data. */
export interface ViewerState {
  readonly plane: PlaneIndex;
  /** null shows the whole plane, whatever the size of the window. */
  readonly view: View | null;
  readonly method: ContrastMethod;
  /** Whether limits stay when the plane changes. */
  readonly keepContrast: boolean;
  /** Limits per channel number, for channels where they are kept. */
  readonly limits: Readonly<Record<string, Limits>>;
}

/** Axes that have a slider. */
export type SlidingAxis = keyof PlaneIndex;

/** The sliding axes, in the order in which they stand below the picture. */
export const SLIDING_AXES: readonly SlidingAxis[] = ["c", "z", "t"];

const clampIndex = (value: unknown, length: number): number =>
  typeof value === "number" && Number.isFinite(value)
    ? Math.min(length - 1, Math.max(0, Math.round(value)))
    : 0;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** The state in which a stack is shown first: its middle slice. */
export function initialState(lengths: StackLengths, preferences: ViewerPreferences): ViewerState {
  return {
    plane: { t: 0, z: Math.floor((lengths.z - 1) / 2), c: 0 },
    view: null,
    method: preferences.contrast,
    keepContrast: preferences.keepContrast,
    limits: {},
  };
}

/** The remembered state as far as it fits the stack, which may have been overwritten by a smaller one. */
export function restoreState(
  saved: unknown,
  lengths: StackLengths,
  preferences: ViewerPreferences,
): ViewerState {
  const fresh = initialState(lengths, preferences);
  if (!isRecord(saved) || !isRecord(saved.plane)) return fresh;
  const { plane } = saved;
  return {
    plane: {
      t: clampIndex(plane.t, lengths.t),
      z: clampIndex(plane.z, lengths.z),
      c: clampIndex(plane.c, lengths.c),
    },
    view: restoreView(saved.view),
    method: CONTRAST_METHODS.find((method) => method === saved.method) ?? fresh.method,
    keepContrast: typeof saved.keepContrast === "boolean" ? saved.keepContrast : fresh.keepContrast,
    limits: restoreLimits(saved.limits),
  };
}

/** The remembered series, if the file has it. */
export function savedSeries(saved: unknown, count: number): number | null {
  const index = isRecord(saved) ? saved.series : undefined;
  return typeof index === "number" && Number.isInteger(index) && index >= 0 && index < count ? index : null;
}

function restoreView(saved: unknown): View | null {
  if (!isRecord(saved)) return null;
  const { centerX, centerY, zoom } = saved;
  const isView = [centerX, centerY, zoom].every(
    (value) => typeof value === "number" && Number.isFinite(value),
  );
  return isView && (zoom as number) > 0
    ? { centerX: centerX as number, centerY: centerY as number, zoom: zoom as number }
    : null;
}

function restoreLimits(saved: unknown): Record<string, Limits> {
  if (!isRecord(saved)) return {};
  const entries = Object.entries(saved).flatMap(([channel, value]): [string, Limits][] => {
    if (!isRecord(value) || typeof value.low !== "number" || typeof value.high !== "number") return [];
    return [[channel, { low: value.low, high: value.high }]];
  });
  return Object.fromEntries(entries);
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

/** The state with limits typed by the user, which from then on are kept. */
export function withLimits(state: ViewerState, limits: Limits): ViewerState {
  return { ...state, keepContrast: true, limits: { ...state.limits, [state.plane.c]: limits } };
}

/** A value of a pixel for people: integers as they are, fractions to six digits. */
export function formatValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** Place of a pixel: indices from 0 in axes order, then the distance from the first pixel where units are known. */
export function formatPosition(
  description: StackDescription,
  plane: PlaneIndex,
  pixel: { readonly x: number; readonly y: number },
): string {
  const index: Readonly<Record<string, number>> = {
    T: plane.t,
    Z: plane.z,
    C: plane.c,
    Y: pixel.y,
    X: pixel.x,
  };
  const indices = [...description.axes].map((axis) => `${axis.toLowerCase()} ${index[axis]}`).join("  ");
  const size = description.pixelSize;
  if (size === null) return indices;
  const places = (["z", "y", "x"] as const).flatMap((axis) => {
    const step = size[axis];
    const known = description.axes.includes(axis.toUpperCase()) && step !== null;
    return known ? [formatValue(Number((index[axis.toUpperCase()] * step).toPrecision(6)))] : [];
  });
  return places.length === 0 ? indices : `${indices}   (${places.join(", ")} ${size.unit})`;
}

const STORAGE_NAMES: Readonly<Record<string, string>> = {
  plain: "TIFF",
  ome: "OME-TIFF",
  imagej: "ImageJ TIFF",
  "ome-zarr": "OME-Zarr",
  zarr: "Zarr array",
};

/** One line about the stack: axes, shape, pixel type, pixel size, storage. */
export function formatFacts(description: StackDescription): string {
  const { axes, shape, storedDtype, pixelSize, compression, flavour } = description;
  const known =
    pixelSize === null ? [] : [pixelSize.z, pixelSize.y, pixelSize.x].filter((size) => size !== null);
  const size =
    known.length === 0
      ? []
      : [`${known.map((value) => formatValue(value)).join(" × ")} ${pixelSize?.unit ?? ""}`];
  const storage = [STORAGE_NAMES[flavour] ?? flavour];
  if (compression !== "none") storage.push(compression);
  return [`${axes} ${shape.join(" × ")}`, storedDtype, ...size, storage.join(", ")].join("  ·  ");
}
