import type { PictureSource, PlaneRegion, StackLengths, Steps } from "../../src/protocol/viewer";
import type { Dtype } from "../../src/volume/pixels";
import { makeTiff } from "./tiff";
import type { PageSpec } from "./tiff";

/** Pixel types that pictures are tested with. */
export const PICTURE_DTYPES = ["uint8", "uint16", "int16", "float32"] as const satisfies readonly Dtype[];

/** The lengths of the stacks that {@link stackFile} makes. */
export const LENGTHS: StackLengths = { t: 2, z: 5, c: 2, y: 23, x: 31 };

/** The value of a pixel of a stack of {@link LENGTHS}: unlike its neighbours, now and then NaN or infinite. */
export function valueAt(dtype: Dtype, place: StackLengths): number {
  const { t, z, c, y, x } = place;
  const n = (y * 7919 + x * 104_729 + z * 15_485_863 + c * 1_299_709 + t * 32_452_843) % 65_536;
  if (dtype === "uint8") return n % 256;
  if (dtype === "uint16") return n;
  if (dtype === "int16") return n - 32_768;
  // One column is NaN in all slices, another in the first slice only.
  if (x === 3 || (x === 4 && z === 0) || n % 97 === 0) return NaN;
  if (n % 89 === 0) return n % 2 === 0 ? Infinity : -Infinity;
  return Math.fround((n - 30_000) / 7);
}

/** How {@link stackFile} stores pixels. */
export type Storing = Pick<PageSpec, "compression" | "tile" | "rowsPerStrip" | "predictor">;

/** An ImageJ file of {@link LENGTHS}, made by code that shares nothing with the reader. */
export function stackFile(dtype: Dtype, storing: Storing): Buffer {
  const { t, z, c, y, x } = LENGTHS;
  const kind = dtype === "float32" ? "float" : dtype === "int16" ? "int" : "uint";
  const bits = dtype === "uint8" ? 8 : dtype === "float32" ? 32 : 16;
  const description = `ImageJ=1.54f\nimages=${t * z * c}\nchannels=${c}\nslices=${z}\nframes=${t}\nhyperstack=true\n`;
  const pages = Array.from({ length: t * z * c }, (_, i): PageSpec => {
    const place = { t: Math.floor(i / (z * c)), z: Math.floor(i / c) % z, c: i % c };
    return {
      width: x,
      height: y,
      kind,
      bits,
      ...storing,
      ...(i === 0 ? { description } : {}),
      value: (row, column) => valueAt(dtype, { ...place, y: row, x: column }),
    };
  });
  return makeTiff(pages);
}

/** A picture computed value by value from its definition. */
export interface DirectPicture {
  readonly height: number;
  readonly width: number;
  readonly at: (row: number, column: number) => number;
}

/** The picture that a source means, of a stack whose values are `value`. */
export function directPicture(
  { plane, section, projection }: PictureSource,
  lengths: StackLengths,
  value: (place: StackLengths) => number,
): DirectPicture {
  if (section?.direction === "xz")
    return {
      height: lengths.z,
      width: lengths.x,
      at: (z, x) => value({ ...plane, z, y: section.at, x }),
    };
  if (section !== undefined)
    return { height: lengths.y, width: lengths.z, at: (y, z) => value({ ...plane, z, y, x: section.at }) };
  const size = { height: lengths.y, width: lengths.x };
  if (projection === undefined) return { ...size, at: (y, x) => value({ ...plane, y, x }) };
  const { method, z } = projection;
  return {
    ...size,
    at: (y, x) => {
      const values = Array.from({ length: z[1] - z[0] }, (_, i) => value({ ...plane, z: z[0] + i, y, x }));
      const counted = values.filter((one) => !Number.isNaN(one));
      if (method === "max") return counted.length === 0 ? NaN : Math.max(...counted);
      const sum = values.reduce((total, one) => total + one, 0);
      return method === "sum" ? sum : sum / values.length;
    },
  };
}

/** Every value of a region. */
export function directValues({ at }: DirectPicture, { y, x }: PlaneRegion): number[] {
  const values: number[] = [];
  for (let row = y[0]; row < y[1]; row++)
    for (let column = x[0]; column < x[1]; column++) values.push(at(row, column));
  return values;
}

/** The samples of a region. */
export function directSamples({ at }: DirectPicture, { y, x }: PlaneRegion, step: Steps): number[] {
  const places = ([start, stop]: readonly [number, number], by: number): number[] => {
    const found: number[] = [];
    for (let i = 0; start + i * by < stop; i++)
      found.push(Math.min(Math.floor(start + (i + 0.5) * by), stop - 1));
    return found;
  };
  const columns = places(x, step.x);
  return places(y, step.y).flatMap((row) => columns.map((column) => at(row, column)));
}
