/**
 * How far the output of a network reaches into its input, along one spatial axis, over all phases.
 *
 * Every px `i` of a tensor gets the extremes of what it depends on. They repeat with the block, so one period
 * of each tensor is enough; the extremes of a node follow from those of the px it reads, which is exact for
 * holes, dilations and strides alike (only minima and maxima over unions are taken).
 *
 * Two things are followed: the input px themselves (`low`, `high`: the receptive field), and what a tile must
 * contain (`from`, `to`), which also counts px of intermediate tensors, because where a tile ends every
 * intermediate tensor ends too and padding takes over.
 * @module
 */
import { TilewrightError } from "../errors";
import type { Network, NetworkNode } from "./graph";
import { liveTensors } from "./rates";
import type { Step, Steps } from "./rates";
import { borderSource, readsCount, readsOf, readsSpread } from "./reads";

/** Most px visited for one axis. */
const MAX_WORK = 5e7;
/** Most px held for one axis. */
const MAX_HELD = 4e6;

/** A network seen along one of its spatial axes. */
export interface AxisView {
  readonly network: Network;
  /** Index into `network.spatialAxes`. */
  readonly axis: number;
  /** Block along this axis, px. */
  readonly block: number;
  readonly steps: ReadonlyMap<string, Steps>;
}

/** Reach of the outputs along one axis, px, each ≥ 0. */
export interface Reach {
  /** Most any output px sees to its left and right, over all phases. */
  readonly left: number;
  readonly right: number;
  /** What a tile needs beyond block-aligned borders of what is kept of it. */
  readonly alignedLeft: number;
  readonly alignedRight: number;
}

interface Extremes {
  readonly step: Step;
  readonly period: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

function tooComplex(): TilewrightError {
  return new TilewrightError(
    "network.tooComplex",
    "the network has too many changes of resolution or too large kernels for its overlap to be computed",
    "give block and overlap yourself",
  );
}

function stepOf(view: AxisView, name: string): Step | undefined {
  return view.steps.get(name)?.[view.axis];
}

function periodOf(view: AxisView, step: Step): number {
  return (view.block * step.denominator) / step.numerator;
}

/** Position in the input, px, of a tensor border. */
function positionOf(step: Step, index: number): number {
  return (index * step.numerator) / step.denominator;
}

function checkWork(view: AxisView, nodes: readonly NetworkNode[]): void {
  let work = 0;
  let held = 0;
  for (const node of nodes) {
    const step = stepOf(view, node.output);
    if (step === undefined) continue;
    const period = periodOf(view, step);
    held += period;
    work += period * readsCount(node, view.axis) * node.inputs.length;
  }
  if (work > MAX_WORK || held > MAX_HELD) throw tooComplex();
}

function emptyExtremes(view: AxisView, step: Step): Extremes {
  const period = periodOf(view, step);
  return {
    step,
    period,
    low: new Float64Array(period).fill(Infinity),
    high: new Float64Array(period).fill(-Infinity),
    from: Float64Array.from({ length: period }, (_, i) => positionOf(step, i)),
    to: Float64Array.from({ length: period }, (_, i) => positionOf(step, i + 1 - step.offset)),
  };
}

function inputExtremes(view: AxisView, step: Step): Extremes {
  const extremes = emptyExtremes(view, step);
  for (let i = 0; i < extremes.period; i++) extremes.low[i] = extremes.high[i] = i;
  return extremes;
}

function absorb(
  view: AxisView,
  node: NetworkNode,
  pair: { readonly into: Extremes; readonly of: Extremes },
): void {
  const { into, of } = pair;
  const reads = readsOf(node, view.axis);
  for (let i = 0; i < into.period; i++) {
    reads(i, (source) => {
      const turns = Math.floor(source / of.period);
      const phase = source - turns * of.period;
      const shift = turns * view.block;
      into.low[i] = Math.min(into.low[i], of.low[phase] + shift);
      into.high[i] = Math.max(into.high[i], of.high[phase] + shift);
      into.from[i] = Math.min(into.from[i], of.from[phase] + shift);
      into.to[i] = Math.max(into.to[i], of.to[phase] + shift);
    });
  }
}

function allExtremes(view: AxisView, nodes: readonly NetworkNode[]): Map<string, Extremes> {
  const extremes = new Map<string, Extremes>();
  for (const port of view.network.inputs) {
    extremes.set(port.name, inputExtremes(view, stepOf(view, port.name)!));
  }
  for (const node of nodes) {
    const step = stepOf(view, node.output);
    if (step === undefined) continue;
    const into = emptyExtremes(view, step);
    for (const name of new Set(node.inputs)) {
      const of = extremes.get(name);
      if (of !== undefined) absorb(view, node, { into, of });
    }
    extremes.set(node.output, into);
  }
  return extremes;
}

function innerReach(view: AxisView, nodes: readonly NetworkNode[]): Reach {
  const extremes = allExtremes(view, nodes);
  const reach = { left: 0, right: 0, alignedLeft: 0, alignedRight: 0 };
  for (const port of view.network.outputs) {
    const output = extremes.get(port.name);
    if (output === undefined) continue;
    for (let i = 0; i < output.period; i++) {
      const position = positionOf(output.step, i);
      reach.left = Math.max(reach.left, position - output.low[i]);
      reach.right = Math.max(reach.right, output.high[i] - position);
      reach.alignedLeft = Math.max(reach.alignedLeft, -output.from[i]);
      reach.alignedRight = Math.max(reach.alignedRight, output.to[i] - view.block);
    }
  }
  return reach;
}

interface Border {
  readonly view: AxisView;
  readonly nodes: readonly NetworkNode[];
  /** Input length, a multiple of the block. */
  readonly length: number;
  /** Which px of a tensor are needed. */
  readonly needed: Map<string, Uint8Array>;
}

function neededPx(border: Border, name: string): Uint8Array | undefined {
  const known = border.needed.get(name);
  if (known !== undefined) return known;
  const step = stepOf(border.view, name);
  if (step === undefined) return undefined;
  const length = Math.max(0, (border.length * step.denominator) / step.numerator + step.offset);
  const px = new Uint8Array(length);
  border.needed.set(name, px);
  return px;
}

function spreadNeed(border: Border): void {
  for (const node of [...border.nodes].reverse()) {
    const px = border.needed.get(node.output);
    if (px === undefined) continue;
    const reads = readsOf(node, border.view.axis);
    const mode = node.op === "pad" ? node.mode : "constant";
    for (const name of new Set(node.inputs)) {
      const sources = neededPx(border, name);
      if (sources === undefined) continue;
      for (let i = px.indexOf(1); i >= 0; i = px.indexOf(1, i + 1)) {
        reads(i, (source) => {
          const found = borderSource(mode, source, sources.length);
          if (found >= 0 && found < sources.length) sources[found] = 1;
        });
      }
    }
  }
}

/** What the first (or last) block of the image needs beyond itself: mirrored px lie deeper inside than the px. */
function borderReach(border: Border, side: "first" | "last"): number {
  const { view, length } = border;
  border.needed.clear();
  for (const port of view.network.outputs) {
    const px = neededPx(border, port.name);
    const step = stepOf(view, port.name);
    if (px === undefined || step === undefined) continue;
    const block = periodOf(view, step);
    if (side === "first") px.fill(1, 0, block);
    else px.fill(1, Math.max(0, px.length - block));
  }
  spreadNeed(border);
  let reach = 0;
  for (const [name, px] of border.needed) {
    const step = stepOf(view, name)!;
    const first = px.indexOf(1);
    if (first < 0) continue;
    const beyond =
      side === "first"
        ? positionOf(step, px.lastIndexOf(1) + 1 - step.offset) - view.block
        : length - view.block - positionOf(step, first);
    reach = Math.max(reach, beyond);
  }
  return reach;
}

function mirrors(node: NetworkNode, axis: number): boolean {
  return node.op === "pad" && node.mode !== "constant" && (node.pads[axis][0] > 0 || node.pads[axis][1] > 0);
}

function withBorders(view: AxisView, nodes: readonly NetworkNode[], inner: Reach): Reach {
  if (!nodes.some((node) => mirrors(node, view.axis))) return inner;
  let room = 2 * (inner.left + inner.right + inner.alignedLeft + inner.alignedRight);
  for (const node of nodes) {
    const step = stepOf(view, node.inputs[0]);
    if (step !== undefined) room += positionOf(step, 2 * readsSpread(node, view.axis));
  }
  const length = view.block * (4 + Math.ceil(room / view.block));
  let work = 0;
  for (const node of nodes) {
    const step = stepOf(view, node.output);
    if (step !== undefined)
      work += ((length * step.denominator) / step.numerator) * readsCount(node, view.axis);
  }
  if (work > MAX_WORK) throw tooComplex();
  const border: Border = { view, nodes, length, needed: new Map() };
  return {
    ...inner,
    alignedLeft: Math.max(inner.alignedLeft, borderReach(border, "last")),
    alignedRight: Math.max(inner.alignedRight, borderReach(border, "first")),
  };
}

/**
 * Reach of the outputs of a validated network along one axis.
 *
 * Where the network pads by reflection or by repeating its edge, a tile at the image border must also hold what
 * is mirrored there; that is included in the aligned figures.
 *
 * @throws {TilewrightError} `network.tooComplex` when finding out would take more than about a second
 */
export function axisReach(view: AxisView): Reach {
  const live = liveTensors(view.network);
  const nodes = view.network.nodes.filter((node) => live.has(node.output));
  checkWork(view, nodes);
  const reach = withBorders(view, nodes, innerReach(view, nodes));
  return {
    left: Math.ceil(reach.left),
    right: Math.ceil(reach.right),
    alignedLeft: Math.ceil(reach.alignedLeft),
    alignedRight: Math.ceil(reach.alignedRight),
  };
}
