/**
 * Which parts of a stack are looked at: enough to measure, few enough for stacks larger than memory.
 * @module
 */
import type { Job } from "../../job";
import type { Stack } from "../../stack/stack";
import type { Interval, Region } from "../../volume/region";

/** px read for the seams across X and Y together. */
const MOST_PIXELS = 16 * 2 ** 20;
/** px of a plane that is read in one piece. */
const MOST_PIECE = 4 * 2 ** 20;
/** px held for the seams across Z. */
const MOST_COLUMNS = 2 ** 20;
const BAND = 64;
const MOST_CHANNELS = 8;
/** Time points in which seams across Z are looked for. */
export const MOST_TIMES = 2;

/** Position of a plane. */
export interface PlaneIndex {
  readonly T: number;
  readonly Z: number;
  readonly C: number;
}

/** A part of one plane, row-major. */
export interface Piece extends PlaneIndex {
  readonly rows: Interval;
  readonly columns: Interval;
}

/** Lengths of T, Z, C, Y and X, 1 where the stack lacks one. */
export type Lengths = Readonly<Record<"T" | "Z" | "C" | "Y" | "X", number>>;

/** Lengths of all five axes. */
export function lengthsOf({ facts }: Stack): Lengths {
  const of = (axis: string): number => {
    const at = facts.canonicalAxes.indexOf(axis);
    return at < 0 ? 1 : facts.canonicalShape[at];
  };
  return { T: of("T"), Z: of("Z"), C: of("C"), Y: of("Y"), X: of("X") };
}

/** Reads a piece as 64-bit floats: differences of no integer type and no float32 overflow or cancel. */
export async function readPiece(stack: Stack, piece: Piece, job: Job): Promise<Float64Array> {
  return new Float64Array((await stack.read(regionOf(stack, piece), job)).data);
}

/** A piece as a region of the stack. */
export function regionOf(stack: Stack, piece: Piece): Region {
  const of: Record<string, Interval> = {
    T: [piece.T, piece.T + 1],
    Z: [piece.Z, piece.Z + 1],
    C: [piece.C, piece.C + 1],
    Y: piece.rows,
    X: piece.columns,
  };
  return [...stack.facts.canonicalAxes].map((axis) => of[axis]);
}

/** `count` of `length` indices, evenly spread. */
export function spread(length: number, count: number): number[] {
  const many = Math.max(1, Math.min(length, Math.floor(count)));
  return Array.from({ length: many }, (_, i) => Math.floor(((i + 0.5) * length) / many));
}

/** Parts of planes in which seams across X and Y are looked for: whole planes, or bands of very large ones. */
export function planePieces(
  lengths: Lengths,
): { readonly across: "XY" | "X" | "Y"; readonly piece: Piece }[] {
  const { Y, X } = lengths;
  const channels = spread(lengths.C, MOST_CHANNELS);
  const planes = (each: number): PlaneIndex[] =>
    spread(lengths.T * lengths.Z, MOST_PIXELS / (each * channels.length)).flatMap((i) =>
      channels.map((C) => ({ T: Math.floor(i / lengths.Z), Z: i % lengths.Z, C })),
    );
  if (Y * X <= MOST_PIECE) {
    return planes(Y * X).map((at) => ({ across: "XY", piece: { ...at, rows: [0, Y], columns: [0, X] } }));
  }
  const bands = (length: number, width: number): Interval[] => {
    const thick = Math.max(1, Math.min(BAND, Math.floor(MOST_PIECE / width)));
    const many = MOST_PIXELS / 4 / channels.length / (thick * width);
    return spread(Math.floor(length / thick), many).map((i) => [i * thick, (i + 1) * thick] as const);
  };
  const rows = bands(Y, X);
  const columns = bands(X, Y);
  const each = rows.length * Math.min(Y, BAND) * X * 2;
  return planes(each).flatMap((at) => [
    ...rows.map((band) => ({ across: "X" as const, piece: { ...at, rows: band, columns: [0, X] as const } })),
    ...columns.map((band) => ({
      across: "Y" as const,
      piece: { ...at, rows: [0, Y] as const, columns: band },
    })),
  ]);
}

/** What is followed across Z: rows of a part of every slice that is read in one piece. */
export interface SliceSample {
  /** The part that is read. */
  readonly rows: Interval;
  readonly columns: Interval;
  /** Rows that are followed, with respect to the part. */
  readonly picked: readonly number[];
}

/** The same rows of every slice, as many as can be held at once. */
export function sliceSample({ T, Z, C, Y, X }: Lengths): SliceSample {
  const stacks = Math.min(C, MOST_CHANNELS) * Math.min(T, MOST_TIMES);
  const each = Math.max(1, Math.floor(MOST_COLUMNS / (Z * stacks)));
  const width = Math.min(X, MOST_PIECE);
  const high = Math.min(Y, Math.max(1, Math.floor(MOST_PIECE / width)));
  const top = Math.floor((Y - high) / 2);
  const left = Math.floor((X - Math.min(width, each)) / 2);
  const columns = [left, left + Math.min(width, each)] as const;
  return { rows: [top, top + high], columns, picked: spread(high, each / (columns[1] - columns[0])) };
}

/** The lines of a piece along Y, one for each column. */
export function turned(values: Float64Array, width: number): Float64Array {
  return columnsOf(values, width, [[0, width]]);
}

/** Lines that are looked at together, see {@link ExcessTally}. */
const TOGETHER = 16;

/** Groups of neighbouring rows of a piece, evenly spread, with about `most` px in all; the values themselves when they are no more. */
export function fewerRows(values: Float64Array, width: number, most: number): Float64Array {
  const groups = fewerGroups(values.length / width, width, most);
  if (groups === null) return values;
  const out = new Float64Array(groups.length * TOGETHER * width);
  groups.forEach(([from, to], i) => {
    out.set(values.subarray(from * width, to * width), i * TOGETHER * width);
  });
  return out;
}

/** The same for columns, as lines along Y. */
export function fewerColumns(values: Float64Array, width: number, most: number): Float64Array {
  return columnsOf(values, width, fewerGroups(width, values.length / width, most) ?? [[0, width]]);
}

/** Which of `count` lines of `length` px are looked at; null for all. */
function fewerGroups(count: number, length: number, most: number): Interval[] | null {
  if (count * length <= most || count < 2 * TOGETHER) return null;
  return spread(Math.floor(count / TOGETHER), most / (TOGETHER * length)).map((group) => [
    group * TOGETHER,
    (group + 1) * TOGETHER,
  ]);
}

function columnsOf(values: Float64Array, width: number, groups: readonly Interval[]): Float64Array {
  const height = values.length / width;
  const count = groups.reduce((sum, [from, to]) => sum + to - from, 0);
  const out = new Float64Array(count * height);
  for (let y = 0; y < height; y++) {
    let at = y;
    for (const [from, to] of groups) {
      for (let i = y * width + from; i < y * width + to; i++, at += height) out[at] = values[i];
    }
  }
  return out;
}
