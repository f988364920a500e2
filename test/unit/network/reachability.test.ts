import { describe, expect, test } from "vitest";
import { analyseNetwork } from "../../../src/network/analysis";
import type { NetworkAnalysis } from "../../../src/network/analysis";
import type { Network, NetworkNode } from "../../../src/network/graph";
import { tensorSteps } from "../../../src/network/rates";
import { readsSpread } from "../../../src/network/reads";
import { newValues, runOnce } from "../../support/interpreter";
import type { TensorHook, Values } from "../../support/interpreter";
import { seededRandom } from "../../support/networks";
import { randomNetwork } from "../../support/random-networks";

interface Case {
  readonly network: Network;
  readonly analysis: NetworkAnalysis;
  /** px per axis; large enough along `axis` that the middle sees no border. */
  readonly spatial: readonly number[];
  readonly axis: number;
  readonly seed: number;
}

function mirrorsAnything(network: Network): boolean {
  return network.nodes.some((node) => node.op === "pad" && node.mode !== "constant");
}

function prepare(network: Network, axis: number, seed: number): Case {
  const analysis = analyseNetwork(network);
  const spatial = analysis.block.map((block, other) => {
    const context = analysis.context[other];
    const span = network.nodes.reduce((most, node) => Math.max(most, readsSpread(node, other)), 1);
    if (other !== axis) return block * Math.ceil((span * 2 + 2) / block);
    const room = context.left + context.right + context.aligned + 4 * span + 2 * block;
    return block * (2 * Math.ceil(room / block) + 1);
  });
  return { network, analysis, spatial, axis, seed };
}

function randomInput(spatial: readonly number[], seed: number): Values {
  const random = seededRandom(seed);
  const input = newValues(1, spatial);
  return { ...input, data: input.data.map(() => random()) };
}

/** Sets every px whose index along `axis` satisfies `where` to NaN. */
function poison(values: Values, axis: number, where: (index: number) => boolean): void {
  const inner = values.spatial.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = values.spatial[axis];
  values.data.forEach((_, i) => {
    if (where(Math.floor(i / inner) % length)) values.data[i] = NaN;
  });
}

/** Indices along `axis` at which any px is NaN. */
function poisoned(values: Values, axis: number): Set<number> {
  const inner = values.spatial.slice(axis + 1).reduce((a, b) => a * b, 1);
  const found = new Set<number>();
  values.data.forEach((x, i) => {
    if (Number.isNaN(x)) found.add(Math.floor(i / inner) % values.spatial[axis]);
  });
  return found;
}

/** Worst extents found by poisoning one input px at a time, at every phase of the block. */
function measuredExtents({ network, analysis, spatial, axis }: Case): { left: number; right: number } {
  const block = analysis.block[axis];
  const middle = Math.floor(spatial[axis] / block / 2) * block;
  let left = 0;
  let right = 0;
  for (let at = middle; at < middle + block; at++) {
    const input = newValues(1, spatial, 1);
    poison(input, axis, (index) => index === at);
    for (const reached of poisoned(runOnce(network, input), axis)) {
      left = Math.max(left, reached - at);
      right = Math.max(right, at - reached);
    }
  }
  return { left, right };
}

/** Whether px kept beyond block border `border` stay clean when every tensor ends `context` px before it. */
function staysClean(c: Case, keep: "after" | "before", place: { border: number; context: number }): boolean {
  const { network, axis, spatial } = c;
  const { border, context } = place;
  const steps = tensorSteps(network);
  const hook: TensorHook = (name, values) => {
    const { numerator, denominator, offset } = steps.get(name)![axis];
    poison(values, axis, (index) =>
      keep === "after"
        ? index * numerator < (border - context) * denominator
        : (index + 1 - offset) * numerator > (border + context) * denominator,
    );
  };
  const dirty = poisoned(runOnce(network, newValues(1, spatial, 1), hook), axis);
  return ![...dirty].some((index) => (keep === "after" ? index >= border : index < border));
}

/** Whether `context` px suffice at inner borders and, where the network mirrors, in the outermost blocks. */
function suffices(c: Case, context: number): boolean {
  const block = c.analysis.block[c.axis];
  const length = c.spatial[c.axis];
  const middle = Math.floor(length / block / 2) * block;
  const places: ["after" | "before", number][] = [
    ["after", middle],
    ["before", middle],
  ];
  if (mirrorsAnything(c.network)) places.push(["after", length - block], ["before", block]);
  return places.every(([keep, border]) => staysClean(c, keep, { border, context }));
}

function slab(values: Values, axis: number, start: number, stop: number): Values {
  const inner = values.spatial.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = values.spatial[axis];
  const kept = values.data.filter((_, i) => {
    const index = Math.floor(i / inner) % length;
    return index >= start && index < stop;
  });
  return { channels: values.channels, spatial: values.spatial.with(axis, stop - start), data: kept };
}

/** Where three tiles meet: around one inner block, or next to the outermost blocks where the network mirrors. */
function bordersOf(c: Case): readonly number[] {
  const block = c.analysis.block[c.axis];
  const length = c.spatial[c.axis];
  if (mirrorsAnything(c.network)) return [0, block, length - block, length];
  const third = Math.floor(length / block / 3) * block;
  return [0, third, third + block, length];
}

/** Predicts in three tiles, each read with `overlap` px beyond what is kept of it. */
function tiled(c: Case, input: Values, overlap: number): Float64Array[] {
  const length = c.spatial[c.axis];
  const borders = bordersOf(c);
  return [0, 1, 2].map((tile) => {
    const start = Math.max(0, borders[tile] - overlap);
    const stop = Math.min(length, borders[tile + 1] + overlap);
    const output = runOnce(c.network, slab(input, c.axis, start, stop));
    return slab(output, c.axis, borders[tile] - start, borders[tile + 1] - start).data;
  });
}

function untiled(c: Case, input: Values): Float64Array[] {
  const output = runOnce(c.network, input);
  const borders = bordersOf(c);
  return [0, 1, 2].map((tile) => slab(output, c.axis, borders[tile], borders[tile + 1]).data);
}

const same = (a: Float64Array[], b: Float64Array[]): boolean =>
  a.every((tile, t) => tile.length === b[t].length && tile.every((x, i) => x === b[t][i]));

/** The same network with sums and means for maxima: they read the same px and hide none of them. */
function withoutMaxima(network: Network): Network {
  const nodes = network.nodes.map((node): NetworkNode => {
    if (node.op === "maxPool") return { ...node, op: "averagePool", countPadding: true };
    if (node.op === "binary" && node.kind === "maximum") return { ...node, kind: "add" };
    return node;
  });
  return { ...network, nodes };
}

/** Whether tiles with `overlap` differ for one of a few inputs of wide range. */
function differs(c: Case, overlap: number): boolean {
  const plain = { ...c, network: withoutMaxima(c.network) };
  return [0, 1, 2, 3].some((n) => {
    const input = randomInput(c.spatial, c.seed + 7919 * n);
    const wide = { ...input, data: input.data.map((x) => 1e8 ** x) };
    return !same(tiled(plain, wide, overlap), untiled(plain, wide));
  });
}

const LINES = Array.from({ length: 180 }, (_, i) => ({
  seed: 1000 + i,
  spatialAxes: "X",
  holes: true,
  mirrors: i % 3 === 2,
  maxBlock: i % 9 === 0 ? 12 : 6,
}));
const PLANES = Array.from({ length: 45 }, (_, i) => ({
  seed: 5000 + i,
  spatialAxes: "YX",
  holes: false,
  mirrors: i % 3 === 2,
  maxBlock: 3,
}));
const FORMS = [...LINES, ...PLANES];

const CASES = FORMS.flatMap((form) => {
  const network = randomNetwork(form);
  return Array.from(form.spatialAxes, (_, axis) => prepare(network, axis, form.seed));
});

describe(`${FORMS.length} random networks, against brute force`, () => {
  test("the worst extents are what poisoning every phase of the input finds", () => {
    for (const c of CASES) {
      const { left, right } = c.analysis.context[c.axis];
      expect({ seed: c.seed, axis: c.axis, ...measuredExtents(c) }).toEqual({
        seed: c.seed,
        axis: c.axis,
        left,
        right,
      });
    }
  });

  test("the aligned context suffices, and one px less does not", () => {
    for (const c of CASES) {
      const { aligned } = c.analysis.context[c.axis];
      expect({ seed: c.seed, suffices: suffices(c, aligned) }).toEqual({ seed: c.seed, suffices: true });
      if (aligned === 0) continue;
      expect({ seed: c.seed, less: suffices(c, aligned - 1) }).toEqual({ seed: c.seed, less: false });
    }
  });

  test("block-aligned tiles with the context equal the whole prediction bit for bit; one block less differs", () => {
    for (const c of CASES) {
      const block = c.analysis.block[c.axis];
      const overlap = Math.ceil(c.analysis.context[c.axis].aligned / block) * block;
      const input = randomInput(c.spatial, c.seed);
      const equal = same(tiled(c, input, overlap), untiled(c, input));
      expect({ seed: c.seed, equal }).toEqual({ seed: c.seed, equal: true });
      if (overlap === 0) continue;
      expect({ seed: c.seed, differs: differs(c, overlap - block) }).toEqual({
        seed: c.seed,
        differs: true,
      });
    }
  });
});
