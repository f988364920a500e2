/**
 * The tilings that are known of stacks: plans made in this window, and runs that ended.
 * @module
 */
import { basename, dirname } from "node:path";
import * as vscode from "vscode";
import type { PlanRequest } from "../src/protocol/prediction";
import type { StackLengths, TileGrid } from "../src/protocol/viewer";
import { outputFolder } from "./outputs";
import { runThatMade, runsOver } from "./runRecords";
import type { KnownRun } from "./runRecords";
import { gridOf, tilingOf } from "./tilings";
import type { Tiling } from "./tilings";

const MOST_PLANS = 32;
const MOST_OUTPUTS = 256;
const MOST_GRIDS = 8;

/** Remembers plans and outputs of this window, and finds the records of earlier runs. */
export class KnownTilings {
  readonly #plans = new Map<string, { readonly name: string; readonly tiling: Tiling }>();
  /** Result → input. */
  readonly #outputs = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<readonly string[]>();

  /** Fires with the paths of the stacks that have other tilings now. */
  readonly onDidChange = this.#changed.event;

  /** Notes a plan; that of a bare shape is none of a stack. */
  planned({ input, model }: PlanRequest, plan: unknown): void {
    if (input === undefined) return;
    const tiling = tilingOf(plan);
    if (tiling === null) return;
    this.#plans.delete(input);
    this.#plans.set(input, { name: `plan: ${basename(model ?? "no model")}`, tiling });
    dropOldest(this.#plans, MOST_PLANS);
    this.#changed.fire([input]);
  }

  /** Notes a run that ended. */
  ended(input: string, out: string): void {
    this.#outputs.delete(out);
    this.#outputs.set(out, input);
    dropOldest(this.#outputs, MOST_OUTPUTS);
    this.#changed.fire([input, out]);
  }

  /** The run that a stack came out of, and those that it went into. */
  async runs(path: string): Promise<{ readonly made: KnownRun | null; readonly over: readonly KnownRun[] }> {
    const outs = [...this.#outputs].filter(([, input]) => input === path).map(([out]) => out);
    const folders = [dirname(path), outputFolder(path)];
    return { made: await runThatMade(path), over: await runsOver(path, folders, outs.reverse()) };
  }

  /** Tiles to be drawn over a stack: of its last plan, of the run that made it, of runs that it went into. */
  async gridsOf(path: string, lengths: StackLengths): Promise<TileGrid[]> {
    const plan = this.#plans.get(path);
    const { made, over } = await this.runs(path);
    const grids = [
      plan === undefined ? null : gridOf(plan.name, plan.tiling, { of: "input", lengths }),
      made === null ? null : gridOfRun(made, { of: "result", lengths }),
      ...over.map((run) => gridOfRun(run, { of: "input", lengths })),
    ];
    return grids.filter((grid) => grid !== null).slice(0, MOST_GRIDS);
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function gridOfRun({ record, out }: KnownRun, place: Parameters<typeof gridOf>[2]): TileGrid | null {
  const tiling = tilingOf(record.plan);
  if (tiling === null) return null;
  const started: unknown = record.started;
  const day = typeof started === "string" ? /^\d{4}-\d\d-\d\d/.exec(started)?.[0] : undefined;
  const label = day === undefined ? "run" : `run of ${day}`;
  return gridOf(place.of === "result" ? label : `${label}: ${basename(out)}`, tiling, place);
}

function dropOldest(map: Map<string, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}
