/**
 * JPEG 2000 (ISO/IEC 15444-1): codestreams and JP2 files of up to 16 bits, one for each strip or tile, decoded by
 * OpenJPEG (`@cornerstonejs/codec-openjpeg` 1.3). Colours stay what they are: Aperio's YCbCr is not converted.
 * @module
 */
import type { ChunkShape } from "../codecs";
import { CodecInstance } from "./instance";
import { wasmOptions } from "./wasmFile";

const MAX_TILES = 4096;

const openjpeg = new CodecInstance(async () => {
  const { default: load } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  return load(await wasmOptions("@cornerstonejs/codec-openjpeg/decodewasm"));
});

/**
 * Decodes a JPEG 2000 chunk.
 *
 * @returns samples side by side, of 1 byte up to 8 bits, of 2 bytes (little endian) above
 * @throws {Error} when it is not of the size of the chunk, or damaged
 */
export async function decodeJpeg2000(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  const codestream = findCodestream(data);
  const { deep, tiles } = checkSize(codestream, shape);
  checkTileParts(codestream, tiles);
  const decoded = await openjpeg.use(({ J2KDecoder }) => {
    const decoder = new J2KDecoder();
    try {
      decoder.getEncodedBuffer(data.length).set(data);
      decoder.decode();
      return new Uint8Array(decoder.getDecodedBuffer());
    } catch (error) {
      // The codec throws addresses of its own memory.
      if (typeof error === "number") throw new Error("OpenJPEG cannot decode them", { cause: error });
      throw error;
    } finally {
      decoder.delete();
    }
  });
  const wanted = shape.sampleBytes;
  if (wanted === 2 && !deep)
    return Uint8Array.from({ length: decoded.length * 2 }, (_, i) => (i & 1 ? 0 : decoded[i >> 1]));
  if (wanted !== (deep ? 2 : 1)) throw new Error("they have another number of bits than the page");
  return decoded;
}

/** The codestream itself, or the one in a JP2 file. */
function findCodestream(data: Uint8Array): DataView {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  if (data.length >= 12 && view.getUint32(0) === 12 && view.getUint32(4) === 0x6a502020) {
    for (;;) {
      if (at + 8 > data.length) throw new Error("there is no codestream");
      const length = view.getUint32(at);
      if (view.getUint32(at + 4) === 0x6a703263) {
        at += 8;
        break;
      }
      if (length < 8) throw new Error("its boxes are damaged");
      at += length;
    }
  }
  if (at + 42 > data.length || view.getUint32(at) !== 0xff4fff51) throw new Error("there is no codestream");
  return new DataView(data.buffer, data.byteOffset + at, data.length - at);
}

/** Checks the SIZ segment against the chunk; returns whether samples have more than 8 bits, and its number of tiles. */
function checkSize(view: DataView, shape: ChunkShape): { deep: boolean; tiles: number } {
  const word = (index: number): number => view.getUint32(8 + 4 * index);
  const [width, height] = [word(0) - word(2), word(1) - word(3)];
  const samples = view.getUint16(40);
  const fits = width === shape.width && height > 0 && height <= shape.height && samples === shape.samples;
  if (!fits) throw new Error(`its picture of ${width} x ${height} x ${samples} does not fit the page`);
  const tiles = Math.ceil(word(0) / Math.max(1, word(4))) * Math.ceil(word(1) / Math.max(1, word(5)));
  if (word(4) === 0 || word(5) === 0 || tiles > MAX_TILES) throw new Error(`it has ${tiles} tiles`);
  if (42 + 3 * samples > view.byteLength) throw new Error("its header is cut short");
  const bits = Array.from({ length: samples }, (_, i) => (view.getUint8(42 + 3 * i) & 127) + 1);
  const whole = bits.every((_, i) => view.getUint16(43 + 3 * i) === 0x0101);
  if (!whole || bits.some((one) => one !== bits[0] || one > 16)) {
    throw new Error("its components differ in size or have more than 16 bits");
  }
  return { deep: bits[0] > 8, tiles };
}

const START_OF_TILE_PART = 0xff90;
const END = 0xffd9;

/** Every tile must be there, whole: OpenJPEG leaves what is missing at zero. */
function checkTileParts(view: DataView, tiles: number): void {
  const cutShort = new Error("they are cut short");
  const word = (at: number): number => {
    if (at + 2 > view.byteLength) throw cutShort;
    return view.getUint16(at);
  };
  let at = 2;
  while (word(at) !== START_OF_TILE_PART) at += 2 + Math.max(2, word(at + 2));
  const found = new Set<number>();
  while (word(at) === START_OF_TILE_PART) {
    if (at + 12 > view.byteLength) throw cutShort;
    const length = view.getUint32(at + 6);
    if (length !== 0 && length < 12) throw new Error("its tile parts are damaged");
    found.add(view.getUint16(at + 4));
    // The last part may leave its length open: it reaches up to the end mark.
    at = length === 0 ? view.byteLength - 2 : at + length;
  }
  if (word(at) !== END) throw cutShort;
  if (found.size !== tiles) throw new Error(`they hold ${found.size} of ${tiles} tiles`);
}
