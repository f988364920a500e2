/**
 * Reads the weights of Keras models from HDF5 files, in the layouts of Keras 2, of Keras 3's legacy
 * writer (no ":0" in the names) and of Keras 3 itself (`layers/…/vars/0`).
 *
 * The file may be hostile: sizes are checked before memory is taken, and parsing is stopped after a while.
 * @module
 */
import { readFile, stat } from "node:fs/promises";
import { runInNewContext } from "node:vm";
import { inflateSync } from "node:zlib";
// @ts-expect-error the package has no type declarations; what is used of it is declared below
import * as jsfive from "jsfive";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import type { Tensor } from "../../network/graph";

/** The weights of one layer by name: `kernel`, `bias`, `gamma`… in Keras' own axis order. */
export type LayerWeights = ReadonlyMap<string, Tensor>;

/** What a weights file holds. */
export interface KerasWeights {
  readonly file: string;
  /** Layers that have weights, by the name the layer had in the model. */
  readonly layers: ReadonlyMap<string, LayerWeights>;
}

/** What is used of jsfive: groups have keys, data sets have a shape. */
interface Group {
  readonly keys: readonly string[];
  readonly attrs: Readonly<Record<string, unknown>>;
  get(name: string): Group | Dataset | null;
}
interface Dataset {
  readonly shape: readonly number[];
  readonly dtype: unknown;
  readonly value: ArrayLike<number>;
}
const { File: Hdf5File, Filters } = jsfive as unknown as {
  readonly File: new (bytes: ArrayBufferLike, name: string) => Group;
  readonly Filters: Map<number, (bytes: ArrayBuffer) => ArrayBufferLike>;
};

const MAX_FILE_BYTES = 2 ** 30;
/** Numbers in one file; CSBDeep's largest networks have some 10⁷. */
const MAX_NUMBERS = 2 ** 27;
const MAX_OBJECTS = 50_000;
const MAX_DEPTH = 12;
const MAX_PARSE_MS = 60_000;
const DEFLATE = 1;

Filters.set(DEFLATE, (bytes) => {
  const inflated = inflateSync(new Uint8Array(bytes), { maxOutputLength: 4 * MAX_NUMBERS });
  return inflated.buffer.slice(inflated.byteOffset, inflated.byteOffset + inflated.byteLength);
});

/**
 * The weights in a Keras HDF5 file (legacy weights, whole model, or Keras 3 weights). Layers without
 * weights are left out; a data set keeps the axis order of Keras (spatial…, in, out).
 *
 * @throws {TilewrightError} `model.corrupt`, `model.tooLarge`, `file.*`
 */
export async function readKerasWeights(file: string, job: Job): Promise<KerasWeights> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) {
    throw new TilewrightError(
      "model.tooLarge",
      `${file}: ${size} bytes of weights, at most ${MAX_FILE_BYTES} are read`,
    );
  }
  const bytes = await readFile(file, { signal: job.signal });
  const exact = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const parse = (): Map<string, LayerWeights> => new WeightsParser(new Hdf5File(exact, file)).layers();
  try {
    // The parser has loops whose ends are numbers in the file; only the virtual machine can stop them.
    const layers = runInNewContext("parse()", { parse }, { timeout: MAX_PARSE_MS }) as Map<
      string,
      LayerWeights
    >;
    return { file, layers };
  } catch (error) {
    throw corrupt(file, error);
  }
}

function corrupt(file: string, error: unknown): TilewrightError {
  if (error instanceof TilewrightError)
    return new TilewrightError(error.code, `${file}: ${error.message}`, error.hint);
  const reason = (error instanceof Error ? error.message : String(error)).split("\n")[0].slice(0, 200);
  return new TilewrightError(
    "model.corrupt",
    `${file}: not a readable HDF5 weights file: ${reason}`,
    "copy the file again, or export the model again",
    { cause: error },
  );
}

class WeightsParser {
  readonly #root: Group;
  #objects = 0;
  #numbers = 0;

  constructor(root: Group) {
    this.#root = root;
  }

  /** Weights by layer name. */
  layers(): Map<string, LayerWeights> {
    const root = this.#child(this.#root, "model_weights") ?? this.#root;
    const native = this.#child(root, "layers");
    const layers = native === null ? this.#legacyLayers(root) : this.#nativeLayers(native);
    if (layers.size === 0) {
      throw new TilewrightError(
        "model.corrupt",
        "no layer with weights was found",
        "choose the weights file of a Keras model",
      );
    }
    return layers;
  }

  #legacyLayers(root: Group): Map<string, LayerWeights> {
    const layers = new Map<string, LayerWeights>();
    for (const name of root.keys) {
      const group = this.#child(root, name);
      if (group === null) continue;
      const weights = new Map<string, Tensor>();
      this.#collect(group, weights, 0);
      if (weights.size > 0) layers.set(name, weights);
    }
    return layers;
  }

  /** Data sets below `group`, by the last part of their name without ":0". */
  #collect(group: Group, weights: Map<string, Tensor>, depth: number): void {
    if (depth > MAX_DEPTH) throw new TilewrightError("model.corrupt", "groups are nested too deeply");
    for (const key of group.keys) {
      const object = this.#open(group, key);
      if (object === null) continue;
      if (isDataset(object)) weights.set(key.replace(/:\d+$/, ""), this.#tensor(object, key));
      else this.#collect(object, weights, depth + 1);
    }
  }

  /** Keras 3: groups are numbered by layer class; the layer's own name is an attribute, weights are numbered. */
  #nativeLayers(group: Group): Map<string, LayerWeights> {
    const layers = new Map<string, LayerWeights>();
    for (const key of group.keys) {
      const layer = this.#child(group, key);
      const vars = layer === null ? null : this.#child(layer, "vars");
      if (vars === null) continue;
      const names =
        vars.keys.length === 4 ? ["gamma", "beta", "moving_mean", "moving_variance"] : ["kernel", "bias"];
      const weights = new Map<string, Tensor>();
      for (const [i, variable] of [...vars.keys].sort((a, b) => Number(a) - Number(b)).entries()) {
        const object = this.#open(vars, variable);
        if (object !== null && isDataset(object))
          weights.set(names[i] ?? variable, this.#tensor(object, `${key}/${variable}`));
      }
      const { name } = vars.attrs;
      if (weights.size > 0) layers.set(typeof name === "string" ? name : key, weights);
    }
    return layers;
  }

  #child(group: Group, name: string): Group | null {
    if (!group.keys.includes(name)) return null;
    const object = this.#open(group, name);
    return object === null || isDataset(object) ? null : object;
  }

  #open(group: Group, name: string): Group | Dataset | null {
    if (++this.#objects > MAX_OBJECTS)
      throw new TilewrightError("model.corrupt", "too many groups and data sets");
    return group.get(name);
  }

  #tensor(dataset: Dataset, name: string): Tensor {
    const { shape, dtype } = dataset;
    if (typeof dtype !== "string" || !/^[<>|=]?f[248]$/.test(dtype)) {
      throw new TilewrightError(
        "model.corrupt",
        `weight "${name}" has type ${String(dtype)}, expected a float`,
      );
    }
    const length = shape.reduce((product, n) => product * n, 1);
    this.#numbers += length;
    if (!Number.isSafeInteger(length) || length < 0 || this.#numbers > MAX_NUMBERS) {
      throw new TilewrightError(
        "model.tooLarge",
        `weight "${name}" of shape ${shape.join("×")}: more than ${MAX_NUMBERS} numbers in all`,
      );
    }
    const data = Float32Array.from(dataset.value);
    if (data.length !== length) {
      throw new TilewrightError(
        "model.corrupt",
        `weight "${name}" of shape ${shape.join("×")} has ${data.length} numbers, expected ${length}`,
      );
    }
    return { shape: [...shape], data };
  }
}

function isDataset(object: Group | Dataset): object is Dataset {
  return "shape" in object;
}
