/**
 * The remembered state, as far as it fits a stack, which may have been overwritten by another one. What was saved is
 * not trusted: an older version may have saved it.
 * @module
 */
import {
  CONTRAST_METHODS,
  PROJECTION_METHODS,
  USUAL_PERCENTILES,
  arePercentiles,
} from "../src/protocol/viewer";
import type {
  Percentiles,
  PlaneRegion,
  Projection,
  StackDescription,
  ViewerPreferences,
} from "../src/protocol/viewer";
import type { Interval } from "../src/volume/region";
import type { View } from "./draw/geometry";
import { LUT_NAMES } from "./draw/luts";
import type { Limits } from "./draw/renderer";
import {
  COMPARE_MODES,
  DISPLAY_MODES,
  EXTRAS,
  SIDE_PAGES,
  TOOLS,
  clampIndex,
  initialLayerLook,
  initialState,
} from "./state";
import type { Comparison, Extra, LayerLook, Look, ViewerState } from "./state";

/** More than anybody hides by hand, and than a stack has layers. */
const MOST_HIDDEN = 10_000;
const MOST_LAYERS = 256;

type Saved = Readonly<Record<string, unknown>>;

const isSaved = (value: unknown): value is Saved => typeof value === "object" && value !== null;
const isFinite = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const oneOf = <T extends string>(known: readonly T[], value: unknown, otherwise: T): T =>
  known.find((one) => one === value) ?? otherwise;
const isLut = (value: unknown): value is string =>
  typeof value === "string" && (LUT_NAMES.some((name) => name === value) || /^#[0-9a-f]{6}$/i.test(value));
const flag = (value: unknown, otherwise: boolean): boolean =>
  typeof value === "boolean" ? value : otherwise;
const fraction = (value: unknown, otherwise: number): number =>
  isFinite(value) ? Math.min(1, Math.max(0, value)) : otherwise;

/** The remembered state as far as it fits the stack. */
export function restoreState(
  saved: unknown,
  description: StackDescription,
  preferences: ViewerPreferences,
): ViewerState {
  const fresh = initialState(description, preferences);
  if (!isSaved(saved) || !isSaved(saved.plane)) return fresh;
  const { lengths } = description;
  const { plane, extras, cursor, channels } = saved;
  return {
    plane: {
      t: clampIndex(plane.t, lengths.t),
      z: clampIndex(plane.z, lengths.z),
      c: clampIndex(plane.c, lengths.c),
    },
    cursor: isSaved(cursor)
      ? { y: clampIndex(cursor.y, lengths.y), x: clampIndex(cursor.x, lengths.x) }
      : fresh.cursor,
    view: restoreView(saved.view),
    isOrthogonal: lengths.z > 1 && flag(saved.isOrthogonal, false),
    projection: restoreProjection(saved.projection, lengths.z),
    mode: oneOf(DISPLAY_MODES, saved.mode, fresh.mode),
    channels: fresh.channels.map((look, index) =>
      restoreLook(Array.isArray(channels) ? (channels as readonly unknown[])[index] : undefined, look),
    ),
    method: oneOf(CONTRAST_METHODS, saved.method, fresh.method),
    percentiles: restorePercentiles(saved.percentiles),
    keepContrast: flag(saved.keepContrast, fresh.keepContrast),
    hasLogCounts: flag(saved.hasLogCounts, fresh.hasLogCounts),
    hiddenLabels: Array.isArray(saved.hiddenLabels)
      ? saved.hiddenLabels.filter(isFinite).slice(0, MOST_HIDDEN)
      : [],
    pickedLabel: isFinite(saved.pickedLabel) ? saved.pickedLabel : null,
    extras: Object.fromEntries(
      EXTRAS.map((extra) => [extra, flag(isSaved(extras) ? extras[extra] : undefined, fresh.extras[extra])]),
    ) as Record<Extra, boolean>,
    tileGrid: clampIndex(saved.tileGrid, Number.MAX_SAFE_INTEGER),
    tool: oneOf(TOOLS, saved.tool, fresh.tool),
    line: restoreLine(saved.line),
    rectangle: restoreRectangle(saved.rectangle, description),
    layers: restoreLayers(saved.layers, description),
    comparison: restoreComparison(saved.comparison),
    isLinked: flag(saved.isLinked, false),
    side: SIDE_PAGES.find((page) => page === saved.side) ?? null,
  };
}

/** The remembered series, if the file has it. */
export function savedSeries(saved: unknown, count: number): number | null {
  const index = isSaved(saved) ? saved.series : undefined;
  return typeof index === "number" && Number.isInteger(index) && index >= 0 && index < count ? index : null;
}

function restoreView(saved: unknown): View | null {
  if (!isSaved(saved)) return null;
  const { centerX, centerY, zoom } = saved;
  return isFinite(centerX) && isFinite(centerY) && isFinite(zoom) && zoom > 0
    ? { centerX, centerY, zoom }
    : null;
}

function restoreInterval(saved: unknown, length: number): Interval | null {
  if (!Array.isArray(saved) || saved.length !== 2) return null;
  const [start, stop] = saved as readonly unknown[];
  const fits = Number.isInteger(start) && Number.isInteger(stop);
  return fits && (start as number) >= 0 && (start as number) < (stop as number) && (stop as number) <= length
    ? [start as number, stop as number]
    : null;
}

function restoreProjection(saved: unknown, depth: number): Projection | null {
  if (!isSaved(saved)) return null;
  const method = PROJECTION_METHODS.find((one) => one === saved.method);
  const z = restoreInterval(saved.z, depth);
  return method === undefined || z === null ? null : { method, z };
}

function restorePercentiles(saved: unknown): Percentiles {
  const pair = restoreLimits(saved);
  return pair !== null && arePercentiles(pair) ? pair : USUAL_PERCENTILES;
}

function restoreLimits(saved: unknown): Limits | null {
  if (!isSaved(saved)) return null;
  const { low, high } = saved;
  return isFinite(low) && isFinite(high) ? { low, high } : null;
}

function restoreLook<T extends Look>(saved: unknown, fresh: T): T {
  if (!isSaved(saved)) return fresh;
  return {
    ...fresh,
    visible: flag(saved.visible, fresh.visible),
    lut: isLut(saved.lut) ? saved.lut : fresh.lut,
    gamma: isFinite(saved.gamma) && saved.gamma >= 0.01 && saved.gamma <= 100 ? saved.gamma : fresh.gamma,
    limits: restoreLimits(saved.limits),
  };
}

function restoreLine(saved: unknown): ViewerState["line"] {
  if (!isSaved(saved) || !isSaved(saved.from) || !isSaved(saved.to)) return null;
  const { from, to } = saved;
  return isFinite(from.y) && isFinite(from.x) && isFinite(to.y) && isFinite(to.x)
    ? { from: { y: from.y, x: from.x }, to: { y: to.y, x: to.x } }
    : null;
}

function restoreRectangle(saved: unknown, { lengths }: StackDescription): PlaneRegion | null {
  if (!isSaved(saved)) return null;
  const y = restoreInterval(saved.y, lengths.y);
  const x = restoreInterval(saved.x, lengths.x);
  return y === null || x === null ? null : { y, x };
}

function restoreLayers(saved: unknown, description: StackDescription): Record<string, LayerLook> {
  if (!isSaved(saved)) return {};
  const fresh = initialLayerLook(description);
  const entries = Object.entries(saved).slice(0, MOST_LAYERS);
  const layers = entries.flatMap(([layer, look]): [string, LayerLook][] => {
    if (!/^\d+$/.test(layer) || !isSaved(look)) return [];
    const kind = oneOf(["intensity", "labels"], look.kind, fresh.kind);
    return [[layer, { ...restoreLook(look, fresh), kind, opacity: fraction(look.opacity, fresh.opacity) }]];
  });
  return Object.fromEntries(layers);
}

function restoreComparison(saved: unknown): Comparison | null {
  if (!isSaved(saved) || !Number.isInteger(saved.layer)) return null;
  return {
    layer: saved.layer as number,
    mode: oneOf(COMPARE_MODES, saved.mode, "swipe"),
    at: fraction(saved.at, 0.5),
    limit: isFinite(saved.limit) && saved.limit > 0 ? saved.limit : null,
  };
}
