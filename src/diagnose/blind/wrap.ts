/**
 * Integer wrap-around: values too large for the pixel type come out at its other end.
 * @module
 */
import { dtypeRange, isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";

/** Fraction of the type's range that neighbours jump when one of them has wrapped. */
const JUMP = 0.65;
/** Jumps of this size should be as frequent in an image that just has high contrast. */
const MIDDLE: readonly [number, number] = [0.3, 0.55];
const TIMES_MIDDLE = 1.5;
const FEWEST_JUMPS = 12;
/** Of all pairs of neighbours. */
const FEWEST_OF_PAIRS = 1e-4;
/** Of an image clipped at both ends, black on white, jumps go from one end to the other exactly. */
const MOST_PINNED = 0.5;

/** Counts jumps between neighbouring pixels. */
export class WrapTally {
  #jumps = 0;
  #pinned = 0;
  #middle = 0;
  #pairs = 0;
  readonly #low: number;
  readonly #high: number;
  readonly #integer: boolean;

  /** A tally of nothing. */
  constructor(dtype: Dtype | null) {
    this.#integer = dtype !== null && !isFloat(dtype);
    [this.#low, this.#high] = this.#integer ? dtypeRange(dtype!) : [0, 0];
  }

  /** Adds rows of `width` px. */
  add(values: Float64Array, width: number): void {
    if (!this.#integer) return;
    const span = this.#high - this.#low;
    for (let start = 0; start < values.length; start += width) {
      for (let i = start + 1; i < start + width; i++) {
        const [a, b] = [values[i - 1], values[i]];
        const step = Math.abs(b - a);
        if (step < MIDDLE[0] * span) continue;
        if (step < MIDDLE[1] * span) this.#middle++;
        else if (step > JUMP * span) {
          this.#jumps++;
          if (Math.min(a, b) === this.#low && Math.max(a, b) === this.#high) this.#pinned++;
        }
      }
      this.#pairs += width - 1;
    }
  }

  /** What speaks for wrapped values; null when nothing does. */
  evidence(dtype: string): string | null {
    const enough = this.#jumps >= Math.max(FEWEST_JUMPS, FEWEST_OF_PAIRS * this.#pairs);
    if (!enough || this.#jumps < TIMES_MIDDLE * this.#middle || this.#pinned > MOST_PINNED * this.#jumps) {
      return null;
    }
    const share = ((100 * this.#jumps) / this.#pairs).toFixed(2);
    return (
      `${this.#jumps} pairs of neighbouring pixels (${share} %) jump by more than ${100 * JUMP} % of the range of ${dtype}, ` +
      `only ${this.#middle} by about half of it: values beyond one end of the type came out at the other.`
    );
  }
}
