/**
 * How much a line of pixels bends at every plane, compared with how much it bends at planes nearby.
 *
 * The bend at p is `I(p) − I(p−1) − ½·(I(p−1) − I(p−2) + I(p+1) − I(p))`: the step that is left when both sides are
 * continued straight on.
 * @module
 */
import { LARGEST_LATTICE } from "./lattice";

/** A bend reaches two px to one and one to the other side: planes nearer than this share pixels. */
const NEAREST = 3;
/** Planes compared with, half of them on either side. */
const COMPARED = 8;
/** Farthest plane that is compared with, px: lists of bends go on for so many without a value, so that none needs a check. */
const BEYOND = (Math.ceil(NEAREST / LARGEST_LATTICE) + COMPARED / 4 - 1) * LARGEST_LATTICE;

/** The bend of a line before px p, units of the line; NaN where px are missing. */
export function bendAt(line: Float64Array, p: number): number {
  return 1.5 * (line[p] - line[p - 1]) - 0.5 * (line[p + 1] - line[p - 2]);
}

/** The bends of one line at a time; entry p of everything belongs to the plane before px p. */
export class Bends {
  /** How many a bend is compared with; 0 where there is nothing to compare. */
  readonly others: Uint8Array;
  /** Of those, how many are smaller and how many are not larger. */
  readonly passed: Uint8Array;
  /** Their sum, units of the line. */
  readonly sum: Float64Array;
  /** Sizes from BEYOND on; NaN where there is none. */
  readonly #sizes: Float64Array;
  readonly #offsets: Int32Array;

  /**
   * Bends of no line yet.
   *
   * @param length  px of a line
   * @param lattice natural period of the image along it, px: planes are compared with planes of the same phase
   */
  constructor(length: number, lattice: number) {
    this.others = new Uint8Array(length);
    this.passed = new Uint8Array(length);
    this.sum = new Float64Array(length);
    this.#sizes = new Float64Array(2 * (length + BEYOND));
    const first = Math.ceil(NEAREST / lattice);
    const perSide = lattice > 4 ? COMPARED / 4 : COMPARED / 2;
    const after = Array.from({ length: perSide }, (_, i) => (first + i) * lattice);
    // What is not compared lies behind the end, where there is no value.
    const none = Array.from({ length: COMPARED - 2 * perSide }, () => length + BEYOND);
    this.#offsets = Int32Array.from([...after, ...after.map((offset) => -offset), ...none]);
  }

  /** Size of the bend at p; NaN where there is none. */
  at(p: number): number {
    return this.#sizes[p + BEYOND];
  }

  /** By how much the bend at p exceeds the largest of the others, logarithm; 0 when it does not. */
  peakAt(p: number, fineness: number): number {
    const own = this.at(p);
    const sizes = this.#sizes;
    const offsets = this.#offsets;
    let most = 0;
    for (let k = 0; k < offsets.length; k++) {
      const other = sizes[p + BEYOND + offsets[k]];
      if (other > most) most = other;
    }
    return own > most ? Math.log((own + fineness) / (most + fineness)) : 0;
  }

  /**
   * Compares the bends of a line. Whether one is larger than another is a toss of a coin: sums of truth values, written
   * out, are eight times as fast as branches.
   *
   * @param line not changed
   * @param tie  sizes that differ by less are equal
   */
  compare(line: Float64Array, tie: number): void {
    const bends = this.#sizes;
    const { others, passed, sum } = this;
    const [o0, o1, o2, o3, o4, o5, o6, o7] = this.#offsets;
    sizesOfBends(line, bends);
    for (let p = 2; p < line.length - 1; p++) {
      const at = p + BEYOND;
      const own = bends[at];
      const a = bends[at + o0];
      const b = bends[at + o1];
      const c = bends[at + o2];
      const d = bends[at + o3];
      const e = bends[at + o4];
      const f = bends[at + o5];
      const g = bends[at + o6];
      const h = bends[at + o7];
      const low = own - tie;
      const high = own + tie;
      const below = Number(a < low) + Number(b < low) + Number(c < low) + Number(d < low);
      const alsoBelow = Number(e < low) + Number(f < low) + Number(g < low) + Number(h < low);
      const upTo = Number(a <= high) + Number(b <= high) + Number(c <= high) + Number(d <= high);
      const alsoUpTo = Number(e <= high) + Number(f <= high) + Number(g <= high) + Number(h <= high);
      passed[p] = below + alsoBelow + upTo + alsoUpTo;
      sum[p] = a + b + c + d + e + f + g + h;
      others[p] = COMPARED;
      // Near the ends, and beside pixels without a value, some are missing.
      if (!(sum[p] >= 0)) this.#sumUp(p);
      if (!(own >= 0) || (sum[p] === 0 && own === 0)) others[p] = 0;
    }
  }

  /** Count and sum of those that are there. */
  #sumUp(p: number): void {
    const bends = this.#sizes;
    const offsets = this.#offsets;
    this.sum[p] = 0;
    this.others[p] = 0;
    for (let k = 0; k < offsets.length; k++) {
      const bend = bends[p + BEYOND + offsets[k]];
      if (!(bend >= 0)) continue;
      this.sum[p] += bend;
      this.others[p]++;
    }
  }
}

/** |bend| before px p at p + BEYOND, for p = 2…length−2; NaN elsewhere and where a pixel is not finite. */
function sizesOfBends(line: Float64Array, out: Float64Array): void {
  out.fill(NaN);
  for (let p = 2; p < line.length - 1; p++) {
    const bend = bendAt(line, p);
    out[p + BEYOND] = bend - bend === 0 ? Math.abs(bend) : NaN;
  }
}
