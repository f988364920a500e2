/**
 * ONNX operators that slide a kernel: convolutions and poolings, with all their ways to state padding.
 * @module
 */
import type { SpatialPads } from "../graph";
import { kernelSpan } from "../rates";
import type { Operation, Translator } from "./translation";

interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
}

/** Splits ONNX pads (all before, then all after) into pairs. */
export function padPairs(operation: Operation, pads: readonly number[]): SpatialPads {
  const rank = operation.spatialRank;
  if (pads.length !== 2 * rank) operation.fail(`should have ${2 * rank} pads, found ${pads.length}`);
  return Array.from({ length: rank }, (_, axis) => [pads[axis], pads[rank + axis]] as const);
}

function perAxis(operation: Operation, name: string): readonly number[] {
  return operation.ints(name) ?? Array.from({ length: operation.spatialRank }, () => 1);
}

/** Total padding of SAME: the output has ⌈length / stride⌉ px for every input that is a multiple of the block. */
function sameTotal(operation: Operation, geometry: Geometry, axis: number): number {
  const stride = geometry.strides[axis];
  const span = kernelSpan(geometry.kernel[axis], geometry.dilations[axis]);
  const offset = operation.data().steps?.[axis].offset ?? 0;
  const rest = ((offset % stride) + stride) % stride;
  return Math.max(0, span - (rest === 0 ? stride : rest));
}

function split(total: number, moreAfter: boolean): readonly [number, number] {
  const small = Math.floor(total / 2);
  return moreAfter ? [small, total - small] : [total - small, small];
}

function kernelPads(operation: Operation, geometry: Geometry): SpatialPads {
  const auto = operation.text("auto_pad", "NOTSET");
  switch (auto) {
    case "NOTSET":
    case "":
      return padPairs(operation, operation.ints("pads") ?? geometry.kernel.flatMap(() => [0, 0]));
    case "VALID":
      return geometry.kernel.map(() => [0, 0] as const);
    case "SAME_UPPER":
    case "SAME_LOWER":
      return geometry.kernel.map((_, axis) =>
        split(sameTotal(operation, geometry, axis), auto === "SAME_UPPER"),
      );
    default:
      return operation.fail(`auto_pad "${auto}" is not known`);
  }
}

function filterGeometry(operation: Operation, shape: readonly number[]): Geometry {
  const kernel = shape.slice(2);
  if (kernel.length !== operation.spatialRank) {
    operation.fail(`weight should have ${operation.spatialRank + 2} dimensions, found [${shape.join(", ")}]`);
  }
  return { kernel, strides: perAxis(operation, "strides"), dilations: perAxis(operation, "dilations") };
}

/** `Conv`. */
export const conv: Translator = (operation: Operation) => {
  const weight = operation.weights(1, "weight") ?? operation.fail("needs a weight, found none");
  const geometry = filterGeometry(operation, weight.shape);
  const bias = operation.weights(2, "bias");
  operation.emit({
    op: "conv",
    weight,
    ...(bias === undefined ? {} : { bias }),
    strides: geometry.strides,
    dilations: geometry.dilations,
    pads: kernelPads(operation, geometry),
    groups: operation.int("group", 1),
  });
};

interface TransposedPads {
  readonly pads: SpatialPads;
  readonly outputPadding: readonly number[];
}

/** Pads such that an axis of `n` px becomes `n·stride + beyond` px. */
function padsForLength(operation: Operation, geometry: Geometry, beyond: readonly number[]): TransposedPads {
  const asked = operation.ints("output_padding") ?? geometry.kernel.map(() => 0);
  // ONNX Runtime puts the odd px of SAME_UPPER at the end and every other odd px at the start.
  const moreAfter = operation.text("auto_pad", "NOTSET") === "SAME_UPPER";
  const totals = geometry.kernel.map((kernel, axis) => {
    const span = kernelSpan(kernel, geometry.dilations[axis]);
    return span + asked[axis] - geometry.strides[axis] - beyond[axis];
  });
  return {
    pads: totals.map((total) => split(Math.max(0, total), moreAfter)),
    outputPadding: totals.map((total, axis) => asked[axis] + Math.max(0, -total)),
  };
}

function transposedPads(operation: Operation, geometry: Geometry): TransposedPads {
  const shape = operation.ints("output_shape");
  if (shape !== undefined && shape.length > 0) {
    const wanted = shape.slice(-operation.spatialRank);
    const beyond = operation.data().fixed.map((length, axis) => {
      if (length === undefined) operation.fail("output_shape needs an input of fixed size");
      return wanted[axis] - length * geometry.strides[axis];
    });
    return padsForLength(operation, geometry, beyond);
  }
  if (operation.text("auto_pad", "NOTSET").startsWith("SAME")) {
    return padsForLength(
      operation,
      geometry,
      geometry.kernel.map(() => 0),
    );
  }
  const outputPadding = operation.ints("output_padding") ?? geometry.kernel.map(() => 0);
  return { pads: kernelPads(operation, geometry), outputPadding };
}

/** `ConvTranspose`. */
export const convTranspose: Translator = (operation: Operation) => {
  const weight = operation.weights(1, "weight") ?? operation.fail("needs a weight, found none");
  const geometry = filterGeometry(operation, weight.shape);
  const bias = operation.weights(2, "bias");
  operation.emit({
    op: "convTranspose",
    weight,
    ...(bias === undefined ? {} : { bias }),
    strides: geometry.strides,
    dilations: geometry.dilations,
    ...transposedPads(operation, geometry),
    groups: operation.int("group", 1),
  });
};

/** Rounding up is rounding down with `stride − 1` px more at the end. */
function roundedUp(operation: Operation, pads: SpatialPads, geometry: Geometry): SpatialPads {
  if (operation.int("ceil_mode", 0) === 0) return pads;
  return pads.map(([before, after], axis) => {
    const stride = geometry.strides[axis];
    const offset = operation.data().steps?.[axis].offset ?? 0;
    const beyond = offset + before + after - geometry.kernel[axis];
    const missing = ((-beyond % stride) + stride) % stride;
    if (missing === 0) return [before, after] as const;
    // A kernel that would start beyond the px and the padding before them does not count.
    const lastStart = beyond + missing - before;
    if (lastStart >= offset) return [before, after] as const;
    return [before, after + missing] as const;
  });
}

function pool(op: "maxPool" | "averagePool"): Translator {
  return (operation: Operation) => {
    const kernel = operation.ints("kernel_shape") ?? operation.fail("needs a kernel_shape, found none");
    if (kernel.length !== operation.spatialRank) {
      operation.fail(`kernel_shape should have ${operation.spatialRank} numbers, found ${kernel.length}`);
    }
    const dilations = perAxis(operation, "dilations");
    if (dilations.some((d) => d !== 1)) operation.fail("pooling with dilation is not supported");
    const geometry: Geometry = { kernel, strides: perAxis(operation, "strides"), dilations };
    const given = kernelPads(operation, geometry);
    const pads = roundedUp(operation, given, geometry);
    const countPadding = op === "averagePool" && operation.int("count_include_pad", 0) !== 0;
    const widened = pads.some(([, after], axis) => after !== given[axis][1]);
    if (widened && countPadding) operation.fail("ceil_mode together with count_include_pad is not supported");
    if (operation.node.outputs.length > 1 && operation.node.outputs[1] !== "") {
      operation.fail("the positions of the maxima are not supported");
    }
    operation.emit({ op, kernel, strides: geometry.strides, pads, countPadding });
  };
}

/** `MaxPool`. */
export const maxPool = pool("maxPool");
/** `AveragePool`. */
export const averagePool = pool("averagePool");
