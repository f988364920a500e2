/**
 * Reads the settings; the only file that does. Defaults live in package.json.
 * @module
 */
import * as vscode from "vscode";
import type { ContrastMethod } from "../src/protocol/viewer";

/** Name under which all settings stand. */
export const SECTION = "tilewright";

/** A number per axis letter, such as `{"Y": 3, "X": 4}`. */
export type PerAxis = Readonly<Record<string, number>>;

/** What the user set. Frozen. */
export interface Settings {
  readonly tiles: "auto" | PerAxis;
  readonly overlap: "auto" | "care" | number | PerAxis;
  readonly block: "auto" | number | PerAxis;
  readonly guarantee: "size" | "count";
  readonly blend: "crop" | "linear" | "gaussian";
  readonly padding: string;
  readonly normalization: string;
  readonly normalizationScope: "stack" | "frame" | "tile";
  readonly engine: string;
  /** 0 lets the runtime choose. */
  readonly threads: number;
  /** 0 lets the planner choose. */
  readonly memoryMiB: number;
  /** Empty: beside the input. */
  readonly outputFolder: string;
  readonly outputDtype: string;
  readonly outputFormat: "ome" | "imagej" | "ome-zarr-0.4" | "ome-zarr-0.5";
  readonly modelFolders: readonly string[];
  readonly viewerContrast: ContrastMethod;
  readonly viewerKeepContrast: boolean;
  readonly viewerCacheMiB: number;
  /** Whether the diagnosis opens by itself when tiles of a run disagree. */
  readonly diagnoseAfterRun: "findings" | "never";
}

/** Setting behind each entry of {@link Settings}, without the section. */
export const SETTING_KEYS: Readonly<Record<keyof Settings, string>> = Object.freeze({
  tiles: "tiling.tiles",
  overlap: "tiling.overlap",
  block: "tiling.block",
  guarantee: "tiling.guarantee",
  blend: "tiling.blend",
  padding: "padding.mode",
  normalization: "normalization.mode",
  normalizationScope: "normalization.scope",
  engine: "engine.preferred",
  threads: "engine.threads",
  memoryMiB: "engine.memoryMiB",
  outputFolder: "output.folder",
  outputDtype: "output.dtype",
  outputFormat: "output.format",
  modelFolders: "models.folders",
  viewerContrast: "viewer.contrast",
  viewerKeepContrast: "viewer.keepContrast",
  viewerCacheMiB: "viewer.cacheMiB",
  diagnoseAfterRun: "diagnose.openAfterRun",
});

/** The settings that hold for a file, or without one for the window. */
export function readSettings(scope?: vscode.Uri): Settings {
  const configuration = vscode.workspace.getConfiguration(SECTION, scope ?? null);
  const entries = Object.entries(SETTING_KEYS).map(([name, key]) => [name, plain(configuration.get(key))]);
  return Object.freeze(Object.fromEntries(entries) as Settings);
}

/** VS Code hands out objects as proxies, which cannot be sent to a worker. */
function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}

/** Tells when a setting changed; dispose the result to stop. */
export function onSettingsChanged(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SECTION)) listener();
  });
}

/** The settings as options of a prediction, named as on the command line; what is left to the planner is left out. */
export function predictionOptions(settings: Settings): Readonly<Record<string, unknown>> {
  return {
    tiles: settings.tiles,
    overlap: settings.overlap,
    block: settings.block,
    guarantee: settings.guarantee,
    blend: settings.blend,
    pad: settings.padding,
    normalize: settings.normalization,
    normalizeScope: settings.normalizationScope,
    engine: settings.engine,
    dtype: settings.outputDtype,
    format: settings.outputFormat,
    ...(settings.threads > 0 ? { threads: settings.threads } : {}),
    ...(settings.memoryMiB > 0 ? { memory: settings.memoryMiB } : {}),
  };
}
