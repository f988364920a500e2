/**
 * @module
 * Pictures as PNG files of 8-bit colours (W3C PNG specification, filter 0 on every row).
 */
import { deflateSync } from "node:zlib";

/** Red, green, blue of every px, row-major. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** The bytes of a PNG file. */
export function pngBytes({ width, height, rgb }: Picture): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (3 * width + 1));
  for (let y = 0; y < height; y++)
    rows.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (3 * width + 1) + 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** The checksum of PNG chunks. */
function crc32(bytes: Buffer): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Pictures of equal height beside each other, with white between them. */
export function beside(pictures: readonly Picture[], gap = 6): Picture {
  const { height } = pictures[0];
  const width = pictures.reduce((sum, picture) => sum + picture.width, gap * (pictures.length - 1));
  const rgb = new Uint8Array(3 * width * height).fill(255);
  let left = 0;
  for (const picture of pictures) {
    for (let y = 0; y < height; y++) {
      const row = picture.rgb.subarray(3 * picture.width * y, 3 * picture.width * (y + 1));
      rgb.set(row, 3 * (width * y + left));
    }
    left += picture.width + gap;
  }
  return { width, height, rgb };
}

/** Shades of a colour: few, so that files stay small. */
function shade(fraction: number): number {
  return Math.min(255, Math.max(0, Math.round(fraction * 31) * (255 / 31)));
}

/** Values as gray, `low` black, `high` white. */
export function gray(
  values: ArrayLike<number>,
  width: number,
  [low, high]: readonly [number, number],
): Picture {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    rgb.fill(
      Math.min(255, Math.max(0, Math.round((255 * (values[i] - low)) / (high - low)))),
      3 * i,
      3 * i + 3,
    );
  }
  return { width, height: values.length / width, rgb };
}

/** Fractions 0…1 from black over red and yellow to white. */
export function heat(values: ArrayLike<number>, width: number): Picture {
  const rgb = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = shade(3 * values[i] - c);
  }
  return { width, height: values.length / width, rgb };
}
