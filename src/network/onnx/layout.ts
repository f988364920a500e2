/**
 * ONNX operators that move px and channels: resizing, padding, slicing, joining.
 * @module
 */
import type { SpatialPads, UpsampleNode } from "../graph";
import type { FreeLength, Quantity } from "./constant";
import type { Data, Operation, Translator } from "./translation";
import { padPairs } from "./kernels";

/** Slice ends from here on mean "to the end". */
const TO_END = 2 ** 31 - 1;

function wholeFactor(operation: Operation, factor: number): number {
  const whole = Math.round(factor);
  if (whole < 1 || Math.abs(factor - whole) > 1e-4 * whole) {
    operation.fail(`only upsampling by whole factors is supported, found a factor of ${factor}`);
  }
  return whole;
}

/** How many times as long `size` is as `data` along `axis`. */
function factorFromSize(operation: Operation, size: Quantity, place: { data: Data; axis: number }): number {
  const { data, axis } = place;
  if (typeof size === "number") {
    const length = data.fixed[axis];
    if (length === undefined) operation.fail(`a fixed size of ${size} px needs an input of fixed size`);
    return size / length;
  }
  const step = data.steps?.[axis];
  if (step === undefined || size.axis !== axis) operation.fail("the new size depends on another axis");
  const factor = (size.factor * step.numerator) / step.denominator;
  if (Math.abs(size.offset - step.offset * factor) > 1e-6) {
    operation.fail("the new size is not a multiple of the old one for every input size");
  }
  return factor;
}

function spatialFactors(operation: Operation, whole: readonly Quantity[], bySize: boolean): number[] {
  const data = operation.data();
  const rank = operation.spatialRank;
  const axes = operation.ints("axes")?.map((axis) => operation.axis(axis)) ?? whole.map((_, i) => i);
  if (axes.length !== whole.length) operation.fail("axes and sizes differ in number");
  const factors = Array.from({ length: rank }, () => 1);
  axes.forEach((axis, i) => {
    const value = whole[i];
    if (axis < 2) {
      const expected = bySize ? (axis === 0 ? 1 : data.channels) : 1;
      if (value !== expected) operation.fail("only spatial axes can be resized");
      return;
    }
    if (axis >= rank + 2) operation.fail(`axis ${axis} does not exist`);
    if (!bySize && typeof value !== "number") operation.fail("scales should be constant");
    const factor = bySize ? factorFromSize(operation, value, { data, axis: axis - 2 }) : (value as number);
    factors[axis - 2] = wholeFactor(operation, factor);
  });
  return factors;
}

/** Factors from wherever the opset keeps them. */
function resizeFactors(operation: Operation): number[] {
  const attribute = operation.attribute("scales")?.floats;
  if (attribute !== undefined && attribute.length > 0) return spatialFactors(operation, attribute, false);
  const positions = operation.opset < 11 ? { scales: 1, sizes: -1 } : { scales: 2, sizes: 3 };
  const scales = operation.folded(positions.scales, "scales");
  if (scales !== undefined && scales.items.length > 0)
    return spatialFactors(operation, Array.from<Quantity>(scales.items), false);
  const sizes = positions.sizes < 0 ? undefined : operation.folded(positions.sizes, "sizes");
  if (sizes === undefined) return operation.fail("needs scales or sizes, found none");
  const policy = operation.text("keep_aspect_ratio_policy", "stretch");
  if (policy !== "stretch") operation.fail(`keep_aspect_ratio_policy "${policy}" is not supported`);
  return spatialFactors(operation, Array.from<Quantity>(sizes.items), true);
}

/** Whether a nearest resize by these factors repeats every px `factor` times. */
function repeatsPx(coordinates: string, rounding: string, factors: readonly number[]): boolean {
  const most = Math.max(...factors);
  if (coordinates === "asymmetric")
    return rounding === "floor" || (rounding === "round_prefer_floor" && most <= 2);
  if (coordinates === "tf_half_pixel_for_nn") return rounding === "floor";
  const centred = ["half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"].includes(coordinates);
  return centred && (rounding === "round_prefer_floor" || rounding === "round_prefer_ceil");
}

function upsampleMode(operation: Operation, factors: readonly number[]): UpsampleNode["mode"] {
  const early = operation.node.type === "Upsample" || operation.opset < 11;
  const mode = operation.text("mode", "nearest");
  const coordinates = operation.text("coordinate_transformation_mode", early ? "asymmetric" : "half_pixel");
  if (mode === "nearest") {
    const rounding = operation.text("nearest_mode", early ? "floor" : "round_prefer_floor");
    if (repeatsPx(coordinates, rounding, factors)) return "nearest";
    operation.fail(
      `nearest upsampling with coordinates "${coordinates}" and rounding "${rounding}" is not supported`,
    );
  }
  if (mode !== "linear" && mode !== "bilinear" && mode !== "trilinear") {
    operation.fail(`upsampling mode "${mode}" is not supported, only nearest and linear`);
  }
  if (["half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"].includes(coordinates)) return "linear";
  if (coordinates === "align_corners") return "linearAligned";
  return operation.fail(`linear upsampling with coordinates "${coordinates}" is not supported`);
}

/** `Resize` and `Upsample` by whole factors. */
export const resize: Translator = (operation: Operation) => {
  const factors = resizeFactors(operation);
  if (factors.every((factor) => factor === 1)) {
    operation.alias(operation.data());
    return;
  }
  operation.emit({ op: "upsample", mode: upsampleMode(operation, factors), factors });
};

function padsOf(operation: Operation): SpatialPads {
  const rank = operation.spatialRank;
  const given =
    (operation.opset < 11 ? operation.ints("pads") : operation.numbers(1, "pads")) ??
    operation.fail("needs pads, found none");
  const axesInput = operation.numbers(3, "axes");
  const axes = (axesInput ?? Array.from({ length: rank + 2 }, (_, i) => i)).map((axis) =>
    operation.axis(axis),
  );
  if (given.length !== 2 * axes.length)
    operation.fail(`should have ${2 * axes.length} pads, found ${given.length}`);
  const spatial = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    const [before, after] = [given[i], given[axes.length + i]];
    if (axis < 2 && (before !== 0 || after !== 0)) operation.fail("only spatial axes can be padded");
    if (axis < 2 || axis >= rank + 2) return;
    spatial[axis - 2] = before;
    spatial[rank + axis - 2] = after;
  });
  return padPairs(operation, spatial);
}

/** `Pad`; negative pads crop. */
export const pad: Translator = (operation: Operation) => {
  const mode = operation.text("mode", "constant");
  if (mode !== "constant" && mode !== "reflect" && mode !== "edge")
    operation.fail(`mode "${mode}" is not supported`);
  const value =
    operation.opset < 11 ? operation.float("value", 0) : (operation.numbers(2, "value")?.[0] ?? 0);
  const given = padsOf(operation);
  const limited = (sign: 1 | -1): SpatialPads =>
    given.map(([before, after]) => [Math.max(0, sign * before), Math.max(0, sign * after)] as const);
  const pads = limited(1);
  const crops = limited(-1);
  const pads0 = pads.flat().every((n) => n === 0);
  const crops0 = crops.flat().every((n) => n === 0);
  if (pads0 && crops0) operation.alias(operation.data());
  else if (pads0) operation.emit({ op: "crop", crops });
  else if (crops0) operation.emit({ op: "pad", mode, value, pads });
  else {
    if (mode !== "constant") operation.fail(`mode "${mode}" with negative pads is not supported`);
    const cropped = operation.through({ op: "crop", crops }, [operation.data()]);
    operation.emit({ op: "pad", mode, value, pads }, [cropped]);
  }
};

interface Cut {
  readonly axis: number;
  readonly start: Quantity;
  readonly end: Quantity;
}

function cutsOf(operation: Operation): Cut[] {
  const early = operation.opset < 10;
  const list = (name: string, position: number): readonly Quantity[] | undefined => {
    if (early) return operation.ints(name);
    const folded = operation.folded(position, name);
    return folded === undefined ? undefined : Array.from<Quantity>(folded.items);
  };
  const starts = list("starts", 1) ?? operation.fail("needs starts, found none");
  const ends = list("ends", 2) ?? operation.fail("needs ends, found none");
  const axes = list("axes", 3) ?? starts.map((_, i) => i);
  const steps = early ? undefined : operation.numbers(4, "steps");
  if (steps?.some((step) => step !== 1) === true) operation.fail("only slices of step 1 are supported");
  if (ends.length !== starts.length || axes.length !== starts.length) {
    operation.fail(
      `starts, ends and axes should be equally many, found ${starts.length}, ${ends.length}, ${axes.length}`,
    );
  }
  return starts.map((start, i) => ({ axis: operation.axis(Number(axes[i])), start, end: ends[i] }));
}

/** px from the end of `data` to `position`, a length that grows with it. */
function fromEnd(operation: Operation, position: FreeLength, place: { data: Data; axis: number }): number {
  const step = place.data.steps?.[place.axis];
  const alike =
    step !== undefined &&
    position.axis === place.axis &&
    position.factor === step.denominator / step.numerator;
  if (!alike) operation.fail("the range to cut depends on another size");
  return step.offset - position.offset;
}

function cropOf(operation: Operation, cut: Cut): readonly [number, number] {
  const data = operation.data();
  const axis = cut.axis - 2;
  const place = { data, axis };
  const known = data.fixed[axis];
  const before = (): number => {
    if (typeof cut.start !== "number")
      return operation.fail("the start of the range depends on the size of the image");
    if (cut.start >= 0) return cut.start;
    return known === undefined
      ? operation.fail("a start counted from the end needs an input of fixed size")
      : Math.max(0, known + cut.start);
  };
  const after = (): number => {
    if (typeof cut.end !== "number") return Math.max(0, fromEnd(operation, cut.end, place));
    if (cut.end < 0) return -cut.end;
    if (cut.end >= TO_END) return 0;
    if (known === undefined) return operation.fail(`an end at px ${cut.end} needs an input of fixed size`);
    return Math.max(0, known - cut.end);
  };
  return [before(), after()];
}

function channelRange(operation: Operation, cut: Cut, channels: number): readonly [number, number] {
  if (typeof cut.start !== "number" || typeof cut.end !== "number") {
    return operation.fail("the range of channels depends on the size of the image");
  }
  const clamp = (n: number): number => Math.min(channels, Math.max(0, n < 0 ? n + channels : n));
  return [clamp(cut.start), clamp(cut.end)];
}

/** `Slice` of channels, of px, or of both. */
export const slice: Translator = (operation: Operation) => {
  const data = operation.data();
  const crops: (readonly [number, number])[] = Array.from({ length: operation.spatialRank }, () => [0, 0]);
  let range: readonly [number, number] = [0, data.channels];
  for (const cut of cutsOf(operation)) {
    if (cut.axis === 1) range = channelRange(operation, cut, data.channels);
    else if (cut.axis >= 2 && cut.axis < operation.spatialRank + 2)
      crops[cut.axis - 2] = cropOf(operation, cut);
    else if (cut.start !== 0) operation.fail(`a slice of axis ${cut.axis} is not supported`);
  }
  const uncropped = crops.flat().every((n) => n === 0);
  const all = range[0] === 0 && range[1] === data.channels;
  if (uncropped && all) operation.alias(data);
  else if (uncropped) operation.emit({ op: "sliceChannels", start: range[0], stop: range[1] });
  else if (all) operation.emit({ op: "crop", crops });
  else {
    const part = operation.through({ op: "sliceChannels", start: range[0], stop: range[1] }, [data]);
    operation.emit({ op: "crop", crops }, [part]);
  }
};

/** `Split` of channels. */
export const split: Translator = (operation: Operation) => {
  if (operation.axis(operation.int("axis", 0)) !== 1) operation.fail("only channels (axis 1) can be split");
  const { channels } = operation.data();
  const parts = operation.node.outputs.length;
  const even = Math.ceil(channels / parts);
  const listed = operation.opset < 13 ? operation.ints("split") : operation.numbers(1, "split");
  const sizes = listed ?? Array.from({ length: parts }, (_, i) => Math.min(even, channels - i * even));
  if (sizes.length !== parts) operation.fail(`should split into ${parts} parts, found ${sizes.length} sizes`);
  let start = 0;
  sizes.forEach((size, i) => {
    const stop = start + size;
    if (operation.node.outputs[i] !== "")
      operation.emit({ op: "sliceChannels", start, stop }, [operation.data()], i);
    start = stop;
  });
};

/** `Concat` of channels. */
export const concat: Translator = (operation: Operation) => {
  const axis = operation.axis(operation.int("axis", 1));
  if (axis !== 1) operation.fail(`only channels (axis 1) can be joined, found axis ${axis}`);
  operation.emit(
    { op: "concat" },
    operation.inputs.map((_, i) => operation.data(i)),
  );
};

/** `Identity`, `Dropout` and casts between kinds of float: the tensor itself. */
export const identity: Translator = (operation: Operation) => operation.alias(operation.data());
