/**
 * How well a diagnosis with the record, and with record and model, tells right runs from wrong ones, and why.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import { Sessions } from "../../src/predict/sessions";
import { seededRandom } from "../../test/support/networks";
import type { Random } from "./images";
import { percentText, proportion } from "./measures";
import { FAULTS, exactRun, plantedRun } from "./runCases";
import type { RunCase, RunFault, Workshop } from "./runCases";
import { RUN_MODES, isRight, judgeRun } from "./runJudged";
import type { JudgedRun, RunMode } from "./runJudged";
import { writeModels } from "./runModels";
import type { RunModel } from "./runModels";

/** How many cases, exact ones and as many planted ones, and from which seed on. */
export interface RunSample {
  readonly count: number;
  /** First seed; as many follow as there are cases. Development starts at {@link DEVELOPMENT_RUNS}. */
  readonly first: number;
  /** Is told progress and what is missed, one line at a time. */
  readonly say: (line: string) => void;
}

/** First seed of the runs that thresholds may be looked at with. */
export const DEVELOPMENT_RUNS = 3_000_000;
/** First seed of the runs that figures come from. */
export const HELD_OUT_RUNS = 9_000_000;
/** Seeds of planted runs are this far from those of exact ones. */
const PLANTED_APART = 500_000;

/** Faults that nothing was visible of are made up for by others, so often. */
const MOST_BATCHES = 6;
/** How many networks are tried for a fault. */
const MOST_MODELS = 5;
/** Seeds of other networks for the same case are this far from each other. */
const OTHER_MODEL = 100_000_007;

/** One case before it is made. */
interface Wanted {
  readonly seed: number;
  readonly model: RunModel;
  /** null: exact. */
  readonly planted: readonly RunFault[] | null;
}

/** All runs of a sample, judged. */
export interface JudgedRuns {
  readonly exact: readonly JudgedRun[];
  readonly planted: readonly JudgedRun[];
  /** Planted ones that no draw made visible, by network and fault. */
  readonly invisible: readonly string[];
  readonly missing: readonly string[];
}

/** Makes all runs of a sample and diagnoses them. */
export async function judgeRuns({ count, first, say }: RunSample): Promise<JudgedRuns> {
  const folder = mkdtempSync(join(tmpdir(), "tilewright-bench-"));
  const shop: Workshop = { folder, sessions: new Sessions(builtinRegistries()) };
  const exact: JudgedRun[] = [];
  const planted: JudgedRun[] = [];
  const invisible: string[] = [];
  try {
    const { models, missing } = await writeModels(folder);
    const started = performance.now();
    for (let batch = 0, tried = 0; batch < MOST_BATCHES; batch++) {
      const short = count - planted.length;
      const numbers = { exact: batch === 0 ? count : 0, planted: short, first };
      const wanted = wantedRuns(numbers, tried, models);
      tried += short;
      for (const [i, one] of wanted.entries()) {
        const judged = await makeAndJudge(one, models, shop);
        if (judged === null) invisible.push(`${one.model.name}: ${(one.planted ?? []).join(" + ")}`);
        else (one.planted === null ? exact : planted).push(judged);
        for (const line of judged === null ? [] : complaints(judged)) say(line);
        if ((i + 1) % 20 !== 0) continue;
        const seconds = (performance.now() - started) / 1000;
        say(`runs: ${i + 1} of ${wanted.length}, ${seconds.toFixed(0)} s, ${one.model.name}`);
      }
    }
    return { exact, planted, invisible, missing };
  } finally {
    await shop.sessions.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Several samples as one. */
export function together(parts: readonly JudgedRuns[]): JudgedRuns {
  return {
    exact: parts.flatMap(({ exact }) => exact),
    planted: parts.flatMap(({ planted }) => planted),
    invisible: parts.flatMap(({ invisible }) => invisible),
    missing: parts[0].missing,
  };
}

/** Null when nothing could be planted. */
async function makeAndJudge(
  one: Wanted,
  models: readonly RunModel[],
  shop: Workshop,
): Promise<JudgedRun | null> {
  const made =
    one.planted === null
      ? await exactRun(one.seed, one.model, shop)
      : await plantedOnAny({ ...one, planted: one.planted }, models, shop);
  return made === null ? null : judgeRun(made, shop);
}

/** A planted run with the network that was drawn, or with others where nothing is visible on it. */
async function plantedOnAny(
  { seed, model, planted }: Wanted & { readonly planted: readonly RunFault[] },
  models: readonly RunModel[],
  shop: Workshop,
): Promise<RunCase | null> {
  let other = model;
  for (let n = 0; n < MOST_MODELS; n++) {
    const made = await plantedRun(seed + n * OTHER_MODEL, other, planted, shop);
    if (made !== null) return made;
    other = drawModel(seededRandom(seed + (n + 1) * OTHER_MODEL), models, planted);
  }
  return null;
}

/** Cases with their networks, after those that were tried; those of one network follow each other, so that it is compiled once. */
function wantedRuns(
  { exact, planted, first }: { readonly exact: number; readonly planted: number; readonly first: number },
  tried: number,
  models: readonly RunModel[],
): Wanted[] {
  const wanted: Wanted[] = [];
  for (let i = 0; i < exact; i++) {
    const seed = first + i;
    wanted.push({ seed, model: drawModel(seededRandom(seed), models, []), planted: null });
  }
  for (let i = tried; i < tried + planted; i++) {
    const seed = first + PLANTED_APART + i;
    const faults = FAULTS[i % FAULTS.length];
    wanted.push({ seed, model: drawModel(seededRandom(seed), models, faults), planted: faults });
  }
  return wanted.sort((a, b) => models.indexOf(a.model) - models.indexOf(b.model));
}

/** A network on which the faults can show. */
function drawModel(random: Random, models: readonly RunModel[], planted: readonly RunFault[]): RunModel {
  const shareOf = ({ shares, units, block, context }: RunModel): number =>
    planted.reduce((least, fault): number => {
      if (fault === "wrap") return units === "1" ? 0 : least;
      if (fault === "missing") return least;
      if (fault === "training") return context > block ? Math.min(least, shares.overlap) : 0;
      return Math.min(least, fault === "padding" ? shares.overlap : shares[fault]);
    }, shares.exact);
  let left = random() * models.reduce((sum, model) => sum + shareOf(model), 0);
  return models.find((model) => (left -= shareOf(model)) < 0) ?? models[0];
}

function complaints(judged: JudgedRun): string[] {
  const { seed, planted, network, specimen, dtype, options, modes } = judged;
  return RUN_MODES.flatMap((mode) => {
    const { verdict, causes } = modes[mode];
    const isWrong =
      planted.length === 0
        ? verdict === "artifacts"
        : mode === "record+model" && (verdict !== "artifacts" || !isRight(judged, modes[mode]));
    if (!isWrong) return [];
    const what = `${planted.join(" + ") || "exact"} seed ${seed}, ${network}, ${specimen}, ${dtype}`;
    return [`${mode}: ${what}: ${verdict}, ${causes.join(", ") || "nothing"}; ${JSON.stringify(options)}`];
  });
}

/** The figures as Markdown. */
export function runPage(judged: JudgedRuns): string[] {
  const { exact, planted, invisible, missing } = judged;
  return [
    `${exact.length} exact runs and ${planted.length} planted ones, each predicted from file to file and diagnosed with its record, and with record and model.`,
    ...missing.map((line) => `\n${line}.`),
    ...(invisible.length === 0
      ? []
      : [
          "",
          `${invisible.length} more were drawn with five networks without becoming visible and are not counted.`,
        ]),
    "",
    "| | record | record+model |",
    "|---|---|---|",
    row("false alarms", exact, (run, mode) => run.modes[mode].verdict === "artifacts"),
    row("exact and called seamless", exact, (run, mode) => run.modes[mode].verdict === "seamless"),
    row("detected", planted, (run, mode) => run.modes[mode].verdict === "artifacts"),
    row("right cause", planted, (run, mode) => isRight(run, run.modes[mode])),
    row("planted and called seamless", planted, (run, mode) => run.modes[mode].verdict === "seamless"),
    "",
    "Detected | right cause, by what was planted:",
    "",
    "| planted | record | record+model |",
    "|---|---|---|",
    ...byName(planted, (run) => run.planted.join(" + ")),
    "",
    "Detected | right cause, by network:",
    "",
    "| network | record | record+model |",
    "|---|---|---|",
    ...byName(planted, (run) => run.network),
    "",
    ...probeLines(planted),
    ...timeLines([...exact, ...planted]),
  ];
}

function row(
  what: string,
  runs: readonly JudgedRun[],
  holds: (run: JudgedRun, mode: RunMode) => boolean,
): string {
  const cells = RUN_MODES.map((mode) => {
    const hits = runs.filter((run) => holds(run, mode)).length;
    return percentText(proportion(hits, runs.length));
  });
  return `| ${what} | ${cells.join(" | ")} |`;
}

function byName(runs: readonly JudgedRun[], nameOf: (run: JudgedRun) => string): string[] {
  const names = [...new Set(runs.map(nameOf))].sort();
  return names.map((name) => {
    const own = runs.filter((run) => nameOf(run) === name);
    const cells = RUN_MODES.map((mode) => {
      const detected = own.filter((run) => run.modes[mode].verdict === "artifacts").length;
      const right = own.filter((run) => isRight(run, run.modes[mode])).length;
      return `${detected}, ${right} of ${own.length}`;
    });
    return `| ${name} | ${cells.join(" | ")} |`;
  });
}

function probeLines(runs: readonly JudgedRun[]): string[] {
  const known = (values: readonly (number | null)[]): number[] =>
    values.filter((value): value is number => value !== null).sort((a, b) => a - b);
  const shares = known(runs.map(({ probeShare }) => probeShare));
  const errors = known(runs.map(({ recommendedError }) => recommendedError));
  const at = (fraction: number): string => shares[Math.floor(fraction * (shares.length - 1))].toFixed(2);
  const enough = errors.filter((error) => error <= 3e-3).length;
  return [
    ...(shares.length === 0
      ? []
      : [
          `Largest error of the probes on seams ÷ the true largest error beside all seams: median ${at(0.5)}, 5th percentile ${at(0.05)} of ${shares.length}.`,
          "",
        ]),
    `The overlap recommended for 1e-3, used in a real run: its largest error at the seams is at most 3e-3 of the range in ${percentText(proportion(enough, errors.length))}.`,
    "",
  ];
}

function timeLines(runs: readonly JudgedRun[]): string[] {
  const mean = (mode: RunMode): string =>
    (runs.reduce((sum, run) => sum + run.modes[mode].seconds, 0) / Math.max(1, runs.length)).toFixed(2);
  return [
    `With two cases at a time a diagnosis took ${mean("record")} s with the record and ${mean("record+model")} s with record and model on average.`,
  ];
}
