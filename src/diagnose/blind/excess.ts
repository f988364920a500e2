/**
 * Seam excess: how much the step across each plane of an axis stands out from the steps across the planes around it.
 *
 * The tally compares how much lines bend at p (`bends.ts`) with how much they bend at planes nearby that share no pixel
 * pair with it, in two ways that no single bright object can dominate: by rank, and by the logarithm of the ratio.
 * Lines are taken one by one and in groups of neighbours, where noise averages out and the step of a seam, which goes on
 * along the seam, does not. How far such figures scatter without a seam is taken from the other planes of the same image.
 * @module
 */
import { Bends } from "./bends";
import { median, quantile, robustSpread, studentTail } from "./robust";

/** Lines that are averaged before their steps are compared. */
const GROUPS = [1, 4, 16] as const;
/**
 * Figures that are added up, by group. Chosen on development images: of about 35 combinations, with about 10 rounds
 * of thresholds, this is the best of the last round. `rank` sees weak steps along all of a seam, `peak` steps that
 * are strong in places, `share` both.
 */
const FIGURES: readonly (readonly Figure[])[] = [["rank"], ["rank", "peak"], ["peak", "share"]];
/** Their sum over the root of their number scatters this much more than independent figures would. */
const DEPENDENCE = 1.5;
/** Sizes of bends that differ by less than this many times the fineness are equal. */
const TIE = 0.5;
/** Excesses without seams follow Student's distribution with a degree of freedom for so many planes, up to a limit. */
const PLANES_PER_FREEDOM = 4;
const MOST_FREEDOM = 8;
/** With fewer independent votes, as where whole columns are brighter or darker, scores count less. */
const ENOUGH_VOTES = 6;
/** The spread of figures is taken from their middle and from what one in ten exceeds: more than seams of tiles are. */
const UPPER = 0.9;
const UPPER_TO_SD = 1 / 1.2816;
/** Near the ends of the axis networks answer otherwise, because they see the padding; no tile ends there. */
const MARGIN = 16;
/** Planes with figures that are needed before one of them can be called unusual. */
const FEWEST_PLANES = 12;

/** What one of several planes counts at most in a part: a few strong ones are no grid. */
const MOST_OF_ONE = 4;

/** Parts of the length of a seam that are looked at each for itself. */
const PARTS = 8;
/** Groups of lines that are large count for all of the seam only. */
const MOST_IN_PARTS = 4;
/** Mean and standard deviation of the largest of three normal values. */
const LARGEST_OF_THREE = 0.846;
const SPREAD_OF_LARGEST = 0.748;

/** Parallel lines along one axis, line after line; neighbours in the list are neighbours in the stack. */
export interface Lines {
  readonly values: Float64Array;
  readonly count: number;
  /** Steps below this size count as equal, units of the stack; > 0. */
  readonly fineness: number;
}

type Part = Readonly<Record<"rank" | "n", Float64Array>>;
type Figure = "rank" | "peak" | "share";
type Sums = Readonly<Record<Figure | "n", Float64Array>> & {
  /** Squares of single figures, and their number, of all planes. */
  readonly squares: Record<Figure, number>;
  /** Whether its other figures are of no interest, and left at zero. */
  readonly onlyRank: boolean;
};

/** What a tally found. */
export interface Excess {
  /** Robust standard deviations; entry i belongs to the plane before px i; NaN where not measured. */
  readonly score: Float64Array;
  /** Probability of each score without a seam, for this plane alone; NaN where not measured. */
  readonly chance: Float64Array;
  /** Planes with a score. */
  readonly tried: number;
  /** Whether lines differ from each other as pixels do; not where whole lines are brighter or shifted, as cameras and scanners leave them. */
  readonly independent: boolean;
}

/** Sums over lines of one axis. */
export class ExcessTally {
  readonly #sums: readonly Sums[];
  readonly #alike: Float64Array;
  readonly #profile: Float64Array;
  /** Sums and numbers of ranks, part of the seam after part. */
  readonly #parts: readonly Part[];
  #lines = 0;
  readonly #bends: Bends;
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
    this.#sums = FIGURES.map((figures) => ({
      rank: new Float64Array(length),
      peak: new Float64Array(length),
      share: new Float64Array(length),
      n: new Float64Array(length),
      squares: { rank: 0, peak: 0, share: 0 },
      onlyRank: figures.every((figure) => figure === "rank"),
    }));
    this.#bends = new Bends(length, lattice);
    this.#alike = new Float64Array(length);
    this.#profile = new Float64Array(length);
    this.#parts = Array.from({ length: PARTS }, () => ({
      rank: new Float64Array(length),
      n: new Float64Array(length),
    }));
    this.margin = Math.min(MARGIN, Math.ceil(length / 8));
  }

  /** Adds lines of `length` px each; they are not changed. */
  add(lines: Lines): void {
    this.#lines += lines.count;
    addLikeness(lines, this.#alike, this.#profile);
    GROUPS.forEach((group, g) => {
      if (group > 1 && lines.count < group) return;
      const mean = new Float64Array(this.length);
      for (let line = 0; line + group <= lines.count; line += group) {
        averageLines(lines, line, group, mean);
        this.#bends.compare(mean, TIE * lines.fineness);
        const part = this.#parts[Math.floor((line * PARTS) / lines.count)];
        const sums = this.#sums[g];
        this.#addFigures(lines.fineness, group <= MOST_IN_PARTS ? [sums, part] : [sums]);
      }
    });
  }

  /** Adds what the bends of one line say. */
  #addFigures(fineness: number, [sums, part]: readonly [Sums, Part?]): void {
    const { rank, peak, share, n, squares, onlyRank } = sums;
    const bends = this.#bends;
    for (let p = 2; p < this.length - 1; p++) {
      const others = bends.others[p];
      if (others < 2) continue;
      const ranked = bends.passed[p] / (2 * others) - 0.5;
      rank[p] += ranked;
      squares.rank += ranked * ranked;
      n[p]++;
      if (part !== undefined) {
        part.rank[p] += ranked;
        part.n[p]++;
      }
      if (onlyRank) continue;
      const own = bends.at(p);
      const mean = bends.sum[p] / others;
      const peaked = own > mean ? bends.peakAt(p, fineness) : 0;
      const shared = (own - mean) / (own + mean + 5 * fineness);
      peak[p] += peaked;
      share[p] += shared;
      squares.peak += peaked * peaked;
      squares.share += shared * shared;
    }
  }

  /**
   * How far along their length planes stand out, robust standard deviations: mean over those parts of the length in
   * which they do least, half of all parts. What ends with an object, or where the image is flat, has little of it.
   */
  lasting(positions: readonly number[]): number {
    const usual = usualPlanes(this.length, positions);
    const parts = this.#parts.map(({ rank, n }) => {
      const means = rank.map((sum, p) => (n[p] > 0 ? sum / n[p] : NaN));
      means.fill(NaN, 0, this.margin);
      means.fill(NaN, means.length - this.margin + 1);
      const others = means.filter((_, p) => usual(p));
      const centre = median(others);
      const spread = Math.max(robustSpread(others, centre), UPPER_TO_SD * (quantile(others, UPPER) - centre));
      if (!(spread > 0)) return 0;
      const largest = positions
        .map((at) => Math.max(...means.slice(at - 1, at + 2).filter((mean) => !Number.isNaN(mean))))
        .filter(Number.isFinite);
      const sum = largest.reduce(
        (total, mean) => total + Math.min(MOST_OF_ONE, (mean - centre) / spread - LARGEST_OF_THREE),
        0,
      );
      return sum / (SPREAD_OF_LARGEST * Math.sqrt(Math.max(1, largest.length)));
    });
    const least = parts.sort((a, b) => a - b).slice(0, PARTS / 2);
    return least.reduce((sum, part) => sum + part, 0) / least.length;
  }

  /**
   * Correlation, over all lines, of the px three before each plane with that three after it, −1…1; NaN near the ends.
   * The px right beside a seam may differ for other reasons than having nothing in common.
   */
  get likeness(): Float64Array {
    return this.#alike.map((sum, p) =>
      p >= LAG / 2 && p + LAG / 2 <= this.length && this.#lines > 0 ? sum / this.#lines : NaN,
    );
  }

  /** Mean of all lines, each list of lines in units of its spread. */
  get profile(): Float64Array {
    return this.#profile.map((sum) => sum / Math.max(1, this.#lines));
  }

  /**
   * The excess of every plane over what was added.
   *
   * @param apart planes that say nothing about the others, with what is beside them: narrow grids of seams would
   *              otherwise be the scatter that they are compared with
   */
  excess(apart: readonly number[] = []): Excess {
    const usual = usualPlanes(this.length, apart);
    const score = new Float64Array(this.length);
    let fewest = Infinity;
    this.#sums.forEach((sums, g) => {
      const votes = sums.n.reduce((total, n) => total + n, 0);
      const independent = independentVotes(sums, this.margin, usual);
      const effective = (independent * votes) / this.length;
      const damping = Math.min(1, Math.sqrt(effective / ENOUGH_VOTES));
      fewest = Math.min(fewest, effective);
      for (const figure of FIGURES[g]) {
        const means = sums[figure].map((sum, p) => (sums.n[p] > 0 ? sum / sums.n[p] : NaN));
        const single = Math.sqrt(sums.squares[figure] / Math.max(1, votes));
        const floors = sums.n.map((n) => single / Math.sqrt(Math.max(1, n * independent)));
        standardise(means, floors, { lattice: this.lattice, margin: this.margin, usual }).forEach(
          (z, p) => (score[p] += damping * z),
        );
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
      independent: fewest >= ENOUGH_VOTES,
    };
  }
}

/**
 * Which part of the votes is independent of the others, 0…1: by how much the mean ranks of planes scatter more than
 * those of independent lines would.
 */
function independentVotes({ rank, n, squares }: Sums, margin: number, usual: IsUsual): number {
  const votes = n.reduce((total, count) => total + count, 0);
  if (votes === 0) return 1;
  const single = squares.rank / votes;
  const scaled = rank
    .map((sum, p) => (n[p] > 0 && usual(p) ? sum / Math.sqrt(n[p]) : NaN))
    .subarray(margin, n.length - margin);
  const spread = robustSpread(scaled);
  return spread > 0 ? Math.min(1, single / spread ** 2) : 1;
}

/** px between those that are correlated across a plane. */
const LAG = 6;

/** Adds the correlation across each plane and the standardised mean line, both times the number of lines. */
function addLikeness(
  { values, count }: Pick<Lines, "values" | "count">,
  alike: Float64Array,
  profile: Float64Array,
): void {
  const { length } = alike;
  const sums = new Float64Array(length);
  const squares = new Float64Array(length);
  const products = new Float64Array(length);
  const shift = values.find(Number.isFinite) ?? 0;
  let spoilt = 0;
  for (let start = 0; start < count * length; start += length) {
    for (let p = 0; p < length; p++) {
      const value = values[start + p] - shift;
      if (!Number.isFinite(value)) {
        spoilt++;
        continue;
      }
      sums[p] += value;
      squares[p] += value * value;
      const other = p >= LAG - 1 ? values[start + p - LAG + 1] - shift : NaN;
      if (Number.isFinite(other)) products[p] += value * other;
    }
  }
  if (spoilt > 0.5 * count * length) return;
  const total = sums.reduce((sum, value) => sum + value, 0) / (count * length);
  const spread = Math.sqrt(squares.reduce((sum, value) => sum + value, 0) / (count * length) - total * total);
  for (let p = 0; p < length; p++) {
    if (spread > 0) profile[p] += (count * (sums[p] / count - total)) / spread;
    if (p < LAG - 1) continue;
    const other = p - LAG + 1;
    const variance = (i: number): number => Math.max(0, squares[i] / count - (sums[i] / count) ** 2);
    const together = products[p] / count - (sums[p] / count) * (sums[other] / count);
    const scale = Math.sqrt(variance(p) * variance(other));
    if (scale > 0) alike[p - LAG / 2 + 1] += (count * together) / scale;
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

/** Whether a plane is among those that tell how planes without a seam scatter. */
type IsUsual = (p: number) => boolean;

/** A seam also shows at the planes beside it, px. */
const BESIDE = 2;

function usualPlanes(length: number, apart: readonly number[]): IsUsual {
  const isApart = new Uint8Array(length);
  for (const p of apart) isApart.fill(1, Math.max(0, p - BESIDE), p + BESIDE + 1);
  return (p) => isApart[p] === 0;
}

/** Deviations from the median of the usual planes of the same phase, in robust standard deviations of all of them. */
function standardise(
  values: Float64Array,
  floors: Float64Array,
  { lattice, margin, usual }: { readonly lattice: number; readonly margin: number; readonly usual: IsUsual },
): Float64Array {
  values.fill(NaN, 0, margin);
  values.fill(NaN, values.length - margin + 1);
  const rest = values.slice();
  const ofPhase = (phase: number): number[] => {
    const members: number[] = [];
    for (let p = phase; p < rest.length; p += lattice)
      if (usual(p) && !Number.isNaN(rest[p])) members.push(rest[p]);
    return members;
  };
  for (let phase = 0; phase < lattice; phase++) {
    const centre = median(ofPhase(phase));
    for (let p = phase; p < values.length; p += lattice) rest[p] -= centre;
  }
  const others = rest.filter((_, p) => usual(p));
  const all = Math.max(robustSpread(others, 0), UPPER_TO_SD * quantile(others, UPPER));
  for (let phase = 0; phase < lattice; phase++) {
    const members = ofPhase(phase);
    const own = members.length >= FEWEST_PLANES ? robustSpread(members, 0) : 0;
    for (let p = phase; p < values.length; p += lattice) {
      rest[p] /= Math.max(all, own, floors[p]);
    }
  }
  return rest;
}
