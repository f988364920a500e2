/**
 * What must hold for any file whatsoever, and for a damaged one whose sound form is known.
 *
 * - It ends in a stack or in a {@link TilewrightError}: known code, one line, no leaked `undefined`, a hint.
 * - Pixels that are missing are an error. What that means depends on the damage, see {@link Harm}.
 * - A region equals that part of the stored planes; where a plane is readable its regions are.
 * @module
 */
import { TilewrightError } from "../../src/errors";
import { quietJob } from "../../src/job";
import type { ByteSource } from "../../src/stack/bytes";
import { hashPlanes } from "../../src/stack/planeHash";
import type { Stack, StackFacts } from "../../src/stack/stack";
import { openTiff } from "../../src/stack/tiff/read";
import type { Volume } from "../../src/volume/volume";
import type { Specimen } from "./mutations";
import type { Random } from "./random";
import { MAX_KEPT_PLANES, planeKind, storedBytes } from "./seeds";

/** What the fuzzer is looking for. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** How a file ended: `whole`, `warned`, `partial` (some planes are errors), or `refused` with a code. */
export interface Outcome {
  readonly ending: string;
  /** Codes of all errors met. */
  readonly codes: readonly string[];
}

/** Codes a file may end in. */
const CODES = new Set(
  ["notTiff", "damaged", "truncated", "decode", "missingPixels", "missingPlane", "pixelType", "compression"]
    .concat(["predictor", "tooLarge", "severalFiles", "axes", "missingFile", "companion"])
    .map((what) => `stack.${what}`),
);
const LONGEST_SENTENCE = 600;
const MAX_PLANES_READ = 6;
/** Rows below this many bytes can be zero by chance. */
const TELLING_ROW = 16;
const job = quietJob();

type StoredPlane = Awaited<ReturnType<Stack["readStoredPlane"]>>;
type Reading = { readonly plane: StoredPlane } | { readonly error: TilewrightError };

/**
 * Examines one damaged file.
 *
 * @throws {Fault} when something does not hold
 */
export async function examine(specimen: Specimen, source: ByteSource, random: Random): Promise<Outcome> {
  const codes: string[] = [];
  const note = (error: unknown): TilewrightError => {
    const checked = checkError(error, source.name);
    codes.push(checked.code);
    return checked;
  };
  let stack: Stack;
  try {
    stack = await openTiff(source, job);
  } catch (error) {
    return { ending: `refused ${note(error).code}`, codes };
  }
  try {
    checkFacts(stack.facts);
    const readings = new Map<number, Reading>();
    for (const index of someIndices(stack.facts.planes, random)) {
      try {
        const plane = await stack.readStoredPlane(index, job);
        checkPlane(specimen, { index, plane, facts: stack.facts });
        readings.set(index, { plane });
      } catch (error) {
        if (error instanceof Fault) throw error;
        readings.set(index, { error: note(error) });
      }
    }
    for (let i = 0; i < 2; i++) await checkRegion(stack, readings, { random, note });
    const failed = [...readings.values()].filter((reading) => "error" in reading).length;
    checkWarned(specimen, stack.facts, failed);
    if (failed === readings.size) return { ending: `no plane readable ${codes[0]}`, codes };
    if (failed > 0) return { ending: "partial", codes };
    return { ending: stack.facts.warnings.length > 0 ? "whole, with warnings" : "whole", codes };
  } finally {
    await stack.close();
  }
}

/** A stack that lost planes because its file was cut short says so before anyone reads them. */
function checkWarned({ seed, steps }: Specimen, { planes, warnings }: StackFacts, failed: number): void {
  if (steps.length !== 1 || !steps[0].startsWith("cut") || warnings.length > 0) return;
  if (failed > 0 || (planes < seed.planes.length && seed.planes.length < MAX_KEPT_PLANES)) {
    throw new Fault(
      `it was cut, has ${planes} planes, ${failed} of those read fail, and there is no warning`,
    );
  }
}

/** What `info --hash` shows of a file: checksums, or the code of the error. */
export async function hashesOf(source: ByteSource): Promise<string> {
  try {
    const stack = await openTiff(source, job);
    try {
      return (await hashPlanes(stack, job)).join();
    } finally {
      await stack.close();
    }
  } catch (error) {
    return checkError(error, source.name).code;
  }
}

/** @throws {Fault} when an error is none for users */
export function checkError(error: unknown, file: string): TilewrightError {
  if (!(error instanceof TilewrightError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Fault(`not an error for users: ${stack}`);
  }
  const { code, message, hint } = error;
  const complain = (why: string): never => {
    throw new Fault(`${why}: ${code}: ${message} (${String(hint)})`);
  };
  if (!CODES.has(code)) complain("unknown code");
  if (hint === undefined || hint === "") complain("no hint");
  checkSentence(message, complain);
  checkSentence(hint!, complain);
  if (!message.includes(file)) complain("the file is not named");
  return error;
}

function checkSentence(text: string, complain: (why: string) => never): void {
  if (/[\0-\x1f\x7f]/.test(text)) complain("more than one line, or control characters");
  if (/\b(undefined|NaN|null)\b|\[object/.test(text)) complain("leaks a value");
  if (text.length > LONGEST_SENTENCE) complain("too long");
}

function checkFacts(facts: StackFacts): void {
  const complain = (why: string): never => {
    throw new Fault(`facts: ${why}: ${JSON.stringify(facts).slice(0, 1000)}`);
  };
  const { axes, shape, canonicalAxes, canonicalShape, planes, warnings, pixelSize } = facts;
  const lengths = [...shape, ...canonicalShape, planes, facts.levels];
  if (lengths.some((length) => !Number.isInteger(length) || length < 1)) complain("a length is no length");
  if (axes.length !== shape.length || canonicalAxes.length !== canonicalShape.length)
    complain("axes and shape");
  const size = (of: readonly number[]): number => of.reduce((product, length) => product * length, 1);
  if (size(shape) !== size(canonicalShape)) complain("the two shapes are of different size");
  if (!/^T?Z?C?YX$/.test(canonicalAxes)) complain("no canonical axes");
  const sizes = pixelSize === null ? [] : [pixelSize.x, pixelSize.y, pixelSize.z];
  if (sizes.some((one) => one !== null && !(one > 0 && Number.isFinite(one)))) complain("pixel size");
  for (const warning of warnings) checkSentence(warning, complain);
}

/** The first planes, the last, and two others. */
function someIndices(planes: number, random: Random): number[] {
  const wanted = [0, 1, 2, planes - 1, random.below(planes), random.below(planes)];
  return [...new Set(wanted)].filter((index) => index < planes && index >= 0).slice(0, MAX_PLANES_READ);
}

interface PlaneCheck {
  readonly index: number;
  readonly plane: StoredPlane;
  readonly facts: StackFacts;
}

/** Nothing is invented: see {@link Harm}. */
function checkPlane(specimen: Specimen, check: PlaneCheck): void {
  const { seed, harm } = specimen;
  const { index, plane, facts } = check;
  const pixels = storedBytes(plane);
  const kind = planeKind(facts, plane.shape);
  if (harm === "removes" && index < seed.planes.length) {
    const original = seed.planes[index];
    if (kind !== original.kind) throw new Fault(`plane ${index} is ${kind}, it was ${original.kind}`);
    if (!sameBytes(pixels, original.bytes)) throw new Fault(`plane ${index} has other pixels than before`);
  }
  if (harm === "chain" && seed.planes.length > 0 && seed.planes.length < MAX_KEPT_PLANES) {
    const known = seed.planes.some((one) => one.kind === kind && sameBytes(one.bytes, pixels));
    if (!known) throw new Fault(`plane ${index} is none of the planes of the file`);
  }
  checkZeros(specimen, check, pixels);
}

/** A row of zeros must have been in the file, or come out of compressed bytes that were tampered with. */
function checkZeros(specimen: Specimen, { index, plane, facts }: PlaneCheck, pixels: Uint8Array): void {
  const { seed, harm, bytes } = specimen;
  if (!seed.nonZero || (harm === "rewrites" && facts.compression !== "none")) return;
  const rowBytes = pixels.length / plane.shape[0];
  if (rowBytes < TELLING_ROW || !Number.isInteger(rowBytes)) return;
  // Samples of 1 to 7 bits become bytes, those of 9 to 15 bits two bytes: a row of zeros was shorter in the file.
  const packed = { uint8: 8, uint16: 2 }[facts.dtype as string] ?? 1;
  if (facts.compression === "none" && longestZeroRun(bytes) >= rowBytes / packed) return;
  for (let row = 0; row < plane.shape[0]; row++) {
    if (pixels.subarray(row * rowBytes, (row + 1) * rowBytes).every((byte) => byte === 0)) {
      throw new Fault(`row ${row} of plane ${index} is zero, and no such row is in the file`);
    }
  }
}

function longestZeroRun(bytes: Uint8Array): number {
  let longest = 0;
  let run = 0;
  for (const byte of bytes) {
    run = byte === 0 ? run + 1 : 0;
    if (run > longest) longest = run;
  }
  return longest;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

interface RegionCheck {
  readonly random: Random;
  readonly note: (error: unknown) => TilewrightError;
}

/** Reads one small region of one plane and looks for it in the stored planes. */
async function checkRegion(
  stack: Stack,
  readings: ReadonlyMap<number, Reading>,
  { random, note }: RegionCheck,
): Promise<void> {
  const { canonicalAxes, canonicalShape } = stack.facts;
  const region = canonicalShape.map((length, i): readonly [number, number] => {
    const start = random.below(length);
    const most = "YX".includes(canonicalAxes[i]) ? Math.min(length - start, 40) : 1;
    return [start, start + 1 + random.below(most)];
  });
  const index = planeOf(stack.facts, region);
  const reading = index === null ? undefined : readings.get(index);
  let volume: Volume;
  try {
    volume = await stack.read(region, job);
  } catch (error) {
    const { code } = note(error);
    // Complex numbers are listed, not read.
    if (stack.facts.readsAs === null && code === "stack.pixelType") return;
    if (reading !== undefined && "plane" in reading) {
      throw new Fault(`plane ${index} is readable, its region ${JSON.stringify(region)} is not: ${code}`);
    }
    return;
  }
  if (reading === undefined || !("plane" in reading)) return;
  if (!holds(reading.plane, { facts: stack.facts, region, volume })) {
    throw new Fault(`region ${JSON.stringify(region)} is not that part of plane ${index}`);
  }
}

/** The stored plane that holds a region of one plane; null where metadata may order planes freely. */
function planeOf(facts: StackFacts, region: readonly (readonly [number, number])[]): number | null {
  const lead = facts.axes.replace(/S?YXS?$/, "");
  const counted = facts.shape.slice(0, lead.length).reduce((product, length) => product * length, 1);
  if (facts.flavour === "ome" || counted !== facts.planes || /[IQS]/.test(lead))
    return counted === 1 ? 0 : null;
  const samples = samplesOf(facts);
  let index = 0;
  for (const [i, axis] of [...lead].entries()) {
    const [start] = region[facts.canonicalAxes.indexOf(axis)];
    index = index * facts.shape[i] + (axis === "C" ? Math.floor(start / samples) : start);
  }
  return index;
}

function samplesOf(facts: StackFacts): number {
  const at = facts.axes.indexOf("S");
  return at < 0 ? 1 : facts.shape[at];
}

interface HeldRegion {
  readonly facts: StackFacts;
  readonly region: readonly (readonly [number, number])[];
  readonly volume: Volume;
}

function holds(plane: StoredPlane, { facts, region, volume }: HeldRegion): boolean {
  const pixels = storedBytes(plane);
  const read = storedBytes(volume);
  const size = read.length / volume.data.length;
  const samples = samplesOf(facts);
  const [rows, columns] = region.slice(-2);
  const width = facts.shape[facts.axes.indexOf("X")];
  const height = facts.shape[facts.axes.indexOf("Y")];
  // Types that are read as others (half precision) cannot be compared byte by byte.
  if (facts.dtype !== facts.readsAs) return true;
  const channel = facts.canonicalAxes.includes("C")
    ? region[facts.canonicalAxes.indexOf("C")][0] % samples
    : 0;
  const planar = plane.axes.startsWith("S");
  let at = 0;
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      const pixel = row * width + column;
      const value = planar ? channel * width * height + pixel : pixel * samples + channel;
      // A NaN has many forms, and arithmetic may choose another one.
      const any = Number.isNaN(volume.data[at]);
      const end = (value + 1) * size;
      if (
        !any &&
        Buffer.compare(pixels.subarray(value * size, end), read.subarray(at * size, (at + 1) * size)) !== 0
      )
        return false;
      at += 1;
    }
  }
  return true;
}
