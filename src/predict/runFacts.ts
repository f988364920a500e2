/**
 * A run record as a diagnosis sees it. A record may be written by anybody: every field is checked before use.
 * @module
 */
import { dirname, extname, resolve } from "node:path";
import type { RecordedSeam, RunFacts } from "../diagnose/run";
import { TilewrightError } from "../errors";
import { MOST_TILES } from "../tiling/axis";
import { PADDING_MODES } from "../tiling/padding";
import type { AxisRole, Plan } from "../tiling/plan";
import type { Tile } from "../tiling/tiles";
import type { PlanWarning } from "../tiling/warnings";
import { canonicalOrder } from "../volume/axes";
import type { Interval, Region } from "../volume/region";
import type { IntensityMap, MeasuredNormalization } from "./normalize";
import { readOptions } from "./options";
import type { PredictOptions } from "./options";
import type { RunRecord } from "./record";

/** Longest axis of a recorded image, px; bounds what is allocated for one. */
const LONGEST = 2 ** 31;
/** Options that a cure may change. */
const CURABLE = [
  "tiles",
  "tileSize",
  "overlap",
  "block",
  "blend",
  "normalizeScope",
  "pad",
  "padExtra",
  "dtype",
  "untiled",
];
/** Options that are of no use when a run is repeated into another file. */
const DROPPED = ["resume", "overwrite"];

/** A record that was checked. */
export interface CheckedRun {
  readonly facts: RunFacts;
  readonly options: PredictOptions;
  /** Absolute paths. */
  readonly input: string;
  readonly model: string;
  /** SHA-256 of the model that was used, hex. */
  readonly modelHash: string;
  /** Intensities as the run measured them; no maps when it did so tile by tile. */
  readonly normalization: MeasuredNormalization;
}

/**
 * Checks a record.
 *
 * @param path          of the record; its paths are relative to it
 * @param trainingPatch px by axis letter, when somebody said
 * @throws {TilewrightError} `record.unreadable` naming the field, `options.*`
 */
export function runFactsOf(
  record: RunRecord,
  path: string,
  trainingPatch: RunFacts["trainingPatch"],
): CheckedRun {
  const door = new Door(path);
  const plan = checkedPlan(record.plan, door);
  const options = readOptions(record.options);
  const scope = door.word("normalization.scope", record.normalization?.scope, ["stack", "frame", "tile"]);
  const padding = door.word("padding.mode", record.padding?.mode, PADDING_MODES);
  const folder = dirname(resolve(path));
  const places = {
    input: resolve(folder, record.input),
    model: resolve(folder, record.model.path),
    out: again(resolve(folder, record.output.path)),
  };
  const facts: RunFacts = {
    plan,
    seams: checkedSeams(record.seams?.all, plan, door),
    normalizationScope: scope,
    padding,
    blend: options.blend,
    trainingPatch,
    dtype: door.text("output.dtype", record.output.dtype),
    untiled: options.untiled,
    command: commandOf(options, places),
    options: given(options, (name) => CURABLE.includes(name)),
  };
  const modelHash = door.text("model.sha256", record.model.sha256);
  const normalization = checkedNormalization(record.normalization, door);
  return { facts, options, input: places.input, model: places.model, modelHash, normalization };
}

/** Checks values of a record; every complaint names the field. */
class Door {
  constructor(readonly path: string) {}

  refuse(field: string, expected: string): never {
    throw new TilewrightError(
      "record.unreadable",
      `${this.path} is no run record: its ${field} is not ${expected}`,
      "use the record that was written with the prediction, or diagnose without --run",
    );
  }

  text(field: string, value: unknown): string {
    return typeof value === "string" && value.length <= 4096 ? value : this.refuse(field, "text");
  }

  number(field: string, value: unknown, least = 0, most = Number.MAX_VALUE): number {
    return typeof value === "number" && value >= least && value <= most
      ? value
      : this.refuse(field, `a number of at least ${least}`);
  }

  whole(field: string, value: unknown, most: number, least = 0): number {
    return Number.isSafeInteger(value)
      ? this.number(field, value, least, most)
      : this.refuse(field, "a whole number");
  }

  word<T extends string>(field: string, value: unknown, words: readonly T[]): T {
    return words.find((word) => word === value) ?? this.refuse(field, `one of ${words.join(", ")}`);
  }

  list(field: string, value: unknown, length: number | null, most = MOST_TILES): readonly unknown[] {
    return Array.isArray(value) && value.length <= most && (length === null || value.length === length)
      ? (value as readonly unknown[])
      : this.refuse(field, length === null ? "a list" : `a list of ${length}`);
  }

  interval(field: string, value: unknown, within: Interval): Interval {
    const [start, stop] = this.list(field, value, 2);
    return [
      this.whole(field, start, within[1], within[0]),
      this.whole(field, stop, within[1], Number(start)),
    ];
  }

  region(field: string, value: unknown, within: Region): Region {
    return this.list(field, value, within.length).map((interval, i) =>
      this.interval(field, interval, within[i]),
    );
  }
}

function checkedPlan(value: unknown, door: Door): Plan {
  if (typeof value !== "object" || value === null) return door.refuse("plan", "there");
  const plan = value as Partial<Plan>;
  const axes = door.text("plan.axes", plan.axes);
  if (axes.length < 1 || canonicalOrder(axes) !== axes)
    door.refuse("plan.axes", "letters of TZCYX in that order");
  const wholes = (field: keyof Plan, least: number): number[] =>
    door
      .list(`plan.${field}`, plan[field], axes.length)
      .map((n) => door.whole(`plan.${field}`, n, LONGEST, least));
  const paddedShape = wholes("paddedShape", 1);
  const shape = wholes("shape", 1);
  const image = paddedShape.map((length): Interval => [0, length]);
  const padding = door.list("plan.padding", plan.padding, axes.length).map((pair, i) => {
    const [before, after] = door
      .list("plan.padding", pair, 2)
      .map((n) => door.whole("plan.padding", n, LONGEST));
    if (before + shape[i] + after !== paddedShape[i])
      door.refuse("plan.padding", "what its shapes differ by");
    return [before, after] as const;
  });
  const roles = door
    .list("plan.roles", plan.roles, axes.length)
    .map((role) => door.word<AxisRole>("plan.roles", role, ["tiled", "whole", "each"]));
  const computed = door.region("plan.computed", plan.computed, image);
  const wanted = door.region("plan.wanted", plan.wanted, computed);
  const tiles = door.list("plan.tiles", plan.tiles, null).map((tile) => checkedTile(tile, image, door));
  if (tiles.length === 0 || typeof plan.exact !== "boolean") door.refuse("plan", "complete");
  const care = plan.careOverlap === null || plan.careOverlap === undefined;
  return {
    axes,
    shape,
    paddedShape,
    computed,
    wanted,
    padding,
    block: wholes("block", 1),
    context: wholes("context", 0),
    overlapAsked: wholes("overlapAsked", 0),
    overlap: wholes("overlap", 0),
    careOverlap: care ? null : wholes("careOverlap", 0),
    tilesPerAxis: wholes("tilesPerAxis", 1),
    roles,
    count: tiles.length,
    tiles,
    keptFraction: door.number("plan.keptFraction", plan.keptFraction),
    peakBytes: door.number("plan.peakBytes", plan.peakBytes),
    exact: plan.exact,
    warnings: door.list("plan.warnings", plan.warnings, null, 4096).map((one) => checkedWarning(one, door)),
  };
}

function checkedTile(value: unknown, image: Region, door: Door): Tile {
  if (typeof value !== "object" || value === null) return door.refuse("plan.tiles", "tiles");
  const { read, keep, write } = value as Partial<Tile>;
  const checked = door.region("plan.tiles", read, image);
  const written = door.region("plan.tiles", write, checked);
  const kept = door.region(
    "plan.tiles",
    keep,
    checked.map(([start, stop]): Interval => [0, stop - start]),
  );
  return { read: checked, keep: kept, write: written };
}

function checkedWarning(value: unknown, door: Door): PlanWarning {
  if (typeof value !== "object" || value === null) return door.refuse("plan.warnings", "warnings");
  const { code, axis, message, fix, breaksExactness } = value as Partial<PlanWarning>;
  return {
    code: door.text("plan.warnings", code) as PlanWarning["code"],
    axis: axis === null || axis === undefined ? null : door.text("plan.warnings", axis),
    message: door.text("plan.warnings", message),
    fix: door.text("plan.warnings", fix),
    breaksExactness: breaksExactness === true,
  };
}

function checkedSeams(value: unknown, plan: Plan, door: Door): RecordedSeam[] {
  return door.list("seams", value, null, plan.axes.length * plan.count).map((one): RecordedSeam => {
    if (typeof one !== "object" || one === null) return door.refuse("seams", "a list of seams");
    const { axis, position, tiles, max, profile, profileStart } = one as Partial<RecordedSeam>;
    const letter = door.word("seams", axis, [...plan.axes]);
    const length = plan.paddedShape[plan.axes.indexOf(letter)];
    const start = door.whole("seams", profileStart, length);
    const [a, b] = door.list("seams", tiles, 2).map((tile) => door.whole("seams", tile, plan.count - 1));
    return {
      axis: letter,
      position: door.whole("seams", position, length),
      tiles: [a, b],
      max: door.number("seams", max),
      profile: door.list("seams", profile, null, length - start).map((mean) => door.number("seams", mean)),
      profileStart: start,
    };
  });
}

function checkedNormalization(value: RunRecord["normalization"], door: Door): MeasuredNormalization {
  const field = "normalization";
  const numberOf = (one: unknown): number =>
    typeof one === "number" && Number.isFinite(one) ? one : door.refuse(field, "made of numbers");
  const maps = door.list(field, value.maps, null).map((group) =>
    door.list(field, group, null, 2 ** 16).map((one): IntensityMap => {
      const { offset, divisor, factor } = (one ?? {}) as Partial<IntensityMap>;
      return { offset: numberOf(offset), divisor: numberOf(divisor), factor: numberOf(factor) };
    }),
  );
  const mode = door.word(field, value.mode, ["none", "percentile", "zscore", "minmax", "fixed"]);
  return { mode, undo: value.undo, maps, ignored: 0 };
}

/** Options that are not the default, by name. */
function given(options: PredictOptions, take: (name: string) => boolean): Record<string, unknown> {
  const defaults: Readonly<Record<string, unknown>> = { ...readOptions({}) };
  return Object.fromEntries(
    Object.entries(options).filter(
      ([name, value]) => take(name) && value !== undefined && value !== defaults[name],
    ),
  );
}

function commandOf(
  options: PredictOptions,
  places: { readonly input: string; readonly model: string; readonly out: string },
): string {
  const kept = given(options, (name) => !CURABLE.includes(name) && !DROPPED.includes(name));
  const words = ["tilewright", "predict", places.input, "--model", places.model, "--out", places.out];
  for (const [name, value] of Object.entries(kept)) {
    const flag = name === "memoryMiB" ? "memory" : name;
    words.push(`--${flag}`, name === "roi" ? partText(options.roi ?? {}) : wordOf(value));
  }
  return words.map(quoted).join(" ");
}

function wordOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const { mode, low, high } = value as { mode?: string; low?: number; high?: number };
  return mode === "percentile" ? `percentile:${low ?? 0},${high ?? 100}` : (mode ?? "auto");
}

function partText(roi: Readonly<Record<string, Interval>>): string {
  return Object.entries(roi)
    .map(([axis, [start, stop]]) => `${axis}=${start}:${stop}`)
    .join(",");
}

/** One word of a command line: names from a record must not become commands. */
function quoted(word: string): string {
  if (/^[\w./:=,@+-]+$/.test(word)) return word;
  return process.platform === "win32"
    ? `"${word.replace(/["%]/g, "")}"`
    : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Another name beside an output. */
function again(path: string): string {
  const ending = /\.ome\.(tiff?|btf|zarr)$/i.exec(path)?.[0] ?? extname(path);
  return `${path.slice(0, path.length - ending.length)}-again${ending}`;
}
