/**
 * What is measured: a CARE U-Net of depth 2, kernel 3 and 32 filters with random weights, and stacks of
 * noise.
 * @module
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quietJob } from "../src/job";
import { writeOnnx } from "../src/network/onnx/write";
import { createStackFile } from "../src/stack/tiff/write";
import { makeVolume } from "../src/volume/volume";
import { careUnet, seededRandom } from "../test/support/networks";

/** One measured prediction. */
export interface Scene {
  readonly name: string;
  readonly axes: string;
  readonly shape: readonly number[];
  readonly filters: number;
}

export const LARGE_2D: Scene = { name: "2-D 4096²", axes: "YX", shape: [4096, 4096], filters: 32 };
export const LARGE_3D: Scene = { name: "3-D 64×512×512", axes: "ZYX", shape: [64, 512, 512], filters: 32 };

/** The scene's model as an ONNX file. */
export function modelFile(folder: string, { axes, filters }: Scene): string {
  const path = join(folder, `care-${axes}-${filters}.onnx`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const network = careUnet({ spatialAxes: axes, depth: 2, kernel: 3, first: filters });
    writeFileSync(path, writeOnnx(network));
  }
  return path;
}

/** The scene's stack: uint16 noise, written plane by plane. */
export async function stackFile(folder: string, { axes, shape }: Scene): Promise<string> {
  const path = join(folder, `${axes}-${shape.join("x")}.tif`);
  if (existsSync(path)) return path;
  const writer = await createStackFile(path, {
    axes,
    shape,
    dtype: "uint16",
    pixelSize: null,
    channels: [],
    format: "ome",
  });
  const [height, width] = shape.slice(-2);
  const random = seededRandom(2);
  const plane = Uint16Array.from({ length: height * width }, () => 100 + Math.floor(4000 * random() ** 3));
  const planes = shape.length === 3 ? shape[0] : 1;
  const planeShape = shape.length === 3 ? [1, height, width] : [height, width];
  for (let z = 0; z < planes; z++) {
    plane.set(plane.slice(0, 1000), (z * 7919) % (plane.length - 1000));
    await writer.write(
      makeVolume(plane, planeShape, axes),
      shape.length === 3 ? [z, 0, 0] : [0, 0],
      quietJob(),
    );
  }
  await writer.close();
  return path;
}
