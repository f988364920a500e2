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
/** What wrapped varies; a drawing, or an image clipped at an end, jumps to or from one value again and again. */
const MOST_OF_ONE = 0.5;

/** Counts jumps between neighbouring pixels. */
export class WrapTally {
  #jumps = 0;
  /** How often each value was at the upper and at the lower side of a jump. */
  readonly #upper = new Map<number, number>();
  readonly #lower = new Map<number, number>();
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
          count(this.#upper, Math.max(a, b));
          count(this.#lower, Math.min(a, b));
        }
      }
      this.#pairs += width - 1;
    }
  }

  /** What speaks for wrapped values; null when nothing does. */
  evidence(dtype: string): string | null {
    const enough = this.#jumps >= Math.max(FEWEST_JUMPS, FEWEST_OF_PAIRS * this.#pairs);
    if (!enough || this.#jumps < TIMES_MIDDLE * this.#middle) return null;
    const common = Math.max(...[this.#upper, this.#lower].map((counts) => Math.max(...counts.values())));
    if (common > MOST_OF_ONE * this.#jumps) return null;
    const share = ((100 * this.#jumps) / this.#pairs).toFixed(2);
    return (
      `${this.#jumps} pairs of neighbouring pixels (${share} %) jump by more than ${100 * JUMP} % of the range of ${dtype}, ` +
      `only ${this.#middle} by about half of it: values beyond one end of the type came out at the other.`
    );
  }
}

function count(counts: Map<number, number>, value: number): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
