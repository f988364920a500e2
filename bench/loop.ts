/**
 * Loop efficiency of one prediction, measured in a process of its own: FLOP/s over the run's tiles ÷
 * FLOP/s of one bare session call at the same tile shape. Prints JSON.
 *
 *     node loop.cjs INPUT MODEL OUT MEMORY_MIB
 * @module
 */
import { builtinRegistries } from "../src/builtins";
import { cpuEngine } from "../src/engines/cpu";
import type { Engine, EngineKind, Session } from "../src/engines/engine";
import { quietJob } from "../src/job";
import { predict } from "../src/predict/predict";
import type { Volume } from "../src/volume/volume";

/** Each bare call is timed this often; the median counts. */
const BARE_CALLS = 9;

interface Watched {
  firstStart: number;
  lastEnd: number;
  voxels: number;
  insideMs: number;
  largest: Volume<Float32Array> | null;
  session: Session | null;
}

function watchingEngine(seen: Watched): EngineKind {
  return {
    id: "watched",
    label: "CPU, watched",
    status: () => cpuEngine.status(),
    async open(options): Promise<Engine> {
      const engine = await cpuEngine.open(options);
      return {
        ...engine,
        id: "cpu",
        name: engine.name,
        device: engine.device,
        dispose: () => Promise.resolve(),
        async load(network, job): Promise<Session> {
          const session = await engine.load(network, job);
          seen.session = session;
          return { run: (input) => watchedRun(session, input, seen), dispose: () => Promise.resolve() };
        },
      };
    },
  };
}

async function watchedRun(
  session: Session,
  input: Volume<Float32Array>,
  seen: Watched,
): Promise<Volume<Float32Array>> {
  const start = performance.now();
  if (seen.firstStart < 0) seen.firstStart = start;
  const output = await session.run(input);
  seen.lastEnd = performance.now();
  seen.insideMs += seen.lastEnd - start;
  seen.voxels += input.data.length;
  if (seen.largest === null || input.data.length > seen.largest.data.length) seen.largest = input;
  return output;
}

async function main(): Promise<void> {
  const [input, model, out, memory] = process.argv.slice(2);
  const seen: Watched = { firstStart: -1, lastEnd: 0, voxels: 0, insideMs: 0, largest: null, session: null };
  const registries = builtinRegistries();
  registries.engines.register(watchingEngine(seen));
  const options = { engine: "watched", memory: Number(memory), overwrite: true };
  const result = await predict({ input, model, out, options }, registries, { retiled: 0 }, quietJob());
  if (seen.largest === null || seen.session === null) throw new Error("nothing was predicted");
  const bare: number[] = [];
  for (let i = 0; i < BARE_CALLS; i++) {
    const start = performance.now();
    await seen.session.run(seen.largest);
    bare.push(performance.now() - start);
  }
  const bareMs = bare.sort((a, b) => a - b)[Math.floor(BARE_CALLS / 2)];
  const loopVoxelsPerMs = seen.voxels / (seen.lastEnd - seen.firstStart);
  const bareVoxelsPerMs = seen.largest.data.length / bareMs;
  process.stdout.write(
    JSON.stringify({
      tiles: result.tiles,
      tileShape: seen.largest.shape,
      efficiency: loopVoxelsPerMs / bareVoxelsPerMs,
      insideFraction: seen.insideMs / (seen.lastEnd - seen.firstStart),
      bareVoxelsPerSecond: bareVoxelsPerMs * 1000,
      seconds: result.seconds,
    }),
  );
}

void main();
