/**
 * Chooses an engine: the one asked for, or the fastest that gives the known answer; says aloud what it
 * could not use.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Engine, EngineKind, EngineOptions } from "./engine";
import { measureSpeed } from "./speed";

/** An open engine and what the user should know about the choice. */
export interface EngineChoice {
  readonly engine: Engine;
  /** One sentence each, such as why the engine asked for is not used. */
  readonly notes: readonly string[];
}

/** Order in which `auto` asks: likely fastest first; kinds of plugins come after these. */
const AUTO_ORDER = ["webgpu", "cpu"];

/** Engines that exist but do not come with Tilewright: asking for one is no mistake, the next one is taken. */
const NOT_INSTALLED = ["cuda", "dml", "coreml", "tensorflow", "wasm"];

/**
 * Opens the preferred engine; when it cannot run here, the next one, with a note. `auto` opens the
 * fastest: where more than one is available, a small network is timed on each (a graphics driver in
 * software gives right answers many times slower than the CPU).
 *
 * @param kinds     registered engine kinds
 * @param preferred `auto` or the id of a kind
 * @throws {TilewrightError} `engine.unknown`, `engine.none`
 */
export async function chooseEngine(
  kinds: readonly EngineKind[],
  preferred: string,
  options: EngineOptions,
  job: Job,
): Promise<EngineChoice> {
  const isRegistered = kinds.some(({ id }) => id === preferred);
  if (preferred !== "auto" && !isRegistered && !NOT_INSTALLED.includes(preferred)) {
    throw new TilewrightError(
      "engine.unknown",
      `there is no engine "${preferred}"`,
      `choose one of: auto, ${kinds.map(({ id }) => id).join(", ")}`,
    );
  }
  const rank = ({ id }: EngineKind): number => {
    const place = AUTO_ORDER.indexOf(id);
    return id === preferred ? -1 : place < 0 ? AUTO_ORDER.length : place;
  };
  const ordered = [...kinds].sort((a, b) => rank(a) - rank(b));
  const failures: string[] =
    isRegistered || preferred === "auto" ? [] : [`${preferred}, which is not installed`];
  const opened: Engine[] = [];
  for (const kind of ordered) {
    job.signal.throwIfAborted();
    try {
      opened.push(await kind.open(options));
      if (preferred !== "auto") break;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      failures.push(kind.label.endsWith(why.split(":")[0]) ? why : `${kind.label}: ${why}`);
    }
  }
  if (opened.length === 0) {
    throw new TilewrightError(
      "engine.none",
      `no engine can run here: ${failures.join("; ")}`,
      "reinstall Tilewright for this platform",
    );
  }
  const { engine, slower } = await fastest(opened, job);
  const notes = [...failures.map((failure) => `not used: ${failure}; using ${engine.name}`), ...slower];
  for (const note of notes) job.log(note);
  return { engine, notes };
}

/** Keeps the fastest engine and disposes of the others. */
async function fastest(engines: readonly Engine[], job: Job): Promise<{ engine: Engine; slower: string[] }> {
  if (engines.length === 1) return { engine: engines[0], slower: [] };
  const timed: { engine: Engine; speed: number }[] = [];
  for (const engine of engines) timed.push({ engine, speed: await measureSpeed(engine, job) });
  timed.sort((a, b) => b.speed - a.speed);
  const [best, ...others] = timed;
  for (const { engine } of others) await engine.dispose();
  const ratio = (speed: number): string =>
    speed > 0 ? `${(best.speed / speed).toFixed(1)} times slower` : "not able to run the test network";
  return {
    engine: best.engine,
    slower: others.map(
      ({ engine, speed }) => `not used: ${engine.name} is ${ratio(speed)} than ${best.engine.name} here`,
    ),
  };
}
