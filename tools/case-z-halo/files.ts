/**
 * @module
 * Reading and writing stacks for the case, and the command line it is made with.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { builtinRegistries } from "../../src/builtins";
import { quietJob } from "../../src/job";
import { openStack } from "../../src/stack/open";
import { createStackFile } from "../../src/stack/tiff/write";
import { dtypeOf, type PixelArray } from "../../src/volume/pixels";
import { wholeRegion } from "../../src/volume/region";
import { makeVolume } from "../../src/volume/volume";

/** Runs `tilewright WORDS` and returns what it prints; its progress is shown. */
export function tilewright(root: string, ...words: readonly string[]): string {
  return execFileSync(process.execPath, [join(root, "dist/cli.cjs"), ...words], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

/** Writes a ZYX stack. */
export async function writeZyx(path: string, data: PixelArray, shape: readonly number[]): Promise<void> {
  const writer = await createStackFile(path, {
    axes: "ZYX",
    shape,
    dtype: dtypeOf(data),
    pixelSize: null,
    channels: [],
    format: "ome",
  });
  await writer.write(makeVolume(data, shape, "ZYX"), [0, 0, 0], quietJob());
  await writer.complete(quietJob());
  await writer.close();
}

/** Reads a stack whole. */
export async function readWhole(path: string): Promise<PixelArray> {
  const stack = await openStack({ path }, builtinRegistries().readers.all(), quietJob());
  try {
    return (await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob())).data;
  } finally {
    await stack.close();
  }
}
