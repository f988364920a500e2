/**
 * Going to a place of the stack, such as a seam. Pure.
 * @module
 */
import type { Place } from "../src/diagnose/diagnosis";
import type { StackLengths } from "../src/protocol/viewer";
import type { Interval } from "../src/volume/region";
import { clampZoom, fitView, panBy } from "./draw/geometry";
import type { Size } from "./draw/geometry";
import { clampIndex } from "./state";
import type { ViewerState } from "./state";

/** Screen px per px at most: a place of a few px is shown with what lies around it. */
const LARGEST_ZOOM = 6;

/** Which stack on which screen. */
export interface PlaceShape {
  readonly lengths: StackLengths;
  readonly screen: Size;
  /** Screen px that are one row where one px is a column. */
  readonly tall: number;
}

/**
 * The state that shows a place in the middle of the picture, as large as it fits; what is not named stays. A place
 * across slices alone is shown by the sections, in which slices lie beside each other.
 *
 * @param place px by axis letter; clipped to the stack
 */
export function withPlace(
  state: ViewerState,
  place: Place,
  { lengths, screen, tall }: PlaceShape,
): ViewerState {
  const middle = (axis: "T" | "Z" | "C", now: number, length: number): number =>
    place[axis] === undefined ? now : clampIndex(Math.floor((place[axis][0] + place[axis][1]) / 2), length);
  const plane = {
    t: middle("T", state.plane.t, lengths.t),
    z: middle("Z", state.plane.z, lengths.z),
    c: middle("C", state.plane.c, lengths.c),
  };
  const next = { ...state, plane, projection: null };
  const { Y: rows, X: columns } = place;
  if (rows === undefined && columns === undefined) {
    return place.Z === undefined || lengths.z === 1 ? next : { ...next, isOrthogonal: true };
  }
  const image = { width: lengths.x, height: lengths.y };
  const whole = fitView(image, screen, tall);
  const now = state.view ?? whole;
  const room = (interval: Interval | undefined, size: number): number =>
    interval === undefined ? Infinity : size / Math.max(1, interval[1] - interval[0]);
  const largest = Math.max(whole.zoom, LARGEST_ZOOM);
  const wanted = Math.min(largest, room(columns, screen.width), room(rows, screen.height / tall));
  const view = {
    centerX: columns === undefined ? now.centerX : (columns[0] + columns[1]) / 2,
    centerY: rows === undefined ? now.centerY : (rows[0] + rows[1]) / 2,
    zoom: clampZoom(Math.max(whole.zoom, wanted), image, screen, tall),
  };
  const cursor = {
    x: clampIndex(Math.floor(view.centerX), lengths.x),
    y: clampIndex(Math.floor(view.centerY), lengths.y),
  };
  return { ...next, cursor, view: panBy(view, { x: 0, y: 0 }, image, tall) };
}
