/**
 * Colours of all values that 8- and 16-bit pixels can have, so that drawing them is looking them up.
 * @module
 */
import type { PixelArray } from "../../src/volume/pixels";
import { dimmed, labelColor } from "./labels";
import { boundsOf, colorsOfAll, numberOf } from "./levels";
import type { Lut } from "./luts";
import { weakened } from "./mixing";
import type { DrawnLayer, IntensityLayer, LabelLayer } from "./renderer";

const KEPT_TABLES = 16;

/** Pixels of one or two bytes as unsigned integers of the same bits; null for others. */
export function smallBits(data: PixelArray): Uint8Array | Uint16Array | null {
  const { buffer, byteOffset, length } = data;
  if (data.BYTES_PER_ELEMENT === 1) return new Uint8Array(buffer, byteOffset, length);
  return data.BYTES_PER_ELEMENT === 2 ? new Uint16Array(buffer, byteOffset, length) : null;
}

/** The colour of a label among hidden ones and a picked one; 0 where it has none. */
export function colorOfLabel(label: number, { hidden, picked }: LabelLayer): number {
  const color = hidden.has(label) ? 0 : labelColor(label);
  return picked === null || picked === label || color === 0 ? color : dimmed(color);
}

/** Makes tables of colours and keeps the latest ones. What layers hold is taken not to change. */
export class ColorTables {
  readonly #tables = new Map<string, Uint32Array>();

  /** The LUT of a layer, weakened by its opacity where colours are summed. */
  lutOf(layer: Exclude<DrawnLayer, LabelLayer>): Lut {
    const { lut, opacity } = layer;
    if (opacity === 1 || layer.kind === "difference" || layer.blend === "over") return lut;
    return this.#kept(`lut ${numberOf(lut)} ${opacity}`, () => weakened(lut, opacity));
  }

  /** Colours of a layer of 8- or 16-bit pixels, by the bits of a pixel as an unsigned integer. */
  ofSmall(layer: IntensityLayer | LabelLayer): Uint32Array {
    const { data } = layer.pixels;
    const type = data.constructor.name;
    if (layer.kind === "labels") {
      const key = `labels ${type} ${numberOf(layer.hidden)} ${layer.hidden.size} ${layer.picked ?? "none"}`;
      return this.#kept(key, () => labelTable(data, layer));
    }
    const { scale } = layer;
    const lut = this.lutOf(layer);
    const key = `${type} ${scale.limits.low} ${scale.limits.high} ${scale.gamma} ${numberOf(lut)}`;
    return this.#kept(key, () => colorsOfAll(data, lut, boundsOf(scale)));
  }

  clear(): void {
    this.#tables.clear();
  }

  #kept(key: string, make: () => Uint32Array): Uint32Array {
    const table = this.#tables.get(key) ?? make();
    this.#tables.delete(key);
    this.#tables.set(key, table);
    if (this.#tables.size > KEPT_TABLES) this.#tables.delete(this.#tables.keys().next().value ?? "");
    return table;
  }
}

function labelTable(data: PixelArray, layer: LabelLayer): Uint32Array {
  const size = 2 ** (8 * data.BYTES_PER_ELEMENT);
  const signed = data instanceof Int8Array || data instanceof Int16Array;
  const first = signed ? -size / 2 : 0;
  const table = new Uint32Array(size);
  for (let label = first; label < first + size; label++)
    table[label & (size - 1)] = colorOfLabel(label, layer);
  return table;
}
