/**
 * Parts of the padded image, cut out of tensors that hold some of it.
 * @module
 */
import type { Interval, Region } from "../volume/region";
import { cutRegion } from "../volume/volume";
import type { Volume } from "../volume/volume";

/**
 * Cuts a region of the padded image out of a tensor that covers more of it.
 *
 * @param pixels   axes `C` + spatial, not changed; axes the plan does not have are taken whole
 * @param covers   what of the padded image `pixels` holds, in the order of `planAxes`
 * @param region   what is wanted of the padded image, inside `covers`
 * @param planAxes axes of the padded image
 * @returns the region, axes as those of `pixels`; `pixels` itself when it holds nothing else, new memory otherwise
 * @throws {RangeError} when the region sticks out
 */
export function cutCovered(
  pixels: Volume<Float32Array>,
  covers: Region,
  region: Region,
  planAxes: string,
): Volume<Float32Array> {
  const inPixels = [...pixels.axes].map((letter, i): Interval => {
    const axis = planAxes.indexOf(letter);
    if (letter === "C" || axis < 0) return [0, pixels.shape[i]];
    return [region[axis][0] - covers[axis][0], region[axis][1] - covers[axis][0]];
  });
  const isAll = inPixels.every(([start, stop], i) => start === 0 && stop === pixels.shape[i]);
  return isAll ? pixels : (cutRegion(pixels, inPixels) as Volume<Float32Array>);
}
