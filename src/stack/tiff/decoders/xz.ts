/**
 * LZMA in TIFF: a stream in the xz format, decoded by xz-embedded (`xz-decompress` 0.2).
 * @module
 */
import type { ChunkShape } from "../codecs";

const MAX_DICTIONARY = 128 * 2 ** 20;

/**
 * Decodes an xz stream; stops when it holds more than the chunk.
 *
 * @throws {Error} when it is none or damaged, or wants a dictionary above 128 MiB
 */
export async function decodeXz(data: Uint8Array, shape: ChunkShape): Promise<Uint8Array> {
  checkHeaders(data);
  const { XzReadableStream } = await import("xz-decompress");
  const stored = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(data);
      controller.close();
    },
  });
  const reader = new XzReadableStream(stored).getReader();
  const out = new Uint8Array(shape.fullBytes);
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, out.length - length);
      out.set(part, length);
      length += part.length;
      if (part.length < value.length) break;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return out.subarray(0, length);
}

const MAGIC = Buffer.from("fd377a585a00", "hex");
const LZMA2 = 0x21n;

/** Looks at the filters of the first block: the decoder knows LZMA2 alone, and allocates its dictionary. */
function checkHeaders(data: Uint8Array): void {
  if (data.length < 24 || Buffer.compare(data.subarray(0, 6), MAGIC) !== 0) {
    throw new Error("there is no xz stream");
  }
  const flags = data[13];
  let at = 14;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 63n; shift += 7n) {
      const byte = BigInt(data[at++] ?? 0);
      value |= (byte & 127n) << shift;
      if (byte < 128n) break;
    }
    return value;
  };
  for (const flag of [64, 128]) if ((flags & flag) !== 0) number();
  const filter = number();
  if ((flags & 3) !== 0 || filter !== LZMA2) {
    throw new Error("they pass through further filters (delta), which is not supported");
  }
  number();
  const size = data[at] ?? 0;
  const dictionary = (2 | (size & 1)) * 2 ** ((size >> 1) + 11);
  if (dictionary > MAX_DICTIONARY) {
    throw new Error(`they want a dictionary of ${dictionary} bytes, at most ${MAX_DICTIONARY} are given`);
  }
}
