/**
 * Draws planes with a 2-D canvas: computes exactly the screen pixels that are visible.
 * @module
 */
import type { PlanePixels } from "../src/protocol/viewer";
import type { Frame, Renderer } from "./renderer";
import { greyOf } from "./renderer";
import type { Limits } from "./state";

const OUTSIDE = -1;

/** The renderer that works everywhere; fast because it touches visible pixels only. */
export class CanvasRenderer implements Renderer {
  readonly kind = "canvas2d";
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #image: ImageData | null = null;
  #table: { readonly limits: Limits; readonly offset: number; readonly words: Uint32Array } | null = null;

  /** @throws {Error} when the browser gives no 2-D canvas */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("The browser offers no 2-D canvas.");
    this.#canvas = canvas;
    this.#context = context;
  }

  draw({ pixels, view, limits }: Frame): void {
    const { width, height } = this.#canvas;
    if (width === 0 || height === 0) return;
    const image = this.#imageOf(width, height);
    const words = new Uint32Array(image.data.buffer);
    const ratio = width / Math.max(1, this.#canvas.clientWidth);
    const scale = 1 / (view.zoom * ratio);
    const columns = sampleIndices(width, (at) => view.centerX + at * scale, pixels.region.x, pixels.step);
    const rows = sampleIndices(height, (at) => view.centerY + at * scale, pixels.region.y, pixels.step);
    const paint = this.#painter(pixels, limits);
    for (let row = 0; row < height; row++) {
      const at = row * width;
      if (rows[row] === OUTSIDE) words.fill(0, at, at + width);
      else if (row > 0 && rows[row] === rows[row - 1]) words.copyWithin(at, at - width, at);
      else paint(rows[row] * pixels.width, columns, words, at);
    }
    this.#context.putImageData(image, 0, 0);
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  dispose(): void {
    this.#image = null;
    this.#table = null;
  }

  #imageOf(width: number, height: number): ImageData {
    if (this.#image?.width !== width || this.#image.height !== height)
      this.#image = new ImageData(width, height);
    return this.#image;
  }

  #painter(
    { data }: PlanePixels,
    limits: Limits,
  ): (start: number, columns: Int32Array, words: Uint32Array, at: number) => void {
    const offset = data instanceof Int8Array ? 128 : data instanceof Int16Array ? 32_768 : 0;
    const isNarrow = data.BYTES_PER_ELEMENT <= 2;
    if (isNarrow) {
      const table = this.#tableOf(data.BYTES_PER_ELEMENT === 1 ? 256 : 65_536, offset, limits);
      return (start, columns, words, at) => {
        for (let i = 0; i < columns.length; i++) {
          words[at + i] = columns[i] === OUTSIDE ? 0 : table[data[start + columns[i]] + offset];
        }
      };
    }
    return (start, columns, words, at) => {
      for (let i = 0; i < columns.length; i++) {
        const value = columns[i] === OUTSIDE ? NaN : data[start + columns[i]];
        words[at + i] = Number.isNaN(value) ? 0 : 0xff000000 | (greyOf(value, limits) * 0x010101);
      }
    };
  }

  /** Colours of all values of an 8- or 16-bit type. */
  #tableOf(size: number, offset: number, limits: Limits): Uint32Array {
    const kept = this.#table;
    const isSame = kept?.words.length === size && kept.offset === offset;
    if (isSame && kept.limits.low === limits.low && kept.limits.high === limits.high) return kept.words;
    const words = new Uint32Array(size);
    for (let i = 0; i < size; i++) words[i] = 0xff000000 | (greyOf(i - offset, limits) * 0x010101);
    this.#table = { limits, offset, words };
    return words;
  }
}

/** For every screen pixel of an axis the index of the sample under its middle, or OUTSIDE. */
function sampleIndices(
  length: number,
  imageAt: (fromMiddle: number) => number,
  [start, stop]: readonly [number, number],
  step: number,
): Int32Array {
  const indices = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const place = Math.floor(imageAt(i + 0.5 - length / 2));
    indices[i] = place < start || place >= stop ? OUTSIDE : Math.floor((place - start) / step);
  }
  return indices;
}
