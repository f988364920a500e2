/**
 * CSBDeep's overlap table: what every comparison with CSBDeep has to use.
 * @module
 */

/** `TABLE[pool][kernel][depth − 1]`, px per side; as CSBDeep 0.8.1 `tile_overlap`. */
const TABLE: Readonly<Record<number, Readonly<Record<number, readonly number[]>>>> = {
  2: { 3: [9, 22, 46, 94, 190], 5: [17, 43, 92, 188, 380], 7: [25, 62, 138, 282, 570] },
  4: { 3: [14, 58, 234, 938], 5: [27, 116, 468, 1876], 7: [38, 158, 638, 2558] },
};

/**
 * Overlap that CSBDeep uses for its U-Net, px per side, before rounding up to whole blocks.
 *
 * @param o `depth` 1…5, `kernel` 3, 5 or 7, `pool` 1, 2 (default) or 4 (with depth at most 4)
 * @throws {RangeError} outside the table
 * @see CSBDeep 0.8.1 `internals/predict.py` `tile_overlap`
 */
export function careOverlap(o: {
  readonly depth: number;
  readonly kernel: number;
  readonly pool?: number;
}): number {
  const { depth, kernel, pool = 2 } = o;
  const isKernel = kernel === 3 || kernel === 5 || kernel === 7;
  if (pool === 1 && isKernel && Number.isInteger(depth) && depth >= 1 && depth <= 5) {
    return (kernel - 1) * (2 * depth + 1);
  }
  const value =
    Number.isInteger(depth) && Object.hasOwn(TABLE, pool) ? TABLE[pool][kernel]?.[depth - 1] : undefined;
  if (value === undefined) {
    throw new RangeError(
      `CSBDeep's overlap table has no entry for depth ${depth}, kernel ${kernel}, pool ${pool}`,
    );
  }
  return value;
}
