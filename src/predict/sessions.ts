/**
 * What a process keeps from one prediction to the next: the model it loaded last, and its network compiled
 * for an engine.
 * @module
 */
import { chooseEngine } from "../engines/choose";
import type { EngineChoice } from "../engines/choose";
import type { Session } from "../engines/engine";
import type { Job } from "../job";
import type { Registries } from "../plugins/registries";
import type { PredictOptions } from "./options";
import { loadAnalysed } from "./prepare";
import type { AnalysedModel } from "./prepare";

/** A network ready on an engine, and what choosing the engine noted. */
export interface OpenSession extends EngineChoice {
  readonly session: Session;
}

/** One model and one session at a time. Whoever creates it disposes it. */
export class Sessions {
  readonly registries: Registries;
  #model: { readonly path: string; readonly analysed: AnalysedModel } | null = null;
  #open: (OpenSession & { readonly of: AnalysedModel; readonly how: string }) | null = null;

  /** With nothing loaded yet. */
  constructor(registries: Registries) {
    this.registries = registries;
  }

  /**
   * A model and what its network needs; loaded when it is another one than the last.
   *
   * @throws {TilewrightError} `model.*`
   */
  async model(path: string, job: Job): Promise<AnalysedModel> {
    if (this.#model?.path !== path) {
      this.#model = { path, analysed: await loadAnalysed(path, this.registries, job) };
    }
    return this.#model.analysed;
  }

  /**
   * The model's network on the engine that the options ask for; compiled when it is not the one that is open. It
   * stays open until another one is asked for.
   *
   * @param of a model of {@link model}
   * @throws {TilewrightError} `engine.*`
   */
  async open(
    of: AnalysedModel,
    { engine: preferred, threads }: Pick<PredictOptions, "engine" | "threads">,
    job: Job,
  ): Promise<OpenSession> {
    const how = `${preferred} ${threads}`;
    if (this.#open?.of.model === of.model && this.#open.how === how) return this.#open;
    await this.dispose();
    const kinds = this.registries.engines.all();
    const choice = await chooseEngine(kinds, preferred, { threads, fastMath: false }, job);
    try {
      const session = await choice.engine.load(of.model.network, job);
      this.#open = { ...choice, session, of, how };
      return this.#open;
    } catch (error) {
      await choice.engine.dispose();
      throw error;
    }
  }

  /** Closes what is open; the next prediction opens it again. */
  async dispose(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.session.dispose();
    await open?.engine.dispose();
  }
}
