/**
 * The files of a run: partial output and journal while it goes on, output and record when it is done.
 * @module
 */
import { access, constants, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, resolve, sep } from "node:path";
import type { Engine } from "../engines/engine";
import { TilewrightError } from "../errors";
import type { RecordedSeam } from "../diagnose/run";
import type { Job } from "../job";
import type { PredictionRequest } from "../protocol/prediction";
import type { StackLayout, StackWriter } from "../stack/stack";
import { readableDtype } from "../stack/stored";
import { formatFor, putInPlace, writtenKind } from "../stack/written";
import type { Dtype } from "../volume/pixels";
import { intensityRange } from "./intensities";
import { Journal, digest, inputIdentity, readJournal, requireSameRun } from "./journal";
import type { JournalState, RunIdentity } from "./journal";
import type { MeasuredNormalization } from "./normalize";
import { requireNoOtherOwner, requireStillOwner } from "./owner";
import { tilesByAxis } from "./prepare";
import type { Prepared } from "./prepare";
import { writeRecord } from "./record";
import type { PredictionResult, RunWarning, SeamSummary } from "./record";
import { hasPartial, journalPath, partialPath } from "./partial";
import { writeGrid } from "./writeGrid";

/** Options that say how a run is driven, not what it computes. */
const DRIVING_OPTIONS = ["resume", "overwrite", "memoryMiB"];

interface Opening {
  readonly request: PredictionRequest;
  readonly prepared: Prepared;
  readonly engine: Engine;
  /** Whether a partial output of an earlier attempt may be replaced. */
  readonly replace: boolean;
}

/** What a run is when its last tile is written. */
export interface RunEnd {
  readonly measured: MeasuredNormalization;
  readonly seconds: number;
  readonly retiled: number;
  readonly warnings: readonly RunWarning[];
}

/** Creates, resumes and finishes the files of one run. */
export class RunFiles {
  readonly #opening: Opening;
  readonly #layout: StackLayout;
  readonly #identity: RunIdentity;
  readonly #seams: RecordedSeam[];
  readonly #started: string;
  #journal: Journal | null = null;
  #writer: StackWriter | null = null;
  /** Pixel type written. */
  readonly dtype: Dtype;
  /** What an earlier process did of this run; null when it starts anew. */
  readonly resumed: JournalState | null;

  private constructor(
    opening: Opening,
    layout: StackLayout,
    identity: RunIdentity,
    resumed: JournalState | null,
  ) {
    this.#opening = opening;
    this.#layout = layout;
    this.#identity = identity;
    this.#seams = [...(resumed?.seams ?? [])];
    this.#started = resumed?.started ?? new Date().toISOString();
    this.dtype = layout.dtype;
    this.resumed = resumed;
  }

  /**
   * The files of a run: those of the run that is resumed, when it is the same run.
   *
   * @throws {TilewrightError} `out.busy`, `out.partialExists`, `resume.*`
   */
  static async open(opening: Opening, job: Job): Promise<RunFiles> {
    const { request, prepared, engine } = opening;
    const { options, plan } = prepared;
    const identity: RunIdentity = {
      input: await inputIdentity(request.input, prepared.stack.facts.files),
      model: prepared.model.sha256,
      plan: digest(plan.tiles),
      options: optionsDigest(options),
      engine: `${engine.name} on ${engine.device}`,
      threads: options.threads,
    };
    await requireNoOtherOwner(request.out, journalPath(request.out), job);
    if (options.resume && options.blend !== "crop") {
      throw new TilewrightError(
        "resume.blended",
        "a blended run cannot be resumed",
        "start over with --overwrite",
      );
    }
    const resumed =
      options.resume && !opening.replace ? await unfinishedJournal(request.out, plan.count) : null;
    if (resumed !== null) requireSameRun(resumed.identity, identity);
    else if (!options.overwrite && !opening.replace) await requireNoPartial(request.out);
    return new RunFiles(opening, layoutOf(prepared, request.out), identity, resumed);
  }

  /** Makes the partial output and its journal, or opens those of the run that is resumed. */
  async start(measured: MeasuredNormalization): Promise<StackWriter> {
    const { out } = this.#opening.request;
    const partial = partialPath(out);
    const journal = journalPath(out);
    const kind = writtenKind(out);
    if (this.resumed !== null) {
      this.#writer = await kind.reopen(partial, this.#layout);
      this.#journal = await Journal.resume(journal);
      return this.#writer;
    }
    await rm(journal, { force: true });
    // A new file, not the old one emptied: a process that still writes that one writes beside ours.
    await rm(partial, { recursive: true, force: true });
    this.#writer = await kind.create(partial, this.#layout);
    await requireSpace(partial, this.#writer.bytes);
    this.#journal = await Journal.create(journal, {
      identity: this.#identity,
      tiles: tilesByAxis(this.#opening.prepared),
      normalization: measured,
      started: this.#started,
    });
    return this.#writer;
  }

  /** Notes that the bytes of a tile are written. */
  async tileDone(index: number, seams: readonly RecordedSeam[]): Promise<void> {
    this.#seams.push(...seams);
    await this.#journal?.tileDone(index, seams);
  }

  /** Writes the record, gives the output its name, removes the journal. */
  async finish(end: RunEnd, job: Job): Promise<PredictionResult> {
    const { request, prepared, engine } = this.#opening;
    const partial = partialPath(request.out);
    await this.#writer?.complete(job);
    await this.#writer?.flush();
    await this.#writer?.close();
    this.#writer = null;
    const range = this.#seams.length > 0 ? await this.#outputRange(partial, job) : null;
    const summary = summarize(this.#seams, range);
    job.signal.throwIfAborted();
    await requireStillOwner(request.out, journalPath(request.out));
    const voxels = this.#layout.shape.reduce((product, length) => product * length, 1);
    const record = await writeRecord(request.out, {
      started: this.#started,
      seconds: end.seconds,
      input: request.input,
      model: prepared.model,
      plan: prepared.plan,
      normalization: { ...end.measured, scope: prepared.options.normalizeScope },
      padding: { mode: prepared.options.pad, perAxis: prepared.plan.padding },
      engine: { name: engine.name, device: engine.device, threads: prepared.options.threads },
      options: request.options,
      seams: { ...summary, range, all: this.#seams },
      warnings: end.warnings,
      output: { axes: this.#layout.axes, shape: this.#layout.shape, dtype: this.dtype },
    });
    // Last of all: a disk that is full by now leaves a partial output that can be resumed.
    await putInPlace(partial, request.out);
    await rm(journalPath(request.out), { force: true });
    return {
      out: request.out,
      record,
      engine: { name: engine.name, device: engine.device },
      tiles: prepared.options.untiled ? 1 : prepared.plan.count,
      seconds: end.seconds,
      voxelsPerSecond: (voxels * (1 - (this.resumed?.done.size ?? 0) / prepared.plan.count)) / end.seconds,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      seams: summary,
      exact: isExact(prepared),
      retiled: end.retiled,
      warnings: end.warnings,
    };
  }

  /** Closes what is open; the partial output stays, so that the run can be resumed. */
  async abandon(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    await writer?.close();
  }

  async #outputRange(path: string, job: Job): Promise<number> {
    const stack = await writtenKind(this.#opening.request.out).read(path, job);
    try {
      return await intensityRange(stack, job);
    } finally {
      await stack.close();
    }
  }
}

function layoutOf({ geometry, options, stack, model, plan }: Prepared, out: string): StackLayout {
  const { pixelSize, channels } = stack.facts;
  const written = options.dtype === "input" ? readableDtype(stack.facts) : options.dtype;
  const [first, stop] = options.roi?.C ?? [0, channels.length];
  const sameChannels = model.network.inputs[0].channels === model.network.outputs[0].channels;
  return {
    axes: geometry.outputAxes,
    shape: geometry.outputShape,
    dtype: written,
    pixelSize,
    channels: sameChannels ? channels.slice(first, stop) : [],
    format: formatFor(out, options.format),
    writeGrid: writeGrid(plan, geometry.outputAxes),
  };
}

/** Whether the result equals untiled prediction, as far as plan, normalisation and joining decide. */
export function isExact({ plan, options }: Prepared): boolean {
  const oneTile =
    options.untiled || plan.tilesPerAxis.every((count, i) => count === 1 || plan.roles[i] !== "tiled");
  return plan.exact && (oneTile || (options.normalizeScope !== "tile" && options.blend === "crop"));
}

function summarize(seams: readonly RecordedSeam[], range: number | null): SeamSummary {
  const perAxis: Record<string, number> = {};
  for (const { axis, max } of seams) {
    const relative = range !== null && range > 0 ? max / range : max;
    perAxis[axis] = Math.max(perAxis[axis] ?? 0, relative);
  }
  const all = Object.values(perAxis);
  return { maxRelative: all.length === 0 ? null : Math.max(...all), perAxis };
}

/**
 * Checks where a run is to be written, before any work.
 *
 * @throws {TilewrightError} `out.*`
 */
export async function checkTarget(request: PredictionRequest, options: Prepared["options"]): Promise<void> {
  const { input, out } = request;
  const [from, to] = [resolve(input), resolve(out)];
  if (from === to || to.startsWith(from + sep) || from.startsWith(to + sep)) {
    const how = from === to ? "is the input itself" : `lies in the input, or the input in it`;
    throw new TilewrightError("out.isInput", `${out} ${how}`, "choose another output name");
  }
  formatFor(out, options.format);
  const folder = dirname(out);
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new TilewrightError(
      missing ? "out.noFolder" : "out.readOnly",
      missing
        ? `the output folder ${folder} does not exist`
        : `the output folder ${folder} cannot be written to`,
      missing ? "create it first" : "choose an output in another folder",
      { cause: error },
    );
  }
  const found = await stat(out).catch(() => null);
  const forbids = await writtenKind(out).whatForbids(out);
  if (forbids !== null) {
    throw new TilewrightError(
      found?.isDirectory() === true ? "out.isFolder" : "out.notAFile",
      `${out} ${forbids}`,
      "choose another output name",
    );
  }
  if (options.overwrite || options.resume) return;
  if (found !== null) {
    throw new TilewrightError(
      "out.exists",
      `${out} exists already`,
      "choose another name, or use --overwrite",
    );
  }
}

async function requireNoPartial(out: string): Promise<void> {
  if (await hasPartial(out)) {
    throw new TilewrightError(
      "out.partialExists",
      `${basename(partialPath(out))} holds the unfinished output of an earlier run`,
      "go on with --resume, or start over with --overwrite",
    );
  }
}

/** Refuses to start when the disk cannot hold the output; the file exists already, perhaps sparse. */
async function requireSpace(partial: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(partial));
  const { blocks } = await stat(partial);
  const missing = bytes - blocks * 512 - bavail * bsize;
  if (missing <= 0) return;
  await rm(partial, { recursive: true, force: true });
  const mib = (value: number): number => Math.ceil(value / 2 ** 20);
  throw new TilewrightError(
    "out.noSpace",
    `the output needs ${mib(bytes)} MiB, ${mib(missing)} MiB more than the disk has free`,
    "free some space, write uint16 or uint8, or choose another disk",
  );
}

/** The journal of an unfinished output. @throws {TilewrightError} `resume.noJournal` when there is none */
async function unfinishedJournal(out: string, tileCount: number): Promise<JournalState> {
  if (await hasPartial(out)) return readJournal(journalPath(out), tileCount);
  throw new TilewrightError(
    "resume.noJournal",
    `there is nothing to resume: ${partialPath(out)} and its journal do not exist`,
    "run without --resume",
  );
}

/** Says in a few characters which options decide what is written, whatever order they were given in. */
export function optionsDigest(options: Prepared["options"]): string {
  const computing = Object.entries(options)
    .filter(([name, value]) => !DRIVING_OPTIONS.includes(name) && value !== undefined)
    .map(([name, value]: [string, unknown]) => [name, sorted(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return digest(computing);
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
