/**
 * Integer wrap-around: values too large for the pixel type come out at its other end.
 * @module
 */
import { dtypeRange, isFloat } from "../../volume/pixels";
import type { Dtype } from "../../volume/pixels";

/** Fraction of the type's range that neighbours jump when one of them has wrapped. */
const JUMP = 0.65;
/**
 * Steps between neighbours are the rarer the larger they are, up to the jumps of wrapped values. So there is a size
 * between these fractions of the range that is rarer than jumps are.
 */
const VALLEY: readonly [number, number] = [0.3, JUMP];
/** Sizes are counted in bins of this fraction. */
const BIN = 0.05;
/** By how much jumps must be more frequent, in the same width of sizes. */
const TIMES_VALLEY = 1.5;
/** Noisy values jump by all of these sizes, smooth ones by nearly all of the range. */
const JUMPS: readonly (readonly [number, number])[] = [
  [JUMP, 0.95],
  [0.85, 1],
];
const FEWEST_JUMPS = 12;
/** Of all pairs of neighbours. */
const FEWEST_OF_PAIRS = 1e-4;
/** What wrapped varies; a drawing, or an image clipped at an end, jumps to or from a few values again and again. */
const FEW = 3;
const MOST_OF_FEW = 0.7;

/** Counts jumps between neighbouring pixels. */
export class WrapTally {
  #jumps = 0;
  /** How often each value was at the upper and at the lower side of a jump. */
  readonly #upper = new Map<number, number>();
  readonly #lower = new Map<number, number>();
  /** Pairs by size of their step, in bins. */
  readonly #sizes = new Float64Array(Math.round(1 / BIN) + 1);
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
        if (!(step >= VALLEY[0] * span)) continue;
        this.#sizes[Math.floor(step / (BIN * span))]++;
        if (step > JUMP * span) {
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
    if (!this.#hasWrapped()) return null;
    const share = ((100 * this.#jumps) / this.#pairs).toFixed(2);
    return (
      `${this.#jumps} pairs of neighbouring pixels (${share} %) jump by more than ${100 * JUMP} % of the range of ${dtype}, ` +
      `oftener than by some of the sizes below that: values beyond one end of the type came out at the other.`
    );
  }

  /**
   * Lines of `length` px without the jumps of what wrapped: each step is taken for the smallest that it can have been. The
   * values themselves when nothing speaks for wrapped ones.
   */
  unwrapped(values: Float64Array, length: number): Float64Array {
    if (!this.#hasWrapped()) return values;
    const turn = this.#high - this.#low + 1;
    const out = values.slice();
    for (let start = 0; start < out.length; start += length) {
      let turns = 0;
      for (let i = start + 1; i < start + length; i++) {
        const step = values[i] - values[i - 1];
        if (Math.abs(step) > turn / 2) turns -= Math.sign(step);
        out[i] += turns * turn;
      }
    }
    return out;
  }

  #hasWrapped(): boolean {
    if (this.#jumps < Math.max(FEWEST_JUMPS, FEWEST_OF_PAIRS * this.#pairs)) return false;
    const jumps = Math.max(...JUMPS.map(([from, to]) => this.#density(from, to)));
    if (jumps < TIMES_VALLEY * Math.max(1, this.#rarest())) return false;
    const common = Math.max(shareOfFew(this.#upper), shareOfFew(this.#lower));
    return common <= MOST_OF_FEW * this.#jumps;
  }

  /** Pairs for each bin between two fractions of the range. */
  #density(from: number, to: number): number {
    const [first, end] = [Math.round(from / BIN), Math.round(to / BIN)];
    return this.#sizes.subarray(first, end).reduce((sum, count) => sum + count, 0) / (end - first);
  }

  /** The least density of two bins between small steps and jumps. */
  #rarest(): number {
    let least = Infinity;
    for (let from = VALLEY[0]; from + 2 * BIN < VALLEY[1] + BIN / 2; from += BIN)
      least = Math.min(least, this.#density(from, from + 2 * BIN));
    return least;
  }
}

/** How often the commonest values occur. */
function shareOfFew(counts: ReadonlyMap<number, number>): number {
  const commonest = [...counts.values()].sort((a, b) => b - a).slice(0, FEW);
  return commonest.reduce((sum, times) => sum + times, 0);
}

function count(counts: Map<number, number>, value: number): void {
  counts.set(value, (counts.get(value) ?? 0) + 1);
}
