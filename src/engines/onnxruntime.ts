/**
 * Engines on ONNX Runtime (`onnxruntime-node` 1.30): what its CPU and WebGPU providers have in common.
 *
 * The package is loaded on first use and only then: it maps 45 MB of native code.
 * @module
 */
import type * as OnnxRuntime from "onnxruntime-node";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import type { Network } from "../network/graph";
import { writeOnnx } from "../network/onnx/write";
import type { OnnxTarget } from "../network/onnx/write";
import { splitConcatenations } from "../network/rewrite/concat";
import { validateNetwork } from "../network/shapes";
import { makeVolume } from "../volume/volume";
import type { Volume } from "../volume/volume";
import type { Engine, EngineKind, EngineOptions, EngineStatus, Session } from "./engine";
import { checkKnownAnswer } from "./knownAnswer";

type Runtime = typeof OnnxRuntime;

/** What tells one execution provider from another. */
export interface Provider {
  readonly id: OnnxTarget;
  /** For people: "CPU", "GPU (WebGPU)". */
  readonly label: string;
  /** Device name for people; `threads` as in {@link EngineOptions}. */
  device(threads: number): string;
  /** Session options of this provider. */
  sessionOptions(options: EngineOptions): OnnxRuntime.InferenceSession.SessionOptions;
}

let runtime: Promise<Runtime> | undefined;

/**
 * The runtime, loaded once per process.
 *
 * @throws {TilewrightError} `engine.unavailable` when this platform has no native binary
 */
export function loadRuntime(): Promise<Runtime> {
  runtime ??= importRuntime();
  return runtime;
}

async function importRuntime(): Promise<Runtime> {
  try {
    const loaded = (await import("onnxruntime-node")) as Runtime & { readonly default?: Runtime };
    const found = loaded.default ?? loaded;
    found.env.logLevel = "error";
    return found;
  } catch (error) {
    throw new TilewrightError(
      "engine.unavailable",
      `ONNX Runtime could not be loaded on ${process.platform}-${process.arch}: ${reasonOf(error)}`,
      "reinstall the package onnxruntime-node, or use another engine",
      { cause: error },
    );
  }
}

/** An engine kind on ONNX Runtime with the given provider. */
export function onnxRuntimeKind(provider: Provider): EngineKind {
  const opened = new Map<string, Promise<void>>();
  return {
    id: provider.id,
    label: `ONNX Runtime, ${provider.label}`,
    async status(): Promise<EngineStatus> {
      const device = provider.device(0);
      try {
        await trusted(provider, { threads: 0, fastMath: false }, opened);
        return { available: true, device };
      } catch (error) {
        return { available: false, device, reason: reasonOf(error) };
      }
    },
    async open(options: EngineOptions): Promise<Engine> {
      await trusted(provider, options, opened);
      return openEngine(provider, options);
    },
  };
}

/** The known-answer check, once per process and provider; a failure is remembered too. */
function trusted(
  provider: Provider,
  options: EngineOptions,
  opened: Map<string, Promise<void>>,
): Promise<void> {
  const key = `${provider.id} ${options.fastMath}`;
  const earlier = opened.get(key);
  if (earlier !== undefined) return earlier;
  const check = checkKnownAnswer(openEngine(provider, { ...options, threads: 1 })).catch((error: unknown) => {
    if (error instanceof TilewrightError && error.code === "engine.unavailable") throw error;
    throw new TilewrightError(
      "engine.unavailable",
      `${provider.label} cannot be used here: ${reasonOf(error)}`,
      "use another engine, or update the driver",
      { cause: error },
    );
  });
  opened.set(key, check);
  return check;
}

function openEngine(provider: Provider, options: EngineOptions): Engine {
  const sessions = new Set<Session>();
  return {
    id: provider.id,
    name: `ONNX Runtime, ${provider.label}`,
    device: provider.device(options.threads),
    async load(network: Network, job: Job): Promise<Session> {
      job.signal.throwIfAborted();
      const session = await openSession(provider, network, options);
      const owned: Session = {
        run: (input) => session.run(input),
        dispose: async () => {
          if (sessions.delete(owned)) await session.dispose();
        },
      };
      sessions.add(owned);
      return owned;
    },
    async dispose(): Promise<void> {
      for (const session of [...sessions]) await session.dispose();
    },
  };
}

async function openSession(provider: Provider, network: Network, options: EngineOptions): Promise<Session> {
  if (network.inputs.length !== 1) {
    throw new TilewrightError(
      "engine.inputs",
      `the network has ${network.inputs.length} inputs, an engine feeds exactly one`,
      "use a model with a single image input",
    );
  }
  const { InferenceSession, Tensor } = await loadRuntime();
  const channels = validateNetwork(network);
  const lean = splitConcatenations(network, (tensor) => channels.get(tensor) ?? 0);
  const bytes = writeOnnx(lean, provider.id, { onPlanes: true });
  const session = await attempt(provider, () =>
    InferenceSession.create(bytes, provider.sessionOptions(options)),
  );
  const [inputName, outputName] = [session.inputNames[0], session.outputNames[0]];
  const axes = `C${network.spatialAxes}`;
  return {
    async run(input: Volume<Float32Array>): Promise<Volume<Float32Array>> {
      if (input.axes !== axes || input.shape[0] !== network.inputs[0].channels) {
        throw new TilewrightError(
          "engine.wrongInput",
          `the network wants axes ${axes} with ${network.inputs[0].channels} channels, found ${input.axes} of shape ${input.shape.join("×")}`,
        );
      }
      const feeds = { [inputName]: new Tensor("float32", input.data, [1, ...input.shape]) };
      const output = (await attempt(provider, () => session.run(feeds, [outputName])))[outputName];
      const result = makeVolume(output.data as Float32Array, output.dims.slice(1), axes);
      return result;
    },
    dispose: () => session.release(),
  };
}

async function attempt<T>(provider: Provider, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw engineError(provider.label, error);
  }
}

/** Messages by which runtimes and drivers say that memory ran out. */
const OUT_OF_MEMORY = [
  /bad_alloc/i,
  /failed to allocate/i,
  /out of memory/i,
  /OUT_OF_(DEVICE|HOST|POOL)_MEMORY/i,
  /not enough memory/i,
  /Array buffer allocation failed/i,
  /Invalid typed array length/i,
  /exceeds? the (max|maximum|limit)/i,
  /E_OUTOFMEMORY/i,
  /device (was |is )?lost/i,
  /bfc_arena/i,
];

/** Any error of a runtime as `engine.outOfMemory` or `engine.failed`; errors of ours pass through. */
export function engineError(label: string, error: unknown): TilewrightError {
  if (error instanceof TilewrightError) return error;
  const reason = reasonOf(error);
  if (/adapter_?result|WebGPU adapter/i.test(reason)) {
    return new TilewrightError(
      "engine.unavailable",
      `${label}: no graphics adapter with Vulkan, Direct3D 12 or Metal was found`,
      "use the CPU, or install a graphics driver",
      { cause: error },
    );
  }
  if (OUT_OF_MEMORY.some((pattern) => pattern.test(reason))) {
    return new TilewrightError(
      "engine.outOfMemory",
      `${label}: the tile does not fit into memory: ${reason}`,
      "use smaller tiles",
      { cause: error },
    );
  }
  return new TilewrightError("engine.failed", `${label}: ${reason}`, "try another engine", { cause: error });
}

/** The first line of an error's message, without trailing stop, at most 300 characters. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].trim().replace(/\.$/, "").slice(0, 300);
}
