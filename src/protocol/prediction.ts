/**
 * Every message between the prediction worker and whoever drives it (extension host or command line).
 * @module
 */
import type { Diagnosis } from "../diagnose/diagnosis";
import type { Failure } from "../errors";
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
  /** More predictions with this model follow: it stays loaded, its engine open. */
  readonly keep?: boolean;
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

/** A stack to be diagnosed; paths are absolute. */
export interface DiagnosisRequest {
  /** The predicted stack. */
  readonly file: string;
  readonly series?: number;
  /** Record of the run that made it; without it only the pixels are looked at. */
  readonly run?: string;
  /** Model folder or file: parts are predicted again with it. Needs `run`. */
  readonly model?: string;
  /** Stack to measure errors against, such as an untiled prediction. */
  readonly reference?: string;
  /** px per axis letter that the network saw in training, where the model does not say. */
  readonly trainingPatch?: Readonly<Record<string, number>>;
}

/** A diagnosis that is to be written as a report; paths are absolute. */
export interface ReportRequest {
  /** Of the report: `.md` or `.html`. */
  readonly path: string;
  readonly diagnosis: Diagnosis;
  /** The stack that was diagnosed. */
  readonly file: string;
  readonly series?: number;
}

/** A diagnosis that is to be drawn as a stack; paths are absolute. */
export interface HeatMapRequest extends ReportRequest {
  /** Stack that errors were measured against; without it the map shows the seams. */
  readonly reference?: string;
}

/** A batch that begins: which model, and where its stacks are to be looked for. */
export interface BatchRequest {
  /** Model folder or file, absolute path; loaded at once, so that a wrong one is told before any work. */
  readonly model: string;
  /** Files, folders and globs, as the user wrote them. */
  readonly inputs: readonly string[];
  /** Folder that relative inputs start at, absolute path. */
  readonly cwd: string;
  /** Whether folders are searched with their sub folders. */
  readonly recursive: boolean;
  /** Folder of the results, absolute path; what lies in it is no input unless it is named. Null: not known yet. */
  readonly out: string | null;
}

/** The stacks that inputs name. */
export interface FoundStacks {
  /** The deepest folder that holds all inputs, absolute; null when they lie on several drives. */
  readonly base: string | null;
  /** Absolute paths, each once; in the order of the inputs, sorted within a folder. */
  readonly files: readonly string[];
  /** Inputs that name no stack, and why. */
  readonly problems: readonly { readonly file: string; readonly error: Failure }[];
}

/** What stands under the name of an output. */
export type OutputState =
  /** Nothing. */
  | "none"
  /** An unfinished output of an earlier run. */
  | "partial"
  /** The finished output of the same input, unchanged since, with the same model and options. */
  | "finished"
  /** Something else. */
  | "other";

/** What a prediction would do, in short: the work of a batch is planned with it. */
export interface StackSurvey {
  /** Axes and shape that are predicted. */
  readonly axes: string;
  readonly shape: readonly number[];
  readonly tiles: number;
  readonly tilesPerAxis: Readonly<Record<string, number>>;
  /** Voxels that the network computes, overlap and padding included. */
  readonly work: number;
  readonly exact: boolean;
  /** Sentences about the plan. */
  readonly warnings: readonly string[];
  readonly output: OutputState;
  /** Names of the files it is read from, beside each other; several for a set of OME files. */
  readonly members: readonly string[];
}

/** The prediction worker: answers its driver and tells how far it is. */
export interface PredictionWorker {
  requests: {
    /** Resolves to the JSON of `tilewright predict`. */
    predict(request: PredictionRequest): unknown;
    /** Loads the model and looks for the stacks of a batch. */
    batch(request: BatchRequest): FoundStacks;
    /** Plans one prediction of a batch; its model stays loaded. */
    survey(request: PredictionRequest): StackSurvey;
    plan(request: PlanRequest): PlanReply;
    model(request: { readonly path: string }): ModelReply;
    /** Says what marks tiles left in a stack: the JSON of `tilewright diagnose`. */
    diagnose(request: DiagnosisRequest): Diagnosis;
    /** Writes a report; resolves to its path. */
    report(request: ReportRequest): string;
    /** Writes a TIFF to be laid over the stack; resolves to its path. */
    heatMap(request: HeatMapRequest): string;
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
