import type { Stack, StackFacts } from "../../src/stack/stack";
import { cutRegion } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import { dtypeOf } from "../../src/volume/pixels";

/** A stack in memory; axes of the volume are a subset of TZCYX in that order. */
export function stackOf(volume: Volume, file = "memory.tif"): Stack {
  const { axes, shape } = volume;
  const dtype = dtypeOf(volume.data);
  const facts: StackFacts = {
    file,
    axes,
    shape,
    canonicalAxes: axes,
    canonicalShape: shape,
    dtype,
    readsAs: dtype,
    planes: shape.slice(0, -2).reduce((product, length) => product * length, 1),
    bigTiff: false,
    byteOrder: "little",
    compression: "none",
    layout: "strips",
    levels: 1,
    levelShapes: [shape],
    series: { index: 0, count: 1 },
    files: [file],
    pixelSize: null,
    flavour: "plain",
    channels: [],
    warnings: [],
  };
  const missing = (): Promise<never> => Promise.reject(new Error("a stack in memory has no stored planes"));
  return {
    facts,
    read: (region) => Promise.resolve(cutRegion(volume, region)),
    readLevel: (_, region) => Promise.resolve(cutRegion(volume, region)),
    readStoredPlane: missing,
    close: () => Promise.resolve(),
  };
}
