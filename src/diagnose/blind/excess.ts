/**
 * Seam excess: how much the step across each plane of an axis stands out from the steps across the planes around it.
 *
 * A line of pixels along the axis has at p the bend `I(p) − I(p−1) − ½·(I(p−1) − I(p−2) + I(p+1) − I(p))`: the step
 * that is left when both sides are continued straight on. The tally compares its size at p with its size at planes
 * nearby that share no pixel pair with it, in two ways that no single bright object can dominate: by rank, and by
 * the logarithm of the ratio. Lines are taken one by one and in groups of neighbours, where noise averages out and
 * the step of a seam, which goes on along the seam, does not. How far such figures scatter without a seam is taken
 * from the other planes of the same image.
 * @module
 */
import { median, robustSpread, studentTail } from "./robust";

/** Lines that are averaged before their steps are compared. */
const GROUPS = [1, 8] as const;
/** A bend reaches two px to one and one to the other side: planes nearer than this share pixels. */
const NEAREST = 3;
/** Planes compared with on either side. */
const COMPARED = 4;
/** Degrees of freedom of the distribution of excesses without seams; chosen on development images. */
const TAIL_FREEDOM = 7;
/** Planes with figures that are needed before one of them can be called unusual. */
const FEWEST_PLANES = 12;

/** Parallel lines along one axis, line after line; neighbours in the list are neighbours in the stack. */
export interface Lines {
  readonly values: Float64Array;
  readonly count: number;
  /** Steps below this size count as equal, units of the stack; > 0. */
  readonly fineness: number;
}

/** What a tally found. */
export interface Excess {
  /** Robust standard deviations; entry i belongs to the plane before px i; NaN where not measured. */
  readonly score: Float64Array;
  /** Probability of each score without a seam, for this plane alone; NaN where not measured. */
  readonly chance: Float64Array;
  /** Planes with a score. */
  readonly tried: number;
}

/** Sums over lines of one axis. */
export class ExcessTally {
  readonly #sums: readonly {
    readonly rank: Float64Array;
    readonly ratio: Float64Array;
    readonly n: Float64Array;
  }[];
  readonly #offsets: readonly number[];

  /**
   * A tally without lines.
   *
   * @param length  px of the axis
   * @param lattice natural period of the image along the axis, px; 1 when it has none
   */
  constructor(
    readonly length: number,
    readonly lattice: number,
  ) {
    this.#sums = GROUPS.map(() => ({
      rank: new Float64Array(length),
      ratio: new Float64Array(length),
      n: new Float64Array(length),
    }));
    const first = Math.ceil(NEAREST / lattice);
    const many = lattice > 4 ? COMPARED / 2 : COMPARED;
    this.#offsets = Array.from({ length: many }, (_, i) => (first + i) * lattice);
  }

  /** Adds lines of `length` px each; they are not changed. */
  add(lines: Lines): void {
    GROUPS.forEach((group, g) => {
      if (group > 1 && lines.count < group) return;
      const mean = new Float64Array(this.length);
      const bends = new Float64Array(this.length);
      for (let line = 0; line + group <= lines.count; line += group) {
        averageLines(lines, line, group, mean);
        sizesOfBends(mean, bends);
        this.#compare(bends, lines.fineness, g);
      }
    });
  }

  #compare(bends: Float64Array, fineness: number, g: number): void {
    const { rank, ratio, n } = this.#sums[g];
    const { length } = this;
    for (let p = 2; p < length - 1; p++) {
      const own = bends[p];
      if (!(own >= 0)) continue;
      let [others, larger, sum, most] = [0, 0, 0, own];
      for (const offset of this.#offsets) {
        const before = p - offset >= 2 ? bends[p - offset] : NaN;
        const after = p + offset < length - 1 ? bends[p + offset] : NaN;
        if (before >= 0) {
          others++;
          sum += before;
          if (before > most) most = before;
          larger += own > before ? 1 : own === before ? 0.5 : 0;
        }
        if (after >= 0) {
          others++;
          sum += after;
          if (after > most) most = after;
          larger += own > after ? 1 : own === after ? 0.5 : 0;
        }
      }
      if (others < 2 || most === 0) continue;
      rank[p] += larger / others - 0.5;
      ratio[p] += Math.log((own + fineness) / (sum / others + fineness));
      n[p]++;
    }
  }

  /** The excess of every plane over what was added. */
  excess(): Excess {
    const score = new Float64Array(this.length).fill(NaN);
    for (const sums of this.#sums) {
      for (const total of [sums.rank, sums.ratio]) {
        const means = total.map((sum, p) => (sums.n[p] > 0 ? sum / sums.n[p] : NaN));
        const floors = sums.n.map((n) => Math.sqrt(1 / (12 * Math.max(1, n))));
        standardise(means, floors, this.lattice).forEach((z, p) => {
          if (!Number.isNaN(z) && !(score[p] >= z)) score[p] = z;
        });
      }
    }
    const tried = score.reduce((count, z) => count + (Number.isNaN(z) ? 0 : 1), 0);
    const enough = tried >= FEWEST_PLANES;
    return {
      score: enough ? score : score.fill(NaN),
      chance: score.map((z) => (Number.isNaN(z) ? NaN : Math.min(1, 4 * studentTail(z, TAIL_FREEDOM)))),
      tried: enough ? tried : 0,
    };
  }
}

function averageLines({ values }: Lines, first: number, group: number, out: Float64Array): void {
  const { length } = out;
  out.set(values.subarray(first * length, (first + 1) * length));
  if (group === 1) return;
  for (let line = first + 1; line < first + group; line++) {
    const start = line * length;
    for (let p = 0; p < length; p++) out[p] += values[start + p];
  }
  for (let p = 0; p < length; p++) out[p] /= group;
}

/** |bend| before px p for p = 2…length−2; NaN elsewhere and where a pixel is not finite. */
function sizesOfBends(line: Float64Array, out: Float64Array): void {
  out.fill(NaN);
  for (let p = 2; p < line.length - 1; p++) {
    const bend = 1.5 * (line[p] - line[p - 1]) - 0.5 * (line[p + 1] - line[p - 2]);
    out[p] = Number.isFinite(bend) ? Math.abs(bend) : NaN;
  }
}

/** Deviations from the median of the planes of the same phase, in robust standard deviations of all of them. */
function standardise(values: Float64Array, floors: Float64Array, lattice: number): Float64Array {
  const rest = values.slice();
  for (let phase = 0; phase < lattice; phase++) {
    const members: number[] = [];
    for (let p = phase; p < values.length; p += lattice)
      if (!Number.isNaN(values[p])) members.push(values[p]);
    const centre = median(members);
    for (let p = phase; p < values.length; p += lattice) rest[p] -= centre;
  }
  const all = robustSpread(
    rest.filter((value) => !Number.isNaN(value)),
    0,
  );
  for (let phase = 0; phase < lattice; phase++) {
    const members: number[] = [];
    for (let p = phase; p < values.length; p += lattice) if (!Number.isNaN(rest[p])) members.push(rest[p]);
    const own = members.length >= FEWEST_PLANES ? robustSpread(members, 0) : 0;
    for (let p = phase; p < values.length; p += lattice) {
      rest[p] /= Math.max(all, own, floors[p]);
    }
  }
  return rest;
}
