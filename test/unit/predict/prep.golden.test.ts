import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { applyMap, rangeMap, undoMap } from "../../../src/predict/normalize";
import { PercentileSearch } from "../../../src/predict/percentiles";
import { divisiblePadding, sourceIndex } from "../../../src/tiling/padding";
import { allocatePixels } from "../../../src/volume/pixels";
import type { Dtype } from "../../../src/volume/pixels";
import { hasShared, sharedPath } from "../../support/shared";

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly [key: string]: any;
}
const cases: Case[] = hasShared
  ? (JSON.parse(readFileSync(sharedPath("golden", "prep-public.json"), "utf8")) as { cases: Case[] }).cases
  : [];
const TOLERANCE = 2e-6;

/** Index of the channel of element `i`. */
function channelOf(i: number, axes: string, shape: number[]): number {
  const axis = axes.indexOf("C");
  if (axis < 0) return 0;
  const step = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return Math.floor(i / step) % shape[axis];
}

function checkPercentile(c: Case): void {
  const channels: number = c.axes.includes("C") ? c.shape[c.axes.indexOf("C")] : 1;
  const elements = (channel: number): number[] =>
    [...c.input.keys()].filter((i: number) => channelOf(i, c.axes, c.shape) === channel);
  for (let channel = 0; channel < channels; channel++) {
    const at = elements(channel);
    const data = allocatePixels(c.dtype as Dtype, at.length);
    at.forEach((from, to) => (data[to] = c.input[from]));
    const search = new PercentileSearch(c.dtype, [c.pmin, c.pmax]);
    do search.add(data);
    while (search.endPass());
    const [low, high] = search.result().values;
    const map = rangeMap(low, high);
    const range = Math.max(c.ma.flat(9)[channel] - c.mi.flat(9)[channel], 1e-3);
    const near = (found: number, wanted: number, scale: number): void =>
      expect(Math.abs(found - wanted)).toBeLessThanOrEqual(TOLERANCE * Math.max(scale, Math.abs(wanted)));
    near(low, c.mi.flat(9)[channel], range);
    near(high, c.ma.flat(9)[channel], range);
    const forward = applyMap(data, map);
    at.forEach((from, to) => near(forward[to], c.normalized_f32[from], 1));
    for (const [name, isScale] of [
      ["mean", false],
      ["scale", true],
    ] as const) {
      if (c[name] === undefined) continue;
      const back = Float32Array.from(at, (from) => c[name][from]);
      undoMap(back, map, isScale);
      at.forEach((from, to) => near(back[to], c[`after_${name}`][from], range));
    }
  }
}

function checkPad(c: Case): void {
  const shape: number[] = c.shape;
  const pads = shape.map((length, axis) => divisiblePadding(length, c.div_by[axis]));
  expect(pads).toEqual(c.pad);
  const padded = shape.map((length, axis) => length + pads[axis][0] + pads[axis][1]);
  expect(padded).toEqual(c.padded_shape);
  const total = padded.reduce((a, b) => a * b, 1);
  const values = new Int32Array(total);
  const back = new Map<number, number>();
  for (let i = 0; i < total; i++) {
    let rest = i;
    let index = 0;
    let step = 1;
    let inside = true;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const place = (rest % padded[axis]) - pads[axis][0];
      rest = Math.floor(rest / padded[axis]);
      inside &&= place >= 0 && place < shape[axis];
      index += sourceIndex(place, shape[axis], "reflect") * step;
      step *= shape[axis];
    }
    values[i] = index;
    if (inside) back.set(back.size, index);
  }
  if (c.padded_values_linear_index !== undefined)
    expect([...values]).toEqual(c.padded_values_linear_index.flat(9));
  else
    expect(createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex")).toBe(c.sha256_int32le);
  expect([...back].every(([place, index]) => place === index)).toBe(true);
  expect(back.size).toBe(shape.reduce((a, b) => a * b, 1));
}

describe.skipIf(!hasShared)("CSBDeep's own normalisation and padding, forward and back", () => {
  test("there are 70 of them", () => expect(cases).toHaveLength(70));
  test.each(cases.map((c) => [`${c.id} ${c.kind}`, c] as const))("%s", (_, c) => {
    if (c.kind === "percentile") checkPercentile(c);
    else checkPad(c);
  });
});
