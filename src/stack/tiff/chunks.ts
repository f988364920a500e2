/**
 * Chunks (strips and tiles) of a page: where they are, and their decoded values, kept for a while.
 * @module
 */
import { TilewrightError } from "../../errors";
import { truncated } from "../bytes";
import type { ByteSource } from "../bytes";
import { COMPRESSION_NAMES, decodeChunk, largestExpansion, pictureLimits } from "./codecs";
import { HeaderReader, readIntegers } from "./ifd";
import type { TiffHeader } from "./ifd";
import type { Page, PageFormat } from "./page";
import { reverseBits, storedBytes, unpackSamples } from "./samples";
import type { SampleLayout } from "./samples";
import { carriageOf, carrierBytes, storedBytesPerPixel } from "../stored";
import type { Carrier } from "../stored";
import { TYPE_BYTES } from "./tags";

/** Where a chunk is stored. */
export interface ChunkPlace {
  readonly at: number;
  /** Bytes; null when the file does not say. */
  readonly bytes: number | null;
}

const KEPT_TABLES = 64;
const MAX_KEPT_TABLE = 4096;
const KEPT_CHUNK_BYTES = 64 * 2 ** 20;
const MAX_CHUNK_BYTES = 2 ** 30;
/** Decoded bytes of chunks in the making, per plane. */
const DECODING_BYTES = 64 * 2 ** 20;

/** Finds and decodes the chunks of the pages of one file. */
export class ChunkReader {
  readonly #header: TiffHeader;
  readonly #tables = new Map<Page, ChunkPlace[]>();
  /** Tables of neighbouring pages often stand beside each other. */
  readonly #tableReader: HeaderReader;
  readonly #kept = new Map<string, Carrier>();
  readonly #pending = new Map<string, Promise<Carrier>>();
  #keptBytes = 0;

  /** Reads from `source`, whose header was read before; does not close it. */
  constructor(
    readonly source: ByteSource,
    header: TiffHeader,
  ) {
    this.#header = header;
    this.#tableReader = new HeaderReader(source);
  }

  /** Byte order of the file. */
  get littleEndian(): boolean {
    return this.#header.littleEndian;
  }

  /** Places of the chunks `first`…`first + count - 1`. */
  async places(page: Page, first: number, count: number): Promise<readonly ChunkPlace[]> {
    const total = page.format.chunks;
    if (total > MAX_KEPT_TABLE) return this.#readTable(page, first, count);
    let table = this.#tables.get(page);
    if (table === undefined) {
      table = await this.#readTable(page, 0, total);
      this.#tables.set(page, table);
      if (this.#tables.size > KEPT_TABLES) this.#tables.delete(this.#tables.keys().next().value!);
    }
    return table.slice(first, first + count);
  }

  async #readTable(page: Page, first: number, count: number): Promise<ChunkPlace[]> {
    const part = async (entry: Page["byteCounts"], label: string): Promise<number[] | null> =>
      entry === null
        ? null
        : readIntegers(
            this.#tableReader,
            this.#header,
            { type: entry.type, count, at: entry.at + first * TYPE_BYTES[entry.type] },
            { label, limit: count },
          );
    const offsets = (await part(page.offsets, "chunk positions"))!;
    const bytes = await part(page.byteCounts, "chunk lengths");
    return offsets.map((at, i) => ({ at, bytes: bytes === null ? null : bytes[i] }));
  }

  /** How the values of chunks of this page are stored; `height` rows of a chunk. */
  layout(page: Page, height: number): SampleLayout {
    const { format } = page;
    const { dtype } = carriageOf(format.dtype!);
    const picture = pictureLimits(format.compression) !== null;
    return {
      dtype,
      bits: picture ? 8 * carrierBytes(dtype) : format.bits,
      signed: format.typeName.startsWith("int"),
      samples: format.planar ? 1 : format.samples,
      width: format.chunkWidth,
      height,
      predictor: format.compression === 1 ? 1 : format.predictor,
      littleEndian: picture || this.#header.littleEndian,
    };
  }

  /**
   * Decoded values of one chunk: rows x chunk width x samples side by side. Not to be changed.
   *
   * @param where for messages: "stack.tif, page 3, strip 7"
   * @throws {TilewrightError} `stack.truncated`, `stack.decode`, `stack.tooLarge`
   */
  async values(page: Page, chunk: Chunk, where: string): Promise<Carrier> {
    const known = this.#kept.get(chunk.key);
    if (known !== undefined) {
      this.#kept.delete(chunk.key);
      this.#kept.set(chunk.key, known);
      return known;
    }
    const running = this.#pending.get(chunk.key);
    if (running !== undefined) return running;
    const work = this.#decode(page, chunk, where);
    this.#pending.set(chunk.key, work);
    try {
      const values = await work;
      this.#keep(chunk.key, values);
      return values;
    } finally {
      this.#pending.delete(chunk.key);
    }
  }

  #keep(key: string, values: Carrier): void {
    if (values.byteLength > KEPT_CHUNK_BYTES / 2) return;
    this.#kept.set(key, values);
    this.#keptBytes += values.byteLength;
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= KEPT_CHUNK_BYTES) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= old.byteLength;
    }
  }

  async #decode(page: Page, chunk: Chunk, where: string): Promise<Carrier> {
    const { format } = page;
    const layout = this.layout(page, chunk.rows);
    const bytes = storedBytes(layout, chunk.rows);
    const fullBytes = storedBytes(layout, format.chunkHeight);
    const stored = chunk.place.bytes ?? bytes;
    this.#checkSizes({
      where,
      stored,
      fullBytes,
      bytes,
      compression: format.compression,
      at: chunk.place.at,
    });
    const data = new Uint8Array(stored);
    await this.source.readInto(data, chunk.place.at);
    if (format.reversedBits) reverseBits(data);
    const shape = {
      bytes,
      fullBytes,
      width: format.chunkWidth,
      height: format.chunkHeight,
      samples: layout.samples,
      sampleBytes: carrierBytes(layout.dtype),
      jpegTables: page.jpegTables,
      yCbCr: format.photometric === 6,
    };
    return unpackSamples(await decodeChunk(format.compression, data, shape, where), layout);
  }

  #checkSizes(sizes: ChunkSizes): void {
    const { where, stored, fullBytes, bytes, compression, at } = sizes;
    if (at + stored > this.source.size) throw truncated(this.source.name, at, stored);
    if (fullBytes > MAX_CHUNK_BYTES || stored > MAX_CHUNK_BYTES) {
      throw new TilewrightError(
        "stack.tooLarge",
        `${where}: it takes ${Math.max(fullBytes, stored)} bytes, at most ${MAX_CHUNK_BYTES} are decoded in one piece`,
        "save the file in tiles or in strips of a few rows",
      );
    }
    if (stored === 0) {
      throw new TilewrightError(
        "stack.missingPixels",
        `${where}: the file holds no data for it`,
        "the file was written only in part; export it again",
      );
    }
    if (bytes > stored * largestExpansion(compression)) {
      throw new TilewrightError(
        "stack.decode",
        `${where}: ${stored} bytes of ${COMPRESSION_NAMES[compression]} data cannot hold ${bytes} bytes of pixels`,
        "the file is damaged; copy or export it again",
      );
    }
  }
}

interface ChunkSizes {
  readonly where: string;
  readonly stored: number;
  readonly fullBytes: number;
  readonly bytes: number;
  readonly compression: number;
  readonly at: number;
}

/** One chunk to be decoded. */
export interface Chunk {
  /** Unique in the file. */
  readonly key: string;
  readonly place: ChunkPlace;
  /** Rows that lie in the image (tiles: always all). */
  readonly rows: number;
}

/** How many chunks of a page may be decoded at once: fewer when they are large. */
export function decodesAtOnce(format: PageFormat): number {
  const { chunkWidth, chunkHeight, samples, planar, bits } = format;
  const bytes = storedBytes({ width: chunkWidth, samples: planar ? 1 : samples, bits }, chunkHeight);
  return Math.max(1, Math.min(4, Math.floor(DECODING_BYTES / bytes)));
}

/** Whether the values of a page stand in the file as they stand in memory, up to byte order. */
export function isDirect({ compression, reversedBits, dtype, bits }: PageFormat): boolean {
  return compression === 1 && !reversedBits && dtype !== null && storedBytesPerPixel(dtype) * 8 === bits;
}
