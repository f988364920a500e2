/**
 * Blind diagnosis: seams, grids and other marks of tiles, from the pixels alone.
 * @module
 */
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { Finding, Grid, SeamFigures } from "../diagnosis";
import { isFloat } from "../../volume/pixels";
import { ExcessTally } from "./excess";
import { looksLikeLabels } from "./impostors";
import { seamsAlong } from "./seams";
import type { AxisSeams } from "./seams";
import { findLattice } from "./lattice";
import type { BlindMeasurement, KnownSeams } from "./measurement";
import { quantile } from "./robust";
import { lengthsOf, planePieces, readPiece, sliceSample, turned } from "./sample";
import type { Lengths } from "./sample";
import { SliceTally } from "./slices";

/** Fineness of steps, as a fraction of the range. */
const FINENESS = 0.003;
/** The same for integers: a step of one count is what rounding leaves. */
const LEAST_COUNTS = 2;
const FEWEST_PX = 16;

/** Work in progress on one stack. */
interface Measuring {
  readonly stack: Stack;
  readonly lengths: Lengths;
  readonly tallies: Map<string, ExcessTally>;
  readonly values: number[];
  readonly notes: string[];
}

/**
 * Measures what the pixels alone say about tiles. Reads a bounded part of the stack.
 *
 * @param known planned seam positions by axis letter, px of the stack; `{}` when nothing is known. Their figures are
 *              always among the seams, corrected for their own number only
 * @throws {TilewrightError} what reading throws; `AbortError`
 */
export async function measureBlind(stack: Stack, known: KnownSeams, job: Job): Promise<BlindMeasurement> {
  const lengths = lengthsOf(stack);
  const work: Measuring = { stack, lengths, tallies: new Map(), values: [], notes: [] };
  await measurePlanes(work, job);
  const slices = await measureSlices(work, job);
  const range = rangeOf(work.values);
  const axes = ["Z", "Y", "X"].flatMap((axis): AxisSeams[] => {
    const tally = work.tallies.get(axis);
    return tally === undefined ? [] : [seamsAlong(axis, tally, known[axis] ?? [])];
  });
  const seams = axes.flatMap((along) => along.seams);
  const grid = Object.fromEntries(axes.map(({ axis, grid: own }) => [axis, own]));
  const excess = Object.fromEntries(
    axes.map(({ axis, score }) => [axis, Array.from(score, (z) => (Number.isFinite(z) ? z : null))]),
  );
  return {
    range,
    seams,
    slices,
    grid,
    excess,
    findings: seamFindings(seams, grid),
    hadPower: range !== null && ["Y", "X"].every((axis) => (excess[axis] ?? []).some((z) => z !== null)),
    notes: [...work.notes, ...axes.flatMap((along) => along.notes)],
  };
}

async function measurePlanes(work: Measuring, job: Job): Promise<void> {
  const { stack, lengths } = work;
  const pieces = planePieces(lengths);
  for (const [i, { across, piece }] of pieces.entries()) {
    job.signal.throwIfAborted();
    const values = await readPiece(stack, piece, job);
    const width = piece.columns[1] - piece.columns[0];
    const step = Math.max(1, Math.floor((values.length * pieces.length) / 1e6));
    for (let k = 0; k < values.length; k += step) if (Number.isFinite(values[k])) work.values.push(values[k]);
    if (across.includes("X")) addLines(work, "X", values, width);
    if (across.includes("Y")) addLines(work, "Y", turned(values, width), values.length / width);
    job.report({ what: "looking for seams", done: i + 1, total: pieces.length, unit: "planes" });
  }
}

async function measureSlices(work: Measuring, job: Job): Promise<BlindMeasurement["slices"]> {
  const { stack, lengths } = work;
  const sample = sliceSample(lengths);
  const tally = new SliceTally(lengths, sample);
  await tally.read(stack, job);
  if (lengths.Z >= FEWEST_PX) for (const lines of tally.columns()) addLines(work, "Z", lines, lengths.Z);
  return tally.figures();
}

function addLines(work: Measuring, axis: string, values: Float64Array, length: number): void {
  if (length < FEWEST_PX) return;
  const range = rangeOf(values);
  if (range === null) return;
  const { readsAs } = work.stack.facts;
  if (looksLikeLabels(values, length, readsAs)) {
    const note =
      "Areas of equal values with steps between them, such as labels, were not searched for seams.";
    if (!work.notes.includes(note)) work.notes.push(note);
    return;
  }
  let tally = work.tallies.get(axis);
  if (tally === undefined) {
    tally = new ExcessTally(length, findLattice(typicalSteps(values, length)));
    work.tallies.set(axis, tally);
  }
  const least = readsAs !== null && !isFloat(readsAs) ? LEAST_COUNTS : 0;
  tally.add({ values, count: values.length / length, fineness: Math.max(FINENESS * range, least) });
}

function typicalSteps(values: Float64Array, length: number): Float64Array {
  const sums = new Float64Array(length);
  const counts = new Float64Array(length);
  for (let line = 0; line < values.length; line += length) {
    for (let p = 1; p < length; p++) {
      const step = Math.abs(values[line + p] - values[line + p - 1]);
      if (!Number.isFinite(step)) continue;
      sums[p] += step;
      counts[p]++;
    }
  }
  return sums.map((sum, p) => (counts[p] > 0 ? sum / counts[p] : NaN));
}

function rangeOf(values: ArrayLike<number>): number | null {
  const most = 200_000;
  const step = Math.max(1, Math.floor(values.length / most));
  const picked = Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]);
  const range = quantile(picked, 0.999) - quantile(picked, 0.001);
  return range > 0 && Number.isFinite(range) ? range : null;
}

function seamFindings(seams: readonly SeamFigures[], grid: Readonly<Record<string, Grid | null>>): Finding[] {
  return Object.keys(grid).flatMap((axis): Finding[] => {
    const found = seams.filter((seam) => seam.axis === axis && seam.pValue !== null && seam.pValue < 0.001);
    const regular = grid[axis];
    if (found.length === 0 && regular === null) return [];
    const worst = Math.max(...seams.filter((seam) => seam.axis === axis).map((seam) => seam.excess ?? 0));
    const where =
      regular === null
        ? `at ${axis} ${found.map((seam) => seam.position).join(", ")} px`
        : `every ${regular.period} px in ${axis} from ${regular.offset}`;
    return [
      {
        cause: "unknown",
        certainty: "measured",
        axis,
        where: {},
        magnitude: null,
        evidence: `The image is stitched ${where}: the step there is up to ${worst.toFixed(1)} robust standard deviations larger than around it.`,
        cure: {
          text: "Predict again with the overlap that the network needs, and with tiles on its grid.",
          options: null,
          command: null,
        },
      },
    ];
  });
}
