/**
 * Structural similarity of two planes.
 * @module
 */
import type { PixelArray } from "../volume/pixels";

const WINDOW = 7;
const K1 = 0.01;
const K2 = 0.03;

/**
 * Mean structural similarity over all full 7×7 windows, uniform weights, sample covariance.
 *
 * @param a,b   pixels of one plane, row-major, equal length
 * @param width px
 * @param range dynamic range of the reference, > 0
 * @returns −1…1; null for a plane smaller than the window, without range, or with NaN or Infinity
 * @see Wang et al. 2004; scikit-image `structural_similarity` with its defaults
 */
export function structuralSimilarity(
  a: PixelArray,
  b: PixelArray,
  width: number,
  range: number,
): number | null {
  const height = a.length / width;
  if (width < WINDOW || height < WINDOW || range <= 0) return null;
  const sums = ["a", "b", "aa", "bb", "ab"].map(() => new Float64Array((width + 1) * (height + 1)));
  const stride = width + 1;
  for (let y = 0; y < height; y++) {
    const row = [0, 0, 0, 0, 0];
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const values = [a[i], b[i], a[i] * a[i], b[i] * b[i], a[i] * b[i]];
      const place = (y + 1) * stride + x + 1;
      for (let k = 0; k < 5; k++) {
        row[k] += values[k];
        sums[k][place] = sums[k][place - stride] + row[k];
      }
    }
  }
  const c1 = (K1 * range) ** 2;
  const c2 = (K2 * range) ** 2;
  const n = WINDOW * WINDOW;
  const unbiased = n / (n - 1);
  let total = 0;
  for (let y = 0; y + WINDOW <= height; y++) {
    for (let x = 0; x + WINDOW <= width; x++) {
      const top = y * stride + x;
      const bottom = top + WINDOW * stride;
      const [ma, mb, maa, mbb, mab] = sums.map(
        (sum) => (sum[bottom + WINDOW] - sum[bottom] - sum[top + WINDOW] + sum[top]) / n,
      );
      const va = unbiased * (maa - ma * ma);
      const vb = unbiased * (mbb - mb * mb);
      const vab = unbiased * (mab - ma * mb);
      total += ((2 * ma * mb + c1) * (2 * vab + c2)) / ((ma * ma + mb * mb + c1) * (va + vb + c2));
    }
  }
  return Number.isFinite(total) ? total / ((width - WINDOW + 1) * (height - WINDOW + 1)) : null;
}
