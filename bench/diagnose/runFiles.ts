/**
 * Stacks in files, written and read whole.
 * @module
 */
import { builtinRegistries } from "../../src/builtins";
import { quietJob } from "../../src/job";
import { openStack } from "../../src/stack/open";
import { createStackFile } from "../../src/stack/tiff/write";
import { dtypeOf } from "../../src/volume/pixels";
import { wholeRegion } from "../../src/volume/region";
import type { Volume } from "../../src/volume/volume";

/** Writes a volume, axes a subset of TZCYX in that order; returns the path. */
export async function writeStack(path: string, volume: Volume): Promise<string> {
  const { axes, shape, data } = volume;
  const layout = { axes, shape, dtype: dtypeOf(data), pixelSize: null, channels: [], format: "ome" } as const;
  const writer = await createStackFile(path, layout);
  await writer.write(
    volume,
    shape.map(() => 0),
    quietJob(),
  );
  await writer.close();
  return path;
}

/** Reads a stack. */
export async function readStack(path: string): Promise<Volume> {
  const stack = await openStack({ path }, builtinRegistries().readers.all(), quietJob());
  try {
    return await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  } finally {
    await stack.close();
  }
}
