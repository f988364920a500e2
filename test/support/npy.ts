import { readFileSync } from "node:fs";

/** An array of a `.npy` file; float64 values stay float64. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Uint16Array | Uint8Array;
}

const TYPES = { "<f4": Float32Array, "<f8": Float64Array, "<u2": Uint16Array, "|u1": Uint8Array } as const;

/** Reads a `.npy` file in C order, format versions 1 to 3. */
export function readNpy(file: string): NpyArray {
  const bytes = readFileSync(file);
  if (bytes.toString("latin1", 1, 6) !== "NUMPY") throw new Error(`${file} is no .npy file`);
  const isFirst = bytes[6] === 1;
  const start = isFirst ? 10 : 12;
  const end = start + (isFirst ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const header = bytes.toString("latin1", start, end);
  const type = /'descr': *'([^']+)'/.exec(header)?.[1] ?? "";
  if (!(type in TYPES) || !header.includes("'fortran_order': False")) throw new Error(`${file}: ${header}`);
  const shape = (/'shape': *\(([^)]*)\)/.exec(header)?.[1] ?? "")
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const body = bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.byteLength);
  return { shape, data: new TYPES[type as keyof typeof TYPES](body) };
}

/** `[…spatial, channels]` as `[channels, …spatial]`, float32. */
export function channelsFirst({ shape, data }: NpyArray): { shape: number[]; data: Float32Array } {
  const channels = shape.at(-1) ?? 1;
  const pixels = data.length / channels;
  const out = new Float32Array(data.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < channels; channel++)
      out[channel * pixels + pixel] = data[pixel * channels + channel];
  }
  return { shape: [channels, ...shape.slice(0, -1)], data: out };
}

/** Largest difference between two arrays as a fraction of the second one's range. */
export function relativeDifference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let [low, high, worst] = [Infinity, -Infinity, 0];
  for (let i = 0; i < expected.length; i++) {
    low = Math.min(low, expected[i]);
    high = Math.max(high, expected[i]);
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst / (high - low);
}
