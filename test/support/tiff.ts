import { deflateSync } from "node:zlib";
import type { ByteSource } from "../../src/stack/bytes";
import { truncated } from "../../src/stack/bytes";
import type { StoredDtype, StoredPixels } from "../../src/stack/stack";

/** Numbers of a pixel type as the builder writes them. */
export type Kind = "uint" | "int" | "float" | "complex";

/** One page for {@link makeTiff}. */
export interface PageSpec {
  readonly width: number;
  readonly height: number;
  readonly bits?: number;
  readonly kind?: Kind;
  readonly samples?: number;
  /** TIFF number: 1 none, 5 LZW, 8 Deflate, 32773 PackBits, others are stored as given. */
  readonly compression?: number;
  readonly predictor?: 1 | 2 | 3;
  readonly planar?: boolean;
  readonly rowsPerStrip?: number;
  readonly tile?: readonly [width: number, height: number];
  readonly reversedBits?: boolean;
  /** Value of the pixels of a tile that lie beyond the image; 0 by default. */
  readonly beyond?: number;
  /** Compresses a strip or tile, instead of what `compression` stands for. */
  readonly pack?: (plain: Buffer) => Buffer;
  readonly description?: string;
  /** (row, column, sample) => value; of complex pixels the real part, the imaginary part is {@link imaginaryOf} it. */
  readonly value: (row: number, column: number, sample: number) => number | bigint;
  /** Further or other entries: tag, field type, values. A tag with no values is left out. */
  readonly entries?: readonly (readonly [tag: number, type: number, values: readonly number[]])[];
  readonly reduced?: boolean;
  /** Smaller copies, in SubIFDs. */
  readonly copies?: readonly PageSpec[];
}

/** Byte order and size of a file for {@link makeTiff}. */
export interface FileSpec {
  readonly bigEndian?: boolean;
  readonly bigTiff?: boolean;
  /** Directory that follows the last one, by page index: for circles. */
  readonly lastNext?: number;
}

const TYPE_BYTES: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 11: 4, 12: 8, 16: 8 };

/** A TIFF file in memory, made by code that shares nothing with the reader. */
export function makeTiff(pages: readonly PageSpec[], file: FileSpec = {}): Buffer {
  const { bigEndian = false, bigTiff = false } = file;
  const parts: Buffer[] = [Buffer.alloc(bigTiff ? 16 : 8)];
  let size = parts[0].length;
  const append = (bytes: Buffer): number => {
    if (size % 2 === 1) {
      parts.push(Buffer.alloc(1));
      size += 1;
    }
    const at = size;
    parts.push(bytes);
    size += bytes.length;
    return at;
  };
  const number = (value: number, bytes: number): Buffer => {
    const out = Buffer.alloc(bytes);
    const big = BigInt(value);
    for (let i = 0; i < bytes; i++) {
      out[bigEndian ? bytes - 1 - i : i] = Number((big >> BigInt(8 * i)) & 255n);
    }
    return out;
  };
  const encodeValues = (type: number, values: readonly number[]): Buffer =>
    Buffer.concat(
      values.map((value) => {
        if (type === 11) {
          const out = Buffer.alloc(4);
          if (bigEndian) out.writeFloatBE(value);
          else out.writeFloatLE(value);
          return out;
        }
        if (type === 5) return Buffer.concat([number(Math.round(value * 1000), 4), number(1000, 4)]);
        return number(value, TYPE_BYTES[type]);
      }),
    );

  const word = bigTiff ? 8 : 4;
  const appendPage = (page: PageSpec): { readonly at: number; readonly nextAt: number } => {
    const copies = (page.copies ?? []).map((copy) => appendPage({ ...copy, reduced: true }).at);
    const chunks = encodePage(page, bigEndian);
    const offsets = chunks.map((chunk) => append(chunk));
    const entries = pageEntries(page, offsets, chunks);
    if (copies.length > 0) entries.push([330, bigTiff ? 16 : 4, copies]);
    const body: Buffer[] = [number(entries.length, bigTiff ? 8 : 2)];
    for (const [tag, type, values] of entries) {
      const bytes = encodeValues(type, values);
      const place =
        bytes.length <= word
          ? Buffer.concat([bytes, Buffer.alloc(word - bytes.length)])
          : number(append(bytes), word);
      body.push(number(tag, 2), number(type, 2), number(values.length, word), place);
    }
    const directory = Buffer.concat([...body, Buffer.alloc(word)]);
    const at = append(directory);
    return { at, nextAt: at + directory.length - word };
  };
  const written = pages.map(appendPage);
  const whole = Buffer.concat(parts);
  whole.write(bigEndian ? "MM" : "II", 0, "latin1");
  number(bigTiff ? 43 : 42, 2).copy(whole, 2);
  if (bigTiff) number(8, 2).copy(whole, 4);
  number(written[0].at, word).copy(whole, word);
  for (let i = 0; i + 1 < pages.length; i++) number(written[i + 1].at, word).copy(whole, written[i].nextAt);
  if (file.lastNext !== undefined)
    number(written[file.lastNext].at, word).copy(whole, written[pages.length - 1].nextAt);
  return whole;
}

type EntrySpec = readonly [tag: number, type: number, values: readonly number[]];

function pageEntries(page: PageSpec, offsets: readonly number[], chunks: readonly Buffer[]): EntrySpec[] {
  const { samples = 1, bits = 8, kind = "uint" } = page;
  const each = Array.from({ length: samples }, () => 0);
  const entries: EntrySpec[] = [
    [254, 4, [page.reduced === true ? 1 : 0]],
    [256, 4, [page.width]],
    [257, 4, [page.height]],
    [258, 3, each.map(() => bits)],
    [259, 3, [page.compression ?? 1]],
    [262, 3, [samples >= 3 ? 2 : 1]],
    [266, 3, [page.reversedBits === true ? 2 : 1]],
    [277, 3, [samples]],
    [284, 3, [page.planar === true ? 2 : 1]],
    [317, 3, [page.predictor ?? 1]],
    [339, 3, each.map(() => ({ uint: 1, int: 2, float: 3, complex: 6 })[kind])],
    ...(page.tile === undefined
      ? ([
          [273, 4, offsets],
          [278, 4, [page.rowsPerStrip ?? page.height]],
          [279, 4, chunks.map((chunk) => chunk.length)],
        ] as const)
      : ([
          [322, 4, [page.tile[0]]],
          [323, 4, [page.tile[1]]],
          [324, 4, offsets],
          [325, 4, chunks.map((chunk) => chunk.length)],
        ] as const)),
  ];
  if (page.description !== undefined)
    entries.push([270, 2, [...Buffer.from(`${page.description}\0`, "utf8")]]);
  const own = page.entries ?? [];
  const kept = entries.filter(([tag]) => !own.some(([other]) => other === tag));
  return [...kept, ...own.filter(([, , values]) => values.length > 0)].sort((a, b) => a[0] - b[0]);
}

function encodePage(page: PageSpec, bigEndian: boolean): Buffer[] {
  const { samples = 1, planar = false, width, height } = page;
  const [chunkWidth, chunkHeight] = page.tile ?? [width, Math.min(page.rowsPerStrip ?? height, height)];
  const chunks: Buffer[] = [];
  for (const group of planar
    ? Array.from({ length: samples }, (_, s) => [s])
    : [Array.from({ length: samples }, (_, s) => s)]) {
    for (let top = 0; top < height; top += chunkHeight) {
      const rows = page.tile === undefined ? Math.min(chunkHeight, height - top) : chunkHeight;
      for (let left = 0; left < width; left += chunkWidth) {
        chunks.push(encodeChunk(page, { top, left, rows, columns: chunkWidth, group, bigEndian }));
      }
    }
  }
  return chunks;
}

interface ChunkSpec {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
  readonly group: readonly number[];
  readonly bigEndian: boolean;
}

function encodeChunk(page: PageSpec, chunk: ChunkSpec): Buffer {
  const { bits = 8, kind = "uint", predictor = 1, compression = 1 } = page;
  const rows: Buffer[] = [];
  for (let row = 0; row < chunk.rows; row++) {
    const values: (number | bigint)[] = [];
    for (let column = 0; column < chunk.columns; column++) {
      for (const sample of chunk.group) {
        const inside = chunk.top + row < page.height && chunk.left + column < page.width;
        values.push(inside ? page.value(chunk.top + row, chunk.left + column, sample) : (page.beyond ?? 0));
      }
    }
    rows.push(
      encodeRow(values, { bits, kind, predictor, samples: chunk.group.length, bigEndian: chunk.bigEndian }),
    );
  }
  const plain = Buffer.concat(rows);
  const packed =
    page.pack !== undefined
      ? page.pack(plain)
      : compression === 5
        ? encodeLzw(plain)
        : compression === 8 || compression === 32946
          ? deflateSync(plain)
          : compression === 32773
            ? encodePackBits(plain)
            : plain;
  return page.reversedBits === true ? Buffer.from(packed.map(reverseByte)) : packed;
}

function reverseByte(byte: number): number {
  return Number.parseInt([...byte.toString(2).padStart(8, "0")].reverse().join(""), 2);
}

interface RowSpec {
  readonly bits: number;
  readonly kind: Kind;
  readonly predictor: number;
  readonly samples: number;
  readonly bigEndian: boolean;
}

/** The imaginary part that belongs to a real part. */
export function imaginaryOf(real: number): number {
  return 1 - 2 * real;
}

/** The bits of a number as stored. */
function patternOf(value: number | bigint, kind: Kind, bits: number): bigint {
  if (kind === "uint" || kind === "int") return BigInt.asUintN(bits, BigInt(value));
  const view = new DataView(new ArrayBuffer(8));
  if (bits === 64) view.setFloat64(0, Number(value));
  else view.setFloat32(4, Number(value));
  const whole = view.getBigUint64(0);
  if (bits !== 16) return whole;
  // Half precision of a number that has one: the exponent is moved, the fraction is cut.
  const exponent = Number((whole >> 23n) & 255n);
  const half = exponent === 0 ? 0n : ((BigInt(exponent - 112) & 31n) << 10n) | ((whole >> 13n) & 1023n);
  return ((whole >> 31n) << 15n) | half;
}

function encodeRow(values: readonly (number | bigint)[], row: RowSpec): Buffer {
  if (row.kind === "complex") {
    const parts = values.flatMap((value) => [Number(value), imaginaryOf(Number(value))]);
    return encodeRow(parts, { ...row, kind: "float", bits: row.bits / 2, samples: 2 * row.samples });
  }
  const { bits, kind, predictor, samples, bigEndian } = row;
  const patterns = values.map((value) => patternOf(value, kind, bits));
  if (![8, 16, 32, 64].includes(bits)) {
    const text = patterns.map((pattern) => pattern.toString(2).padStart(bits, "0")).join("");
    const bytes = text.match(/.{1,8}/g) ?? [];
    return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)));
  }
  const size = bits / 8;
  const whole =
    predictor === 2
      ? patterns.map((pattern, i) =>
          BigInt.asUintN(bits, pattern - (i < samples ? 0n : patterns[i - samples])),
        )
      : patterns;
  const bytes = Buffer.alloc(values.length * size);
  const little = !(bigEndian || predictor === 3);
  whole.forEach((pattern, i) => {
    if (size <= 4) {
      if (little) bytes.writeUIntLE(Number(pattern), i * size, size);
      else bytes.writeUIntBE(Number(pattern), i * size, size);
      return;
    }
    for (let b = 0; b < size; b++) {
      bytes[i * size + (little ? b : size - 1 - b)] = Number((pattern >> BigInt(8 * b)) & 255n);
    }
  });
  if (predictor !== 3) return bytes;
  const shuffled = Buffer.alloc(bytes.length);
  for (let i = 0; i < values.length; i++)
    for (let b = 0; b < size; b++) shuffled[b * values.length + i] = bytes[i * size + b];
  const out = Buffer.from(shuffled);
  for (let i = samples; i < out.length; i++) out[i] = shuffled[i] - shuffled[i - samples];
  return out;
}

/** Values of a stored plane, read anew from its bytes; complex ones as real and imaginary part in turn. */
export function storedValues({ bytes, dtype }: StoredPixels): (number | bigint)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = (size: number, get: (at: number) => number | bigint): (number | bigint)[] =>
    Array.from({ length: bytes.length / size }, (_, i) => get(i * size));
  const half = (at: number): number => {
    const bits = view.getUint16(at, true);
    const [exponent, fraction] = [(bits >> 10) & 31, (bits & 1023) / 1024];
    const size = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
    return (bits >> 15 === 1 ? -1 : 1) * (exponent === 31 ? (fraction === 0 ? Infinity : NaN) : size);
  };
  const readers: Record<StoredDtype, () => (number | bigint)[]> = {
    uint8: () => each(1, (at) => view.getUint8(at)),
    int8: () => each(1, (at) => view.getInt8(at)),
    uint16: () => each(2, (at) => view.getUint16(at, true)),
    int16: () => each(2, (at) => view.getInt16(at, true)),
    uint32: () => each(4, (at) => view.getUint32(at, true)),
    int32: () => each(4, (at) => view.getInt32(at, true)),
    uint64: () => each(8, (at) => view.getBigUint64(at, true)),
    int64: () => each(8, (at) => view.getBigInt64(at, true)),
    float16: () => each(2, half),
    float32: () => each(4, (at) => view.getFloat32(at, true)),
    float64: () => each(8, (at) => view.getFloat64(at, true)),
    complex64: () => each(4, (at) => view.getFloat32(at, true)),
    complex128: () => each(8, (at) => view.getFloat64(at, true)),
  };
  return readers[dtype]();
}

/** PackBits: runs of three and more as runs, the rest literally. */
export function encodePackBits(bytes: Uint8Array): Buffer {
  const out: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    let run = 1;
    while (run < 128 && at + run < bytes.length && bytes[at + run] === bytes[at]) run++;
    if (run >= 3) {
      out.push(257 - run, bytes[at]);
      at += run;
      continue;
    }
    const start = at;
    while (at < bytes.length && at - start < 128) {
      if (at + 2 < bytes.length && bytes[at] === bytes[at + 1] && bytes[at] === bytes[at + 2]) break;
      at++;
    }
    out.push(at - start - 1, ...bytes.subarray(start, at));
  }
  return Buffer.from(out);
}

/** LZW as TIFF 6.0 §13 describes the encoder. */
export function encodeLzw(bytes: Uint8Array): Buffer {
  let bits = "";
  const out: number[] = [];
  let width = 9;
  let table = new Map<string, number>();
  let next = 258;
  const put = (code: number): void => {
    bits += code.toString(2).padStart(width, "0");
    while (bits.length >= 8) {
      out.push(Number.parseInt(bits.slice(0, 8), 2));
      bits = bits.slice(8);
    }
  };
  const clear = (): void => {
    put(256);
    table = new Map();
    next = 258;
    width = 9;
  };
  const codeOf = (text: string): number => (text.length === 1 ? text.charCodeAt(0) : table.get(text)!);
  clear();
  let held = "";
  for (const byte of bytes) {
    const longer = held + String.fromCharCode(byte);
    if (held === "" || table.has(longer)) {
      held = longer;
      continue;
    }
    put(codeOf(held));
    table.set(longer, next++);
    if (next === 512 || next === 1024 || next === 2048) width += 1;
    if (next === 4095) clear();
    held = String.fromCharCode(byte);
  }
  if (held !== "") {
    put(codeOf(held));
    next += 1;
    if (next === 512 || next === 1024 || next === 2048) width += 1;
  }
  put(257);
  if (bits !== "") out.push(Number.parseInt(bits.padEnd(8, "0"), 2));
  return Buffer.from(out);
}

/** Bytes in memory as a source that counts what is read. */
export class CountingSource implements ByteSource {
  readonly name = "memory.tif";
  bytesRead = 0;
  closed = false;

  constructor(readonly data: Uint8Array) {}

  get size(): number {
    return this.data.length;
  }

  readInto(target: Uint8Array, position: number): Promise<void> {
    return Promise.resolve().then(() => this.readNow(target, position));
  }

  readNow(target: Uint8Array, position: number): void {
    if (position + target.length > this.data.length) throw truncated(this.name, position, target.length);
    target.set(this.data.subarray(position, position + target.length));
    this.bytesRead += target.length;
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}
