/**
 * The stacks that were added to a document: to be compared with it, or laid over it.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError, failureLine, toFailure } from "../src/errors";
import type { Layer } from "../src/protocol/viewer";
import { refuse } from "../src/protocol/viewerChecks";
import { checkFits } from "./layerFit";
import type { ReaderThread, StackFile } from "./readerThread";
import { WatchedStack } from "./watchedStack";

const MOST_LAYERS = 16;
const MOST_DOCUMENTS = 100;
const MEMORY_KEY = "layers.byDocument";

/** A layer as it is kept over reloads of the window. */
export interface RememberedLayer {
  readonly layer: number;
  readonly uri: string;
  readonly series?: number;
}

/** Layers by document, in the state of the workspace; those of the documents changed last are kept. */
export class LayerMemory {
  readonly #state: vscode.Memento;

  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /** Layers of a document; what is damaged is left out. */
  recall(document: vscode.Uri): readonly RememberedLayer[] {
    const kept = this.#all()[document.toString()];
    return Array.isArray(kept) ? kept.filter(isRemembered).slice(0, MOST_LAYERS) : [];
  }

  async remember(document: vscode.Uri, layers: readonly RememberedLayer[]): Promise<void> {
    const key = document.toString();
    const others = Object.entries(this.#all()).filter(([other]) => other !== key);
    const entries = layers.length === 0 ? others : [[key, layers] as const, ...others];
    await this.#state.update(MEMORY_KEY, Object.fromEntries(entries.slice(0, MOST_DOCUMENTS)));
  }

  #all(): Readonly<Record<string, unknown>> {
    return this.#state.get<Readonly<Record<string, unknown>>>(MEMORY_KEY, {});
  }
}

function isRemembered(value: unknown): value is RememberedLayer {
  const { layer, uri, series } = (value ?? {}) as Partial<Record<keyof RememberedLayer, unknown>>;
  const isNumber = (number: unknown): boolean => Number.isSafeInteger(number) && Number(number) >= 0;
  return (
    isNumber(layer) && layer !== 0 && typeof uri === "string" && (series === undefined || isNumber(series))
  );
}

/** What layers work with. */
export interface LayerParts {
  readonly reader: ReaderThread;
  readonly memory: LayerMemory;
  readonly log: vscode.LogOutputChannel;
}

/** The layers of one document; remembered, so that they are there again after a reload of the window. */
export class Layers {
  readonly #base: WatchedStack;
  readonly #parts: LayerParts;
  readonly #stacks = new Map<number, WatchedStack>();
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly #baseListener: vscode.Disposable;
  readonly #restored: Promise<void>;
  /** The largest number so far: that of a layer that was removed is not given again, the viewer remembers its look. */
  #highest = 0;
  #isDisposed = false;

  /** Fires when layers were added, removed or written. */
  readonly onDidChange = this.#changed.event;

  constructor(base: WatchedStack, parts: LayerParts) {
    this.#base = base;
    this.#parts = parts;
    // The stack below may have another size now.
    this.#baseListener = base.onDidChange(() => {
      if (this.#stacks.size > 0) this.#changed.fire(undefined);
    });
    this.#restored = this.#restore();
  }

  /** Which files the layers are, by number. */
  get uris(): readonly { readonly layer: number; readonly uri: vscode.Uri }[] {
    return [...this.#stacks].map(([layer, { uri }]) => ({ layer, uri }));
  }

  /**
   * Adds a stack; one that is there already keeps its number.
   *
   * @param series which stack of its file; the first that has pixels when left out
   * @returns number of the layer, ≥ 1
   * @throws {TilewrightError} `layer.size`, `layer.tooMany`; what opening either file throws
   */
  async add(uri: vscode.Uri, series?: number): Promise<number> {
    await this.#restored;
    const there = [...this.#stacks].find(
      ([, stack]) => stack.uri.toString() === uri.toString() && stack.series === series,
    );
    if (there !== undefined) return there[0];
    const stack = new WatchedStack(uri, this.#parts.reader, series);
    try {
      checkFits(await this.#base.describe(), await stack.describe());
      if (this.#isDisposed) throw new TilewrightError("layer.closed", "the editor was closed meanwhile");
      if (this.#stacks.size >= MOST_LAYERS) {
        const message = `${basename(this.#base.uri.path)} has ${MOST_LAYERS} layers already`;
        throw new TilewrightError("layer.tooMany", message, "remove one first");
      }
    } catch (error) {
      stack.dispose();
      throw error;
    }
    const layer = this.#highest + 1;
    this.#keep(layer, stack);
    this.#announce();
    return layer;
  }

  /** @throws {TilewrightError} `viewer.badMessage` when there is no such layer */
  async remove(layer: number): Promise<void> {
    (await this.#stack(layer)).dispose();
    this.#stacks.delete(layer);
    this.#announce();
  }

  /** @throws {TilewrightError} `viewer.badMessage` when there is no such layer */
  async file(layer: number): Promise<StackFile> {
    return (await this.#stack(layer)).file;
  }

  /** The layers that can be shown now; the log tells why others cannot. */
  async list(): Promise<Layer[]> {
    await this.#restored;
    if (this.#stacks.size === 0) return [];
    const base = await this.#base.describe();
    const found = await Promise.all(
      [...this.#stacks].map(async ([layer, stack]) => {
        try {
          const description = await stack.describe();
          checkFits(base, description);
          return [{ layer, description }];
        } catch (error) {
          this.#parts.log.warn(`layer ${stack.uri.fsPath}: ${failureLine(toFailure(error))}`);
          return [];
        }
      }),
    );
    return found.flat();
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#baseListener.dispose();
    for (const stack of this.#stacks.values()) stack.dispose();
    this.#stacks.clear();
    this.#changed.dispose();
  }

  async #stack(layer: number): Promise<WatchedStack> {
    await this.#restored;
    const stack = this.#stacks.get(layer);
    if (stack === undefined) throw refuse(`there is no layer ${layer}`);
    return stack;
  }

  #keep(layer: number, stack: WatchedStack): void {
    this.#stacks.set(layer, stack);
    this.#highest = Math.max(this.#highest, layer);
    stack.onDidChange(() => this.#changed.fire(undefined));
  }

  #announce(): void {
    void this.#remember();
    this.#changed.fire(undefined);
  }

  async #remember(): Promise<void> {
    const layers = [...this.#stacks].map(([layer, { uri, series }]) => ({
      layer,
      uri: uri.toString(),
      ...(series === undefined ? {} : { series }),
    }));
    await this.#parts.memory.remember(this.#base.uri, layers);
  }

  async #restore(): Promise<void> {
    const remembered = this.#parts.memory.recall(this.#base.uri);
    for (const { layer, uri: text, series } of remembered) {
      const uri = vscode.Uri.parse(text);
      const isThere = await vscode.workspace.fs.stat(uri).then(
        () => true,
        () => false,
      );
      if (this.#isDisposed) return;
      if (isThere) this.#keep(layer, new WatchedStack(uri, this.#parts.reader, series));
      else this.#parts.log.warn(`${basename(this.#base.uri.path)}: its layer ${uri.fsPath} is gone`);
    }
    if (this.#stacks.size < remembered.length) await this.#remember();
  }
}
