/**
 * Reads what the screen shows of a stack: parts of pictures, every n-th pixel of them; and measures pictures.
 * @module
 */
import type { Job } from "../../src/job";
import {
  checkContrastRequest,
  checkPictureSource,
  checkPlaneRequest,
  checkProfileRequest,
  checkStatisticsRequest,
  pictureSize,
  sampledSize,
} from "../../src/protocol/viewerChecks";
import type { CheckedPlaneRequest } from "../../src/protocol/viewerChecks";
import type {
  ContrastLimits,
  ContrastRequest,
  Histogram,
  PictureSource,
  PlanePixels,
  PlaneRequest,
  Profile,
  ProfileRequest,
  StackLengths,
  Statistics,
  StatisticsRequest,
} from "../../src/protocol/viewer";
import type { Stack } from "../../src/stack/stack";
import { allocatePixels } from "../../src/volume/pixels";
import type { PixelArray } from "../../src/volume/pixels";
import { chooseContrast, makeHistogram } from "./contrast";
import { openPicture, passingPicture } from "./pictures";
import type { CheckedSource } from "./pictures";
import type { PlaneCache } from "./planeCache";
import { breathe, PlaneStore } from "./planeStore";
import { profileAlong } from "./profile";
import { fillGrid, sampledPlaces } from "./sampling";
import { measureRegion } from "./statistics";

/** Larger pictures are measured by an even sample of about so many pixels. */
const SAMPLED_PIXELS = 2 ** 22;
/** Sections through more slices are measured by about so many of them. */
const SAMPLED_SLICES = 128;
const FULL = { y: 1, x: 1 };

/** Pictures of one open stack. Requests come as viewers send them; each method checks its own. */
export class StackPlanes {
  readonly #store: PlaneStore;
  readonly lengths: StackLengths;

  /**
   * @param prefix          of the keys in `cache`, unlike that of any other stack
   * @param wholePlaneBytes pictures larger than this are never made whole
   * @throws {TilewrightError} `stack.pixelType` when the pixels cannot be shown
   */
  constructor(stack: Stack, cache: PlaneCache, prefix: string, wholePlaneBytes: number) {
    this.#store = new PlaneStore(stack, cache, prefix, wholePlaneBytes);
    this.lengths = this.#store.lengths;
  }

  /**
   * The pixels of a request, in memory of their own.
   *
   * @throws {TilewrightError} `viewer.badMessage`, and whatever reading throws
   */
  async read(request: PlaneRequest, job: Job): Promise<PlanePixels> {
    return this.#read(checkPlaneRequest(request, this.lengths), job);
  }

  /** Display limits of a picture. @throws as `read` */
  async contrast(request: ContrastRequest, job: Job): Promise<ContrastLimits> {
    const { method, repeat, percentiles, ...source } = checkContrastRequest(request, this.lengths);
    return chooseContrast(await this.#sample(source, job), method, { repeat, percentiles });
  }

  /** Histogram of a picture. @throws as `read` */
  async histogram(request: PictureSource, job: Job): Promise<Histogram> {
    return makeHistogram(await this.#sample(checkPictureSource(request, this.lengths), job));
  }

  /** Values along a line. @throws as `read` */
  async profile(request: ProfileRequest, job: Job): Promise<Profile> {
    const { from, to, ...source } = checkProfileRequest(request, this.lengths);
    return profileAlong(openPicture(this.#store, source, FULL), from, to, job);
  }

  /** Statistics of a rectangle of one picture, or of each slice. @throws as `read` */
  async statistics(request: StatisticsRequest, job: Job): Promise<Statistics[]> {
    const { region, overDepth, ...source } = checkStatisticsRequest(request, this.lengths);
    const { plane } = source;
    if (overDepth !== true) {
      const found = await measureRegion(openPicture(this.#store, source, FULL), region, job);
      return [{ z: plane.z, ...found }];
    }
    const all: Statistics[] = [];
    for (let z = 0; z < this.lengths.z; z++) {
      await breathe(job);
      all.push({ z, ...(await measureRegion(passingPicture(this.#store, { ...plane, z }), region, job)) });
    }
    return all;
  }

  async #read(request: CheckedPlaneRequest, job: Job): Promise<PlanePixels> {
    const { plane, region, step } = request;
    const { width, height } = sampledSize(region, step);
    const picture = openPicture(this.#store, request, step);
    const full = pictureSize(request, this.lengths);
    const data = allocatePixels(picture.dtype, width * height);
    const grid = {
      rows: sampledPlaces(region.y, step.y, [full.y, picture.size.y]),
      columns: sampledPlaces(region.x, step.x, [full.x, picture.size.x]),
    };
    await fillGrid(picture, grid, data, job);
    return { plane, region, step, width, height, data };
  }

  /** All pixels of a picture, or an even sample of them when it is very large; not to be changed. */
  async #sample(source: CheckedSource, job: Job): Promise<PixelArray> {
    const picture = openPicture(this.#store, source, FULL);
    const { y, x } = picture.size;
    const region = { y: [0, y], x: [0, x] } as const;
    const { section } = source;
    const slices = section === undefined ? 1 : Math.ceil(this.lengths.z / SAMPLED_SLICES);
    if (picture.isSmall && slices === 1) return (await picture.part(region, job)).data;
    const surplus = Math.max(1, (y * x) / SAMPLED_PIXELS);
    const rows = Math.ceil(Math.min(Math.sqrt(surplus), y));
    const columns = Math.ceil(Math.max(1, surplus / rows));
    const step = {
      y: section?.direction === "xz" ? Math.max(rows, slices) : rows,
      x: section?.direction === "yz" ? Math.max(columns, slices) : columns,
    };
    return (await this.#read({ ...source, region, step }, job)).data;
  }
}
