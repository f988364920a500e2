/**
 * Engine: runs a Network on one tile; owns a runtime and a device.
 * @module
 */
import type { Job } from "../job";
import type { Network } from "../network/graph";
import type { Volume } from "../volume/volume";

/** What an engine may use. */
export interface EngineOptions {
  /** Threads for one tile; 0 lets the runtime choose. */
  readonly threads: number;
  /** Allow reduced precision (TF32, fp16). */
  readonly fastMath: boolean;
}

/** Whether an engine can run here. */
export interface EngineStatus {
  readonly available: boolean;
  /** Device name, such as "CPU (AMD EPYC, 2 threads)". */
  readonly device: string;
  /** Why it is not available. */
  readonly reason?: string;
}

/** A network made ready on a device. */
export interface Session {
  /**
   * Runs one tile. Blocks the event loop in native engines: call it in the prediction worker.
   *
   * @param input axes `C` + the network's spatial axes, float32; not changed
   * @returns axes `C` + spatial axes, float32, owned by the caller
   * @throws {TilewrightError} `engine.outOfMemory`, `engine.failed`
   */
  run(input: Volume<Float32Array>): Promise<Volume<Float32Array>>;
  dispose(): Promise<void>;
}

/** A runtime opened on a device. */
export interface Engine {
  /** Id of its kind: `cpu`, `webgpu`… */
  readonly id: string;
  readonly name: string;
  readonly device: string;
  /** Prepares a network; a session serves every tile shape. */
  load(network: Network, job: Job): Promise<Session>;
  dispose(): Promise<void>;
}

/** A kind of engine. Built-in kinds and those of plugins are registered the same way. */
export interface EngineKind {
  readonly id: string;
  readonly label: string;
  /** Whether it can run here; loads the runtime, so call it in a worker. Never throws. */
  status(): Promise<EngineStatus>;
  /** @throws {TilewrightError} `engine.unavailable` */
  open(options: EngineOptions): Promise<Engine>;
}
