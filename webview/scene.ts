/**
 * What has to be drawn for a state: which pictures, one over the other, in which pane. Pure.
 * @module
 */
import type {
  Layer,
  PictureSource,
  PlaneIndex,
  PlanePixels,
  Projection,
  StackDescription,
  StackLengths,
} from "../src/protocol/viewer";
import type { Placement, Point, Size, View } from "./draw/geometry";
import { placementOf } from "./draw/geometry";
import { DIFFERENCE_LUT, lutOf, packColor } from "./draw/luts";
import type { Lut } from "./draw/luts";
import type { DrawnLayer, Frame, Limits } from "./draw/renderer";
import { commonParts } from "./pixels/align";
import { differenceFacts, scaleEnd } from "./pixels/differences";
import { clampIndex, shownChannels } from "./state";
import type { Comparison, ViewerState } from "./state";

/** The three views of a stack: along depth, and the two sections. */
export type PaneName = "xy" | "xz" | "yz";

/** What is shown besides the state. */
export interface Shown {
  readonly description: StackDescription;
  readonly layers: readonly Layer[];
}

/** A picture that is part of a pane, before its pixels are here. */
export interface Ingredient {
  readonly role: "own" | "other" | "over";
  readonly source: PictureSource;
  /** The picture from which its limits are chosen: the plane, also for sections. */
  readonly limitSource: PictureSource;
  /** Limits that the user keeps; null: chosen by the method. */
  readonly limits: Limits | null;
  readonly kind: "intensity" | "labels";
  readonly lut: Lut;
  readonly gamma: number;
  readonly opacity: number;
}

/** An ingredient with its pixels and limits. */
export interface Cooked extends Ingredient {
  readonly pixels: PlanePixels;
  readonly shownLimits: Limits;
}

/** How many times as high as a column is wide one row, and one slice, is drawn. */
export interface Aspect {
  readonly y: number;
  readonly z: number;
}

const MOST_STRETCH = 50;
const NONE_HIDDEN: ReadonlySet<number> = new Set();
const BLACK: Lut = new Uint32Array(256).fill(packColor(0, 0, 0));

/** From the pixel sizes of the file; 1 where it does not say. */
export function aspectOf({ pixelSize }: StackDescription): Aspect {
  const ratio = (size: number | null | undefined): number => {
    const across = pixelSize?.x ?? null;
    const value = size === null || size === undefined || across === null ? 1 : size / across;
    return value > 0 && Number.isFinite(value)
      ? Math.min(MOST_STRETCH, Math.max(1 / MOST_STRETCH, value))
      : 1;
  };
  return { y: ratio(pixelSize?.y), z: ratio(pixelSize?.z) };
}

/** Columns and rows of the picture in a pane, px. */
export function paneImage(pane: PaneName, { x, y, z }: StackLengths): Size {
  return { width: pane === "yz" ? z : x, height: pane === "xz" ? z : y };
}

/** Where the picture of a pane lies on its screen: sections follow the view of the planes. */
export function panePlacement(
  pane: PaneName,
  view: View,
  {
    screen,
    aspect,
    z,
    depth,
  }: {
    readonly screen: Size;
    readonly aspect: Aspect;
    /** Slice that is shown, and how many there are. */
    readonly z: number;
    readonly depth: number;
  },
): Placement {
  const plane = placementOf(view, aspect.y);
  if (pane === "xy") return plane;
  const zoom = view.zoom * aspect.z;
  const room = pane === "xz" ? screen.height : screen.width;
  const middle = depth * zoom <= room ? depth / 2 : z + 0.5;
  return pane === "xz"
    ? { ...plane, centerY: middle, zoomY: zoom }
    : { ...plane, centerX: middle, zoomX: zoom };
}

/** The pictures of a pane, from the bottom to the top. */
export function ingredientsOf(state: ViewerState, pane: PaneName, shown: Shown): Ingredient[] {
  const own = shownChannels(state).map((channel) => ownIngredient(state, pane, channel));
  const { comparison } = state;
  const layers = shown.layers.filter((layer) => fitsInto(layer, pane, shown.description));
  const other = comparison === null ? undefined : layers.find(({ layer }) => layer === comparison.layer);
  const compared =
    other === undefined
      ? []
      : own.map((ingredient) => ({
          ...ingredient,
          role: "other" as const,
          source: inLayer(ingredient.source, other, pane),
        }));
  const over = layers.flatMap((layer): Ingredient[] => {
    const look = Object.hasOwn(state.layers, String(layer.layer)) ? state.layers[layer.layer] : undefined;
    if (look?.visible !== true || layer.layer === comparison?.layer) return [];
    const source = inLayer(sourceOf(state, pane, state.plane.c), layer, pane);
    return [
      {
        ...look,
        role: "over",
        source,
        limitSource: inLayer({ plane: state.plane }, layer, "xy"),
        lut: lutOf(look.lut),
      },
    ];
  });
  return [...own, ...compared, ...over];
}

/** Whether a layer's pictures in a pane are as large as those of the stack: only then do pixels lie over pixels. */
export function fitsInto(
  { description: { lengths } }: Layer,
  pane: PaneName,
  { lengths: own }: StackDescription,
): boolean {
  return lengths.y === own.y && lengths.x === own.x && (pane === "xy" || lengths.z === own.z);
}

/** How many pictures stand side by side in a pane: two where a comparison says so and the other stack fits. */
export function picturesBeside({ comparison }: ViewerState, pane: PaneName, shown: Shown): 1 | 2 {
  if (comparison?.mode !== "beside") return 1;
  const other = shown.layers.find(({ layer }) => layer === comparison.layer);
  return other !== undefined && fitsInto(other, pane, shown.description) ? 2 : 1;
}

function ownIngredient(state: ViewerState, pane: PaneName, channel: number): Ingredient {
  const look = state.channels[channel];
  return {
    role: "own",
    source: sourceOf(state, pane, channel),
    limitSource: sourceOf(state, "xy", channel),
    limits: state.keepContrast ? look.limits : null,
    kind: state.mode === "labels" ? "labels" : "intensity",
    lut: lutOf(state.mode === "gray" ? "gray" : look.lut),
    gamma: look.gamma,
    opacity: 1,
  };
}

function sourceOf(
  { plane, projection, cursor }: ViewerState,
  pane: PaneName,
  channel: number,
): PictureSource {
  const place = { ...plane, c: channel };
  if (pane === "xz") return { plane: place, section: { direction: "xz", at: cursor.y } };
  if (pane === "yz") return { plane: place, section: { direction: "yz", at: cursor.x } };
  return projection === null ? { plane: place } : { plane: place, projection };
}

/** The same picture of a layer; what the layer does not have as many of is repeated. */
function inLayer(source: PictureSource, { layer, description }: Layer, pane: PaneName): PictureSource {
  const { lengths } = description;
  const index = (at: number, length: number): number => Math.min(at, length - 1);
  const { t, z, c } = source.plane;
  const plane: PlaneIndex = { t: index(t, lengths.t), z: index(z, lengths.z), c: index(c, lengths.c) };
  const projection = pane === "xy" ? shortened(source.projection, lengths.z) : null;
  return {
    layer,
    plane,
    ...(source.section === undefined ? {} : { section: source.section }),
    ...(projection === null ? {} : { projection }),
  };
}

function shortened(projection: Projection | undefined, depth: number): Projection | null {
  if (projection === undefined || depth === 1) return null;
  const stop = Math.min(projection.z[1], depth);
  return { ...projection, z: [Math.min(projection.z[0], stop - 1), stop] };
}

/** What is drawn of a state besides its pictures. */
export interface Moment {
  /** Of the pane, CSS px. */
  readonly width: number;
  readonly comparison: Comparison | null;
  /** Whether the flicker shows the other stack now. */
  readonly isOther: boolean;
  readonly hiddenLabels: ReadonlySet<number>;
  readonly pickedLabel: number | null;
}

/** Frames of a pane whose pictures are all here. */
export function framesOf(
  cooked: readonly Cooked[],
  placement: Placement,
  canvasWidth: number,
  moment: Moment,
): Frame[] {
  const of = (role: Ingredient["role"]): Cooked[] => cooked.filter((one) => one.role === role);
  const draw = (some: readonly Cooked[], share = 1): DrawnLayer[] =>
    some.flatMap((one) => layersOf(one, moment, share));
  const [own, other, over] = [of("own"), of("other"), of("over")];
  const { comparison } = moment;
  const besideEachOther = (sides: readonly DrawnLayer[][]): Frame[] => {
    const middle = Math.round(canvasWidth / 2);
    // A placement is that of the middle of its half.
    const away = moment.width / 4 / placement.zoomX;
    return sides.map((layers, side) => ({
      layers,
      placement: { ...placement, centerX: placement.centerX + (side === 0 ? away : -away) },
      columns: side === 0 ? [0, middle] : [middle, canvasWidth],
    }));
  };
  if (comparison === null || other.length === 0)
    return [{ layers: [...draw(own), ...draw(over)], placement }];
  if (comparison.mode === "flicker")
    return [{ layers: [...draw(moment.isOther ? other : own), ...draw(over)], placement }];
  if (comparison.mode === "blend") {
    const layers = [...draw(own, 1 - comparison.at), ...draw(other, comparison.at), ...draw(over)];
    return [{ layers, placement }];
  }
  if (comparison.mode === "difference")
    return [{ layers: [differenceOf(own[0], other[0], comparison), ...draw(over)], placement }];
  if (comparison.mode === "beside")
    return besideEachOther([own, other].map((one) => [...draw(one), ...draw(over)]));
  const border = Math.round(comparison.at * canvasWidth);
  return [
    { layers: [...draw(own), ...draw(over)], placement, columns: [0, border] },
    { layers: [...draw(other), ...draw(over)], placement, columns: [border, canvasWidth] },
  ];
}

/** Labels of the stack itself lie on black, those of a layer on what is below. */
function layersOf(cooked: Cooked, moment: Moment, share: number): DrawnLayer[] {
  const { pixels, kind, role, lut, gamma, shownLimits } = cooked;
  const opacity = cooked.opacity * share;
  if (kind === "labels" && role === "over")
    return [{ kind, pixels, opacity, hidden: NONE_HIDDEN, picked: null }];
  const scale = { limits: shownLimits, gamma };
  if (kind === "labels") {
    const ground = { kind: "intensity", pixels, scale, lut: BLACK, blend: "over", opacity } as const;
    return [ground, { kind, pixels, opacity, hidden: moment.hiddenLabels, picked: moment.pickedLabel }];
  }
  return [{ kind, pixels, scale, lut, blend: role === "over" ? "over" : "add", opacity }];
}

function differenceOf(own: Cooked, other: Cooked, { limit }: Comparison): DrawnLayer {
  const [mine, theirs] = commonParts(own.pixels, other.pixels);
  const largest = limit ?? scaleEnd(differenceFacts(mine, theirs));
  return {
    kind: "difference",
    pixels: mine,
    other: theirs,
    scale: { limits: { low: -largest, high: largest }, gamma: 1 },
    lut: DIFFERENCE_LUT,
    opacity: 1,
  };
}

/** The state in which the three views meet at a place of one of them. */
export function withCut(
  state: ViewerState,
  pane: PaneName,
  { x, y }: Point,
  lengths: StackLengths,
): ViewerState {
  const z = pane === "xz" ? y : pane === "yz" ? x : state.plane.z;
  return {
    ...state,
    plane: { ...state.plane, z: clampIndex(Math.floor(z), lengths.z) },
    cursor: {
      y: pane === "xz" ? state.cursor.y : clampIndex(Math.floor(y), lengths.y),
      x: pane === "yz" ? state.cursor.x : clampIndex(Math.floor(x), lengths.x),
    },
  };
}
