/**
 * Seeded cases: exact predictions, natural images and hard negatives; predictions with planted marks.
 * @module
 */
import type { Cause, Grid } from "../../src/diagnose/diagnosis";
import type { Stack } from "../../src/stack/stack";
import type { AxisTile } from "../../src/tiling/axis";
import { percentileRange } from "../../src/predict/percentiles";
import { allocatePixels, convertPixels } from "../../src/volume/pixels";
import type { Dtype } from "../../src/volume/pixels";
import { copyRegion, cutRegion, makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { seededRandom } from "../../test/support/networks";
import { stackOf } from "../../test/support/stacks";
import { MAKERS, pick, takeImage, whole } from "./images";
import type { Random, Specimen } from "./images";
import { NEGATIVES } from "./negatives";
import type { NegativeKind } from "./negatives";
import type { BenchNetwork } from "./networks";
import {
  alignedCuts,
  gridOfCut,
  predictTiles,
  predictWhole,
  seamsOfCut,
  steppedCuts,
  strengthAlong,
} from "./planting";
import type { Strength } from "./planting";

/** What was done to an image on purpose. */
export type Planted = "overlap" | "misaligned" | "normalization" | "missing" | "wrap";

/** The cause that each planted mark has. */
export const CAUSE_OF: Readonly<Record<Planted, Cause>> = {
  overlap: "overlap-too-small",
  misaligned: "misaligned-tiles",
  normalization: "tile-normalization",
  missing: "missing-tile",
  wrap: "integer-wrap",
};

/** What is really in a stack. */
export interface Truth {
  /** Empty for exact ones. */
  readonly planted: readonly Planted[];
  /** By axis letter. */
  readonly seams: Readonly<Record<string, readonly number[]>>;
  readonly grid: Readonly<Record<string, Grid | null>>;
  /** How many of the seams of an axis count as planted each for itself, by axis letter. */
  readonly shown: Readonly<Record<string, number>>;
  /** null for exact ones and marks that are no steps. */
  readonly strength: Strength | null;
}

/** The tiled run behind a planted case. */
export interface PlantedRun {
  readonly network: BenchNetwork;
  /** Input of the network before normalisation. */
  readonly image: Volume<Float32Array>;
  readonly cuts: readonly (readonly AxisTile[])[];
  readonly perTile: boolean;
  readonly undo: boolean;
}

/** One image to be judged. */
export interface Case {
  /** What it is: `cells`, `8×8 JPEG`, name of a file. */
  readonly name: string;
  /** `natural`, `hard negative`, `exact prediction`, `file`, or what was planted: `overlap + wrap`. */
  readonly kind: string;
  readonly seed: number;
  readonly stack: Stack;
  /** The prediction without tiles; null where there is none. */
  readonly untiled: Volume | null;
  readonly run: PlantedRun | null;
  readonly truth: Truth;
}

const EXACT: Truth = { planted: [], seams: {}, grid: {}, shown: {}, strength: null };
const SPECIMENS = Object.keys(MAKERS) as Specimen[];
const NEGATIVE_KINDS = Object.keys(NEGATIVES) as NegativeKind[];
/** A mark counts as planted from this fraction of the range. */
const LEAST_OF_RANGE = 0.02;
const MOST_DRAWS = 40;

function anyNetwork(
  random: Random,
  networks: readonly BenchNetwork[],
  planted: readonly Planted[],
): BenchNetwork {
  const shareOf = ({ shares }: BenchNetwork): number =>
    planted.reduce(
      (least, what) => (what === "missing" || what === "wrap" ? least : Math.min(least, shares[what])),
      shares.exact,
    );
  let left = random() * networks.reduce((sum, net) => sum + shareOf(net), 0);
  return networks.find((net) => (left -= shareOf(net)) < 0) ?? networks[0];
}

/** A shape that the network takes whole: multiples of its block. */
function anyShape(random: Random, net: BenchNetwork): number[] {
  const on = (low: number, high: number): number =>
    net.block * whole(random, Math.ceil(low / net.block), Math.floor(high / net.block));
  if (net.network.spatialAxes.length === 3) return [on(16, 32), on(96, 128), on(96, 128)];
  const most = net.trained ? 224 : random() < 0.2 ? 384 : 256;
  return [on(128, most), on(128, most)];
}

function anyImage(random: Random, net: BenchNetwork): { name: Specimen; image: Volume<Float32Array> } {
  const name = pick(random, SPECIMENS);
  return { name, image: takeImage(random, name, anyShape(random, net)) };
}

/** float32 as it is, or scaled into an integer type as a tool that writes files would. */
function stored(random: Random, volumes: readonly Volume[], reference: Volume): Volume[] {
  const dtype: Dtype = random() < 0.65 ? "float32" : random() < 0.5 ? "uint16" : "uint8";
  if (dtype === "float32") return [...volumes];
  const [low, high] = percentileRange(reference.data, 0, 100);
  const most = dtype === "uint8" ? 255 : 60_000;
  return volumes.map(({ data, shape, axes }) => {
    const scaled = Float64Array.from(data, (value) => ((value - low) * most) / (high - low || 1));
    return makeVolume(convertPixels(scaled, dtype), shape, axes);
  });
}

/** Something without marks of tiles. */
export async function exactCase(seed: number, networks: readonly BenchNetwork[]): Promise<Case> {
  const random = seededRandom(seed);
  const share = random();
  if (share < 0.25) {
    const name = NEGATIVE_KINDS[seed % NEGATIVE_KINDS.length];
    const volume = NEGATIVES[name](random, whole(random, 128, 384), whole(random, 128, 384));
    return {
      name,
      kind: "hard negative",
      seed,
      stack: stackOf(volume),
      untiled: null,
      run: null,
      truth: EXACT,
    };
  }
  if (share < 0.4) {
    const name = pick(random, SPECIMENS);
    const shape =
      random() < 0.2 ? [whole(random, 16, 32), 128, 128] : [whole(random, 128, 384), whole(random, 128, 384)];
    const image = takeImage(random, name, shape);
    const volume = makeVolume(convertPixels(image.data, "uint16"), shape, image.axes);
    return { name, kind: "natural", seed, stack: stackOf(volume), untiled: null, run: null, truth: EXACT };
  }
  const net = anyNetwork(random, networks, []);
  const { name, image } = anyImage(random, net);
  const prediction = await predictWhole(net, image, random() < 0.7);
  const [volume] = stored(random, [prediction], prediction);
  return {
    name,
    kind: "exact prediction",
    seed,
    stack: stackOf(volume),
    untiled: volume,
    run: null,
    truth: EXACT,
  };
}

/** What is planted, in turn: each cause alone, and pairs. */
export const PLANTINGS: readonly (readonly Planted[])[] = [
  ["overlap"],
  ["overlap"],
  ["overlap"],
  ["normalization"],
  ["normalization"],
  ["misaligned"],
  ["missing"],
  ["wrap"],
  ["wrap"],
  ["overlap", "normalization"],
  ["overlap", "missing"],
  ["overlap", "wrap"],
  ["normalization", "wrap"],
  ["normalization", "missing"],
];

/** Something with marks; drawn again until they are visible. Null when no draw was. */
export async function plantedCase(seed: number, networks: readonly BenchNetwork[]): Promise<Case | null> {
  const planted = PLANTINGS[seed % PLANTINGS.length];
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const made = await drawPlanted(seed, seededRandom(seed * 1000 + draw), { planted, networks });
    if (made !== null) return made;
  }
  return null;
}

function isPlanted({ ofRange, ofGradient }: Strength): boolean {
  return ofRange >= LEAST_OF_RANGE && ofGradient >= 1;
}

async function drawPlanted(
  seed: number,
  random: Random,
  { planted, networks }: { planted: readonly Planted[]; networks: readonly BenchNetwork[] },
): Promise<Case | null> {
  const net = anyNetwork(random, networks, planted);
  const { name, image } = anyImage(random, net);
  const cuts = anyCuts(random, net, { shape: image.shape, planted });
  if (cuts === null) return null;
  const undo = random() < 0.7;
  const run: PlantedRun = { network: net, image, cuts, perTile: planted.includes("normalization"), undo };
  const prediction = await predictWhole(net, image, undo);
  const steps = planted.some((what) => what !== "missing" && what !== "wrap");
  const result = steps ? await predictTiles(net, image, { cuts, perTile: run.perTile, undo }) : prediction;
  let [tiled, untiled] = stored(random, [result, prediction], prediction);
  const seams = steps ? cuts.map(seamsOfCut) : image.shape.map(() => []);
  const strength = steps ? strengthAlong(tiled, untiled, seams) : null;
  if (strength !== null && !isPlanted(strength)) return null;
  const shown = seams.map(
    (positions, axis) =>
      positions.filter((p) =>
        isPlanted(
          strengthAlong(
            tiled,
            untiled,
            seams.map((_, i) => (i === axis ? [p] : [])),
          ),
        ),
      ).length,
  );
  if (planted.includes("missing")) tiled = withoutTile(random, tiled, cuts);
  if (planted.includes("wrap")) {
    const wrapped = wrappedAround(random, tiled);
    if (wrapped === null) return null;
    [tiled, untiled] = [wrapped, prediction];
  }
  const axes = [...image.axes];
  const truth: Truth = {
    planted,
    seams: steps ? Object.fromEntries(axes.map((axis, i) => [axis, seams[i]])) : {},
    shown: steps ? Object.fromEntries(axes.map((axis, i) => [axis, shown[i]])) : {},
    grid: steps ? Object.fromEntries(axes.map((axis, i) => [axis, gridOfCut(cuts[i])])) : {},
    strength,
  };
  return { name, kind: planted.join(" + "), seed, stack: stackOf(tiled), untiled, run, truth };
}

function anyCuts(
  random: Random,
  net: BenchNetwork,
  { shape, planted }: { shape: readonly number[]; planted: readonly Planted[] },
): (readonly AxisTile[])[] | null {
  const { block, context } = net;
  const small = planted.includes("overlap");
  const exactBlocks = Math.ceil(context / block);
  // What a user who does not know the context would choose: none, or up to half of what is needed.
  const overlap = small ? (random() < 0.6 ? 0 : whole(random, 1, Math.floor(exactBlocks / 2))) : exactBlocks;
  const which = shape.length === 3 ? pick(random, ["YX", "X", "ZYX"]) : pick(random, ["YX", "YX", "X", "Y"]);
  const cuts = shape.map((length, i): readonly AxisTile[] => {
    const axis = (shape.length === 3 ? "ZYX" : "YX")[i];
    const one: AxisTile[] = [{ read: [0, length], keep: [0, length], write: [0, length] }];
    if (!which.includes(axis)) return one;
    const tiles = axis === "Z" ? 2 : whole(random, 2, 8);
    const size = sizeFor(length, tiles, { block, overlap: overlap * block });
    if (size >= length) return one;
    if (!planted.includes("misaligned")) return alignedCuts(length, tiles, block, overlap);
    const step = size - 2 * overlap * block + whole(random, 1, block - 1);
    const crop = Math.floor((size - step) / 2);
    return step < 1 || crop < 0 ? one : steppedCuts(length, size, step, crop);
  });
  const pieces = cuts.map((cut) => Math.min(...cut.map((tile) => tile.write[1] - tile.write[0])));
  const isCut = cuts.some((cut) => cut.length > 1);
  const inner = cuts.map((cut) => gridOfCut(cut)?.period ?? Infinity);
  return isCut && pieces.every((px) => px >= 1) && inner.every((px) => px >= 24) ? cuts : null;
}

/** Tile size, a multiple of the block, that gives about this many tiles. */
function sizeFor(
  length: number,
  tiles: number,
  { block, overlap }: { block: number; overlap: number },
): number {
  return block * Math.max(1, Math.ceil(((length - 2 * overlap) / tiles + 2 * overlap) / block));
}

function withoutTile(random: Random, volume: Volume, cuts: readonly (readonly AxisTile[])[]): Volume {
  const out = cutRegion(
    volume,
    volume.shape.map((n) => [0, n] as const),
  );
  const region = cuts.map((cut) => pick(random, cut).write);
  const part = cutRegion(volume, region);
  const isFloat = out.data instanceof Float32Array;
  const value = isFloat && random() < 0.3 ? NaN : random() < 0.7 ? 0 : part.data[0];
  part.data.fill(value);
  copyRegion(
    part,
    part.shape.map((n) => [0, n] as const),
    out,
    region.map(([start]) => start),
  );
  return out;
}

/** Casts to a too small type without clamping; null when hardly a px wraps. */
function wrappedAround(random: Random, { data, shape, axes }: Volume): Volume | null {
  const dtype = pick(random, ["int8", "uint8", "int16", "uint16"] as const);
  const finite = data.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return null;
  const [low, high] = percentileRange(finite, 0.1, 99.9);
  const ends = { int8: 127, uint8: 255, int16: 32_767, uint16: 65_535 } as const;
  const most = ends[dtype] * (1.1 + random());
  const out = allocatePixels(dtype, data.length);
  let wrapped = 0;
  for (let i = 0; i < out.length; i++) {
    const value = Math.trunc(Math.max(0, ((data[i] - low) * most) / (high - low || 1)));
    if (value > ends[dtype]) wrapped++;
    out[i] = value;
  }
  return wrapped < 0.005 * out.length ? null : makeVolume(out, shape, axes);
}
