/**
 * One prediction from file to file: file → stack → (normalise, pad) → tiling → engine → assemble → file.
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Registries } from "../plugins/registries";
import type { PredictionRequest } from "../protocol/prediction";
import { MOST_RETILES, retile } from "../tiling/retile";
import type { Tile } from "../tiling/tiles";
import { decodedInput } from "./decodedInput";
import { freeTiles } from "./freeMemory";
import { measureStack } from "./intensities";
import { digest, readJournalHead } from "./journal";
import { hasPartial, journalPath } from "./partial";
import { createTileOutput } from "./output";
import { PaddedInput } from "./paddedInput";
import { prepare, withTiles } from "./prepare";
import type { Prepared } from "./prepare";
import type { PredictionResult } from "./record";
import { RunFiles, checkTarget, optionsDigest } from "./runFiles";
import { SeamRecorder } from "./seams";
import { Sessions } from "./sessions";
import type { OpenSession } from "./sessions";
import { outputChannels, readTile, restore } from "./tile";
import type { ReadTile, Running } from "./tile";
import { predictUntiled } from "./untiled";
import { runWarnings } from "./warnings";

/** What a prediction in this process is told beyond its request. */
export interface RunSettings {
  /** How often tiles were made smaller already, by processes that died of it. */
  readonly retiled: number;
  /** What is kept between predictions, not disposed here; without it nothing is kept. */
  readonly sessions?: Sessions;
}

/**
 * Predicts a stack into a stack.
 *
 * @throws {TilewrightError} for what the user can act on; `AbortError` when cancelled. Whatever happens,
 *         nothing stands under the final name unless it is complete; partial output stays and can be resumed.
 */
export async function predict(
  request: PredictionRequest,
  registries: Registries,
  settings: RunSettings,
  job: Job,
): Promise<PredictionResult> {
  const sessions = settings.sessions ?? new Sessions(registries);
  try {
    const prepared = await prepare(request, sessions, job);
    try {
      await checkTarget(request, prepared.options);
      const opened = await sessions.open(prepared, prepared.options, job);
      return await attemptUntilItFits({ request, prepared, ...opened, retiled: settings.retiled }, job);
    } finally {
      await prepared.stack.close();
    }
  } finally {
    if (settings.sessions === undefined) await sessions.dispose();
  }
}

async function attemptUntilItFits(first: Attempt, job: Job): Promise<PredictionResult> {
  const { request } = first;
  let { prepared, retiled } = first;
  for (let i = 0; i < retiled; i++) prepared = smaller(prepared);
  if (retiled === 0) prepared = await asStarted(prepared, request.out);
  for (;;) {
    try {
      return await run({ ...first, prepared, retiled }, job);
    } catch (error) {
      if (!isOutOfMemory(error) || prepared.options.untiled || retiled >= MOST_RETILES) throw error;
      prepared = smaller(prepared);
      retiled++;
      job.log(`memory ran out; trying again with ${prepared.plan.count} smaller tiles`);
    }
  }
}

interface Attempt extends OpenSession {
  readonly request: PredictionRequest;
  readonly prepared: Prepared;
  readonly retiled: number;
}

async function run(attempt: Attempt, job: Job): Promise<PredictionResult> {
  const { stack, plan, options } = attempt.prepared;
  const input = options.untiled ? stack : await decodedInput(stack, plan, attempt.request.out, job);
  try {
    return await runOn({ ...attempt, prepared: { ...attempt.prepared, stack: input } }, job);
  } finally {
    if (input !== stack) await input.close();
  }
}

async function runOn(attempt: Attempt, job: Job): Promise<PredictionResult> {
  const { request, prepared, engine, session } = attempt;
  const { stack, geometry, plan, options, normalization, model } = prepared;
  const started = performance.now();
  const files = await RunFiles.open({ request, prepared, engine, replace: attempt.retiled > 0 }, job);
  try {
    const measured =
      files.resumed?.normalization ??
      (await measureStack(
        { stack, image: geometry.image, parts: options.roi ?? {} },
        normalization,
        options.normalizeScope,
        job,
      ));
    const input = new PaddedInput(stack, geometry.image, plan, {
      mode: options.pad,
      spatialAxes: model.network.spatialAxes,
    });
    const writer = await files.start(measured);
    const running: Running = { ...prepared, request, session, engine, measured, input, files };
    const target = { plan, writer, axes: geometry.outputAxes, dtype: files.dtype };
    const clamped = options.untiled
      ? await predictUntiled(running, target, job)
      : await predictTiles(running, createTileOutput(target, options.blend, outputChannels(prepared)), job);
    return await files.finish(
      {
        measured,
        seconds: (performance.now() - started) / 1000,
        retiled: attempt.retiled,
        warnings: runWarnings(attempt, { measured, clamped }),
      },
      job,
    );
  } catch (error) {
    await files.abandon();
    throw error;
  }
}

/** The tile loop: while one tile is predicted, the next is read and the one before it written. */
async function predictTiles(
  running: Running,
  output: ReturnType<typeof createTileOutput>,
  job: Job,
): Promise<number> {
  const { plan, files, session } = running;
  const channels = outputChannels(running);
  const seams = new SeamRecorder(plan, channels);
  const waiting = plan.tiles.map((_, i) => i).filter((i) => files.resumed?.done.has(i) !== true);
  const reads = new ReadAhead(running, job);
  let written: Promise<void> = Promise.resolve();
  try {
    for (const [done, index] of waiting.entries()) {
      await nextTurn(); // lets a cancellation in
      freeTiles();
      job.signal.throwIfAborted();
      const { tensor, maps } = await reads.take(plan.tiles[index]);
      const next = waiting[done + 1];
      if (next !== undefined) reads.start(plan.tiles[next]);
      const predicted = await session.run(tensor);
      restore(running, predicted, maps);
      const found = seams.add(index, predicted);
      await written;
      written = output.put(index, predicted, job).then(() => files.tileDone(index, found));
      written.catch(() => undefined); // reported where it is awaited
      job.report({
        what: "predicting",
        done: plan.count - waiting.length + done + 1,
        total: plan.count,
        unit: "tiles",
      });
    }
    await written;
    await output.finish(job);
  } finally {
    await Promise.allSettled([written, reads.settle()]);
  }
  return output.clamped;
}

/** Reads one tile ahead. */
class ReadAhead {
  readonly #running: Running;
  readonly #job: Job;
  #next: { readonly tile: Tile; readonly result: Promise<ReadTile> } | null = null;

  constructor(running: Running, job: Job) {
    this.#running = running;
    this.#job = job;
  }

  start(tile: Tile): void {
    const result = readTile(this.#running, tile, this.#job);
    result.catch(() => undefined); // reported where it is taken
    this.#next = { tile, result };
  }

  take(tile: Tile): Promise<ReadTile> {
    const next = this.#next;
    this.#next = null;
    return next?.tile === tile ? next.result : readTile(this.#running, tile, this.#job);
  }

  async settle(): Promise<void> {
    await this.#next?.result;
  }
}

function smaller(prepared: Prepared): Prepared {
  const imageAxes = prepared.geometry.image.axes;
  const plan = retile(prepared.plan, (tiles) => {
    const counts = prepared.geometry.axes.map(({ axis, role }, i) => ({ axis, role, count: tiles[i] }));
    const inImage = counts.filter(({ axis, role }) => role === "tiled" && imageAxes.includes(axis));
    return withTiles(prepared, Object.fromEntries(inImage.map(({ axis, count }) => [axis, count]))).plan;
  });
  if (plan === null) {
    throw new TilewrightError(
      "engine.outOfMemory",
      `memory ran out, and the tiles cannot be made smaller than ${prepared.plan.count} tiles with this overlap`,
      "close other programs, use another engine, or predict part of the image with --roi",
    );
  }
  return { ...prepared, plan };
}

/**
 * The plan of the run that is to be resumed, where it is another than today's: "auto" tiles depend on free memory,
 * and tiles may have been made smaller since. The run's identity is checked afterwards as always.
 */
async function asStarted(prepared: Prepared, out: string): Promise<Prepared> {
  const { options, plan } = prepared;
  if (!options.resume || options.untiled || !(await hasPartial(out))) return prepared;
  const { identity, tiles } = await readJournalHead(journalPath(out));
  if (identity.plan === digest(plan.tiles) || identity.options !== optionsDigest(options)) return prepared;
  try {
    const started = withTiles(prepared, tiles);
    return identity.plan === digest(started.plan.tiles) ? started : prepared;
  } catch {
    return prepared; // numbers that fit no plan of this image: another run
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof TilewrightError && error.code === "engine.outOfMemory";
}
