/**
 * Padding: making lengths multiples of the block, once for the whole image, before it is cut.
 * @module
 */

/** What stands outside the image. `reflect` does not repeat the edge pixel, `symmetric` does. */
export type PaddingMode = "reflect" | "symmetric" | "edge" | "zero";

/** All padding modes. */
export const PADDING_MODES: readonly PaddingMode[] = ["reflect", "symmetric", "edge", "zero"];

/**
 * The least padding that makes `length` a multiple of `block`: half before, the odd px after.
 *
 * @throws {RangeError} unless both are whole and ≥ 1
 * @see CSBDeep 0.8.1 `PadAndCropResizer`
 */
export function divisiblePadding(length: number, block: number): [before: number, after: number] {
  for (const [name, value] of Object.entries({ length, block })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name} must be a whole number of at least 1, found ${value}`);
    }
  }
  const total = (block - (length % block)) % block;
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/**
 * Which pixel of an axis stands at `index`, inside or outside of it: numpy's `pad` modes.
 *
 * @param index  any whole number, with respect to the unpadded axis
 * @param length px, ≥ 1
 * @returns 0…length−1, or −1 where the padding is zero
 */
export function sourceIndex(index: number, length: number, mode: PaddingMode): number {
  if (index >= 0 && index < length) return index;
  switch (mode) {
    case "zero":
      return -1;
    case "edge":
      return index < 0 ? 0 : length - 1;
    case "symmetric": {
      const place = modulo(index, 2 * length);
      return place < length ? place : 2 * length - 1 - place;
    }
    case "reflect": {
      if (length === 1) return 0;
      const period = 2 * (length - 1);
      const place = modulo(index, period);
      return place < length ? place : period - place;
    }
  }
}

function modulo(value: number, period: number): number {
  return ((value % period) + period) % period;
}
