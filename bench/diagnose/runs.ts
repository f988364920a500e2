/**
 * Runs for the modes that know the plan: the networks, images and cuts of the planted cases, written as `predict`
 * would, with the record of the run and with the network at hand.
 * @module
 */
import { diagnose } from "../../src/diagnose/diagnose";
import type { Cause, Diagnosis } from "../../src/diagnose/diagnosis";
import type { RecordedSeam, Recompute, RunFacts } from "../../src/diagnose/run";
import { quietJob } from "../../src/job";
import { percentileRange } from "../../src/predict/percentiles";
import { SeamRecorder } from "../../src/predict/seams";
import type { AxisTile } from "../../src/tiling/axis";
import type { Plan } from "../../src/tiling/plan";
import { multiplyAxes } from "../../src/tiling/tiles";
import type { PlanWarning } from "../../src/tiling/warnings";
import type { Region } from "../../src/volume/region";
import { allocateVolume, copyRegion, cutRegion, makeVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { seededRandom } from "../../test/support/networks";
import { stackOf } from "../../test/support/stacks";
import { CAUSE_OF, plantedCase } from "./cases";
import type { Planted, PlantedRun } from "./cases";
import type { BenchNetwork } from "./networks";
import { alignedCuts, seamsOfCut, strengthAlong } from "./planting";

/** A run to be judged in both modes. */
export interface RunCase {
  readonly seed: number;
  /** Empty for exact ones. */
  readonly planted: readonly Planted[];
  readonly causes: readonly Cause[];
  readonly stack: ReturnType<typeof stackOf>;
  readonly facts: RunFacts;
  readonly recompute: Recompute;
}

const PERCENTILES = [2, 99.8] as const;
/** As for the pixels alone: p99 of the error beside seams, as a fraction of the range and of the local gradient. */
const [LEAST_OF_RANGE, LEAST_OF_GRADIENT] = [0.02, 1];

/**
 * One run, the same for the same seed.
 *
 * @param exact whether its tiles are as they should be
 * @returns null when nothing visible could be planted with this seed
 */
export async function runCase(
  seed: number,
  networks: readonly BenchNetwork[],
  exact: boolean,
): Promise<RunCase | null> {
  const drawn = await plantedCase(seed, networks);
  if (drawn?.run == null) return null;
  const planted = exact ? [] : drawn.truth.planted;
  const steps = planted.some((what) => what !== "missing" && what !== "wrap");
  const cuts = steps ? drawn.run.cuts : exactCuts(drawn.run);
  const run: PlantedRun = { ...drawn.run, cuts, perTile: steps && drawn.run.perTile };
  const { volume, seams, plan } = await predicted(run);
  if (steps && !(await isVisible(run, volume))) return null;
  const written = planted.includes("wrap") ? wrapped(volume) : volume;
  if (written === null) return null;
  if (planted.includes("missing")) blank(written, plan, seed);
  return {
    seed,
    planted,
    causes: planted.map((what) => CAUSE_OF[what]),
    stack: stackOf(written),
    facts: factsOf(run, plan, seams),
    recompute: recomputeOf(run, plan),
  };
}

/** Diagnoses a run with its record, and with the network too. */
export async function judgeRun(one: RunCase): Promise<{ record: Diagnosis; model: Diagnosis }> {
  const { stack, facts: run, recompute } = one;
  return {
    record: await diagnose({ stack, run }, quietJob()),
    model: await diagnose({ stack, run, recompute }, quietJob()),
  };
}

/** The same number of tiles, on the network's grid with the whole context. */
function exactCuts({ cuts, image, network: { block, context } }: PlantedRun): (readonly AxisTile[])[] {
  return cuts.map((cut, i) =>
    cut.length === 1 ? cut : alignedCuts(image.shape[i], cut.length, block, Math.ceil(context / block)),
  );
}

/** Predicts tile by tile and records what neighbours say about the same px. */
async function predicted(
  run: PlantedRun,
): Promise<{ volume: Volume<Float32Array>; seams: RecordedSeam[]; plan: Plan }> {
  const plan = planOf(run);
  const recorder = new SeamRecorder(plan, 1);
  const seams: RecordedSeam[] = [];
  const volume = allocateVolume("float32", run.image.shape, run.image.axes) as Volume<Float32Array>;
  for (const [i, tile] of plan.tiles.entries()) {
    const output = await call(run, tile.read, run.perTile);
    seams.push(...recorder.add(i, output));
    const flat = makeVolume(output.data, output.shape.slice(1), run.image.axes);
    copyRegion(
      flat,
      tile.keep,
      volume,
      tile.write.map(([start]) => start),
    );
  }
  return { volume, seams, plan };
}

/** One call of the network; axes `C` and those of the image. */
async function call(run: PlantedRun, region: Region, perTile: boolean): Promise<Volume<Float32Array>> {
  const part = cutRegion(run.image, region) as Volume<Float32Array>;
  const [low, high] = percentileRange(perTile ? part.data : run.image.data, ...PERCENTILES);
  const input = part.data.map((value) => (value - low) / (high - low + 1e-20));
  const axes = `C${run.image.axes}`;
  const result = await run.network.session.run(makeVolume(input, [1, ...part.shape], axes));
  const kept = result.data.slice(0, part.data.length);
  const values = run.undo ? kept.map((value) => value * (high - low) + low) : kept;
  return makeVolume(values, [1, ...part.shape], axes);
}

function planOf({ cuts, image, network: { block, context } }: PlantedRun): Plan {
  const all = image.shape.map((): number => block);
  const whole = image.shape.map((length) => [0, length] as const);
  const overlap = cuts.map((cut) => (cut.length === 1 ? context : cut[0].read[1] - cut[0].write[1]));
  const warnings = cuts.flatMap((cut, i): PlanWarning[] => {
    const off = cut.find(({ read }) => read[0] % block !== 0);
    const message = `a tile on ${image.axes[i]} starts at ${off?.read[0] ?? 0} px, beside the grid of ${block} px`;
    const fix = `use block ${block}`;
    return off === undefined
      ? []
      : [{ code: "block-misaligned", axis: image.axes[i], message, fix, breaksExactness: true }];
  });
  const tiles = multiplyAxes(cuts);
  return {
    axes: image.axes,
    shape: image.shape,
    paddedShape: image.shape,
    computed: whole,
    wanted: whole,
    padding: image.shape.map(() => [0, 0] as const),
    block: all,
    context: image.shape.map(() => context),
    overlapAsked: overlap,
    overlap,
    careOverlap: null,
    tilesPerAxis: cuts.map((cut) => cut.length),
    roles: image.shape.map(() => "tiled" as const),
    count: tiles.length,
    tiles,
    keptFraction: 1,
    peakBytes: 0,
    exact: warnings.length === 0 && overlap.every((px) => px >= context),
    warnings,
  };
}

function factsOf(run: PlantedRun, plan: Plan, seams: readonly RecordedSeam[]): RunFacts {
  return {
    plan,
    seams,
    normalizationScope: run.perTile ? "tile" : "stack",
    padding: "reflect",
    blend: "crop",
    trainingPatch: null,
    untiled: false,
    command: null,
    options: {},
  };
}

function recomputeOf(run: PlantedRun, plan: Plan): Recompute {
  return {
    block: plan.block,
    context: plan.context,
    blockers: [],
    fits: () => true,
    predict: (region) => call(run, region, false),
  };
}

async function isVisible(run: PlantedRun, tiled: Volume): Promise<boolean> {
  const whole = await call(
    run,
    run.image.shape.map((length) => [0, length] as const),
    false,
  );
  const untiled = makeVolume(whole.data, run.image.shape, run.image.axes);
  const { ofRange, ofGradient } = strengthAlong(tiled, untiled, run.cuts.map(seamsOfCut));
  return ofRange >= LEAST_OF_RANGE && ofGradient >= LEAST_OF_GRADIENT;
}

/** Cast without clamping to the largest type that some px do not fit into; null where none of them is too small. */
function wrapped({ data, shape, axes }: Volume<Float32Array>): Volume | null {
  const [low, high] = percentileRange(data, 1, 99);
  const types = [
    [(values: Float32Array) => Int16Array.from(values, Math.trunc), -32768, 32767],
    [(values: Float32Array) => Uint8Array.from(values, Math.trunc), 0, 255],
    [(values: Float32Array) => Int8Array.from(values, Math.trunc), -128, 127],
  ] as const;
  const found = types.find(
    ([, least, most]) => (high > most || low < least) && high - low > 0.3 * (most - least),
  );
  return found === undefined ? null : makeVolume(found[0](data), shape, axes);
}

/** Fills what one tile wrote with zeros. */
function blank(volume: Volume, plan: Plan, seed: number): void {
  const random = seededRandom(seed);
  const { write } = plan.tiles[Math.floor(random() * plan.tiles.length)];
  const part = cutRegion(volume, write);
  part.data.fill(0);
  copyRegion(
    part,
    part.shape.map((length) => [0, length] as const),
    volume,
    write.map(([start]) => start),
  );
}
