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

/**
 * Decodes until the end code, the end of the data, or `limit` bytes.
 *
 * @param data not changed
 * @returns what was decoded, at most `limit` bytes
 * @throws {Error} when a code stands for nothing
 */
export function decodeLzw(data: Uint8Array, limit: number): Uint8Array {
  const old = data.length > 1 && data[0] === 0 && (data[1] & 1) === 1;
  const early = old ? 0 : 1;
  const out = new Uint8Array(limit);
  // A string of the table is a stretch of the output: where it starts and how long it is.
  const start = new Uint32Array(TABLE);
  const length = new Uint16Array(TABLE);
  let to = 0;
  let next = FIRST;
  let width = 9;
  let previous = -1;
  let previousStart = 0;
  let previousLength = 0;
  let bits = 0;
  let held = 0;
  let at = 0;
  while (to < limit) {
    while (held < width && at < data.length) {
      bits = old ? bits | (data[at++] << held) : ((bits << 8) | data[at++]) & 0xffffff;
      held += 8;
    }
    if (held < width) break;
    held -= width;
    const code = old ? bits & ((1 << width) - 1) : (bits >> held) & ((1 << width) - 1);
    if (old) bits >>>= width;
    if (code === END) break;
    if (code === CLEAR) {
      next = FIRST;
      width = 9;
      previous = -1;
      continue;
    }
    if (code > next || (code === next && previous < 0) || (code > END && previous < 0)) {
      throw new Error(`code ${code} stands for nothing`);
    }
    const from = to;
    if (code < CLEAR) out[to++] = code;
    else {
      const copyFrom = code === next ? previousStart : start[code];
      const copyLength = code === next ? previousLength + 1 : length[code];
      const end = Math.min(to + copyLength, limit);
      for (let i = copyFrom; to < end; i++) out[to++] = out[i];
    }
    if (previous >= 0 && next < TABLE) {
      // The new string is the previous one and the byte that followed it in the output.
      start[next] = previousStart;
      length[next] = previousLength + 1;
      next += 1;
      if (next + early >= 1 << width && width < 12) width += 1;
    }
    previous = code;
    previousStart = from;
    previousLength = to - from;
  }
  return out.subarray(0, to);
}
