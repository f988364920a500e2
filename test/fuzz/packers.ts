/** A Zstandard frame (RFC 8878) whose single block is stored: not compressed, but all there. */
export function storedZstd(plain: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0xfd2fb528, 0);
  // One segment, size in 4 bytes.
  head[4] = 0xa0;
  head.writeUInt32LE(plain.length, 5);
  head.writeUIntLE((plain.length << 3) | 1, 9, 3);
  return Buffer.concat([head, plain]);
}

/** A baseline JPEG of 16 x 8 grey pixels that all have the value 140. */
export function constantJpeg(): Buffer {
  const segment = (marker: number, body: readonly number[]): number[] => [
    0xff,
    marker,
    (body.length + 2) >> 8,
    (body.length + 2) & 255,
    ...body,
  ];
  const codes = (lengths: readonly number[]): number[] => [
    ...lengths,
    ...Array.from({ length: 16 - lengths.length }, () => 0),
  ];
  return Buffer.from([
    0xff,
    0xd8,
    ...segment(0xdb, [0, ...Array.from({ length: 64 }, () => 1)]),
    ...segment(0xc0, [8, 0, 8, 0, 16, 1, 1, 0x11, 0]),
    // Differences of 7 bits are "0", no difference is "10"; the end of a block is "0".
    ...segment(0xc4, [0x00, ...codes([1, 1]), 7, 0]),
    ...segment(0xc4, [0x10, ...codes([1]), 0]),
    ...segment(0xda, [1, 1, 0x00, 0, 63, 0]),
    // "0" "1100000" "0", then "10" "0", then ones: 128 + 96 / 8 = 140.
    0b01100000,
    0b01001111,
    0xff,
    0xd9,
  ]);
}
