/**
 * Steps of gain and offset across seams: the mark of tiles that were normalised each for itself.
 *
 * Where each tile has its own gain and offset, the step across a seam is a linear function of the brightness there,
 * the same along the whole side of a tile. Where tiles saw too little around them the step varies along the seam.
 * @module
 */
import { robustSpread } from "./robust";

/** Part of the energy of steps that gain and offset must explain. */
export const EXPLAINED = 0.55;
/** Planes without a seam that tell how large steps are anyway, px from the seam. */
const CONTROLS = [-7, -5, 5, 7];
/** The step is measured once more so far from the seam, where what a missing context did has faded. */
const FAR = 4;
const FAR_CONTROLS = [-12, 12];
/** Part of the explained step that must last until there. */
export const LASTING = 0.4;
const SHORTEST = 12;

/** Energies summed over sides of tiles. */
export interface StepEnergy {
  /** Squares of steps at the seams beyond those beside them. */
  readonly beyond: number;
  /** The part of it that is a linear function of the brightness. */
  readonly explained: number;
  /** What gain and offset explain of the same steps measured some px away from the seams. */
  readonly lasting: number;
  /** Largest |mean step| of a side, units of the stack. */
  readonly largest: number;
  /** Root of the mean square step beyond those beside it, units of the stack. */
  readonly typical: number;
}

/**
 * Measures the steps across seams, side by side.
 *
 * @param values    lines along the axis, line after line, `length` px each
 * @param seams     positions on the axis
 * @param crossings lines at which tiles end in the other direction
 */
export function stepEnergy(
  values: Float64Array,
  length: number,
  { seams, crossings }: { readonly seams: readonly number[]; readonly crossings: readonly number[] },
): StepEnergy {
  const lines = values.length / length;
  const ends = [0, ...crossings.filter((line) => line > 0 && line < lines), lines];
  let [beyond, explained, lasting, largest, pixels] = [0, 0, 0, 0, 0];
  for (const seam of seams) {
    for (let i = 0; i + 1 < ends.length; i++) {
      const side = { from: ends[i], to: ends[i + 1] };
      if (side.to - side.from < SHORTEST) continue;
      const near = beyondControls(values, length, { p: seam, ...side, away: 0 });
      const far = beyondControls(values, length, { p: seam, ...side, away: FAR });
      if (near === null || far === null) continue;
      const { here } = near;
      beyond += near.energy;
      explained += near.explained;
      lasting += far.explained;
      largest = Math.max(largest, Math.abs(here.mean));
      pixels += here.n;
    }
  }
  return {
    beyond,
    explained,
    lasting,
    largest,
    typical: Math.sqrt(Math.max(0, beyond) / Math.max(1, pixels)),
  };
}

/** The energies of two places together. */
export function addEnergies(a: StepEnergy, b: StepEnergy): StepEnergy {
  return {
    beyond: a.beyond + b.beyond,
    explained: a.explained + b.explained,
    lasting: a.lasting + b.lasting,
    largest: Math.max(a.largest, b.largest),
    typical: Math.max(a.typical, b.typical),
  };
}

interface Fit {
  /** Σ step². */
  readonly energy: number;
  /** Part of it that `offset + slope · brightness` explains. */
  readonly explained: number;
  readonly mean: number;
  readonly n: number;
}

/** A side of a tile: lines `from`…`to` at plane `p`; how many px beside it are left out. */
interface Side {
  readonly p: number;
  readonly from: number;
  readonly to: number;
  readonly away: number;
}

function beyondControls(
  values: Float64Array,
  length: number,
  side: Side,
): { here: Fit; energy: number; explained: number } | null {
  const here = fitSteps(values, length, side);
  const others = (side.away === 0 ? CONTROLS : FAR_CONTROLS)
    .map((off) => fitSteps(values, length, { ...side, p: side.p + off }))
    .filter((fit) => fit !== null);
  if (here === null || others.length === 0) return null;
  const mean = (of: (fit: Fit) => number): number =>
    others.reduce((sum, fit) => sum + of(fit), 0) / others.length;
  return {
    here,
    energy: here.energy - mean((fit) => fit.energy),
    explained: here.explained - mean((fit) => fit.explained),
  };
}

function fitSteps(values: Float64Array, length: number, { p, from, to, away }: Side): Fit | null {
  if (p - away < 2 || p + away + 1 >= length) return null;
  const steps: number[] = [];
  const levels: number[] = [];
  for (let line = from; line < to; line++) {
    const at = line * length + p;
    const left = (values[at - away - 1] + values[at - away - 2]) / 2;
    const right = (values[at + away] + values[at + away + 1]) / 2;
    if (!Number.isFinite(left + right)) continue;
    steps.push(right - left);
    levels.push((left + right) / 2);
  }
  if (steps.length < SHORTEST) return null;
  // A few bright objects on the seam must not decide.
  const most = 6 * robustSpread(steps);
  const kept = steps.map((step) => (most > 0 ? Math.max(-most, Math.min(most, step)) : step));
  const n = kept.length;
  const mean = kept.reduce((sum, step) => sum + step, 0) / n;
  const level = levels.reduce((sum, value) => sum + value, 0) / n;
  let [energy, cross, square] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    energy += kept[i] ** 2;
    cross += (kept[i] - mean) * (levels[i] - level);
    square += (levels[i] - level) ** 2;
  }
  return { energy, explained: n * mean * mean + (square > 0 ? (cross * cross) / square : 0), mean, n };
}
