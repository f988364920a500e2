/**
 * Where the picture lies on the screen: zooming, panning, and which pixels have to be asked for.
 * @module
 */
import type { PlaneRegion, Steps } from "../../src/protocol/viewer";
import type { Interval } from "../../src/volume/region";

/** What part of a plane is looked at. */
export interface View {
  /** Image px in the middle of the screen, fractions of a pixel included. */
  readonly centerX: number;
  readonly centerY: number;
  /** Screen px (CSS) per image px along the columns. */
  readonly zoom: number;
}

/** Where a picture lies on the screen. */
export interface Placement {
  /** Picture px in the middle of the screen, fractions of a pixel included. */
  readonly centerX: number;
  readonly centerY: number;
  /** Screen px (CSS) per picture px along columns and rows. */
  readonly zoomX: number;
  readonly zoomY: number;
}

/** Size of something, px. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A place on the screen, CSS px from the top left corner of the picture area, or in the image. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const LARGEST_ZOOM = 64;
const FIT_MARGIN = 16;
/** Steps are multiples of one over this, and regions of this many samples: their borders are whole pixels. */
const SNAP = 16;

/** The view that shows the whole image, at most at 8 screen px per image px; `tall` screen px are one row where one px is a column. */
export function fitView(image: Size, screen: Size, tall = 1): View {
  const room = {
    width: Math.max(1, screen.width - FIT_MARGIN),
    height: Math.max(1, screen.height - FIT_MARGIN),
  };
  const zoom = Math.min(8, room.width / image.width, room.height / (image.height * tall));
  return { centerX: image.width / 2, centerY: image.height / 2, zoom };
}

/** The zoom inside what is useful: from a quarter of the fitting size to 64 screen px per image px. */
export function clampZoom(zoom: number, image: Size, screen: Size, tall = 1): number {
  const smallest = Math.min(1, fitView(image, screen, tall).zoom) / 4;
  return Math.min(LARGEST_ZOOM, Math.max(smallest, zoom));
}

/** The image place under a screen place. */
export function toImage(placement: Placement, screen: Size, point: Point): Point {
  return {
    x: placement.centerX + (point.x - screen.width / 2) / placement.zoomX,
    y: placement.centerY + (point.y - screen.height / 2) / placement.zoomY,
  };
}

/** The screen place of an image place. */
export function toScreen(placement: Placement, screen: Size, point: Point): Point {
  return {
    x: (point.x - placement.centerX) * placement.zoomX + screen.width / 2,
    y: (point.y - placement.centerY) * placement.zoomY + screen.height / 2,
  };
}

/** The placement of a view whose rows are `tall` times as high as its columns are wide. */
export function placementOf({ centerX, centerY, zoom }: View, tall = 1): Placement {
  return { centerX, centerY, zoomX: zoom, zoomY: zoom * tall };
}

/** The view at another zoom, with the same image place under `point`. */
export function zoomAt(view: View, zoom: number, point: Point, { screen, tall }: ScreenShape): View {
  const fixed = toImage(placementOf(view, tall), screen, point);
  return {
    zoom,
    centerX: fixed.x - (point.x - screen.width / 2) / zoom,
    centerY: fixed.y - (point.y - screen.height / 2) / (zoom * tall),
  };
}

/** A screen, and how many times as high as wide a pixel is drawn on it. */
export interface ScreenShape {
  readonly screen: Size;
  readonly tall: number;
}

/** The view after dragging the picture by screen px; some of the image always stays on the screen. */
export function panBy(view: View, by: Point, image: Size, tall = 1): View {
  return {
    zoom: view.zoom,
    centerX: Math.min(image.width, Math.max(0, view.centerX - by.x / view.zoom)),
    centerY: Math.min(image.height, Math.max(0, view.centerY - by.y / (view.zoom * tall))),
  };
}

/** The whole pixels that are on the screen, if only in part; null when the image is outside. */
export function visibleRegion(placement: Placement, screen: Size, image: Size): PlaneRegion | null {
  const first = toImage(placement, screen, { x: 0, y: 0 });
  const last = toImage(placement, screen, { x: screen.width, y: screen.height });
  const clip = (start: number, stop: number, length: number): Interval => [
    Math.max(0, Math.floor(start)),
    Math.min(length, Math.ceil(stop)),
  ];
  const region = { y: clip(first.y, last.y, image.height), x: clip(first.x, last.x, image.width) };
  return region.y[0] < region.y[1] && region.x[0] < region.x[1] ? region : null;
}

/** Every how many pixels one is enough for the screen: 1 from 1:1 upwards, else a multiple of 1/16, rounded down. */
export function stepsFor({ zoomX, zoomY }: Placement, devicePixelRatio: number): Steps {
  const step = (zoom: number): number =>
    Math.max(1, Math.floor((SNAP / (zoom * devicePixelRatio)) * (1 + 1e-9)) / SNAP);
  return { y: step(zoomY), x: step(zoomX) };
}

/** A region grown to a coarse grid of whole samples, so that small movements need no new pixels. */
export function snapRegion(region: PlaneRegion, step: Steps, image: Size): PlaneRegion {
  const snap = ([start, stop]: Interval, length: number, by: number): Interval => {
    const grid = SNAP * by;
    return [Math.floor(start / grid) * grid, Math.min(length, Math.ceil(stop / grid) * grid)];
  };
  return { y: snap(region.y, image.height, step.y), x: snap(region.x, image.width, step.x) };
}

/** Whether `outer` covers `inner`. */
export function covers(outer: PlaneRegion, inner: PlaneRegion): boolean {
  const spans = (a: Interval, b: Interval): boolean => a[0] <= b[0] && a[1] >= b[1];
  return spans(outer.y, inner.y) && spans(outer.x, inner.x);
}

/** The pixel that an image place lies in; null outside of the image. */
export function pixelAt(point: Point, image: Size): Point | null {
  const x = Math.floor(point.x);
  const y = Math.floor(point.y);
  return x >= 0 && y >= 0 && x < image.width && y < image.height ? { x, y } : null;
}
