/**
 * Seeded images like those of a microscope: cells, filaments, textures, nuclei, background; with blur and noise.
 * @module
 */
import { makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** A standard normal number. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A whole number from `low` to `high`, both possible. */
export function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** One of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}

/** Three passes of a running mean along every axis: nearly a Gaussian of this standard deviation, px. The input is not changed. */
export function blurred(values: Float32Array, shape: readonly number[], sigma: number): Float32Array {
  const radius = Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2);
  let out: Float32Array = values.slice();
  if (radius < 1) return sigma > 0 ? smoothedOnce(out, shape, Math.min(0.5, sigma * sigma)) : out;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    for (let pass = 0; pass < 3; pass++) out = runningMean(out, { length: shape[axis], stride, radius });
    stride *= shape[axis];
  }
  return out;
}

function smoothedOnce(values: Float32Array, shape: readonly number[], weight: number): Float32Array {
  let out = values;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const from = out;
    out = from.map((value, i) => {
      const at = Math.floor(i / stride) % shape[axis];
      const before = at > 0 ? from[i - stride] : value;
      const after = at + 1 < shape[axis] ? from[i + stride] : value;
      return value * (1 - weight) + (weight / 2) * (before + after);
    });
    stride *= shape[axis];
  }
  return out;
}

function runningMean(
  values: Float32Array,
  { length, stride, radius }: { length: number; stride: number; radius: number },
): Float32Array {
  const out = new Float32Array(values.length);
  const clamp = (i: number): number => Math.max(0, Math.min(length - 1, i));
  for (let block = 0; block < values.length; block += length * stride) {
    for (let lane = block; lane < block + stride; lane++) {
      let sum = 0;
      for (let k = -radius; k <= radius; k++) sum += values[lane + clamp(k) * stride];
      for (let i = 0; i < length; i++) {
        out[lane + i * stride] = sum / (2 * radius + 1);
        sum += values[lane + clamp(i + radius + 1) * stride] - values[lane + clamp(i - radius) * stride];
      }
    }
  }
  return out;
}

/** Calls back for every px of a ball that lies inside, with the squared distance from its centre over the squared radius. */
function fillBall(
  shape: readonly number[],
  centre: readonly number[],
  radii: readonly number[],
  put: (index: number, far: number) => void,
): void {
  const walk = (axis: number, base: number, far: number): void => {
    const from = Math.max(0, Math.ceil(centre[axis] - radii[axis]));
    const to = Math.min(shape[axis] - 1, Math.floor(centre[axis] + radii[axis]));
    for (let i = from; i <= to; i++) {
      const off = far + ((i - centre[axis]) / radii[axis]) ** 2;
      if (off >= 1) continue;
      if (axis === shape.length - 1) put(base * shape[axis] + i, off);
      else walk(axis + 1, base * shape[axis] + i, off);
    }
  };
  walk(0, 0, 0);
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const somewhere = (random: Random, shape: readonly number[]): number[] => shape.map((n) => random() * n);

/** Makes a picture without blur and noise, values from about 0 to 1. */
type Maker = (random: Random, shape: readonly number[]) => Float32Array;

function cells(random: Random, shape: readonly number[]): Float32Array {
  const out = new Float32Array(sizeOf(shape)).fill(0.05);
  const many = 2 + Math.round((shape.at(-1)! * shape.at(-2)! * (0.4 + random())) / 2500);
  for (let i = 0; i < many; i++) {
    const radius = 5 + random() * 18;
    const light = 0.15 + 0.8 * random() ** 2;
    const radii = shape.map((_, axis) =>
      shape.length === 3 && axis === 0 ? radius / 3 : radius * (0.7 + 0.6 * random()),
    );
    fillBall(shape, somewhere(random, shape), radii, (k, far) => (out[k] += light * (1 - far)));
  }
  return out;
}

function nuclei(random: Random, shape: readonly number[]): Float32Array {
  const out = new Float32Array(sizeOf(shape)).fill(0.02);
  const many = 2 + Math.round((shape.at(-1)! * shape.at(-2)!) / (600 + 2500 * random()));
  const texture = blurred(
    out.map(() => random()),
    shape,
    1.5,
  );
  for (let i = 0; i < many; i++) {
    const radius = 4 + random() * 7;
    const light = 0.4 + 0.5 * random();
    const radii = shape.map((_, axis) => (shape.length === 3 && axis === 0 ? radius / 2 : radius));
    fillBall(shape, somewhere(random, shape), radii, (k) => (out[k] = light * (0.4 + texture[k] * 1.2)));
  }
  return out;
}

function filaments(random: Random, shape: readonly number[]): Float32Array {
  const out = new Float32Array(sizeOf(shape)).fill(0.03);
  const [height, width] = shape.slice(-2);
  const depth = sizeOf(shape) / (height * width);
  const many = 4 + Math.round((height * width) / 3000);
  for (let i = 0; i < many; i++) {
    let [y, x] = [random() * height, random() * width];
    let z = random() * depth;
    let angle = random() * 2 * Math.PI;
    const light = 0.2 + 0.6 * random();
    for (let step = 0; step < width * 3; step++) {
      angle += 0.05 * normal(random);
      [y, x, z] = [y + 0.4 * Math.sin(angle), x + 0.4 * Math.cos(angle), z + 0.02 * normal(random)];
      if (y < 0 || x < 0 || z < 0 || y >= height || x >= width || z >= depth) break;
      const k = (Math.floor(z) * height + Math.floor(y)) * width + Math.floor(x);
      out[k] = Math.max(out[k], light);
    }
  }
  return blurred(out, shape, 0.8).map((value) => value * 2);
}

function texture(random: Random, shape: readonly number[]): Float32Array {
  const noise = (): Float32Array => new Float32Array(sizeOf(shape)).map(() => normal(random));
  const out = new Float32Array(sizeOf(shape));
  const steepness = random();
  for (const sigma of [1, 2, 4, 8]) {
    const layer = blurred(noise(), shape, sigma);
    const weight = sigma ** (shape.length / 2 + steepness);
    layer.forEach((value, k) => (out[k] += 0.12 * weight * value));
  }
  return out.map((value) => 0.5 + 0.3 * value);
}

function sparse(random: Random, shape: readonly number[]): Float32Array {
  const out = new Float32Array(sizeOf(shape)).fill(0.02);
  const many = 5 + Math.round((shape.at(-1)! * shape.at(-2)!) / 1500);
  for (let i = 0; i < many; i++) {
    const light = 0.3 + 3 * random() ** 3;
    const radii = shape.map(() => 1.2 + random() * 1.5);
    fillBall(shape, somewhere(random, shape), radii, (k, far) => (out[k] += light * (1 - far)));
  }
  return out;
}

function tissue(random: Random, shape: readonly number[]): Float32Array {
  const mixed = texture(random, shape);
  const more = cells(random, shape);
  return mixed.map((value, k) => 0.5 * value + 0.6 * more[k]);
}

/** Kinds of images by name. */
export const MAKERS = { cells, nuclei, filaments, texture, sparse, tissue } satisfies Record<string, Maker>;

/** Name of a kind of image. */
export type Specimen = keyof typeof MAKERS;

/** How an image was taken. */
export interface Camera {
  /** Standard deviation of the blur, px. */
  readonly blur: number;
  /** Photons of a px of brightness 1; noise is the root of their number. */
  readonly photons: number;
}

/** A camera drawn by lot: from sharp to blurred, from nearly clean to noisy. */
export function anyCamera(random: Random): Camera {
  return { blur: 0.5 + 1.5 * random(), photons: 10 ** (1 + 2.5 * random()) };
}

/** An image of a specimen in camera counts, offset 100; `shape` is YX or ZYX. */
export function takeImage(
  random: Random,
  specimen: Specimen,
  shape: readonly number[],
  camera: Camera = anyCamera(random),
): Volume<Float32Array> {
  const sharp = blurred(MAKERS[specimen](random, shape), shape, camera.blur);
  const gain = 3000 / camera.photons;
  const data = sharp.map((value) => {
    const photons = Math.max(0, value) * camera.photons;
    return 100 + gain * Math.max(0, photons + Math.sqrt(photons) * normal(random)) + 3 * normal(random);
  });
  return makeVolume(data, shape, shape.length === 3 ? "ZYX" : "YX");
}
