/**
 * JPEG as TIFF holds it (TIFF Technical Note 2, 1995): 8-bit frames, one for each strip or tile, often with
 * shared tables. One and three components are decoded by libjpeg-turbo (`@cornerstonejs/codec-libjpeg-turbo-8bit`
 * 1.2), so that chroma is interpolated as libtiff does it; other numbers by geotiff 3.
 * @module
 */
import type { ChunkShape } from "../codecs";
import { CodecInstance } from "./instance";
import { decodeWithGeotiff } from "./throughGeotiff";
import { wasmOptions } from "./wasmFile";

/** A progressive picture has about ten; each may cost a pass over the whole picture. */
const MAX_SCANS = 64;
/** Marker that begins one. */
const SCAN = 0xda;

const turbo = new CodecInstance(async () => {
  const { default: load } = await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs");
  return load(await wasmOptions("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm"));
});

/**
 * Decodes a JPEG chunk of 8-bit samples. YCbCr is what JPEG makes of RGB inside, so RGB is returned.
 *
 * @throws {Error} when its frame is not the chunk's, or its data are damaged or cut short
 */
export async function decodeJpeg(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  const frame = findFrame(data, shape);
  if (shape.samples !== 1 && shape.samples !== 3) {
    // The other decoder can be kept busy for long by what is wrong in a progressive picture.
    if (frame.progressive)
      throw new Error(`progressive pictures of ${shape.samples} components are not supported`);
    if (frame.subsampled)
      throw new Error(`${shape.samples} components of different resolution are not supported`);
    return decodeWithGeotiff(7, data, shape.jpegTables === null ? {} : { JPEGTables: shape.jpegTables });
  }
  const whole = completeStream(data, shape);
  return turbo.use(({ JPEGDecoder }) => {
    const decoder = new JPEGDecoder();
    try {
      decoder.getEncodedBuffer(whole.length).set(whole);
      decoder.decode();
      return decoder.getDecodedBuffer().slice();
    } catch (error) {
      // The codec throws addresses of its own memory.
      if (typeof error === "number") throw new Error("libjpeg cannot decode them", { cause: error });
      throw error;
    } finally {
      decoder.delete();
    }
  });
}

/** APP14: says whether three components are YCbCr (1) or what they seem to be (0), which libjpeg otherwise guesses. */
function adobeMarker(yCbCr: boolean): Uint8Array {
  return Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, yCbCr ? 1 : 0);
}

/** The stream with shared tables and, for colours, a marker that says what they are. */
function completeStream(data: Uint8Array, shape: ChunkShape): Uint8Array {
  const tables = shape.jpegTables === null ? new Uint8Array(0) : tablesOf(shape.jpegTables);
  const marker = shape.samples === 3 ? adobeMarker(shape.yCbCr) : new Uint8Array(0);
  const rest = shape.samples === 3 ? withoutColourMarkers(data) : data.subarray(2);
  return Buffer.concat([data.subarray(0, 2), marker, tables, rest]);
}

/** Shared tables without the marks of their begin and end. */
function tablesOf(stream: Uint8Array): Uint8Array {
  const end = stream.length >= 4 && stream.at(-2) === 0xff && stream.at(-1) === 0xd9 ? -2 : undefined;
  const tables = stream.subarray(2, end);
  for (const { marker } of segments(stream)) {
    if (isFrame(marker) || marker === SCAN) throw new Error("there is a picture among its tables");
  }
  return tables;
}

interface Segment {
  readonly marker: number;
  readonly at: number;
  readonly end: number;
}

/** The segments of a stream up to its first scan. */
function segments(data: Uint8Array): Segment[] {
  const found: Segment[] = [];
  let at = 2;
  while (at + 3 < data.length && data[at] === 0xff) {
    const marker = data[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + data[at + 2] * 256 + data[at + 3];
    found.push({ marker, at, end });
    if (marker === SCAN) break;
    at = end;
  }
  return found;
}

/** The stream behind its first mark, without JFIF and Adobe segments: TIFF says itself what the colours are. */
function withoutColourMarkers(data: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 2;
  for (const { marker, at, end } of segments(data)) {
    if (marker !== 0xe0 && marker !== 0xee) continue;
    kept.push(data.subarray(from, at));
    from = end;
  }
  return Buffer.concat([...kept, data.subarray(from)]);
}

function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

interface FrameFacts {
  readonly progressive: boolean;
  /** Components have different resolutions. */
  readonly subsampled: boolean;
}

/** Looks at the markers; there must be one frame, it must fit, and it must not have absurdly many scans. */
function findFrame(data: Uint8Array, shape: ChunkShape): FrameFacts {
  if (data[0] !== 0xff || data[1] !== 0xd8) throw new Error("there is no JPEG picture");
  const all = segments(data);
  const frames = all.filter(({ marker }) => isFrame(marker));
  if (frames.length !== 1) throw new Error(`${frames.length} frame headers instead of one`);
  const found = checkFrame(data.subarray(frames[0].at + 4), frames[0].marker, shape);
  const last = all[all.length - 1];
  if (last.marker !== SCAN) throw new Error("there is no scan");
  checkScans(data, last.at);
  return found;
}

/** Looks at the markers from the first scan on; among coded pixels no byte 255 is followed by the number of a marker. */
function checkScans(data: Uint8Array, first: number): void {
  let scans = 0;
  for (let at = first; at >= 0 && at + 1 < data.length; at = data.indexOf(0xff, at + 1)) {
    if (data[at + 1] === SCAN) scans += 1;
    else if (isFrame(data[at + 1])) throw new Error("there is more than one frame header");
  }
  if (scans > MAX_SCANS) throw new Error(`they have ${scans} scans, at most ${MAX_SCANS} are believable`);
}

function checkFrame(frame: Uint8Array, marker: number, shape: ChunkShape): FrameFacts {
  if (frame.length < 6 || frame.length < 6 + 3 * frame[5]) throw new Error("they end in the frame header");
  const [precision, heightHigh, heightLow, widthHigh, widthLow, samples] = frame;
  const height = heightHigh * 256 + heightLow;
  const width = widthHigh * 256 + widthLow;
  const fits = width === shape.width && height > 0 && height <= shape.height && samples === shape.samples;
  if (marker > 0xc2 || precision !== 8 || !fits) {
    throw new Error(`its frame of ${width} x ${height} x ${samples} does not fit the page`);
  }
  const factors = Array.from({ length: samples }, (_, i) => frame[7 + 3 * i] ?? 0);
  for (const factor of factors) {
    const [across, down] = [factor >> 4, factor & 15];
    if (across < 1 || across > 4 || down < 1 || down > 4)
      throw new Error("it has sampling factors beyond 1 to 4");
  }
  const progressive = marker === 0xc2;
  return { progressive, subsampled: factors.some((factor) => factor !== factors[0]) };
}
