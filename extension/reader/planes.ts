/**
 * Reads what the screen shows of a stack: planes, parts of planes, every n-th pixel of them.
 * @module
 */
import { TilewrightError } from "../../src/errors";
import type { Job } from "../../src/job";
import { checkPlaneIndex, checkPlaneRequest, sampledSize } from "../../src/protocol/viewer";
import type {
  PlaneIndex,
  PlanePixels,
  PlaneRegion,
  PlaneRequest,
  StackLengths,
} from "../../src/protocol/viewer";
import type { Stack } from "../../src/stack/stack";
import { readableDtype } from "../../src/stack/stored";
import { allocatePixels, bytesPerPixel } from "../../src/volume/pixels";
import type { Dtype, PixelArray } from "../../src/volume/pixels";
import type { Interval, Region } from "../../src/volume/region";
import type { PlaneCache } from "./planeCache";

const BAND_BYTES = 2 ** 24;

/** Planes of one open stack. */
export class StackPlanes {
  readonly #stack: Stack;
  readonly #cache: PlaneCache;
  readonly #prefix: string;
  readonly #wholePlaneBytes: number;
  readonly #dtype: Dtype;
  readonly lengths: StackLengths;

  /**
   * @param prefix          of the keys in `cache`, unlike that of any other stack
   * @param wholePlaneBytes planes larger than this are never decoded whole
   * @throws {TilewrightError} `stack.pixelType` when the pixels cannot be shown
   */
  constructor(stack: Stack, cache: PlaneCache, prefix: string, wholePlaneBytes: number) {
    this.#stack = stack;
    this.#dtype = readableDtype(stack.facts);
    this.#cache = cache;
    this.#prefix = prefix;
    this.#wholePlaneBytes = wholePlaneBytes;
    this.lengths = lengthsOf(stack);
  }

  /**
   * The pixels of a request, in memory of their own.
   *
   * @throws {TilewrightError} `viewer.badMessage`, and whatever reading throws
   */
  async read(request: PlaneRequest, job: Job): Promise<PlanePixels> {
    const { plane, region, step } = checkPlaneRequest(request, this.lengths);
    const { width, height } = sampledSize(region, step);
    const data = allocatePixels(this.#dtype, width * height);
    const level = this.#levelFor(step);
    const [y, x] = this.#sizeOf(level);
    const grid = {
      rows: sampledPlaces(region.y, step, y / this.lengths.y),
      columns: sampledPlaces(region.x, step, x / this.lengths.x),
    };
    if (this.#isSmall(level)) {
      const whole = await this.#wholePlane({ plane, level }, job);
      gather({ data: whole, stride: x, top: 0, left: 0 }, grid, data);
    } else {
      await this.#readBands({ plane, level }, { grid, data }, job);
    }
    return { plane, region, step, width, height, data };
  }

  /** All pixels of a plane to be measured, or an even sample of them when the plane is very large; not to be changed. */
  async sample(plane: PlaneIndex, job: Job): Promise<PixelArray> {
    const index = checkPlaneIndex(plane, this.lengths);
    if (this.#isSmall(0)) return this.#wholePlane({ plane: index, level: 0 }, job);
    const step = Math.ceil(Math.sqrt((this.lengths.y * this.lengths.x) / 2 ** 22));
    return (await this.read({ plane: index, step }, job)).data;
  }

  /** The smallest copy of the stack that still has a pixel for each one that is shown. */
  #levelFor(step: number): number {
    const { levelShapes } = this.#stack.facts;
    let best = 0;
    for (const [level, shape] of levelShapes.entries()) {
      const [y, x] = shape.slice(-2);
      const onlySmaller = shape.slice(0, -2).every((length, axis) => length === levelShapes[0][axis]);
      if (onlySmaller && y * step >= this.lengths.y && x * step >= this.lengths.x) best = level;
    }
    return best;
  }

  #sizeOf(level: number): readonly number[] {
    return this.#stack.facts.levelShapes[level].slice(-2);
  }

  #isSmall(level: number): boolean {
    const [y, x] = this.#sizeOf(level);
    return y * x * bytesPerPixel(this.#dtype) <= this.#wholePlaneBytes;
  }

  #wholePlane({ plane, level }: LevelPlane, job: Job): Promise<PixelArray> {
    const [y, x] = this.#sizeOf(level);
    const region: PlaneRegion = { y: [0, y], x: [0, x] };
    const key = `${this.#prefix}${level},${plane.t},${plane.z},${plane.c}`;
    return this.#cache.get(
      key,
      (signal) => this.#decode({ plane, level }, region, { ...job, signal }),
      job.signal,
    );
  }

  async #decode({ plane, level }: LevelPlane, region: PlaneRegion, job: Job): Promise<PixelArray> {
    const place: Record<string, readonly [number, number]> = {
      T: [plane.t, plane.t + 1],
      Z: [plane.z, plane.z + 1],
      C: [plane.c, plane.c + 1],
      Y: region.y,
      X: region.x,
    };
    const where: Region = [...this.#stack.facts.canonicalAxes].map((axis) => place[axis]);
    const volume = await this.#stack.readLevel(level, where, job);
    const wanted = (region.y[1] - region.y[0]) * (region.x[1] - region.x[0]);
    if (volume.data.length !== wanted) {
      throw new TilewrightError(
        "reader.size",
        `a plane of ${wanted} pixels was expected, found ${volume.data.length}`,
      );
    }
    return volume.data;
  }

  /** Whole rows at a time, so that memory stays small however large the plane is. */
  async #readBands(
    where: LevelPlane,
    { grid, data }: { readonly grid: Grid; readonly data: PixelArray },
    job: Job,
  ): Promise<void> {
    const { rows, columns } = grid;
    const x = [columns[0], columns[columns.length - 1] + 1] as const;
    const rowBytes = (x[1] - x[0]) * bytesPerPixel(this.#dtype);
    const perRow = rows.length > 1 ? (rows[rows.length - 1] - rows[0]) / (rows.length - 1) : 1;
    const rowsPerBand = Math.max(1, Math.floor(BAND_BYTES / rowBytes / Math.max(perRow, 1)));
    for (let row = 0; row < rows.length; row += rowsPerBand) {
      job.signal.throwIfAborted();
      const part = rows.subarray(row, row + rowsPerBand);
      const band: PlaneRegion = { y: [part[0], part[part.length - 1] + 1], x };
      const source = await this.#decode(where, band, job);
      gather(
        { data: source, stride: x[1] - x[0], top: part[0], left: x[0] },
        { rows: part, columns },
        data.subarray(row * columns.length, (row + part.length) * columns.length),
      );
    }
  }
}

/** A plane at one of the resolutions of the stack. */
interface LevelPlane {
  readonly plane: PlaneIndex;
  readonly level: number;
}

/** Lengths of the axes of a stack, 1 for those it lacks. */
export function lengthsOf(stack: Stack): StackLengths {
  const { canonicalAxes, canonicalShape } = stack.facts;
  const length = (axis: string): number =>
    canonicalAxes.includes(axis) ? canonicalShape[canonicalAxes.indexOf(axis)] : 1;
  return { t: length("T"), z: length("Z"), c: length("C"), y: length("Y"), x: length("X") };
}

/** Rows and columns that are shown, in px of a level, ascending. */
interface Grid {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
}

/** Where every `step`-th pixel of an interval lies in a copy of `scale` times the size. */
function sampledPlaces([start, stop]: Interval, step: number, scale: number): Int32Array {
  const count = Math.ceil((stop - start) / step);
  return Int32Array.from({ length: count }, (_, i) => Math.floor((start + i * step + 0.5) * scale));
}

interface Source {
  readonly data: PixelArray;
  /** Pixels from one row to the next. */
  readonly stride: number;
  /** Where the first pixel lies in the plane. */
  readonly top: number;
  readonly left: number;
}

function gather({ data, stride, top, left }: Source, { rows, columns }: Grid, target: PixelArray): void {
  const width = columns.length;
  const gapless = columns[width - 1] - columns[0] === width - 1;
  for (const [i, row] of rows.entries()) {
    const start = (row - top) * stride - left;
    if (gapless) target.set(data.subarray(start + columns[0], start + columns[0] + width), i * width);
    else for (let k = 0; k < width; k++) target[i * width + k] = data[start + columns[k]];
  }
}
