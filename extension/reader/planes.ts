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
import { allocatePixels, bytesPerPixel } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
import type { Region } from "../../src/volume/region";
import type { PlaneCache } from "./planeCache";

const BAND_BYTES = 2 ** 24;

/** Planes of one open stack. */
export class StackPlanes {
  readonly #stack: Stack;
  readonly #cache: PlaneCache;
  readonly #prefix: string;
  readonly #wholePlaneBytes: number;
  readonly lengths: StackLengths;

  /**
   * @param prefix          of the keys in `cache`, unlike that of any other stack
   * @param wholePlaneBytes planes larger than this are never decoded whole
   */
  constructor(stack: Stack, cache: PlaneCache, prefix: string, wholePlaneBytes: number) {
    this.#stack = stack;
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
    const data = allocatePixels(this.#stack.facts.dtype, width * height);
    if (this.#isSmall()) {
      const whole = await this.#wholePlane(plane, job);
      const source = { data: whole, stride: this.lengths.x, top: 0, left: 0 };
      sampleRows(source, { region, step, firstRow: 0, rows: height }, data);
    } else {
      await this.#readBands({ plane, region, step }, data, job);
    }
    return { plane, region, step, width, height, data };
  }

  /** All pixels of a plane to be measured, or an even sample of them when the plane is very large; not to be changed. */
  async sample(plane: PlaneIndex, job: Job): Promise<PixelArray> {
    const index = checkPlaneIndex(plane, this.lengths);
    if (this.#isSmall()) return this.#wholePlane(index, job);
    const step = Math.ceil(Math.sqrt((this.lengths.y * this.lengths.x) / 2 ** 22));
    return (await this.read({ plane: index, step }, job)).data;
  }

  #isSmall(): boolean {
    const { y, x } = this.lengths;
    return y * x * bytesPerPixel(this.#stack.facts.dtype) <= this.#wholePlaneBytes;
  }

  #wholePlane(plane: PlaneIndex, job: Job): Promise<PixelArray> {
    const region: PlaneRegion = { y: [0, this.lengths.y], x: [0, this.lengths.x] };
    const key = `${this.#prefix}${plane.t},${plane.z},${plane.c}`;
    return this.#cache.get(key, (signal) => this.#decode(plane, region, { ...job, signal }), job.signal);
  }

  async #decode(plane: PlaneIndex, region: PlaneRegion, job: Job): Promise<PixelArray> {
    const place: Record<string, readonly [number, number]> = {
      T: [plane.t, plane.t + 1],
      Z: [plane.z, plane.z + 1],
      C: [plane.c, plane.c + 1],
      Y: region.y,
      X: region.x,
    };
    const where: Region = [...this.#stack.facts.canonicalAxes].map((axis) => place[axis]);
    const volume = await this.#stack.read(where, job);
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
  async #readBands(request: Required<PlaneRequest>, data: PixelArray, job: Job): Promise<void> {
    const { plane, region, step } = request;
    const { width, height } = sampledSize(region, step);
    const rowBytes = (region.x[1] - region.x[0]) * bytesPerPixel(this.#stack.facts.dtype);
    const rowsPerBand = Math.max(1, Math.floor(BAND_BYTES / rowBytes / step));
    for (let row = 0; row < height; row += rowsPerBand) {
      job.signal.throwIfAborted();
      const rows = Math.min(rowsPerBand, height - row);
      const top = region.y[0] + row * step;
      const band: PlaneRegion = { y: [top, top + (rows - 1) * step + 1], x: region.x };
      const source = await this.#decode(plane, band, job);
      const part = { region: { y: band.y, x: region.x }, step, firstRow: row, rows };
      sampleRows({ data: source, stride: region.x[1] - region.x[0], top, left: region.x[0] }, part, data);
    }
    if (data.length !== width * height) throw new RangeError("the sample has another size than asked for");
  }
}

/** Lengths of the axes of a stack, 1 for those it lacks. */
export function lengthsOf(stack: Stack): StackLengths {
  const { canonicalAxes, canonicalShape } = stack.facts;
  const length = (axis: string): number =>
    canonicalAxes.includes(axis) ? canonicalShape[canonicalAxes.indexOf(axis)] : 1;
  return { t: length("T"), z: length("Z"), c: length("C"), y: length("Y"), x: length("X") };
}

interface SampleSource {
  readonly data: PixelArray;
  /** Pixels from one row to the next. */
  readonly stride: number;
  /** Where the first pixel lies in the plane. */
  readonly top: number;
  readonly left: number;
}

interface SamplePart {
  readonly region: PlaneRegion;
  readonly step: number;
  /** Row of the target that the first row of the region becomes. */
  readonly firstRow: number;
  readonly rows: number;
}

function sampleRows(source: SampleSource, part: SamplePart, target: PixelArray): void {
  const { region, step, firstRow, rows } = part;
  const width = Math.ceil((region.x[1] - region.x[0]) / step);
  for (let row = 0; row < rows; row++) {
    const start = (region.y[0] + row * step - source.top) * source.stride + region.x[0] - source.left;
    const at = (firstRow + row) * width;
    if (step === 1) target.set(source.data.subarray(start, start + width), at);
    else
      for (let column = 0; column < width; column++) target[at + column] = source.data[start + column * step];
  }
}
