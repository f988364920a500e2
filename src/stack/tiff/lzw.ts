/**
 * LZW as TIFF uses it.
 *
 * After TIFF 6.0 §13: codes of 9 to 12 bits, most significant bit first, widths growing one code early; and
 * the older form that libtiff calls compatible: least significant bit first, widths growing on time.
 * @module
 */

const CLEAR = 256;
const END = 257;
const FIRST = 258;
const TABLE = 4096;
/** A string has at most this many bytes; it is written before it is known whether all of it is wanted. */
const LONGEST = TABLE;

/**
 * Strings of the table, by code: each is a stretch of the output. Most are shorter than five bytes, so the first
 * four stand here as well and are written at once, however many are wanted: what is too much is overwritten.
 */
const START = new Int32Array(TABLE + 1);
const LENGTH = new Int32Array(TABLE + 1);
const HEAD = new Int32Array(TABLE + 1);
for (let code = 0; code < CLEAR; code++) {
  LENGTH[code] = 1;
  HEAD[code] = code;
}

/**
 * Decodes until the end code, the end of the data, or `limit` bytes.
 *
 * @param data not changed
 * @returns what was decoded, at most `limit` bytes
 * @throws {Error} when a code stands for nothing
 */
export function decodeLzw(data: Uint8Array, limit: number): Uint8Array {
  const out = new Uint8Array(limit + LONGEST + 4);
  const old = data.length > 1 && data[0] === 0 && (data[1] & 1) === 1;
  const length = old ? decodeOld(data, out, limit) : decodeNew(data, out, limit);
  return out.subarray(0, Math.min(length, limit));
}

/** Most significant bit first; returns how many bytes stand in `out`. */
function decodeNew(data: Uint8Array, out: Uint8Array, limit: number): number {
  const view = new DataView(out.buffer);
  const end = data.length - 1;
  let to = 0;
  let at = 0;
  let bits = 0;
  let held = 0;
  let next = FIRST;
  let width = 9;
  let grows = (1 << 9) - 1;
  let previousStart = 0;
  // 0 after a clear code: the next code begins a table.
  let previousLength = 0;
  let previousHead = 0;
  while (to < limit) {
    if (held < width) {
      if (at < end) {
        bits = (bits << 16) | (data[at] << 8) | data[at + 1];
        at += 2;
        held += 16;
      } else {
        if (at > end) break;
        bits = (bits << 8) | data[at++];
        held += 8;
        if (held < width) break;
      }
    }
    held -= width;
    const code = (bits >> held) & ((1 << width) - 1);
    if (code === CLEAR) {
      next = FIRST;
      width = 9;
      grows = (1 << 9) - 1;
      previousLength = 0;
      continue;
    }
    if (code === END) break;
    if (previousLength === 0) {
      if (code > CLEAR) throw new Error(`code ${code} stands for nothing`);
    } else if (next < TABLE) {
      if (code > next) throw new Error(`code ${code} stands for nothing`);
      // The new string is the previous one and the byte that follows it in the output.
      const first = (code === next ? previousHead : HEAD[code]) & 255;
      START[next] = previousStart;
      LENGTH[next] = previousLength + 1;
      HEAD[next] = previousLength < 4 ? previousHead | (first << (8 * previousLength)) : previousHead;
      next += 1;
      if (next >= grows && width < 12) {
        width += 1;
        grows = (1 << width) - 1;
      }
    }
    previousStart = to;
    previousLength = LENGTH[code];
    previousHead = HEAD[code];
    view.setInt32(to, previousHead, true);
    if (previousLength > 4) copyRest(view, START[code], to, previousLength);
    to += previousLength;
  }
  return to;
}

/** Copies bytes 4… of a string, four at a time: the stretches lie at least four bytes apart. */
function copyRest(view: DataView, from: number, to: number, length: number): void {
  for (let i = 4; i < length; i += 4) view.setInt32(to + i, view.getInt32(from + i, true), true);
}

/** Least significant bit first. */
function decodeOld(data: Uint8Array, out: Uint8Array, limit: number): number {
  let to = 0;
  let next = FIRST;
  let width = 9;
  let previousStart = 0;
  let previousLength = 0;
  let bits = 0;
  let held = 0;
  let at = 0;
  while (to < limit) {
    while (held < width && at < data.length) {
      bits |= data[at++] << held;
      held += 8;
    }
    if (held < width) break;
    held -= width;
    const code = bits & ((1 << width) - 1);
    bits >>>= width;
    if (code === END) break;
    if (code === CLEAR) {
      next = FIRST;
      width = 9;
      previousLength = 0;
      continue;
    }
    if (code > next || (code > END && previousLength === 0)) {
      throw new Error(`code ${code} stands for nothing`);
    }
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else {
      const from = code === next ? previousStart : START[code];
      const stop = to + (code === next ? previousLength + 1 : LENGTH[code]);
      for (let i = from; to < stop; i++) out[to++] = out[i];
    }
    if (previousLength > 0 && next < TABLE) {
      START[next] = previousStart;
      LENGTH[next] = previousLength + 1;
      next += 1;
      if (next >= 1 << width && width < 12) width += 1;
    }
    previousStart = start;
    previousLength = to - start;
  }
  return to;
}
