/**
 * Seeded predictions from file to file, as a user makes them: exact ones, and ones with planted faults.
 * @module
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Cause } from "../../src/diagnose/diagnosis";
import { knownSeams, writtenStart } from "../../src/diagnose/places";
import { TilewrightError } from "../../src/errors";
import { quietJob } from "../../src/job";
import { predict } from "../../src/predict/predict";
import type { RunRecord } from "../../src/predict/record";
import type { Sessions } from "../../src/predict/sessions";
import type { Plan } from "../../src/tiling/plan";
import { convertPixels } from "../../src/volume/pixels";
import type { Interval } from "../../src/volume/region";
import { makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { seededRandom } from "../../test/support/networks";
import { readStack, writeStack } from "../../test/support/prediction";
import { MAKERS, pick, takeImage, whole } from "./images";
import type { Random, Specimen } from "./images";
import { strengthAlong } from "./planting";
import { differenceIn, largestAtSeams, rangeOf, withoutTile, wrapped } from "./runFaults";
import type { RunModel } from "./runModels";

/** What is done wrong on purpose. */
export type RunFault =
  "overlap" | "misaligned" | "normalization" | "padding" | "training" | "missing" | "wrap";

/** The cause that each fault is. */
export const FAULT_CAUSE: Readonly<Record<RunFault, Cause>> = {
  overlap: "overlap-too-small",
  misaligned: "misaligned-tiles",
  normalization: "tile-normalization",
  padding: "border-padding",
  training: "training-patch",
  missing: "missing-tile",
  wrap: "integer-wrap",
};

/** What is planted, in turn: each fault alone, and pairs. */
export const FAULTS: readonly (readonly RunFault[])[] = [
  ["overlap"],
  ["overlap"],
  ["overlap"],
  ["misaligned"],
  ["misaligned"],
  ["normalization"],
  ["normalization"],
  ["padding"],
  ["padding"],
  ["training"],
  ["missing"],
  ["missing"],
  ["wrap"],
  ["wrap"],
  ["overlap", "normalization"],
  ["overlap", "padding"],
  ["overlap", "missing"],
  ["overlap", "wrap"],
  ["misaligned", "normalization"],
  ["misaligned", "wrap"],
  ["normalization", "missing"],
  ["padding", "wrap"],
];

/** Where predictions are made. */
export interface Workshop {
  readonly folder: string;
  readonly sessions: Sessions;
}

/** A run with its files. */
export interface RunCase {
  readonly seed: number;
  readonly specimen: Specimen;
  readonly model: RunModel;
  readonly planted: readonly RunFault[];
  readonly input: string;
  readonly out: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly plan: Plan;
  readonly trainingPatch: Readonly<Record<string, number>> | null;
  /** The right prediction; null of exact ones. */
  readonly right: Volume | null;
  /** Largest |written − right| beside the seams before anything was done to the file, units of the stack; null of exact ones. */
  readonly seamError: number | null;
}

const SPECIMENS = Object.keys(MAKERS) as Specimen[];
/** A fault counts as planted from this fraction of the range. */
const LEAST_OF_RANGE = 0.02;
const MOST_DRAWS = 12;
const AT_SEAMS: readonly RunFault[] = ["overlap", "misaligned", "normalization"];

/** Predicts from file to file in this process. */
export async function predictFile(
  { sessions }: Workshop,
  files: { readonly input: string; readonly model: string; readonly out: string },
  options: Readonly<Record<string, unknown>>,
): Promise<Plan> {
  const all = { engine: "cpu", threads: 1, overwrite: true, memory: 2048, ...options };
  await predict({ ...files, options: all }, sessions.registries, { retiled: 0, sessions }, quietJob());
  return (JSON.parse(readFileSync(`${files.out}.run.json`, "utf8")) as RunRecord).plan;
}

/** An exact prediction with any tiles, padding, pixel type or part. */
export async function exactRun(seed: number, model: RunModel, shop: Workshop): Promise<RunCase> {
  for (let draw = 0; ; draw++) {
    const random = seededRandom(seed * 1000 + draw);
    const { specimen, image } = anyInput(random, model, []);
    const input = await writeStack(join(shop.folder, "in.tif"), image);
    const options = exactOptions(random, model, image);
    const out = join(shop.folder, "out.tif");
    try {
      const plan = await predictFile(shop, { input, model: model.path, out }, options);
      return {
        seed,
        specimen,
        model,
        planted: [],
        input,
        out,
        options,
        plan,
        trainingPatch: null,
        right: null,
        seamError: null,
      };
    } catch (error) {
      if (!isImpossible(error) || draw > MOST_DRAWS) throw error;
    }
  }
}

/** A prediction with faults; drawn again until they are visible. Null when no draw was. */
export async function plantedRun(
  seed: number,
  model: RunModel,
  planted: readonly RunFault[],
  shop: Workshop,
): Promise<RunCase | null> {
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    try {
      const made = await drawRun(seed, seededRandom(seed * 1000 + draw), { model, planted, shop });
      if (made !== null) return made;
    } catch (error) {
      if (!isImpossible(error)) throw error;
    }
  }
  return null;
}

/** Wishes that cannot work for the image that was drawn. */
function isImpossible(error: unknown): boolean {
  return error instanceof TilewrightError && /^(tiling|options)\./.test(error.code);
}

interface Draw {
  readonly model: RunModel;
  readonly planted: readonly RunFault[];
  readonly shop: Workshop;
}

async function drawRun(
  seed: number,
  random: Random,
  { model, planted, shop }: Draw,
): Promise<RunCase | null> {
  const { specimen, image } = anyInput(random, model, planted);
  const input = await writeStack(join(shop.folder, "in.tif"), image);
  const out = join(shop.folder, "out.tif");
  const options = faultyOptions(random, model, { shape: image.shape, planted });
  const trainingPatch = planted.includes("training") ? anyPatch(random, model) : null;
  if (planted.includes("training") && trainingPatch === null) return null;
  const files = { input, model: model.path, out };
  const plan = await predictFile(shop, files, options);
  if (plan.count === 1 && !planted.includes("padding") && !planted.includes("training")) return null;
  if (planted.includes("misaligned") && !plan.warnings.some(isMisaligned)) return null;
  const rightFile = join(shop.folder, "right.tif");
  const rightOptions = { normalize: model.normalize, pad: options.pad, untiled: true };
  await predictFile(shop, { ...files, out: rightFile }, rightOptions);
  const [tiled, right] = [await readStack(out), await readStack(rightFile)];
  const made = { seed, specimen, model, planted, input, out, options, plan, trainingPatch, right };
  const seams = [...right.axes].map((axis) => knownSeams(plan)[axis] ?? []);
  const seamError = largestAtSeams(tiled, right, seams);
  if (!(await isVisible(made, tiled, seams, shop))) return null;
  const final = spoilt(random, made, tiled);
  if (final === null) return null;
  if (final !== tiled) {
    rmSync(out);
    await writeStack(out, final);
  }
  return { ...made, seamError };
}

function isMisaligned({ code, breaksExactness }: Plan["warnings"][number]): boolean {
  return code === "block-misaligned" && breaksExactness;
}

/** Whether what the run did wrong is large enough; what is done to the file afterwards is checked there. */
async function isVisible(
  made: Omit<RunCase, "seamError"> & { readonly right: Volume },
  tiled: Volume,
  seams: readonly (readonly number[])[],
  shop: Workshop,
): Promise<boolean> {
  const { planted, right, plan, model, trainingPatch } = made;
  if (!(rangeOf(right) > 0)) return false;
  if (planted.some((fault) => AT_SEAMS.includes(fault))) {
    const { ofRange, ofGradient } = strengthAlong(tiled, right, seams);
    if (!(ofRange >= LEAST_OF_RANGE && ofGradient >= 1)) return false;
  }
  if (planted.includes("padding")) {
    const largest = [...right.axes].map((axis, i) => {
      const p = plan.axes.indexOf(axis);
      const depth = Math.min(plan.context[p], right.shape[i]);
      if (depth === 0 || !plan.warnings.some((one) => one.code === "extra-padding" && one.axis === axis))
        return 0;
      const band = (start: number): Interval[] =>
        right.shape.map((n, k): Interval => (k === i ? [start, start + depth] : [0, n]));
      return Math.max(
        differenceIn(tiled, right, band(0)),
        differenceIn(tiled, right, band(right.shape[i] - depth)),
      );
    });
    if (Math.max(...largest) < LEAST_OF_RANGE) return false;
  }
  if (trainingPatch === null) return true;
  // As the network was trained: each patch on its own, its border in sight.
  const out = join(shop.folder, "trained.tif");
  const asTrained = {
    normalize: model.normalize,
    pad: made.options.pad,
    tileSize: trainingPatch,
    overlap: 0,
  };
  await predictFile(shop, { input: made.input, model: model.path, out }, asTrained);
  const all = right.shape.map((n): Interval => [0, n]);
  return differenceIn(tiled, await readStack(out), all) >= LEAST_OF_RANGE;
}

/** What other tools do to the file; null when it is not visible. */
function spoilt(
  random: Random,
  { planted, plan }: Pick<RunCase, "planted" | "plan">,
  tiled: Volume,
): Volume | null {
  let volume = tiled;
  if (planted.includes("missing")) {
    const starts = writtenStart(plan);
    const { write } = pick(random, plan.tiles);
    const region = [...tiled.axes].map((axis, i): Interval => {
      const p = plan.axes.indexOf(axis);
      return [Math.max(0, write[p][0] - starts[p]), Math.min(tiled.shape[i], write[p][1] - starts[p])];
    });
    volume = withoutTile(random, tiled, region);
    if (differenceIn(volume, tiled, region) < LEAST_OF_RANGE) return null;
  }
  return planted.includes("wrap") ? wrapped(random, volume) : volume;
}

/** A shape of 96 to 192 px, or 16 to 32 × 96 × 96. */
function anyShape(random: Random, { axes, context }: RunModel): number[] {
  if (axes.length === 3) return [whole(random, 16, 32), whole(random, 64, 96), whole(random, 64, 96)];
  const least = context > 30 ? 128 : 96;
  return [whole(random, least, 192), whole(random, least, 192)];
}

/** An image in camera counts, or darker by a factor where a cast to 8 bits is to wrap only what is bright. */
function anyInput(
  random: Random,
  model: RunModel,
  planted: readonly RunFault[],
): { specimen: Specimen; image: Volume } {
  const specimen = pick(random, SPECIMENS);
  const slices = planted.length === 0 && model.axes.length === 2 && random() < 0.1 ? whole(random, 2, 4) : 1;
  const image = takeImage(random, specimen, anyShape(random, model));
  let [factor, dtype] = [1, pick(random, ["uint16", "uint16", "float32"] as const)];
  if (planted.includes("wrap") && model.units === "input") {
    const brightest = image.data.reduce((most, value) => Math.max(most, value), 1);
    [factor, dtype] = [(256 * (1.1 + 0.8 * random())) / brightest, "float32"];
  }
  const data = image.data.map((value) => value * factor);
  if (slices === 1)
    return { specimen, image: makeVolume(convertPixels(data, dtype), image.shape, image.axes) };
  const many = new Float32Array(data.length * slices);
  for (let n = 0; n < slices; n++) {
    const light = 0.6 + 0.4 * random();
    data.forEach((value, i) => (many[n * data.length + i] = value * light));
  }
  const axes = `${random() < 0.5 ? "Z" : "T"}${image.axes}`;
  return { specimen, image: makeVolume(convertPixels(many, dtype), [slices, ...image.shape], axes) };
}

/** Numbers of tiles for some of the axes of the network. */
function anyTiles(random: Random, axes: string): Record<string, number> {
  const which = axes.length === 3 ? pick(random, ["YX", "X", "ZYX"]) : pick(random, ["YX", "YX", "X", "Y"]);
  return Object.fromEntries([...which].map((axis) => [axis, axis === "Z" ? 2 : whole(random, 2, 5)]));
}

const anyPad = (random: Random): string => pick(random, ["reflect", "reflect", "symmetric", "edge", "zero"]);

function exactOptions(random: Random, model: RunModel, { axes, shape }: Volume): Record<string, unknown> {
  const options: Record<string, unknown> = { normalize: model.normalize, pad: anyPad(random) };
  const share = random();
  if (share < 0.8) options.tiles = anyTiles(random, model.axes);
  else if (share < 0.95) options.tileSize = model.block * whole(random, 4, 8) + 2 * model.context;
  if (random() < 0.3) options.guarantee = "count";
  if (random() < 0.2)
    options.overlap = model.block * (Math.ceil(model.context / model.block) + whole(random, 0, 3));
  if (model.units !== "1" && random() < 0.35) {
    options.dtype = model.units === "8 bits" ? pick(random, ["uint8", "uint16"]) : "uint16";
  }
  if (axes.startsWith("T") && random() < 0.5) options.normalizeScope = "frame";
  if (random() < 0.15) {
    options.roi = Object.fromEntries(
      [...axes].slice(-2).map((axis, i): [string, Interval] => {
        const length = shape[shape.length - 2 + i];
        const start = whole(random, 0, Math.floor(length / 4));
        return [axis, [start, whole(random, start + Math.floor(length / 2), length)]];
      }),
    );
  }
  return options;
}

function faultyOptions(
  random: Random,
  model: RunModel,
  { shape, planted }: { readonly shape: readonly number[]; readonly planted: readonly RunFault[] },
): Record<string, unknown> {
  const { block, context, axes } = model;
  const options: Record<string, unknown> = { normalize: model.normalize, pad: anyPad(random) };
  const blocks = Math.ceil(context / block);
  if (planted.includes("misaligned")) {
    options.block = 1;
    const step = whole(random, 24, 60);
    options.tileSize = Object.fromEntries(
      [...axes].map((axis, i) => [axis, axis === "Z" ? shape[i] : step + 2 * context]),
    );
  } else {
    options.tiles = anyTiles(random, axes);
  }
  // What a user who does not know the context would choose: none, or up to half of what is needed.
  if (planted.includes("overlap")) {
    options.overlap = random() < 0.6 ? 0 : block * whole(random, 1, Math.max(1, Math.floor(blocks / 2)));
  }
  if (planted.includes("normalization")) options.normalizeScope = "tile";
  if (planted.includes("padding")) {
    const extra = block * whole(random, 1, Math.max(2, blocks));
    options.padExtra = random() < 0.5 ? extra : { [pick(random, [...axes])]: extra };
    if (!planted.includes("overlap") && random() < 0.5) delete options.tiles;
  }
  if (planted.includes("training") && random() < 0.5) delete options.tiles;
  return options;
}

/** px of a patch that is smaller than the context, on one or all axes; null where there is none. */
function anyPatch(random: Random, { block, context, axes }: RunModel): Record<string, number> | null {
  const most = Math.ceil(context / block) - 1;
  if (most < 1) return null;
  const px = block * whole(random, Math.ceil(most / 2), most);
  const on = random() < 0.5 ? [...axes] : [pick(random, [...axes])];
  return Object.fromEntries(on.map((axis) => [axis, px]));
}
