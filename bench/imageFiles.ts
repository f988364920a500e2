/**
 * TIFF files to be read in benchmarks: an image like a microscope's, stored in every way that matters for speed.
 * The writer shares nothing with `src/stack`.
 * @module
 */
import { writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { seededRandom } from "../test/support/networks";

/** Pixel types of the measured files. */
export type MeasuredDtype = "uint8" | "uint16" | "float32";

/** How a file is stored. */
export interface Storage {
  readonly dtype: MeasuredDtype;
  /** Planes, rows, columns. */
  readonly shape: readonly [planes: number, height: number, width: number];
  readonly bigEndian?: boolean;
  /** TIFF number: 1 none, 5 LZW, 8 Deflate, 32773 PackBits. */
  readonly compression?: number;
  readonly predictor?: 1 | 2 | 3;
  /** Rows per strip, or a square tile of this many px. */
  readonly rows?: number;
  readonly tile?: number;
}

const SIZES: Readonly<Record<MeasuredDtype, number>> = { uint8: 1, uint16: 2, float32: 4 };

/** Bytes of all pixels of a file. */
export function pixelBytes({ dtype, shape }: Storage): number {
  return shape[0] * shape[1] * shape[2] * SIZES[dtype];
}

/**
 * Round cells on a dim background with the noise of counted photons, 12 bits; the same for the same size.
 *
 * @returns height x width values
 */
export function cellImage(height: number, width: number): Uint16Array {
  const random = seededRandom(7);
  const bright = new Float32Array(height * width).fill(120);
  const cells = Math.ceil((height * width) / 6000);
  for (let i = 0; i < cells; i++) {
    const [y, x, radius] = [random() * height, random() * width, 6 + random() * 22];
    const light = 150 + 1800 * random() ** 2;
    const [top, bottom] = [Math.max(0, Math.ceil(y - radius)), Math.min(height - 1, Math.floor(y + radius))];
    const [left, right] = [Math.max(0, Math.ceil(x - radius)), Math.min(width - 1, Math.floor(x + radius))];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const far = ((row - y) ** 2 + (column - x) ** 2) / radius ** 2;
        if (far < 1) bright[row * width + column] += light * (1 - far);
      }
    }
  }
  const out = new Uint16Array(bright.length);
  for (let i = 0; i < out.length; i++) {
    const noise = random() + random() + random() + random() - 2;
    out[i] = Math.max(0, Math.min(4095, Math.round(bright[i] + 1.2 * Math.sqrt(bright[i]) * noise)));
  }
  return out;
}

/** Writes the image as every plane of a file, turned a little from plane to plane so that none is like another. */
export function writeImageFile(path: string, storage: Storage, image: Uint16Array): void {
  const [planes, height, width] = storage.shape;
  const chunks: Buffer[] = [];
  const pages: Buffer[][] = [];
  for (let plane = 0; plane < planes; plane++) {
    const page = encodePlane(turned(image, plane * 7919 * 2), storage, { height, width });
    pages.push(page);
    chunks.push(...page);
  }
  const directories = pages.map((page) => directoryBytes(page.length));
  const head = 8 + directories.reduce((sum, bytes) => sum + bytes, 0);
  const out = Buffer.alloc(head);
  const little = storage.bigEndian !== true;
  out.write(little ? "II" : "MM", 0, "latin1");
  put(out, little, { at: 2, bytes: 2, value: 42 });
  put(out, little, { at: 4, bytes: 4, value: 8 });
  let directoryAt = 8;
  let pixelsAt = head;
  pages.forEach((page, i) => {
    const next = i + 1 < pages.length ? directoryAt + directories[i] : 0;
    putDirectory(out, storage, { at: directoryAt, next, chunks: page, pixelsAt });
    directoryAt += directories[i];
    pixelsAt += page.reduce((sum, chunk) => sum + chunk.length, 0);
  });
  writeFileSync(path, out);
  for (const chunk of chunks) writeFileSync(path, chunk, { flag: "a" });
}

function turned(image: Uint16Array, by: number): Uint16Array {
  const out = new Uint16Array(image.length);
  const cut = by % image.length;
  out.set(image.subarray(cut));
  out.set(image.subarray(0, cut), image.length - cut);
  return out;
}

const FIELDS = 11;

function directoryBytes(chunks: number): number {
  return 2 + FIELDS * 12 + 4 + (chunks === 1 ? 0 : 8 * chunks);
}

function put(
  target: Buffer,
  little: boolean,
  { at, bytes, value }: { at: number; bytes: 2 | 4; value: number },
): void {
  if (little) target.writeUIntLE(value, at, bytes);
  else target.writeUIntBE(value, at, bytes);
}

function putDirectory(
  out: Buffer,
  storage: Storage,
  place: { at: number; next: number; chunks: readonly Buffer[]; pixelsAt: number },
): void {
  const { dtype, shape, compression = 1, predictor = 1, tile } = storage;
  const little = storage.bigEndian !== true;
  const count = place.chunks.length;
  const tables = place.at + 2 + FIELDS * 12 + 4;
  const table = (values: readonly number[], at: number): number => {
    if (count === 1) return values[0];
    values.forEach((value, i) => put(out, little, { at: at + 4 * i, bytes: 4, value }));
    return at;
  };
  let end = place.pixelsAt;
  const starts = place.chunks.map((chunk) => (end += chunk.length) - chunk.length);
  const offsets = table(starts, tables);
  const lengths = table(
    place.chunks.map((chunk) => chunk.length),
    tables + 4 * count,
  );
  const [offsetsTag, widthOrRowsTag, lengthsTag] = tile === undefined ? [273, 278, 279] : [324, 322, 325];
  const fields: (readonly [tag: number, type: 3 | 4, count: number, value: number])[] = [
    [256, 4, 1, shape[2]],
    [257, 4, 1, shape[1]],
    [258, 3, 1, SIZES[dtype] * 8],
    [259, 3, 1, compression],
    [262, 3, 1, 1],
    [offsetsTag, 4, count, offsets],
    [widthOrRowsTag, 4, 1, tile ?? storage.rows ?? shape[1]],
    [lengthsTag, 4, count, lengths],
    [317, 3, 1, predictor],
    [339, 3, 1, dtype === "float32" ? 3 : 1],
    tile === undefined ? [277, 3, 1, 1] : [323, 4, 1, tile],
  ];
  fields.sort((a, b) => a[0] - b[0]);
  put(out, little, { at: place.at, bytes: 2, value: FIELDS });
  fields.forEach(([tag, type, many, value], i) => {
    const at = place.at + 2 + 12 * i;
    put(out, little, { at, bytes: 2, value: tag });
    put(out, little, { at: at + 2, bytes: 2, value: type });
    put(out, little, { at: at + 4, bytes: 4, value: many });
    put(out, little, { at: at + 8, bytes: type === 3 ? 2 : 4, value });
  });
  put(out, little, { at: place.at + 2 + 12 * FIELDS, bytes: 4, value: place.next });
}

function encodePlane(
  image: Uint16Array,
  storage: Storage,
  { height, width }: { height: number; width: number },
): Buffer[] {
  const { tile } = storage;
  const [down, across] = tile === undefined ? [storage.rows ?? height, width] : [tile, tile];
  const chunks: Buffer[] = [];
  for (let top = 0; top < height; top += down) {
    for (let left = 0; left < width; left += across) {
      const rows = tile === undefined ? Math.min(down, height - top) : down;
      const values = new Uint16Array(rows * across);
      for (let row = 0; row < rows && top + row < height; row++) {
        const from = (top + row) * width + left;
        values.set(image.subarray(from, from + Math.min(across, width - left)), row * across);
      }
      chunks.push(compressed(storedValues(values, storage, across), storage.compression ?? 1));
    }
  }
  return chunks;
}

function storedValues(image: Uint16Array, storage: Storage, width: number): Buffer {
  const { dtype, predictor = 1, bigEndian = false } = storage;
  const values =
    dtype === "uint8"
      ? Uint8Array.from(image, (value) => value >> 4)
      : dtype === "uint16"
        ? image.slice()
        : Float32Array.from(image, (value) => value * 0.37);
  if (predictor === 2) {
    for (let row = 0; row < values.length; row += width)
      for (let i = row + width - 1; i > row; i--) values[i] -= values[i - 1];
  }
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (predictor === 3) return floatDifferences(bytes, width);
  if (bigEndian && dtype === "uint16") bytes.swap16();
  if (bigEndian && dtype === "float32") bytes.swap32();
  return bytes;
}

function floatDifferences(bytes: Buffer, width: number): Buffer {
  const out = Buffer.alloc(bytes.length);
  for (let start = 0; start < bytes.length; start += width * 4) {
    for (let i = 0; i < width; i++)
      for (let b = 0; b < 4; b++) out[start + b * width + i] = bytes[start + i * 4 + 3 - b];
    for (let i = start + width * 4 - 1; i > start; i--) out[i] -= out[i - 1];
  }
  return out;
}

function compressed(bytes: Buffer, compression: number): Buffer {
  if (compression === 8) return deflateSync(bytes);
  if (compression === 5) return encodeLzw(bytes);
  if (compression === 32773) return encodePackBits(bytes);
  return bytes;
}

/** LZW after TIFF 6.0 §13; the table is an array of all prefixes and bytes, stamped with the number of its clearing. */
function encodeLzw(bytes: Buffer): Buffer {
  const table = new Uint32Array(4096 * 256);
  const out = Buffer.alloc(Math.ceil(bytes.length * 1.6) + 16);
  let [to, held, bits, width, next, stamp] = [0, 0, 0, 9, 258, 0];
  const emit = (code: number): void => {
    held = ((held << width) | code) & 0xfffff;
    bits += width;
    while (bits >= 8) {
      bits -= 8;
      out[to++] = held >> bits;
    }
  };
  const clear = (): void => {
    emit(256);
    [width, next] = [9, 258];
    stamp += 1;
  };
  clear();
  let prefix = bytes[0];
  for (let i = 1; i < bytes.length; i++) {
    const slot = prefix * 256 + bytes[i];
    if (table[slot] >>> 12 === stamp) {
      prefix = table[slot] & 4095;
      continue;
    }
    emit(prefix);
    table[slot] = (stamp << 12) | next++;
    if (next === 512 || next === 1024 || next === 2048) width += 1;
    if (next === 4095) clear();
    prefix = bytes[i];
  }
  emit(prefix);
  next += 1;
  if (next === 512 || next === 1024 || next === 2048) width += 1;
  emit(257);
  if (bits > 0) out[to++] = held << (8 - bits);
  return out.subarray(0, to);
}

/** PackBits: runs of three and more as runs, the rest literally. */
function encodePackBits(bytes: Buffer): Buffer {
  const out = Buffer.alloc(bytes.length + Math.ceil(bytes.length / 64) + 16);
  let [to, at] = [0, 0];
  while (at < bytes.length) {
    let run = 1;
    while (run < 128 && at + run < bytes.length && bytes[at + run] === bytes[at]) run++;
    if (run >= 3) {
      out[to++] = 257 - run;
      out[to++] = bytes[at];
      at += run;
      continue;
    }
    const start = at;
    while (at < bytes.length && at - start < 128) {
      if (at + 2 < bytes.length && bytes[at] === bytes[at + 1] && bytes[at] === bytes[at + 2]) break;
      at++;
    }
    out[to++] = at - start - 1;
    to += bytes.copy(out, to, start, at);
  }
  return out.subarray(0, to);
}
