/**
 * What the WebGL renderer gives to a program for a layer: samples as whole numbers, and how they become colours.
 * @module
 */
import type { PlanePixels } from "../../src/protocol/viewer";
import type { PixelArray } from "../../src/volume/pixels";
import { colorOfLabel, smallBits } from "./colorTables";
import type { LevelBounds } from "./levels";
import type { DifferenceLayer, DrawnLayer, LabelLayer } from "./renderer";
import type { Painter } from "./webglShaders";
import type { Samples } from "./webglTextures";

/** Samples of a layer. */
export interface Source {
  readonly painter: Painter;
  /** The same object as long as the samples are the same. */
  readonly owner: object;
  readonly samples: () => Samples;
}

interface Derived {
  readonly layer: DifferenceLayer | LabelLayer;
  readonly data: PixelArray;
}

/**
 * Samples of layers. Differences, and labels that are not whole numbers, are computed here, once for each plane, because
 * a graphics card cannot do it in double precision; those of the last draw are kept.
 */
export class Sources {
  #derived: Derived[] = [];
  #used = new Set<Derived>();

  /** The samples of a layer. */
  of(layer: DrawnLayer): Source {
    const { pixels } = layer;
    if (layer.kind === "difference") {
      const derived = this.#of(layer, () => differences(pixels, layer.other));
      return asSource(derived.data, derived);
    }
    if (smallBits(pixels.data) !== null)
      return { painter: "table", owner: pixels, samples: () => wordsOf(pixels.data) };
    if (layer.kind === "intensity") return asSource(pixels.data, pixels);
    if (pixels.data instanceof Int32Array || pixels.data instanceof Uint32Array)
      return { painter: "labels", owner: pixels, samples: () => wordsOf(pixels.data) };
    const derived = this.#of(layer, () =>
      Uint32Array.from(pixels.data, (label) => colorOfLabel(label, layer)),
    );
    return { painter: "colors", owner: derived, samples: () => wordsOf(derived.data) };
  }

  /** Ends a draw: forgets what it did not use. */
  end(): void {
    this.#derived = this.#derived.filter((derived) => this.#used.has(derived));
    this.#used.clear();
  }

  #of(layer: DifferenceLayer | LabelLayer, compute: () => PixelArray): Derived {
    let derived = this.#derived.find((known) => sameSamples(known.layer, layer));
    if (derived === undefined) {
      derived = { layer, data: compute() };
      this.#derived.push(derived);
    }
    this.#used.add(derived);
    return derived;
  }
}

function sameSamples(a: Derived["layer"], b: Derived["layer"]): boolean {
  if (a.pixels !== b.pixels) return false;
  if (a.kind === "difference") return b.kind === "difference" && a.other === b.other;
  return (
    b.kind === "labels" && a.picked === b.picked && a.hidden === b.hidden && a.hidden.size === b.hidden.size
  );
}

/** 32-bit integers for 8- and 16-bit pixels, doubles for others: what `a - b` gives in double precision. */
function differences({ data }: PlanePixels, other: PlanePixels): PixelArray {
  const small = data.BYTES_PER_ELEMENT <= 2 && other.data.BYTES_PER_ELEMENT <= 2;
  const result = small ? new Int32Array(data.length) : new Float64Array(data.length);
  for (let i = 0; i < result.length; i++) result[i] = data[i] - other.data[i];
  return result;
}

function asSource(data: PixelArray, owner: object): Source {
  const samples = (): Samples => wordsOf(data);
  if (data instanceof Float32Array) return { painter: "float", owner, samples };
  if (data instanceof Float64Array) return { painter: "double", owner, samples };
  return { painter: data instanceof Int32Array ? "int" : "uint", owner, samples };
}

/** The bits of pixels, without a copy; two words for each double. */
function wordsOf(data: PixelArray): Samples {
  const small = smallBits(data);
  if (small instanceof Uint8Array) return { format: "u8", data: small };
  if (small !== null) return { format: "u16", data: small };
  const { buffer, byteOffset, byteLength } = data;
  const words = new Uint32Array(buffer, byteOffset, byteLength / 4);
  return { format: data instanceof Float64Array ? "u32x2" : "u32", data: words };
}

/** Bounds of levels as a program compares them: bits in the order of the values; two words for each double. */
export function boundKeys(
  painter: "uint" | "int" | "float" | "double",
  { bounds }: LevelBounds,
): Uint32Array {
  if (painter === "float") return singleKeys(bounds);
  if (painter === "double") return doubleKeys(bounds);
  const [smallest, largest] = painter === "uint" ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  const reached = [...bounds].map((bound) => Math.max(smallest, Math.ceil(bound)));
  return Uint32Array.from(
    reached.filter((bound) => bound <= largest),
    (bound) => bound - smallest,
  );
}

/** Zero as the smaller of its two kinds: values compare equal to both. */
function smallestZero(bound: number): number {
  return bound === 0 ? -0 : bound;
}

/** The smallest single ≥ each bound. */
function singleKeys(bounds: Float64Array): Uint32Array {
  const singles = Float32Array.from(bounds, smallestZero);
  const bits = new Uint32Array(singles.buffer);
  return bits.map((word, i) => {
    const key = (word >>> 31 === 1 ? ~word : word | 0x80000000) >>> 0;
    return singles[i] < bounds[i] ? key + 1 : key;
  });
}

function doubleKeys(bounds: Float64Array): Uint32Array {
  const words = new Uint32Array(bounds.map(smallestZero).buffer);
  const keys = new Uint32Array(words.length);
  for (let i = 0; i < words.length; i += 2) {
    const [low, high] = [words[i], words[i + 1]];
    const negative = high >>> 31 === 1;
    keys[i] = negative ? ~high : high | 0x80000000;
    keys[i + 1] = negative ? ~low : low;
  }
  return keys;
}

/** Bits of hidden labels that the pixels can have, ascending; in rows of 1024, the last one filled up. */
export function hiddenKeys({ hidden, pixels }: LabelLayer): {
  readonly keys: Uint32Array;
  readonly count: number;
} {
  const wanted = Uint32Array.from([...hidden].filter((label) => holds(pixels.data, label))).sort();
  const keys = new Uint32Array(Math.max(1, Math.ceil(wanted.length / 1024)) * 1024);
  keys.set(wanted);
  return { keys, count: wanted.length };
}

/** Whether 32-bit pixels can have a value. */
export function holds(data: PixelArray, value: number): boolean {
  return data instanceof Int32Array ? (value | 0) === value : value >>> 0 === value;
}
