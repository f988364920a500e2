/**
 * Seeded images that look stitched to a careless eye and are not: what cameras, scanners, codecs and people leave.
 * @module
 */
import { convertPixels } from "../../src/volume/pixels";
import { makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { MAKERS, anyCamera, blurred, normal, pick, takeImage, whole } from "./images";
import type { Random, Specimen } from "./images";

/** Makes one image of about `height` x `width` px, axes YX. */
type Negative = (random: Random, height: number, width: number) => Volume;

const anySpecimen = (random: Random): Specimen => pick(random, Object.keys(MAKERS) as Specimen[]);
const plane = (data: Volume["data"], height: number, width: number): Volume =>
  makeVolume(data, [height, width], "YX");
const imageOf = (random: Random, height: number, width: number): Float32Array =>
  takeImage(random, anySpecimen(random), [height, width]).data;
const toBytes = (data: Float32Array): Uint8Array => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return convertPixels(
    data.map((value) => (255 * (value - low)) / (high - low || 1)),
    "uint8",
  ) as Uint8Array;
};

/** Luminance of JPEG's example table (ITU-T T.81 Annex K.1), zig-zag undone. */
const QUANTA = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];
const COSINES = Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

function jpeg(random: Random, height: number, width: number): Volume {
  const [h, w] = [height & ~7, width & ~7];
  const pixels = Float64Array.from(toBytes(imageOf(random, h, w)));
  const scale = 0.5 + 3 * random();
  const block = new Float64Array(64);
  const half = new Float64Array(64);
  for (let top = 0; top < h; top += 8) {
    for (let left = 0; left < w; left += 8) {
      for (let i = 0; i < 64; i++) block[i] = pixels[(top + (i >> 3)) * w + left + (i & 7)] - 128;
      transform(block, half, false);
      for (let i = 0; i < 64; i++) block[i] = Math.round(block[i] / (QUANTA[i] * scale)) * QUANTA[i] * scale;
      transform(block, half, true);
      for (let i = 0; i < 64; i++) pixels[(top + (i >> 3)) * w + left + (i & 7)] = block[i] + 128;
    }
  }
  return plane(convertPixels(pixels, "uint8"), h, w);
}

/** The discrete cosine transform of 8×8 px, or back, in place. */
function transform(block: Float64Array, half: Float64Array, back: boolean): void {
  const basis = (u: number, x: number): number => (back ? COSINES[x * 8 + u] : COSINES[u * 8 + x]);
  for (let pass = 0; pass < 2; pass++) {
    for (let row = 0; row < 8; row++) {
      for (let u = 0; u < 8; u++) {
        let sum = 0;
        for (let x = 0; x < 8; x++) sum += basis(u, x) * block[row * 8 + x];
        half[u * 8 + row] = sum;
      }
    }
    block.set(half);
  }
}

function columnNoise(random: Random, height: number, width: number): Volume {
  const data = imageOf(random, height, width);
  const strength = 5 + 60 * random();
  const offsets = Array.from({ length: width }, () => strength * normal(random));
  const gains = Array.from({ length: width }, () => 1 + 0.01 * normal(random));
  return plane(
    convertPixels(
      data.map((value, i) => value * gains[i % width] + offsets[i % width]),
      "uint16",
    ),
    height,
    width,
  );
}

function lineScan(random: Random, height: number, width: number): Volume {
  const sharp = takeImage(random, anySpecimen(random), [height, width], { blur: 1.5, photons: 3000 }).data;
  const out = new Float32Array(sharp.length);
  const jitter = 0.5 + 2 * random();
  for (let y = 0; y < height; y++) {
    const shift = Math.round(jitter * normal(random));
    const light = 1 + 0.03 * normal(random);
    for (let x = 0; x < width; x++) {
      out[y * width + x] =
        light * sharp[y * width + Math.max(0, Math.min(width - 1, x + shift))] + 20 * normal(random);
    }
  }
  return plane(out, height, width);
}

function montage(random: Random, height: number, width: number): Volume {
  const [down, across] = [whole(random, 1, 3), whole(random, 2, 4)];
  const [h, w] = [Math.floor(height / down), Math.floor(width / across)];
  const out = new Float32Array(h * down * w * across);
  const specimen = anySpecimen(random);
  const camera = anyCamera(random);
  for (let i = 0; i < down; i++) {
    for (let k = 0; k < across; k++) {
      const field = takeImage(random, specimen, [h, w], camera).data;
      for (let y = 0; y < h; y++)
        out.set(field.subarray(y * w, (y + 1) * w), (i * h + y) * w * across + k * w);
    }
  }
  return plane(out, h * down, w * across);
}

function labels(random: Random, height: number, width: number): Volume {
  const sites = Array.from({ length: whole(random, 5, 60) }, () => [
    random() * height,
    random() * width,
    random() < 0.3 ? 0 : 1,
  ]);
  const reach = 10 + 30 * random();
  const out = new Uint16Array(height * width);
  for (let i = 0; i < out.length; i++) {
    const [y, x] = [Math.floor(i / width), i % width];
    let [best, nearest] = [0, Infinity];
    sites.forEach(([sy, sx, shown], k) => {
      const far = (sy - y) ** 2 + (sx - x) ** 2;
      if (far < nearest) [nearest, best] = [far, shown === 1 && far < reach * reach ? k + 1 : 0];
    });
    out[i] = best;
  }
  return plane(out, height, width);
}

function constant(random: Random, height: number, width: number): Volume {
  return plane(new Uint8Array(height * width).fill(whole(random, 0, 255)), height, width);
}

function saturated(random: Random, height: number, width: number): Volume {
  const data = imageOf(random, height, width);
  const sorted = data.slice().sort();
  const most = sorted[Math.floor(data.length * (0.6 + 0.39 * random()))];
  const factor = 255 / (most - sorted[0] || 1);
  return plane(
    convertPixels(
      data.map((value) => (value - sorted[0]) * factor),
      "uint8",
    ),
    height,
    width,
  );
}

function gradient(random: Random, height: number, width: number): Volume {
  const [gy, gx, bend] = [random(), random(), random() < 0.5 ? 0 : random()];
  const data = new Float32Array(height * width).map((_, i) => {
    const [y, x] = [Math.floor(i / width) / height, (i % width) / width];
    return 50 + 150 * (gy * y + gx * x + bend * y * x);
  });
  return plane(random() < 0.5 ? convertPixels(data, "uint8") : data, height, width);
}

function dithered(random: Random, height: number, width: number): Volume {
  const data = Float32Array.from(toBytes(imageOf(random, height, width)));
  const levels = pick(random, [2, 4, 8]);
  const step = 255 / (levels - 1);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const rounded = step * Math.round(data[i] / step);
      const error = data[i] - rounded;
      data[i] = rounded;
      if (x + 1 < width) data[i + 1] += (error * 7) / 16;
      if (y + 1 < height) {
        if (x > 0) data[i + width - 1] += (error * 3) / 16;
        data[i + width] += (error * 5) / 16;
        if (x + 1 < width) data[i + width + 1] += error / 16;
      }
    }
  }
  return plane(convertPixels(data, "uint8"), height, width);
}

function zoomed(random: Random, height: number, width: number): Volume {
  const factor = whole(random, 2, 8);
  const [h, w] = [Math.ceil(height / factor), Math.ceil(width / factor)];
  const small = imageOf(random, h, w);
  const data = new Float32Array(height * width).map(
    (_, i) => small[Math.floor(Math.floor(i / width) / factor) * w + Math.floor((i % width) / factor)],
  );
  return plane(convertPixels(data, "uint16"), height, width);
}

function interlaced(random: Random, height: number, width: number): Volume {
  const data = imageOf(random, height, width);
  const shift = whole(random, 1, 4);
  const light = 1 + 0.05 * normal(random);
  const out = data.map((value, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return y % 2 === 0 ? value : light * data[y * width + Math.min(width - 1, x + shift)];
  });
  return plane(out, height, width);
}

function periodic(random: Random, height: number, width: number): Volume {
  const data = imageOf(random, height, width);
  const [periodY, periodX] = [6 + 60 * random(), 6 + 60 * random()];
  const strength = 100 + 900 * random();
  const sharpness = pick(random, [1, 2, 4]);
  const wave = (phase: number): number => Math.tanh(sharpness * Math.sin(2 * Math.PI * phase));
  const out = data.map((value, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return value + strength * (wave(x / periodX) + wave(y / periodY));
  });
  return plane(blurred(out, [height, width], 0.7), height, width);
}

function noise(random: Random, height: number, width: number): Volume {
  return plane(
    convertPixels(
      new Float32Array(height * width).map(() => 1000 + 100 * normal(random)),
      "uint16",
    ),
    height,
    width,
  );
}

/** Hard negatives by name. */
export const NEGATIVES = {
  "8×8 JPEG": jpeg,
  "column noise": columnNoise,
  "line scan": lineScan,
  montage,
  labels,
  constant,
  saturated,
  gradient,
  dithered,
  zoomed,
  interlaced,
  "periodic texture": periodic,
  noise,
} satisfies Record<string, Negative>;

/** Name of a hard negative. */
export type NegativeKind = keyof typeof NEGATIVES;
