/**
 * Draws pictures with a 2-D canvas: computes exactly the screen pixels that are visible.
 * @module
 */
import type { PixelArray } from "../../src/volume/pixels";
import { dimmed, labelColor } from "./labels";
import { levelOf } from "./renderer";
import type { DrawnLayer, Frame, IntensityLayer, LabelLayer, Renderer } from "./renderer";

const OUTSIDE = -1;
const KEPT_TABLES = 16;

/** Writes the colours of one row of a layer, 0 where it has none. */
type PaintRow = (row: number, columns: Int32Array, words: Uint32Array) => void;

interface Painting {
  readonly layer: DrawnLayer;
  /** For every screen row and column the row and column of the layer's pixels, or OUTSIDE. */
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly paint: PaintRow;
}

/** The renderer that works everywhere; fast because it touches visible pixels only. */
export class CanvasRenderer implements Renderer {
  readonly kind = "canvas2d";
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #tables = new Map<string, Uint32Array>();
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
    const paintings = frame.layers.map((layer) => this.#paintingOf(layer, frame, [first, last]));
    const scratch = new Uint32Array(last - first);
    for (let row = 0; row < height; row++) {
      const start = row * width + first;
      const target = words.subarray(start, row * width + last);
      if (row > 0 && paintings.every(({ rows }) => rows[row] === rows[row - 1])) {
        words.copyWithin(start, start - width, start - width + target.length);
        continue;
      }
      for (const [index, { layer, rows, columns, paint }] of paintings.entries()) {
        if (rows[row] === OUTSIDE) continue;
        if (index === 0 && layer.opacity === 1) paint(rows[row], columns, target);
        else {
          paint(rows[row], columns, scratch);
          if (layer.kind === "intensity" && layer.blend === "add") addColors(target, scratch, layer.opacity);
          else coverColors(target, scratch, layer.opacity);
        }
      }
    }
  }

  #paintingOf(layer: DrawnLayer, { placement }: Frame, [first, last]: readonly [number, number]): Painting {
    const { width, height, clientWidth } = this.#canvas;
    const ratio = width / Math.max(1, clientWidth);
    const { region, step } = layer.pixels;
    const columns = sampleIndices([width, first, last], region.x, {
      center: placement.centerX,
      scale: 1 / (placement.zoomX * ratio),
      step: step.x,
    });
    const rows = sampleIndices([height, 0, height], region.y, {
      center: placement.centerY,
      scale: 1 / (placement.zoomY * ratio),
      step: step.y,
    });
    return { layer, rows, columns, paint: this.#painterOf(layer) };
  }

  #painterOf(layer: DrawnLayer): PaintRow {
    if (layer.kind === "labels") return paintLabels(layer);
    const { data, width } = layer.pixels;
    if (layer.kind === "difference") {
      const other = layer.other.data;
      return paintLevels(width, layer, (at) => data[at] - other[at]);
    }
    if (data.BYTES_PER_ELEMENT > 2) return paintLevels(width, layer, (at) => data[at]);
    const offset = data instanceof Int8Array ? 128 : data instanceof Int16Array ? 32_768 : 0;
    const table = this.#tableOf(data, offset, layer);
    return (row, columns, words) => {
      const start = row * width;
      for (let i = 0; i < columns.length; i++)
        words[i] = columns[i] === OUTSIDE ? 0 : table[data[start + columns[i]] + offset];
    };
  }

  /** Colours of all values of an 8- or 16-bit type. */
  #tableOf(data: PixelArray, offset: number, { scale, lut }: IntensityLayer): Uint32Array {
    const size = data.BYTES_PER_ELEMENT === 1 ? 256 : 65_536;
    const { low, high } = scale.limits;
    const key = [size, offset, low, high, scale.gamma, lut.join(",")].join(" ");
    const kept = this.#tables.get(key);
    if (kept !== undefined) return kept;
    const table = Uint32Array.from({ length: size }, (_, i) => lut[levelOf(i - offset, scale)]);
    this.#tables.set(key, table);
    if (this.#tables.size > KEPT_TABLES) this.#tables.delete(this.#tables.keys().next().value ?? "");
    return table;
  }
}

function paintLevels(
  width: number,
  { scale, lut }: Pick<IntensityLayer, "scale" | "lut">,
  valueAt: (at: number) => number,
): PaintRow {
  return (row, columns, words) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const value = columns[i] === OUTSIDE ? NaN : valueAt(start + columns[i]);
      words[i] = Number.isNaN(value) ? 0 : lut[levelOf(value, scale)];
    }
  };
}

function paintLabels({ pixels: { data, width }, hidden, picked }: LabelLayer): PaintRow {
  return (row, columns, words) => {
    const start = row * width;
    for (let i = 0; i < columns.length; i++) {
      const label = columns[i] === OUTSIDE ? 0 : data[start + columns[i]];
      const color = hidden.has(label) ? 0 : labelColor(label);
      words[i] = picked === null || picked === label || color === 0 ? color : dimmed(color);
    }
  };
}

/** Sums colours, each channel at most 255. */
function addColors(below: Uint32Array, above: Uint32Array, opacity: number): void {
  for (let i = 0; i < below.length; i++) {
    const a = above[i];
    if (a === 0) continue;
    const b = below[i];
    let sum = 0xff;
    for (let shift = 16; shift >= 0; shift -= 8) {
      const value = ((b >>> shift) & 0xff) + Math.round(((a >>> shift) & 0xff) * opacity);
      sum = (sum << 8) | (value > 255 ? 255 : value);
    }
    below[i] = sum;
  }
}

/** Lays colours over others, which show through when `opacity` < 1. */
function coverColors(below: Uint32Array, above: Uint32Array, opacity: number): void {
  for (let i = 0; i < below.length; i++) {
    const a = above[i];
    if (a === 0) continue;
    const b = below[i];
    if (b >>> 24 === 0) {
      below[i] = ((Math.round(255 * opacity) << 24) | (a & 0xffffff)) >>> 0;
      continue;
    }
    let mixed = 0xff;
    for (let shift = 16; shift >= 0; shift -= 8) {
      const from = (b >>> shift) & 0xff;
      mixed = (mixed << 8) | Math.round(from + (((a >>> shift) & 0xff) - from) * opacity);
    }
    below[i] = mixed;
  }
}

interface Sampling {
  /** Picture px in the middle of the canvas. */
  readonly center: number;
  /** Picture px per canvas px. */
  readonly scale: number;
  /** Picture px per sample. */
  readonly step: number;
}

/** For the canvas pixels `first`…`last` of an axis the index of the sample under their middle, or OUTSIDE. */
function sampleIndices(
  [length, first, last]: readonly [length: number, first: number, last: number],
  [start, stop]: readonly [number, number],
  { center, scale, step }: Sampling,
): Int32Array {
  const indices = new Int32Array(last - first);
  for (let i = first; i < last; i++) {
    const place = center + (i + 0.5 - length / 2) * scale;
    indices[i - first] = place < start || place >= stop ? OUTSIDE : Math.floor((place - start) / step);
  }
  return indices;
}
