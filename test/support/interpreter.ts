/**
 * A slow, plain float64 reference for every operation of the network graph; NaN spreads through all of them.
 * @module
 */
import type { ActivationNode, Network, NetworkNode, SpatialPads, Tensor } from "../../src/network/graph";
import { outputLength } from "../../src/network/rates";

/** One tensor without its batch axis, row-major. */
export interface Values {
  readonly channels: number;
  readonly spatial: readonly number[];
  readonly data: Float64Array;
}

/** Called with every tensor once it is computed; may change its data. */
export type TensorHook = (name: string, values: Values) => void;

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

export function newValues(channels: number, spatial: readonly number[], fill = 0): Values {
  return { channels, spatial, data: new Float64Array(channels * product(spatial)).fill(fill) };
}

function pitches(spatial: readonly number[]): number[] {
  return spatial.map((_, axis) => product(spatial.slice(axis + 1)));
}

/** Along one axis: `count` pairs of a fine px `fine + n·fineStep` and a coarse px `coarse + n`. */
interface Pairing {
  readonly fine: number;
  readonly fineStep: number;
  readonly coarse: number;
  readonly count: number;
}

type RowVisit = (fineStart: number, fineStep: number, coarseStart: number, count: number) => void;

/** Visits rows of the last axis for which fine px = coarse px · stride + offset lie inside both tensors. */
function eachRow(
  fine: readonly number[],
  coarse: readonly number[],
  map: { strides: readonly number[]; offsets: readonly number[] },
  visit: RowVisit,
): void {
  const pairings = fine.map((length, axis): Pairing => {
    const stride = map.strides[axis];
    const offset = map.offsets[axis];
    const first = Math.max(0, Math.ceil(-offset / stride));
    const last = Math.min(coarse[axis] - 1, Math.floor((length - 1 - offset) / stride));
    return { fine: first * stride + offset, fineStep: stride, coarse: first, count: last - first + 1 };
  });
  if (pairings.some((pairing) => pairing.count <= 0)) return;
  const finePitch = pitches(fine);
  const coarsePitch = pitches(coarse);
  const walk = (axis: number, fineAt: number, coarseAt: number): void => {
    const p = pairings[axis];
    if (axis === pairings.length - 1) {
      visit(fineAt + p.fine, p.fineStep, coarseAt + p.coarse, p.count);
      return;
    }
    for (let n = 0; n < p.count; n++) {
      walk(
        axis + 1,
        fineAt + (p.fine + n * p.fineStep) * finePitch[axis],
        coarseAt + (p.coarse + n) * coarsePitch[axis],
      );
    }
  };
  walk(0, 0, 0);
}

/** Every offset of a kernel, last axis fastest. */
function kernelOffsets(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (offsets, size) => offsets.flatMap((offset) => Array.from({ length: size }, (_, k) => [...offset, k])),
    [[]],
  );
}

interface Sliding {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: SpatialPads;
}

function offsetsOf(sliding: Sliding, k: readonly number[]): number[] {
  return k.map((n, axis) => n * sliding.dilations[axis] - sliding.pads[axis][0]);
}

type Conv = Extract<NetworkNode, { op: "conv" | "convTranspose" }>;

function convolve(node: Conv, input: Values, output: Values): void {
  const transposed = node.op === "convTranspose";
  const kernel = node.weight.shape.slice(2);
  const inSize = product(input.spatial);
  const outSize = product(output.spatial);
  const inPerGroup = input.channels / node.groups;
  const outPerGroup = output.channels / node.groups;
  const [fine, coarse] = transposed ? [output.spatial, input.spatial] : [input.spatial, output.spatial];
  if (node.bias !== undefined)
    node.bias.data.forEach((b, o) => output.data.fill(b, o * outSize, (o + 1) * outSize));
  const from = input.data;
  const to = output.data;
  const offsets = kernelOffsets(kernel).map((k) => {
    const rows: (readonly [number, number, number, number])[] = [];
    eachRow(fine, coarse, { strides: node.strides, offsets: offsetsOf(node, k) }, (...row) => rows.push(row));
    return rows;
  });
  for (let o = 0; o < output.channels; o++) {
    const group = Math.floor(o / outPerGroup);
    for (let g = 0; g < inPerGroup; g++) {
      const i = group * inPerGroup + g;
      const pair = transposed ? i * outPerGroup + (o % outPerGroup) : o * inPerGroup + g;
      const [fineAt, coarseAt] = transposed ? [o * outSize, i * inSize] : [i * inSize, o * outSize];
      offsets.forEach((rows, n) => {
        const weight = node.weight.data[pair * offsets.length + n];
        for (const [fineStart, step, coarseStart, count] of rows) {
          const [fineRow, coarseRow] = [fineStart + fineAt, coarseStart + coarseAt];
          if (transposed)
            for (let at = 0; at < count; at++) to[fineRow + at * step] += weight * from[coarseRow + at];
          else for (let at = 0; at < count; at++) to[coarseRow + at] += weight * from[fineRow + at * step];
        }
      });
    }
  }
}

type Pool = Extract<NetworkNode, { op: "maxPool" | "averagePool" }>;

function pool(node: Pool, input: Values, output: Values): void {
  const inSize = product(input.spatial);
  const outSize = product(output.spatial);
  const max = node.op === "maxPool";
  if (max) output.data.fill(-Infinity);
  const counts = new Float64Array(output.data.length);
  const sliding = { ...node, dilations: node.kernel.map(() => 1) };
  for (let c = 0; c < input.channels; c++) {
    for (const k of kernelOffsets(node.kernel)) {
      const map = { strides: node.strides, offsets: offsetsOf(sliding, k) };
      eachRow(input.spatial, output.spatial, map, (fineStart, step, coarseStart, count) => {
        for (let at = 0; at < count; at++) {
          const from = input.data[c * inSize + fineStart + at * step];
          const to = c * outSize + coarseStart + at;
          output.data[to] = max ? Math.max(output.data[to], from) : output.data[to] + from;
          counts[to]++;
        }
      });
    }
  }
  if (max) return;
  const all = product(node.kernel);
  for (let i = 0; i < counts.length; i++) output.data[i] /= node.countPadding ? all : counts[i];
}

/** Along one axis, what an output px is a weighted sum of; `constant` where it is none. */
type Mix = readonly (readonly [index: number, weight: number])[];

/** Gives every output px of an axis its mix; an empty mix gives `constant`. */
function alongAxis(
  input: Values,
  place: { axis: number; length: number },
  mix: (i: number) => Mix,
  constant = 0,
): Values {
  const { axis, length } = place;
  const spatial = input.spatial.with(axis, length);
  const output = newValues(input.channels, spatial);
  const inner = product(spatial.slice(axis + 1));
  const outer = input.channels * product(spatial.slice(0, axis));
  const before = input.spatial[axis];
  for (let i = 0; i < length; i++) {
    const parts = mix(i);
    for (let o = 0; o < outer; o++) {
      for (let n = 0; n < inner; n++) {
        let sum = parts.length === 0 ? constant : 0;
        for (const [index, weight] of parts) sum += weight * input.data[(o * before + index) * inner + n];
        output.data[(o * length + i) * inner + n] = sum;
      }
    }
  }
  return output;
}

/** Two neighbours at `numerator/denominator`, edge values repeated; the weight depends on the phase alone. */
function between(numerator: number, denominator: number, length: number): Mix {
  const clamp = (i: number): number => Math.min(length - 1, Math.max(0, i));
  const lower = Math.floor(numerator / denominator);
  const weight = (numerator - lower * denominator) / denominator;
  if (weight === 0 || clamp(lower) === clamp(lower + 1)) return [[clamp(lower), 1]];
  return [
    [clamp(lower), 1 - weight],
    [clamp(lower + 1), weight],
  ];
}

function upsample(node: Extract<NetworkNode, { op: "upsample" }>, input: Values): Values {
  return node.factors.reduce((values, factor, axis) => {
    const n = values.spatial[axis];
    if (factor === 1) return values;
    return alongAxis(values, { axis, length: n * factor }, (i) => {
      if (node.mode === "nearest") return [[Math.floor(i / factor), 1]];
      if (node.mode === "linear") return between(2 * i + 1 - factor, 2 * factor, n);
      return between(i * (n - 1), n * factor - 1, n);
    });
  }, input);
}

function padded(node: Extract<NetworkNode, { op: "pad" }>, input: Values): Values {
  return node.pads.reduce((values, [before, after], axis) => {
    const n = values.spatial[axis];
    const source = (i: number): Mix => {
      const at = i - before;
      if (at >= 0 && at < n) return [[at, 1]];
      if (node.mode === "constant") return [];
      if (node.mode === "edge") return [[at < 0 ? 0 : n - 1, 1]];
      return [[at < 0 ? -at : 2 * (n - 1) - at, 1]];
    };
    return alongAxis(values, { axis, length: n + before + after }, source, node.value);
  }, input);
}

function cropped(node: Extract<NetworkNode, { op: "crop" }>, input: Values): Values {
  return node.crops.reduce(
    (values, [before, after], axis) =>
      alongAxis(values, { axis, length: values.spatial[axis] - before - after }, (i) => [[i + before, 1]]),
    input,
  );
}

const BINARY = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  maximum: (a: number, b: number) => Math.max(a, b),
  minimum: (a: number, b: number) => Math.min(a, b),
} as const;

function binary(node: Extract<NetworkNode, { op: "binary" }>, a: Values, b: Values): Values {
  const apply = BINARY[node.kind];
  const spatial = product(a.spatial) >= product(b.spatial) ? a.spatial : b.spatial;
  const output = newValues(Math.max(a.channels, b.channels), spatial);
  const size = product(spatial);
  const pick = (v: Values, c: number, i: number): number => {
    const own = product(v.spatial);
    return v.data[(v.channels === 1 ? 0 : c) * own + (own === 1 ? 0 : i)];
  };
  for (let c = 0; c < output.channels; c++) {
    for (let i = 0; i < size; i++) output.data[c * size + i] = apply(pick(a, c, i), pick(b, c, i));
  }
  return output;
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function pointwise(node: ActivationNode): (x: number, channel: number) => number {
  const alpha = node.alpha ?? (node.kind === "leakyRelu" ? 0.01 : node.kind === "hardSigmoid" ? 0.2 : 1);
  const [low, high] = node.range ?? [0, 0];
  switch (node.kind) {
    case "linear":
      return (x) => x;
    case "relu":
      return (x) => Math.max(x, 0);
    case "leakyRelu":
      return (x) => (x < 0 ? alpha * x : x);
    case "prelu":
      return (x, c) => (x < 0 ? node.slope!.data[c] * x : x);
    case "elu":
      return (x) => (x < 0 ? alpha * Math.expm1(x) : x);
    case "selu":
      return (x) => SELU_SCALE * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x);
    case "sigmoid":
      return (x) => 1 / (1 + Math.exp(-x));
    case "hardSigmoid":
      return (x) => Math.max(0, Math.min(1, alpha * x + (node.beta ?? 0.5)));
    case "tanh":
      return Math.tanh;
    case "softplus":
      return (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    case "clip":
      return (x) => Math.min(high, Math.max(low, x));
    case "exp":
      return Math.exp;
    case "sqrt":
      return Math.sqrt;
    case "abs":
      return Math.abs;
    case "softmax":
      throw new Error("softmax is not point-wise");
  }
}

function activate(node: ActivationNode, input: Values): Values {
  const size = product(input.spatial);
  const output = newValues(input.channels, input.spatial);
  if (node.kind !== "softmax") {
    const apply = pointwise(node);
    input.data.forEach((x, i) => (output.data[i] = apply(x, Math.floor(i / size))));
    return output;
  }
  for (let i = 0; i < size; i++) {
    const logits = Array.from({ length: input.channels }, (_, c) => input.data[c * size + i]);
    const top = Math.max(...logits);
    const sum = logits.reduce((s, x) => s + Math.exp(x - top), 0);
    logits.forEach((x, c) => (output.data[c * size + i] = Math.exp(x - top) / sum));
  }
  return output;
}

function global(node: Extract<NetworkNode, { op: "global" }>, input: Values): Values {
  const size = product(input.spatial);
  const rows = Array.from({ length: input.channels }, (_, c) =>
    input.data.subarray(c * size, (c + 1) * size),
  );
  const mean = (row: Float64Array): number => row.reduce((a, b) => a + b, 0) / row.length;
  if (node.type === "GlobalAveragePool" || node.type === "GlobalMaxPool") {
    const output = newValues(
      input.channels,
      input.spatial.map(() => 1),
    );
    rows.forEach((row, c) => {
      output.data[c] = node.type === "GlobalMaxPool" ? row.reduce((a, b) => Math.max(a, b)) : mean(row);
    });
    return output;
  }
  const grouped = node.type === "GroupNormalization";
  const perGroup = grouped ? input.channels / Number(node.attributes.num_groups) : 1;
  const epsilon = Number(node.attributes.epsilon ?? 1e-5);
  const [scale, shift] = node.constants.map((tensor: Tensor) => tensor.data);
  const output = newValues(input.channels, input.spatial);
  for (let c = 0; c < input.channels; c++) {
    const first = Math.floor(c / perGroup) * perGroup;
    const members = input.data.subarray(first * size, (first + perGroup) * size);
    const m = mean(members);
    // Before opset 21 a group normalisation has one scale per group.
    const own = scale.length === input.channels ? c : Math.floor(c / perGroup);
    const variance = mean(members.map((x) => (x - m) ** 2));
    rows[c].forEach((x, i) => {
      output.data[c * size + i] = ((x - m) / Math.sqrt(variance + epsilon)) * scale[own] + shift[own];
    });
  }
  return output;
}

function concat(inputs: readonly Values[]): Values {
  const channels = inputs.reduce((sum, v) => sum + v.channels, 0);
  const output = newValues(channels, inputs[0].spatial);
  let at = 0;
  for (const { data } of inputs) {
    output.data.set(data, at);
    at += data.length;
  }
  return output;
}

function isPool(node: Conv | Pool): node is Pool {
  return node.op === "maxPool" || node.op === "averagePool";
}

function slide(node: Conv | Pool, input: Values): Values {
  const spatial = input.spatial.map((n, axis) => outputLength(node, axis, n));
  if (isPool(node)) {
    const output = newValues(input.channels, spatial);
    pool(node, input, output);
    return output;
  }
  const { shape } = node.weight;
  const output = newValues(node.op === "conv" ? shape[0] : shape[1] * node.groups, spatial);
  convolve(node, input, output);
  return output;
}

function runNode(node: NetworkNode, inputs: readonly Values[]): Values {
  const [input] = inputs;
  const size = product(input.spatial);
  switch (node.op) {
    case "conv":
    case "convTranspose":
    case "maxPool":
    case "averagePool":
      return slide(node, input);
    case "upsample":
      return upsample(node, input);
    case "concat":
      return concat(inputs);
    case "binary":
      return binary(node, input, inputs[1]);
    case "affine": {
      const channel = (i: number): number => Math.floor(i / size);
      const data = input.data.map((x, i) => x * node.scale.data[channel(i)] + node.shift.data[channel(i)]);
      return { ...input, data };
    }
    case "activation":
      return activate(node, input);
    case "pad":
      return padded(node, input);
    case "crop":
      return cropped(node, input);
    case "sliceChannels":
      return {
        channels: node.stop - node.start,
        spatial: input.spatial,
        data: input.data.slice(node.start * size, node.stop * size),
      };
    case "global":
      return global(node, input);
  }
}

/** Runs a network; every tensor by name. Inputs are not changed unless `hook` does. */
export function runNetwork(
  network: Network,
  inputs: readonly Values[],
  hook?: TensorHook,
): Map<string, Values> {
  const tensors = new Map<string, Values>();
  network.inputs.forEach((port, i) => {
    const values = { ...inputs[i], data: inputs[i].data.slice() };
    hook?.(port.name, values);
    tensors.set(port.name, values);
  });
  for (const node of network.nodes) {
    const values = runNode(
      node,
      node.inputs.map((name) => tensors.get(name)!),
    );
    hook?.(node.output, values);
    tensors.set(node.output, values);
  }
  return tensors;
}

/** The first output of a network with one input. */
export function runOnce(network: Network, input: Values, hook?: TensorHook): Values {
  return runNetwork(network, [input], hook).get(network.outputs[0].name)!;
}
