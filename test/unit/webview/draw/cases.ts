/**
 * Pictures that test the renderers: made alike in the test and in the browser, so that only results go between them.
 * @module
 */
import type { PlanePixels, PlaneRegion } from "../../../../src/protocol/viewer";
import type { PixelArray } from "../../../../src/volume/pixels";
import type { Placement } from "../../../../webview/draw/geometry";
import { LUT_NAMES, lutOf } from "../../../../webview/draw/luts";
import type { DifferenceLayer, Frame, IntensityLayer, LabelLayer } from "../../../../webview/draw/renderer";

/** One picture on a canvas. */
export interface DrawCase {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** Canvas px per CSS px, default 1. */
  readonly ratio?: number;
  readonly frames: readonly Frame[];
}

/** Numbers that look random and are the same everywhere. */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

type Fill = (next: number, index: number) => number;

/** A plane of a region, filled sample by sample. */
export function plane(
  make: (length: number) => PixelArray,
  fill: Fill,
  { region, step = { y: 1, x: 1 } }: { region: PlaneRegion; step?: { y: number; x: number } },
): PlanePixels {
  const count = ([start, stop]: readonly [number, number], by: number): number =>
    Math.ceil((stop - start) / by);
  const width = count(region.x, step.x);
  const height = count(region.y, step.y);
  const data = make(width * height);
  const next = numbers(width * 7919 + height);
  for (let i = 0; i < data.length; i++) data[i] = fill(next(), i);
  return { plane: { t: 0, z: 0, c: 0 }, region, step, width, height, data };
}

const REGION: PlaneRegion = { y: [3, 44], x: [5, 64] };
const whole: Placement = { centerX: 35.2, centerY: 23.6, zoomX: 1.37, zoomY: 1.37 };
const near = (zoom: number, dx = 0, dy = 0): Placement => ({
  centerX: 34.4 + dx,
  centerY: 23.3 + dy,
  zoomX: zoom,
  zoomY: zoom,
});

const intensity = (
  pixels: PlanePixels,
  [low, high, gamma = 1]: readonly [number, number, number?],
  more: Partial<IntensityLayer> = {},
): IntensityLayer => ({
  ...{ kind: "intensity", pixels, scale: { limits: { low, high }, gamma }, lut: lutOf("gray") },
  ...{ blend: "over", opacity: 1 },
  ...more,
});
const labels = (pixels: PlanePixels, more: Partial<LabelLayer> = {}): LabelLayer => ({
  ...{ kind: "labels", pixels, hidden: new Set(), picked: null, opacity: 1, ...more },
});
const difference = (
  pixels: PlanePixels,
  other: PlanePixels,
  [low, high, gamma = 1]: readonly [number, number, number?],
): DifferenceLayer => ({
  ...{ kind: "difference", pixels, other, opacity: 1 },
  ...{ scale: { limits: { low, high }, gamma }, lut: lutOf("turbo") },
});

const u8 = (length: number): PixelArray => new Uint8Array(length);
const u16 = (length: number): PixelArray => new Uint16Array(length);
const i8 = (length: number): PixelArray => new Int8Array(length);
const i16 = (length: number): PixelArray => new Int16Array(length);
const u32 = (length: number): PixelArray => new Uint32Array(length);
const i32 = (length: number): PixelArray => new Int32Array(length);
const f32 = (length: number): PixelArray => new Float32Array(length);
const f64 = (length: number): PixelArray => new Float64Array(length);

const spread =
  (from: number, to: number): Fill =>
  (next) =>
    Math.floor(from + next * (to - from));
const SPECIAL = [NaN, Infinity, -Infinity, -0, 0, 1e-40, -1e-45, 3.4e38, -3.4e38];
const withSpecial =
  (from: number, to: number): Fill =>
  (next, index) =>
    index % 11 === 0 ? SPECIAL[(index / 11) % SPECIAL.length] : from + next * (to - from);

const bytes = plane(u8, spread(0, 256), { region: REGION });
const words = plane(u16, spread(0, 65536), { region: REGION });
const otherWords = plane(u16, (next, i) => Math.floor(40000 * next) + (i % 100), { region: REGION });
const shorts = plane(i16, spread(-32768, 32768), { region: REGION });
const floats = plane(f32, withSpecial(-3, 5), { region: REGION });
const doubles = plane(f64, withSpecial(-3, 5), { region: REGION });
const small = plane(f32, (next) => next * 1e-4, { region: REGION });
const many = plane(u32, spread(0, 2 ** 32), { region: REGION });
const signed = plane(i32, spread(-(2 ** 31), 2 ** 31), { region: REGION });
const close = plane(u32, (_, i) => 4_000_000_000 + (i % 300), { region: REGION });
const ids = plane(u32, (_, i) => [0, 1, 2, 70_000, 2 ** 24, 2 ** 24 + 1, 2 ** 32 - 1][i % 7], {
  region: REGION,
});
const smallIds = plane(u16, (_, i) => [0, 1, 2, 700, 65535][i % 5], { region: REGION });
const signedIds = plane(i32, (_, i) => [0, -1, 5, -(2 ** 31)][i % 4], { region: REGION });
const floatIds = plane(f32, (_, i) => [0, 3, NaN, 2 ** 24, 0.5, -7][i % 6], { region: REGION });
const sparse = plane(f32, (next) => (next < 0.4 ? NaN : next), { region: { y: [9, 40], x: [20, 60] } });
const stepped = plane(u16, spread(0, 1000), {
  region: { y: [16, 128], x: [32, 200] },
  step: { y: 1.5, x: 2.25 },
});

type Layers = Frame["layers"];
const one = (name: string, layers: Layers, placement: Placement = whole): DrawCase => ({
  name,
  width: 97,
  height: 61,
  frames: [{ layers, placement }],
});

const TYPES: DrawCase[] = [
  one("uint8", [intensity(bytes, [10, 240])]),
  one("uint16", [intensity(words, [1000, 50_000])]),
  one("int8", [intensity(plane(i8, spread(-128, 128), { region: REGION }), [-100, 90])]),
  one("int16", [intensity(shorts, [-20_000, 12_345])]),
  one("int32", [intensity(signed, [-2e9, 1.5e9])]),
  one("int32 with one limit far outside", [intensity(signed, [-1e12, 2e9])]),
  one("uint32", [intensity(many, [5, 4e9])]),
  one("uint32 whose values singles cannot tell apart", [intensity(close, [4_000_000_010, 4_000_000_290])]),
  one("float32 with NaN and infinities", [intensity(floats, [-2.5, 4.5])]),
  one("float64 with NaN and infinities", [intensity(doubles, [-2.5, 4.5])]),
  one("float64 beyond single precision", [
    intensity(
      plane(f64, (next) => 1e9 + next * 1e-3, { region: REGION }),
      [1e9, 1e9 + 1e-3],
    ),
  ]),
  one("float64 beyond single range", [
    intensity(
      plane(f64, (next) => next * 1e300, { region: REGION }),
      [0, 1e300],
    ),
  ]),
  one("floats between 0 and 0.0001", [intensity(small, [0, 1e-4])]),
  one("denormal floats", [
    intensity(
      plane(f32, (next) => next * 1e-39, { region: REGION }),
      [0, 1e-39],
    ),
  ]),
];

const SCALES: DrawCase[] = [
  one("inverted uint16", [intensity(words, [60_000, 100])]),
  one("inverted floats", [intensity(floats, [4, -2])]),
  one("inverted int32", [intensity(signed, [2e9, -2e9])]),
  one("equal limits of bytes", [intensity(bytes, [100, 100])]),
  one("equal limits of floats", [intensity(floats, [0, 0])]),
  one("equal limits of uint32", [intensity(close, [4_000_000_100, 4_000_000_100])]),
  ...[0.5, 2].flatMap((gamma) => [
    one(`gamma ${gamma} of uint16`, [intensity(words, [1000, 50_000, gamma])]),
    one(`gamma ${gamma} of float32`, [intensity(floats, [-2.5, 4.5, gamma])]),
    one(`gamma ${gamma} of inverted float64`, [intensity(doubles, [4.5, -2.5, gamma])]),
  ]),
  ...LUT_NAMES.map((name) => one(`LUT ${name}`, [intensity(floats, [-3, 5], { lut: lutOf(name) })])),
  ...LUT_NAMES.map((name) => one(`LUT ${name} of bytes`, [intensity(bytes, [0, 255], { lut: lutOf(name) })])),
];

const PLACES: DrawCase[] = [
  ...[0.3, 1, 3.7, 16].flatMap((zoom) => [
    one(`zoom ${zoom}`, [intensity(words, [0, 65535])], near(zoom)),
    one(`zoom ${zoom}, panned`, [intensity(floats, [-3, 5])], near(zoom, 11.37, -9.81)),
  ]),
  one("rows three times as high as wide", [intensity(words, [0, 65535])], { ...near(2), zoomY: 6 }),
  one("wholly outside", [intensity(words, [0, 65535])], near(1, 5000, 0)),
  {
    ...one("two canvas pixels a CSS pixel", [intensity(words, [0, 65535])]),
    width: 98,
    height: 62,
    ratio: 2,
  },
  one("steps of 1.5 and 2.25", [intensity(stepped, [0, 1000])], {
    ...{ centerX: 110, centerY: 70, zoomX: 1 / 2.25, zoomY: 1 / 1.5 },
  }),
  one("steps, zoomed in", [intensity(stepped, [0, 1000])], { centerX: 60, centerY: 40, zoomX: 5, zoomY: 5 }),
];

const composite = (opacity = 1): Layers => [
  intensity(words, [0, 60_000], { lut: lutOf("red"), blend: "add" }),
  intensity(otherWords, [0, 30_000], { lut: lutOf("#12f07a"), blend: "add", opacity }),
  intensity(floats, [-3, 5], { lut: lutOf("magenta"), blend: "add" }),
];
const LAYERS: DrawCase[] = [
  one("composite of three channels", composite()),
  one("composite with a weaker channel", composite(0.37)),
  one("composite that saturates", [
    ...[bytes, bytes, bytes].map((pixels) => intensity(pixels, [0, 128], { blend: "add" as const })),
  ]),
  one("overlay of 0.4", [
    intensity(words, [0, 65535]),
    intensity(sparse, [0.4, 1], { lut: lutOf("viridis"), opacity: 0.4 }),
  ]),
  one("two overlays over a composite", [
    ...composite(),
    intensity(sparse, [0.4, 1], { lut: lutOf("fire"), opacity: 0.29 }),
    labels(smallIds, { opacity: 0.5 }),
  ]),
  one("opaque overlay with holes", [
    intensity(words, [0, 65535]),
    intensity(sparse, [0.4, 1], { lut: lutOf("turbo") }),
  ]),
  {
    ...one("swipe", []),
    frames: [
      { layers: [intensity(words, [0, 65535])], placement: whole, columns: [0, 41] },
      { layers: composite(), placement: near(2), columns: [41, 97] },
    ],
  },
  {
    ...one("swipe with overlays and a gap", []),
    frames: [
      {
        layers: [intensity(bytes, [0, 255]), labels(ids, { opacity: 0.4 })],
        placement: whole,
        columns: [0, 30],
      },
      {
        layers: [intensity(bytes, [0, 255]), labels(ids, { opacity: 0.6 })],
        placement: whole,
        columns: [50, 97],
      },
    ],
  },
];

const LABELS: DrawCase[] = [
  one("labels of uint32 to 2³² - 1", [labels(ids)], near(3.3)),
  one("labels of uint16", [labels(smallIds)]),
  one("negative labels", [labels(signedIds)]),
  one("labels in floats", [labels(floatIds)]),
  one("hidden labels", [labels(ids, { hidden: new Set([2, 2 ** 24, -1, 0.5, 2 ** 33]) })]),
  one("hidden labels of uint16", [labels(smallIds, { hidden: new Set([2, 65535]) })]),
  one("hidden negative labels", [labels(signedIds, { hidden: new Set([-1]) })]),
  one("5000 hidden labels", [
    labels(
      plane(u32, (_, i) => i * 3, { region: REGION }),
      {
        hidden: new Set(Array.from({ length: 5000 }, (_, i) => 5000 - i)),
      },
    ),
  ]),
  one("picked label", [labels(ids, { picked: 70_000 })]),
  one("picked label of 2³² - 1 among hidden ones", [
    labels(ids, { picked: 2 ** 32 - 1, hidden: new Set([1]) }),
  ]),
  one("picked label that there is not", [labels(ids, { picked: -1 })]),
  one("picked negative label", [labels(signedIds, { picked: -1 })]),
  one("picked label of uint16", [labels(smallIds, { picked: 700 })]),
  one("picked label in floats", [labels(floatIds, { picked: 3, hidden: new Set([-7]) })]),
];

const DIFFERENCES: DrawCase[] = [
  one("difference of uint16", [difference(words, otherWords, [-30_000, 30_000])]),
  one("difference of bytes and int16", [difference(bytes, shorts, [-30_000, 30_000, 0.5])]),
  one("difference of uint32", [difference(many, close, [-4e9, 4e9])]),
  one("difference of floats with infinities", [difference(floats, doubles, [-1e-7, 1e-7])]),
  one("inverted difference of floats", [difference(floats, small, [3, -3])]),
];

/** Every picture. */
export const CASES: readonly DrawCase[] = [
  ...TYPES,
  ...SCALES,
  ...PLACES,
  ...LAYERS,
  ...LABELS,
  ...DIFFERENCES,
  { ...one("another canvas size", [intensity(words, [0, 65535])]), width: 33, height: 120 },
];

/** A bottom layer through which the page shows: a 2-D canvas keeps its colours only roughly. */
export const TRANSLUCENT: DrawCase = one("translucent bottom layer", [
  intensity(floats, [-3, 5], { lut: lutOf("viridis"), opacity: 0.4 }),
]);
