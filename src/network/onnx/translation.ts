/**
 * The state of turning an ONNX graph into a network: which tensors are constants, which are data, and what
 * has been written so far.
 * @module
 */
import { TilewrightError } from "../../errors";
import type { NetworkNode, Tensor } from "../graph";
import { inputSteps, outputLength, stepsAfter } from "../rates";
import type { Steps } from "../rates";
import { nodeChannels } from "../validate";
import { decodeTensor, plainNumbers } from "./constant";
import type { Folded } from "./constant";
import type { OnnxAttributeValue, OnnxModel, OnnxNode } from "./proto";

/** A tensor `[1, channels, …spatial]` that is known only when the network runs. */
export interface Data {
  readonly kind: "data";
  /** Its name in the network. */
  readonly name: string;
  readonly channels: number;
  readonly steps: Steps;
  /** Lengths for the input shape the file fixes; `undefined` along axes it leaves free. */
  readonly fixed: readonly (number | undefined)[];
}

/** Most numbers a file may make us compute; those it brings along do not count. */
const MAX_COMPUTED = 1 << 24;

/** What a tensor name of the ONNX graph stands for. */
export type Value = Data | Folded;

/** A node without what every node has. */
export type NodeBody = NetworkNode extends infer N
  ? N extends NetworkNode
    ? Omit<N, "name" | "inputs" | "output">
    : never
  : never;

/** The network as far as it is written. */
export class Translation {
  readonly nodes: NetworkNode[] = [];
  readonly #values = new Map<string, Value>();
  readonly #nodeNames = new Set<string>();
  readonly #tensorNames = new Set<string>();
  readonly #written = new Set<string>();
  #computed = 0;

  /** Starts with nothing written; every tensor of data has `spatialRank` spatial axes. */
  constructor(
    readonly model: OnnxModel,
    readonly file: string,
    readonly spatialRank: number,
  ) {
    for (const node of model.nodes) {
      for (const name of node.outputs) {
        this.#tensorNames.add(name);
        this.#written.add(name);
      }
    }
  }

  /** Declares an input of the network. */
  input(name: string, channels: number, fixed: readonly (number | undefined)[]): void {
    this.#tensorNames.add(name);
    this.define(name, { kind: "data", name, channels, steps: inputSteps(this.spatialRank), fixed });
  }

  /** Says what `name` stands for. */
  define(name: string, value: Value): void {
    if (this.#values.has(name)) {
      throw new TilewrightError("model.corrupt", `${this.file}: two nodes write the tensor "${name}"`);
    }
    this.#values.set(name, value);
  }

  /** What `name` stands for; constants of the file are decoded when first asked for. */
  value(name: string, reader: string): Value {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const constant = this.model.constants.get(name);
    if (constant === undefined) {
      const why = this.#written.has(name)
        ? "a later node writes (a cycle, or nodes out of order)"
        : "nothing writes";
      throw new TilewrightError(
        "model.missingTensor",
        `${this.file}: ${reader} reads the tensor "${name}", which ${why}`,
      );
    }
    const decoded = decodeTensor(constant);
    if (typeof decoded === "string") {
      throw new TilewrightError(
        constant.external ? "model.externalData" : "model.constant",
        `${this.file}: constant "${name}" read by ${reader}: ${decoded}`,
        constant.external ? "save the model as one file" : undefined,
      );
    }
    this.#values.set(name, decoded);
    return decoded;
  }

  /**
   * Counts numbers that are computed and kept, so that a small file cannot fill the memory.
   *
   * @throws {TilewrightError} `model.tooLarge`
   */
  spend(numbers: number): void {
    this.#computed += numbers;
    if (this.#computed <= MAX_COMPUTED) return;
    throw new TilewrightError(
      "model.tooLarge",
      `${this.file}: the constants the model computes have more than ${MAX_COMPUTED} numbers`,
    );
  }

  /** A tensor name nobody uses. */
  freshTensor(base: string): string {
    let name = base;
    for (let n = 2; this.#tensorNames.has(name); n++) name = `${base} ${n}`;
    this.#tensorNames.add(name);
    return name;
  }

  /** Writes a node of the network into tensor `output`, which must not be written yet. */
  write(
    named: string,
    body: NodeBody,
    place: { readonly sources: readonly Data[]; readonly output: string },
  ): Data {
    const { sources, output } = place;
    let name = named === "" ? output : named;
    if (this.#nodeNames.has(name)) name = `${name} (${output})`;
    for (let n = 2; this.#nodeNames.has(name); n++) name = `${named} (${output} ${n})`;
    this.#nodeNames.add(name);
    const node = { ...body, name, inputs: sources.map((source) => source.name), output } as NetworkNode;
    const channels = this.#located(() =>
      nodeChannels(
        node,
        sources.map((source) => source.channels),
        this.spatialRank,
      ),
    );
    const steps = this.#located(() =>
      stepsAfter(
        node,
        sources.map((source) => source.steps),
      ),
    );
    const wide = sources.find((source) => source.steps !== null) ?? sources[0];
    const fixed = wide.fixed.map((length, axis) =>
      length === undefined ? undefined : outputLength(node, axis, length),
    );
    if (node.op === "affine" || node.op === "activation") this.spend(2 * channels);
    this.nodes.push(node);
    return { kind: "data", name: output, channels, steps, fixed };
  }

  /** Errors of the graph name the file as well. */
  #located<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TilewrightError)) throw error;
      throw new TilewrightError(error.code, `${this.file}: ${error.message}`, error.hint, { cause: error });
    }
  }
}

/** One ONNX node with what it reads, for its translator. */
export class Operation {
  readonly #inputs: readonly (Value | undefined)[];

  /** Looks up what the node reads; @throws {TilewrightError} `model.missingTensor` */
  constructor(
    readonly translation: Translation,
    readonly node: OnnxNode,
  ) {
    const reader = `node "${this.label}" (${node.type})`;
    this.#inputs = node.inputs.map((name) => (name === "" ? undefined : translation.value(name, reader)));
  }

  /** Name for messages. */
  get label(): string {
    return this.node.name === "" ? (this.node.outputs[0] ?? this.node.type) : this.node.name;
  }

  /** Version of the standard operators. */
  get opset(): number {
    return this.translation.model.opset;
  }

  /** Number of spatial axes. */
  get spatialRank(): number {
    return this.translation.spatialRank;
  }

  /** What the node reads, in its order; `undefined` for inputs left out. */
  get inputs(): readonly (Value | undefined)[] {
    return this.#inputs;
  }

  /** Ends the reading of the file with a sentence about this node. */
  fail(sentence: string, code = "model.unsupported", hint?: string): never {
    throw new TilewrightError(
      code,
      `${this.translation.file}: node "${this.label}" (${this.node.type}): ${sentence}`,
      hint,
    );
  }

  /** Input `position` as data. */
  data(position = 0): Data {
    const value = this.#inputs[position];
    if (value?.kind === "data") return value;
    return this.fail(
      `input ${position + 1} should depend on the image, found ${value === undefined ? "none" : "a constant"}`,
    );
  }

  /** Input `position` as numbers, or `undefined` when it is left out. */
  folded(position: number, what: string): Folded | undefined {
    const value = this.#inputs[position];
    if (value?.kind === "data")
      this.fail(`${what} should be constant, found a tensor that depends on the image`);
    return value;
  }

  /** Input `position` as known numbers, or `undefined` when it is left out. */
  numbers(position: number, what: string): readonly number[] | undefined {
    const folded = this.folded(position, what);
    if (folded === undefined) return undefined;
    return plainNumbers(folded) ?? this.fail(`${what} should not depend on the size of the image`);
  }

  /** Input `position` as weights. */
  weights(position: number, what: string): Tensor | undefined {
    const folded = this.folded(position, what);
    if (folded === undefined) return undefined;
    const { items, shape } = folded;
    if (items instanceof Float32Array) return { shape, data: items };
    return { shape, data: Float32Array.from(this.numbers(position, what)!) };
  }

  /** The attribute as it stands in the file. */
  attribute(name: string): OnnxAttributeValue | undefined {
    return this.node.attributes.get(name);
  }

  /** An integer attribute. */
  int(name: string, fallback: number): number {
    return this.attribute(name)?.int ?? fallback;
  }

  /** A float attribute. */
  float(name: string, fallback: number): number {
    return this.attribute(name)?.float ?? fallback;
  }

  /** A text attribute. */
  text(name: string, fallback: string): string {
    return this.attribute(name)?.text ?? fallback;
  }

  /** A list of integers. */
  ints(name: string): readonly number[] | undefined {
    return this.attribute(name)?.ints;
  }

  /** An axis of data counted from the front. */
  axis(value: number): number {
    return value < 0 ? value + this.spatialRank + 2 : value;
  }

  /** Writes a node into the tensor this operation is asked for. */
  emit(body: NodeBody, sources: readonly Data[] = [this.data()], position = 0): void {
    const output = this.node.outputs[position];
    const suffix = position === 0 ? "" : ` ${position + 1}`;
    const name = suffix === "" ? this.node.name : `${this.label}${suffix}`;
    this.translation.define(output, this.translation.write(name, body, { sources, output }));
  }

  /** Writes a node into a tensor of its own; the operation goes on with it. */
  through(body: NodeBody, sources: readonly Data[]): Data {
    const output = this.translation.freshTensor(`${this.node.outputs[0]}~`);
    return this.translation.write(`${this.label}~`, body, { sources, output });
  }

  /** The output is the same tensor as `value`. */
  alias(value: Value): void {
    this.translation.define(this.node.outputs[0], value);
  }
}

/** Turns one ONNX operator into nodes. */
export type Translator = (operation: Operation) => void;
