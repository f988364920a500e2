/**
 * Draws pictures with a 2-D canvas: computes exactly the screen pixels that are visible.
 * @module
 */
import type { PixelArray } from "../../src/volume/pixels";
import { ColorTables, colorOfLabel, smallBits } from "./colorTables";
import { boundsOf, lutByRank, rankFinder } from "./levels";
import type { Lut } from "./luts";
import { alphaAlone, mixesOf } from "./mixing";
import type { DifferenceLayer, DrawnLayer, Frame, LabelLayer, Renderer, Scale } from "./renderer";
import { OUTSIDE, placesOf } from "./sampling";

/** Writes the colours of one row of a layer from `words[at]` on, 0 where it has none. */
type PaintRow = (row: number, columns: Int32Array, words: Uint32Array, at: number) => void;

/** Lays the colours of a row over those from `words[at]` on. */
type Combine = (colors: Uint32Array, words: Uint32Array, at: number) => void;

interface Painting {
  /** For every screen row and column the row and column of the layer's pixels, or OUTSIDE. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly paint: PaintRow;
  /** Null: nothing lies below. */
  readonly combine: Combine | null;
}

/** The renderer that works everywhere; fast because it touches visible pixels only. */
export class CanvasRenderer implements Renderer {
  readonly kind = "canvas2d";
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #tables = new ColorTables();
  #image: ImageData | null = null;

  /** @throws {Error} when the browser gives no 2-D canvas */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("The browser offers no 2-D canvas.");
    this.#canvas = canvas;
    this.#context = context;
  }

  draw(frames: readonly Frame[]): void {
    const { width, height } = this.#canvas;
    if (width === 0 || height === 0) return;
    if (this.#image?.width !== width || this.#image.height !== height)
      this.#image = new ImageData(width, height);
    const words = new Uint32Array(this.#image.data.buffer);
    words.fill(0);
    for (const frame of frames) this.#drawFrame(frame, words);
    this.#context.putImageData(this.#image, 0, 0);
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  dispose(): void {
    this.#image = null;
    this.#tables.clear();
  }

  #drawFrame(frame: Frame, words: Uint32Array): void {
    const { width, height } = this.#canvas;
    const [first, last] = frame.columns ?? [0, width];
    if (last <= first) return;
    const paintings = frame.layers.map((layer, index) => ({
      ...placesOf(this.#canvas, [first, last], { placement: frame.placement, pixels: layer.pixels }),
      paint: this.#painterOf(layer),
      combine: combinerOf(layer, index),
    }));
    const scratch = new Uint32Array(last - first);
    for (let row = 0; row < height; row++) {
      const at = row * width + first;
      if (row > 0 && paintings.every(({ rows }) => rows[row] === rows[row - 1]))
        words.copyWithin(at, at - width, at - width + scratch.length);
      else paintRow(paintings, row, { words, at, scratch });
    }
  }

  #painterOf(layer: DrawnLayer): PaintRow {
    const { data, width } = layer.pixels;
    if (layer.kind === "difference") return paintDifference(layer);
    const bits = smallBits(data);
    if (bits instanceof Uint8Array) return lookUp8(bits, width, this.#tables.ofSmall(layer));
    if (bits !== null) return lookUp16(bits, width, this.#tables.ofSmall(layer));
    if (layer.kind === "labels") return paintLabels(layer);
    const { limits, gamma } = layer.scale;
    const straight = gamma === 1 && limits.low !== limits.high;
    const lut = this.#tables.lutOf(layer);
    return straight ? paintStraight(data, width, layer.scale, lut) : paintBent(data, width, layer.scale, lut);
  }
}

interface Target {
  readonly words: Uint32Array;
  readonly at: number;
  readonly scratch: Uint32Array;
}

function paintRow(paintings: readonly Painting[], row: number, { words, at, scratch }: Target): void {
  for (const { rows, columns, paint, combine } of paintings) {
    if (rows[row] === OUTSIDE) continue;
    if (combine === null) paint(rows[row], columns, words, at);
    else {
      paint(rows[row], columns, scratch, 0);
      combine(scratch, words, at);
    }
  }
}

/** One function for each type of pixels, because engines compile loops over one kind of memory best. */
function lookUp8(data: Uint8Array, width: number, table: Uint32Array): PaintRow {
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      words[at + i] = column < 0 ? 0 : table[data[start + column]];
    }
  };
}

function lookUp16(data: Uint16Array, width: number, table: Uint32Array): PaintRow {
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      words[at + i] = column < 0 ? 0 : table[data[start + column]];
    }
  };
}

/**
 * Levels by the arithmetic of `levelOf`, for gamma 1 and different limits: written out, because rounding by adding a half
 * is six times as fast as `Math.round`, and the same from a half upwards.
 */
function paintStraight(data: PixelArray, width: number, { limits }: Scale, lut: Lut): PaintRow {
  const { low } = limits;
  const span = limits.high - low;
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      const level = column < 0 ? NaN : 255 * ((data[start + column] - low) / span);
      words[at + i] =
        level < 0.5 ? lut[0] : level < 254.5 ? lut[(level + 0.5) | 0] : level >= 254.5 ? lut[255] : 0;
    }
  };
}

/** Levels by their bounds: several times as fast as a power for each pixel. */
function paintBent(data: PixelArray, width: number, scale: Scale, lut: Lut): PaintRow {
  const rankOf = rankFinder(scale);
  const byRank = lutByRank(lut, boundsOf(scale).falling);
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i] < 0 ? NaN : data[start + columns[i]];
      words[at + i] = value === value ? byRank[rankOf(value)] : 0;
    }
  };
}

function paintDifference({ pixels: { data, width }, other, scale, lut }: DifferenceLayer): PaintRow {
  const { data: taken } = other;
  const { low, high } = scale.limits;
  if (scale.gamma === 1 && low !== high)
    return (row, columns, words, at) => {
      const start = row * width;
      for (let i = 0; i < columns.length; i++) {
        const place = start + columns[i];
        const level = columns[i] < 0 ? NaN : 255 * ((data[place] - taken[place] - low) / (high - low));
        words[at + i] =
          level < 0.5 ? lut[0] : level < 254.5 ? lut[(level + 0.5) | 0] : level >= 254.5 ? lut[255] : 0;
      }
    };
  const rankOf = rankFinder(scale);
  const byRank = lutByRank(lut, boundsOf(scale).falling);
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const place = start + columns[i];
      const value = columns[i] < 0 ? NaN : data[place] - taken[place];
      words[at + i] = value === value ? byRank[rankOf(value)] : 0;
    }
  };
}

function paintLabels(layer: LabelLayer): PaintRow {
  const { data, width } = layer.pixels;
  return (row, columns, words, at) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++)
      words[at + i] = columns[i] < 0 ? 0 : colorOfLabel(data[start + columns[i]], layer);
  };
}

function combinerOf(layer: DrawnLayer, index: number): Combine | null {
  const adds = layer.kind === "intensity" && layer.blend === "add";
  if (index === 0 && (adds || layer.opacity === 1)) return null;
  if (adds) return addColors;
  return layer.opacity === 1 ? replaceColors : coverColors(layer.opacity);
}

/** Sums colours, each channel at most 255: red and blue in one word, green in another. */
function addColors(colors: Uint32Array, words: Uint32Array, at: number): void {
  for (let i = 0; i < colors.length; i++) {
    const a = colors[i];
    if (a === 0) continue;
    const b = words[at + i];
    const redBlue = (a & 0xff00ff) + (b & 0xff00ff);
    const green = (a & 0xff00) + (b & 0xff00);
    const over = redBlue & 0x1000100;
    const full = green & 0x10000;
    words[at + i] =
      ((redBlue | (over - (over >>> 8))) & 0xff00ff) |
      ((green | (full - (full >>> 8))) & 0xff00) |
      0xff000000;
  }
}

function replaceColors(colors: Uint32Array, words: Uint32Array, at: number): void {
  for (let i = 0; i < colors.length; i++) if (colors[i] !== 0) words[at + i] = colors[i];
}

/** Lays colours over others, which show through. */
function coverColors(opacity: number): Combine {
  const mixes = mixesOf(opacity);
  const alone = (alphaAlone(opacity) << 24) >>> 0;
  return (colors, words, at) => {
    for (let i = 0; i < colors.length; i++) {
      const a = colors[i];
      if (a === 0) continue;
      const b = words[at + i];
      if (b >>> 24 === 0) words[at + i] = alone | (a & 0xffffff);
      else {
        const red = mixes[((b & 0xff) << 8) | (a & 0xff)];
        const green = mixes[(b & 0xff00) | ((a >>> 8) & 0xff)];
        const blue = mixes[((b >>> 8) & 0xff00) | ((a >>> 16) & 0xff)];
        words[at + i] = 0xff000000 | (blue << 16) | (green << 8) | red;
      }
    }
  };
}
