/**
 * Every message between the prediction worker and whoever drives it (extension host or command line).
 * @module
 */
import type { PacedProgress } from "../job";

/** What a prediction is asked to do; the options of the command line, values as text, number, list or per axis. */
export interface PredictionRequest {
  /** Stack to read, absolute path. */
  readonly input: string;
  /** Model folder or file, absolute path. */
  readonly model: string;
  /** Stack to write, absolute path. */
  readonly out: string;
  /** Options by name (`tiles`, `tileSize`, `overlap`…), checked by the worker. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How often tiles were made smaller already, by workers that died of too little memory. */
  readonly retiled?: number;
}

/** A tiling to be explained, without predicting: for a stack file, or for a bare shape. */
export interface PlanRequest {
  readonly input?: string;
  readonly shape?: readonly number[];
  readonly axes?: string;
  readonly model?: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A plan for people and for programs. */
export interface PlanReply {
  /** The JSON of `tilewright plan`. */
  readonly plan: unknown;
  /** Plain language with one drawing per axis. */
  readonly text: string;
  /** Estimated seconds on the engine that would be used; null when it cannot be known. */
  readonly estimatedSeconds: number | null;
  readonly engine: { readonly name: string; readonly device: string } | null;
}

/** A model for people and for programs. */
export interface ModelReply {
  /** The JSON of `tilewright model`. */
  readonly description: unknown;
  readonly text: string;
}

/** The prediction worker: answers its driver and tells how far it is. */
export interface PredictionWorker {
  requests: {
    /** Resolves to the JSON of `tilewright predict`. */
    predict(request: PredictionRequest): unknown;
    plan(request: PlanRequest): PlanReply;
    model(request: { readonly path: string }): ModelReply;
    /** The JSON of `tilewright engines`. */
    engines(params: undefined): unknown;
  };
  events: {
    progress: PacedProgress;
    log: { readonly line: string };
  };
}

/** The driver announces nothing: it asks, and cancels what it asked. */
export interface PredictionDriver {
  requests: object;
  events: object;
}
