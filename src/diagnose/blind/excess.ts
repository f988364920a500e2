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
import { median, quantile, robustSpread, studentTail } from "./robust";

/** Lines that are averaged before their steps are compared. */
const GROUPS = [1, 4, 16] as const;
/**
 * Figures that are added up, by group. Of 16 tried on development images these found most seams at equal false
 * alarms: `rank` sees weak steps along all of a seam, `peak` steps that are strong in places, `share` both.
 */
const FIGURES: readonly (readonly Figure[])[] = [["rank"], ["rank", "peak"], ["peak", "share"]];
/** Their sum over the root of their number scatters this much more than independent figures would. */
const DEPENDENCE = 1.5;
/** Sizes of bends that differ by less than this many times the fineness are equal. */
const TIE = 0.5;
/** A bend reaches two px to one and one to the other side: planes nearer than this share pixels. */
const NEAREST = 3;
/** Planes compared with on either side. */
const COMPARED = 4;
/** Excesses without seams follow Student's distribution with a degree of freedom for so many planes, up to a limit. */
const PLANES_PER_FREEDOM = 10;
const MOST_FREEDOM = 30;
/** The spread of figures is taken from their middle and from what all but 6 % stay below, which has no seams of tiles in it. */
const UPPER = 0.94;
const UPPER_TO_SD = 1 / 1.5548;
/** Near the ends of the axis networks answer otherwise, because they see the padding; no tile ends there. */
const MARGIN = 12;
/** Planes with figures that are needed before one of them can be called unusual. */
const FEWEST_PLANES = 12;

/** Parallel lines along one axis, line after line; neighbours in the list are neighbours in the stack. */
export interface Lines {
  readonly values: Float64Array;
  readonly count: number;
  /** Steps below this size count as equal, units of the stack; > 0. */
  readonly fineness: number;
}

type Figure = "rank" | "peak" | "share";
type Sums = Readonly<Record<Figure | "n", Float64Array>>;

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
  readonly #sums: readonly Sums[];
  readonly #offsets: readonly number[];
  /** px at either end where no excess is given. */
  readonly margin: number;

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
      peak: new Float64Array(length),
      share: new Float64Array(length),
      n: new Float64Array(length),
    }));
    this.margin = Math.min(MARGIN, Math.ceil(length / 8));
    const first = Math.ceil(NEAREST / lattice);
    const many = lattice > 4 ? COMPARED / 2 : COMPARED;
    const offsets = Array.from({ length: many }, (_, i) => (first + i) * lattice);
    this.#offsets = [...offsets, ...offsets.map((offset) => -offset)];
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
        this.#compare(bends, lines.fineness, this.#sums[g]);
      }
    });
  }

  #compare(bends: Float64Array, fineness: number, { rank, peak, share, n }: Sums): void {
    const { length } = this;
    const tie = TIE * fineness;
    for (let p = 2; p < length - 1; p++) {
      const own = bends[p];
      if (!(own >= 0)) continue;
      let [others, larger, sum, most] = [0, 0, 0, 0];
      for (const offset of this.#offsets) {
        const other = bends[p + offset];
        // Neither NaN nor beyond an end.
        if (!(other >= 0)) continue;
        others++;
        sum += other;
        if (other > most) most = other;
        larger += own > other + tie ? 1 : own >= other - tie ? 0.5 : 0;
      }
      if (others < 2 || (most === 0 && own === 0)) continue;
      const mean = sum / others;
      rank[p] += larger / others - 0.5;
      if (own > most) peak[p] += Math.log((own + fineness) / (most + fineness));
      share[p] += (own - mean) / (own + mean + 5 * fineness);
      n[p]++;
    }
  }

  /** The excess of every plane over what was added. */
  excess(): Excess {
    const score = new Float64Array(this.length);
    this.#sums.forEach((sums, g) => {
      const floors = sums.n.map((n) => Math.sqrt(1 / (12 * Math.max(1, n))));
      for (const figure of FIGURES[g]) {
        const means = sums[figure].map((sum, p) => (sums.n[p] > 0 ? sum / sums.n[p] : NaN));
        standardise(means, floors, this).forEach((z, p) => (score[p] += z));
      }
    });
    const scale = DEPENDENCE * Math.sqrt(FIGURES.flat().length);
    const tried = score.reduce((count, z) => count + (Number.isNaN(z) ? 0 : 1), 0);
    const enough = tried >= FEWEST_PLANES;
    for (let p = 0; p < score.length; p++) score[p] = enough ? score[p] / scale : NaN;
    const freedom = Math.max(2, Math.min(MOST_FREEDOM, Math.floor(tried / PLANES_PER_FREEDOM)));
    return {
      score,
      chance: score.map((z) => (Number.isNaN(z) ? NaN : studentTail(z, freedom))),
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
function standardise(
  values: Float64Array,
  floors: Float64Array,
  { lattice, margin }: { readonly lattice: number; readonly margin: number },
): Float64Array {
  values.fill(NaN, 0, margin);
  values.fill(NaN, values.length - margin + 1);
  const rest = values.slice();
  for (let phase = 0; phase < lattice; phase++) {
    const members: number[] = [];
    for (let p = phase; p < values.length; p += lattice)
      if (!Number.isNaN(values[p])) members.push(values[p]);
    const centre = median(members);
    for (let p = phase; p < values.length; p += lattice) rest[p] -= centre;
  }
  const all = Math.max(robustSpread(rest, 0), UPPER_TO_SD * quantile(rest, UPPER));
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
