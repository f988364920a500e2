/**
 * Blind diagnosis: seams, grids and other marks of tiles, from the pixels alone.
 * @module
 */
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { Interval } from "../../volume/region";
import { blindFindings } from "./findings";
import { flatRectangles } from "./missing";
import type { FlatRectangle } from "./missing";
import { wouldSee } from "./power";
import { addEnergies, stepEnergy } from "./tileSteps";
import type { StepEnergy } from "./tileSteps";
import { WrapTally } from "./wrap";
import { isFloat } from "../../volume/pixels";
import { ExcessTally } from "./excess";
import { looksLikeLabels } from "./impostors";
import { findPrint } from "./prints";
import { seamsAlong } from "./seams";
import type { AxisSeams } from "./seams";
import { findLattice } from "./lattice";
import type { BlindMeasurement, KnownSeams } from "./measurement";
import { quantile, quantiles } from "./robust";
import {
  fewerColumns,
  fewerRows,
  lengthsOf,
  planePieces,
  readPiece,
  sliceSample,
  spread,
  turned,
} from "./sample";
import type { Lengths, Piece } from "./sample";
import { SliceTally, endNotes } from "./slices";

/** Fineness of steps, as a fraction of the range. */
const FINENESS = 0.003;
/** The same for integers: a step of one count is what rounding leaves. */
const LEAST_COUNTS = 2;
const FEWEST_PX = 16;
/** Pieces in which the steps across the seams found are looked at once more. */
const SECOND_LOOKS = 4;
/** px of lines that are looked at along each of X and Y. */
const MOST_LINES_PX = 2 * 2 ** 20;
const LABELS = "Areas of equal values with steps between them, such as labels, were not searched for seams.";

/** Work in progress on one stack. */
interface Measuring {
  readonly stack: Stack;
  readonly lengths: Lengths;
  readonly tallies: Map<string, ExcessTally>;
  /** Whether a seam put into the first lines of an axis was found. */
  readonly power: Map<string, boolean>;
  readonly wrap: WrapTally;
  readonly rectangles: FlatRectangle[];
  readonly values: number[];
  readonly notes: Set<string>;
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
  const work: Measuring = {
    stack,
    lengths,
    tallies: new Map(),
    power: new Map(),
    wrap: new WrapTally(stack.facts.readsAs),
    rectangles: [],
    values: [],
    notes: new Set(),
  };
  await measurePlanes(work, job);
  const slices = await measureSlices(work, job);
  const range = rangeOf(work.values);
  const axes = axesOf(work, known);
  const steps = await measureSteps(work, axes, job);
  const { rectangles } = work;
  const wrap = work.wrap.evidence(stack.facts.dtype);
  return {
    range,
    seams: axes.flatMap((along) => along.seams),
    slices,
    grid: Object.fromEntries(axes.map((along) => [along.axis, along.grid])),
    excess: Object.fromEntries(
      axes.map(({ axis, score }) => [axis, Array.from(score, (z) => (Number.isFinite(z) ? z : null))]),
    ),
    findings: blindFindings({ lengths, range, axes, steps, rectangles, wrap }),
    hadPower: ["Y", "X"].every((axis) => work.power.get(axis) === true),
    notes: [...work.notes, ...axes.flatMap((along) => along.notes), ...endNotes(slices)],
  };
}

/** The seams of every axis. Where one of them is stitched, or a tile is missing, less is asked of the others. */
function axesOf({ tallies, rectangles, lengths }: Measuring, known: KnownSeams): AxisSeams[] {
  const lattice = Math.max(...["Y", "X"].map((axis) => tallies.get(axis)?.lattice ?? 1));
  const prints = new Map([...tallies].map(([axis, tally]) => [axis, findPrint(tally.profile, tally)]));
  const along = (axis: string, expected: boolean): AxisSeams[] => {
    const tally = tallies.get(axis);
    if (tally === undefined) return [];
    return [
      seamsAlong(axis, tally, {
        known: known[axis] ?? [],
        lattice: axis === "Z" ? 1 : lattice,
        print: prints.get(axis) ?? null,
        expected,
        missing: missingAlong(axis, lengths, rectangles),
      }),
    ];
  };
  const axes = ["Z", "Y", "X"].flatMap((axis) => along(axis, false));
  const stitched = rectangles.length > 0 || axes.some(({ found }) => found.length > 0);
  return stitched ? axes.flatMap((one) => (one.grid === null ? along(one.axis, true) : [one])) : axes;
}

/** Where missing tiles begin and end along an axis; several side by side are one stretch. */
function missingAlong(axis: string, { Y, X }: Lengths, rectangles: readonly FlatRectangle[]): Interval[] {
  const along = rectangles.flatMap(({ rows, columns }) => ({ Y: [rows], X: [columns] })[axis] ?? []);
  const length = axis === "X" ? X : Y;
  const different = new Map(along.map((stretch) => [stretch.join(), stretch]));
  return [...different.values()].filter(([from, to]) => to - from < length);
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
    work.wrap.add(values, width);
    if (across === "XY") work.rectangles.push(...setMissingApart(values, piece, lengths));
    const height = values.length / width;
    const most = MOST_LINES_PX / pieces.length;
    if (across.includes("X")) addLines(work, "X", fewerRows(values, width, most), width);
    if (across.includes("Y")) addLines(work, "Y", fewerColumns(values, width, most), height);
    job.report({ what: "looking for seams", done: i + 1, total: pieces.length, unit: "planes" });
  }
}

/** Finds missing tiles of a plane and makes their pixels NaN: what is around them is no seam. */
function setMissingApart(values: Float64Array, piece: Piece, { X, Y }: Lengths): FlatRectangle[] {
  const rectangles = flatRectangles(values, X, piece).filter(
    ({ rows, columns }) => (rows[1] - rows[0]) * (columns[1] - columns[0]) < X * Y,
  );
  for (const { rows, columns } of rectangles)
    for (let y = rows[0]; y < rows[1]; y++) values.fill(NaN, y * X + columns[0], y * X + columns[1]);
  return rectangles;
}

async function measureSteps(
  work: Measuring,
  axes: readonly AxisSeams[],
  job: Job,
): Promise<Record<string, StepEnergy>> {
  const foundAlong = (axis: string): readonly number[] =>
    axes.find((along) => along.axis === axis)?.found ?? [];
  const [acrossX, acrossY] = [foundAlong("X"), foundAlong("Y")];
  const sums: Record<string, StepEnergy> = {};
  if (acrossX.length + acrossY.length === 0) return sums;
  const pieces = planePieces(work.lengths);
  for (const index of spread(pieces.length, SECOND_LOOKS)) {
    const { across, piece } = pieces[index];
    const values = await readPiece(work.stack, piece, job);
    const width = piece.columns[1] - piece.columns[0];
    if (across === "XY") setMissingApart(values, piece, work.lengths);
    const add = (axis: string, energy: StepEnergy): void => {
      sums[axis] = axis in sums ? addEnergies(sums[axis], energy) : energy;
    };
    const within = (seams: readonly number[], [from, to]: Interval): number[] =>
      seams.filter((p) => p > from && p < to).map((p) => p - from);
    if (across.includes("X") && acrossX.length > 0) {
      add("X", stepEnergy(values, width, { seams: acrossX, crossings: within(acrossY, piece.rows) }));
    }
    if (across.includes("Y") && acrossY.length > 0) {
      const lines = turned(values, width);
      const crossings = within(acrossX, piece.columns);
      add("Y", stepEnergy(lines, values.length / width, { seams: acrossY, crossings }));
    }
  }
  return sums;
}

async function measureSlices(work: Measuring, job: Job): Promise<BlindMeasurement["slices"]> {
  const { stack, lengths } = work;
  const sample = sliceSample(lengths);
  const tally = new SliceTally(lengths, sample);
  await tally.read(stack, job);
  if (lengths.Z >= FEWEST_PX) for (const lines of tally.columns()) addLines(work, "Z", lines, lengths.Z);
  return tally.figures();
}

function addLines(work: Measuring, axis: string, pixels: Float64Array, length: number): void {
  if (length < FEWEST_PX) return;
  const values = work.wrap.unwrapped(pixels, length);
  const range = rangeOf(values);
  if (range === null) return;
  const { readsAs } = work.stack.facts;
  if (looksLikeLabels(values, { length, range, dtype: readsAs })) {
    work.notes.add(LABELS);
    return;
  }
  const least = readsAs !== null && !isFloat(readsAs) ? LEAST_COUNTS : 0;
  const lines = { values, count: values.length / length, fineness: Math.max(FINENESS * range, least) };
  let tally = work.tallies.get(axis);
  if (tally === undefined) {
    const steps = typicalSteps(values, length);
    tally = new ExcessTally(length, findLattice(steps));
    work.tallies.set(axis, tally);
    work.power.set(axis, wouldSee(lines, tally, Math.max(0.02 * range, 2 * quantile(steps, 0.5))));
  }
  tally.add(lines);
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
  const most = 50_000;
  const step = Math.max(1, Math.floor(values.length / most));
  const picked = Array.from({ length: Math.ceil(values.length / step) }, (_, i) => values[i * step]);
  const [low, high] = quantiles(picked, [0.001, 0.999]);
  const range = high - low;
  return range > 0 && Number.isFinite(range) ? range : null;
}
