/**
 * Page: one stored image of a TIFF file, described and checked: shape, pixel type, compression, and where its
 * chunks (strips or tiles) are.
 * @module
 */
import { TilewrightError } from "../../errors";
import { readBytes, readIntegers } from "./ifd";
import type { Directory, Entry, HeaderReader, TiffHeader } from "./ifd";
import { COMPRESSION_NAMES, isDecodable, largestExpansion, pictureLimits } from "./codecs";
import type { StoredDtype } from "../stack";
import { storedBytesPerPixel } from "../stored";
import { TAG } from "./tags";

/** What pages of one kind have in common. */
export interface PageFormat {
  readonly width: number;
  readonly height: number;
  /** Samples per pixel, such as 3 for RGB. */
  readonly samples: number;
  /** Bits of a stored sample. */
  readonly bits: number;
  /** Pixel type; null when it is one we do not read. */
  readonly dtype: StoredDtype | null;
  /** Type as named for people: "uint16", "complex64". */
  readonly typeName: string;
  readonly compression: number;
  readonly predictor: number;
  readonly photometric: number;
  /** Samples stored as planes of their own instead of side by side. */
  readonly planar: boolean;
  /** Bits of a byte stand in reverse order. */
  readonly reversedBits: boolean;
  readonly tiled: boolean;
  readonly chunkWidth: number;
  readonly chunkHeight: number;
  readonly chunksAcross: number;
  readonly chunksDown: number;
  /** Strips or tiles in all, those of all planes of samples together. */
  readonly chunks: number;
  /** Why pixels cannot be read; null when they can. */
  readonly problem: TilewrightError | null;
}

/** One stored image. */
export interface Page {
  readonly format: PageFormat;
  readonly offsets: Entry;
  /** Null when absent (uncompressed data only). */
  readonly byteCounts: Entry | null;
  readonly jpegTables: Uint8Array | null;
  /** A smaller copy of another page. */
  readonly reduced: boolean;
  readonly subIfds: readonly number[];
}

const MAX_LENGTH = 2 ** 31 - 1;
const MAX_SAMPLES = 2 ** 16;
const MAX_CHUNKS = 2 ** 26;
/** An uncompressed page may lack bytes (a truncated copy), but not nearly all of them. */
const MAX_MISSING_FACTOR = 1024;

/**
 * Describes the page of a directory.
 *
 * @throws {TilewrightError} `stack.damaged`, `stack.truncated` when the header contradicts itself or the file;
 *   pixel types and compressions we do not read are no error here, see {@link PageFormat.problem}
 */
export async function readPage(
  reader: HeaderReader,
  header: TiffHeader,
  directory: Directory,
): Promise<Page> {
  const tags = new TagReader(reader, header, directory);
  const format = await readFormat(tags);
  // Some old files list their tiles under the tags of strips.
  const underTiles = format.tiled && tags.entry(TAG.tileOffsets) !== undefined;
  const offsets = tags.entry(underTiles ? TAG.tileOffsets : TAG.stripOffsets);
  if (offsets === undefined) throw tags.damaged(`has no ${format.tiled ? "TileOffsets" : "StripOffsets"}`);
  const byteCounts = tags.entry(underTiles ? TAG.tileByteCounts : TAG.stripByteCounts) ?? null;
  if (byteCounts === null && format.compression !== 1)
    throw tags.damaged("does not say how long its data are");
  for (const entry of [offsets, byteCounts]) if (entry !== null) tags.checkTable(entry, format.chunks);
  checkPlausible(tags, format);
  return {
    format,
    offsets,
    byteCounts,
    jpegTables:
      format.compression === 7 ? await readBytes(reader, tags.entry(TAG.jpegTables), 2 ** 16) : null,
    reduced: ((await tags.integer(TAG.newSubfileType, "NewSubfileType", 0)) & 1) === 1,
    subIfds: await tags.integers(TAG.subIfds, "SubIFDs", 64),
  };
}

/** Bytes of all pixels of a page, decoded; bits are counted as stored. */
export function pageBytes(format: PageFormat): number {
  return Math.ceil((format.width * format.samples * format.bits) / 8) * format.height;
}

/** Whether pages can stand in one stack. */
export function sameFormat(a: PageFormat, b: PageFormat): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.samples === b.samples &&
    a.typeName === b.typeName &&
    a.bits === b.bits &&
    a.planar === b.planar
  );
}

class TagReader {
  constructor(
    readonly reader: HeaderReader,
    readonly header: TiffHeader,
    readonly directory: Directory,
  ) {}

  entry(tag: number): Entry | undefined {
    return this.directory.entries.get(tag);
  }

  async integers(tag: number, label: string, limit: number): Promise<number[]> {
    const entry = this.entry(tag);
    return entry === undefined ? [] : readIntegers(this.reader, this.header, entry, { label, limit });
  }

  async integer(tag: number, label: string, fallback: number): Promise<number> {
    return (await this.integers(tag, label, 1))[0] ?? fallback;
  }

  async length(tag: number, label: string): Promise<number> {
    const value = await this.integer(tag, label, Number.NaN);
    if (Number.isNaN(value)) throw this.damaged(`has no ${label}`);
    if (value < 1 || value > MAX_LENGTH) throw this.damaged(`has the ${label} ${value}`);
    return value;
  }

  checkTable(entry: Entry, chunks: number): void {
    if (entry.count < chunks) throw this.damaged(`lists ${entry.count} strips or tiles, it needs ${chunks}`);
    const bytes = { 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 }[entry.type];
    if (bytes === undefined) throw this.damaged(`lists its strips or tiles in field type ${entry.type}`);
    if (entry.at + entry.count * bytes > this.reader.source.size) {
      throw this.damaged("has a list of strips or tiles that lies outside the file");
    }
  }

  damaged(why: string): TilewrightError {
    return new TilewrightError(
      "stack.damaged",
      `${this.reader.source.name}: the page at byte ${this.directory.at} ${why}`,
      "the file is damaged or was cut short; export it again",
    );
  }
}

async function readFormat(tags: TagReader): Promise<PageFormat> {
  const width = await tags.length(TAG.imageWidth, "ImageWidth");
  const height = await tags.length(TAG.imageLength, "ImageLength");
  const samples = await tags.integer(TAG.samplesPerPixel, "SamplesPerPixel", 1);
  if (samples < 1 || samples > MAX_SAMPLES) throw tags.damaged(`has ${samples} samples per pixel`);
  const compression = await tags.integer(TAG.compression, "Compression", 1);
  const planar = samples > 1 && (await tags.integer(TAG.planarConfiguration, "PlanarConfiguration", 1)) === 2;
  const predictor = await tags.integer(TAG.predictor, "Predictor", 1);
  const pixels = await readPixelType(tags, samples);
  const chunking = await readChunking(tags, { width, height });
  const chunks = chunking.chunksAcross * chunking.chunksDown * (planar ? samples : 1);
  if (chunks > MAX_CHUNKS) throw tags.damaged(`claims ${chunks} strips or tiles`);
  const format = {
    width,
    height,
    samples,
    ...pixels,
    compression,
    predictor,
    photometric: await tags.integer(TAG.photometric, "PhotometricInterpretation", 1),
    planar,
    reversedBits: (await tags.integer(TAG.fillOrder, "FillOrder", 1)) === 2,
    ...chunking,
    chunks,
  };
  return { ...format, problem: problemOf(tags.reader.source.name, format) };
}

async function readPixelType(
  tags: TagReader,
  samples: number,
): Promise<{ bits: number; dtype: StoredDtype | null; typeName: string }> {
  const allBits = await tags.integers(TAG.bitsPerSample, "BitsPerSample", samples);
  const allFormats = await tags.integers(TAG.sampleFormat, "SampleFormat", samples);
  const bits = allBits[0] ?? 1;
  if (bits < 1 || bits > 256) throw tags.damaged(`has ${bits} bits per sample`);
  const mixed =
    allBits.some((value) => value !== bits) || allFormats.some((value) => value !== allFormats[0]);
  if (mixed)
    return { bits, dtype: null, typeName: `samples of different types (${allBits.join(", ")} bits)` };
  const kind =
    ({ 2: "int", 3: "float", 5: "complex int", 6: "complex" } as const)[allFormats[0] ?? 1] ?? "uint";
  return { bits, dtype: dtypeFor(kind, bits), typeName: `${kind}${bits}` };
}

const EXACT_TYPES: Readonly<Record<string, StoredDtype>> = {
  float16: "float16",
  float32: "float32",
  float64: "float64",
  complex64: "complex64",
  complex128: "complex128",
};

/** The type of a sample; integers of any length take the shortest one that holds them. */
function dtypeFor(kind: string, bits: number): StoredDtype | null {
  if (kind !== "uint" && kind !== "int") return EXACT_TYPES[`${kind}${bits}`] ?? null;
  const size = ([8, 16, 32, 64] as const).find((one) => bits <= one);
  return size === undefined ? null : `${kind}${size}`;
}

type Chunking = Pick<PageFormat, "tiled" | "chunkWidth" | "chunkHeight" | "chunksAcross" | "chunksDown">;

async function readChunking(
  tags: TagReader,
  { width, height }: { readonly width: number; readonly height: number },
): Promise<Chunking> {
  const tiled = tags.entry(TAG.tileWidth) !== undefined;
  const rows = tiled ? 0 : await tags.integer(TAG.rowsPerStrip, "RowsPerStrip", height);
  const chunkWidth = tiled ? await tags.length(TAG.tileWidth, "TileWidth") : width;
  const chunkHeight = tiled
    ? await tags.length(TAG.tileLength, "TileLength")
    : rows < 1
      ? height
      : Math.min(rows, height);
  return {
    tiled,
    chunkWidth,
    chunkHeight,
    chunksAcross: Math.ceil(width / chunkWidth),
    chunksDown: Math.ceil(height / chunkHeight),
  };
}

function problemOf(name: string, format: Omit<PageFormat, "problem">): TilewrightError | null {
  const { compression, dtype, predictor, bits, typeName } = format;
  if (!isDecodable(compression)) {
    const what = COMPRESSION_NAMES[compression] ?? `number ${compression}`;
    return new TilewrightError(
      "stack.compression",
      `${name}: its compression (${what}) is not supported`,
      "save it uncompressed, or with LZW or Deflate",
    );
  }
  if (dtype === null) {
    return new TilewrightError(
      "stack.pixelType",
      `${name}: its pixel type (${typeName}) is not supported`,
      "convert it to 8, 16 or 32-bit integers or to 32-bit float",
    );
  }
  const picture = pictureLimits(compression);
  const side = format.planar ? 1 : format.samples;
  const inPicture = picture === null || (bits <= picture.bits && /^u?int/.test(typeName));
  if (!inPicture || picture?.samples.includes(side) === false) {
    return new TilewrightError(
      "stack.compression",
      `${name}: ${COMPRESSION_NAMES[compression]} pictures of ${side} x ${typeName} are not supported`,
      "save it uncompressed, or with LZW or Deflate",
    );
  }
  const complex = typeName.startsWith("complex");
  const predictable =
    predictor === 1 ||
    (predictor === 2 && !complex && bits === 8 * storedBytesPerPixel(dtype)) ||
    (predictor === 3 && typeName.startsWith("float"));
  if (predictable) return null;
  return new TilewrightError(
    "stack.predictor",
    `${name}: predictor ${predictor} on ${typeName} (${COMPRESSION_NAMES[compression]}) is not supported`,
    "save it uncompressed, or with LZW or Deflate without predictor",
  );
}

/** Refuses pages whose claimed size the whole file could not hold, before anything is allocated for them. */
function checkPlausible(tags: TagReader, format: PageFormat): void {
  const claimed = pageBytes(format);
  const factor = format.compression === 1 ? MAX_MISSING_FACTOR : largestExpansion(format.compression);
  if (claimed <= tags.reader.source.size * factor) return;
  throw tags.damaged(
    `claims ${format.width} x ${format.height} x ${format.samples} pixels, far more than its file of ` +
      `${tags.reader.source.size} bytes can hold`,
  );
}
