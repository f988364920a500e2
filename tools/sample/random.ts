/**
 * @module
 * Seeded random numbers that are the same, bit for bit, on every JavaScript engine.
 * `Math.log`, `Math.exp` and `Math.sin` may differ in the last bit between engines (ECMA-262 leaves them
 * implementation-approximated), so this file uses only `+ - * /`, `Math.sqrt` and `Math.imul`, which may not.
 */

/** Uniform random numbers in [0, 1), one per call, 32 bits of resolution. */
export type RandomStream = () => number;

/**
 * A stream of uniform numbers in [0, 1). Two streams with the same seed and name are equal; different names give
 * independent streams from one seed, so that changing the noise does not move the objects.
 * @param seed any integer; its lower 32 bits count
 * Source: the mulberry32 generator (T. Ettinger, public domain), seeded through an FNV-1a hash of the name.
 */
export function randomStream(seed: number, name: string): RandomStream {
  let state = 0x811c9dc5 ^ (seed | 0);
  for (let i = 0; i < name.length; i++) state = Math.imul(state ^ name.charCodeAt(i), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** exp(-x) for x ≥ 0, relative error below 1e-12; halves x until a short Taylor series suffices, then squares back. */
export function expNegative(x: number): number {
  let halvings = 0;
  let y = x;
  while (y > 1 / 64) {
    y /= 2;
    halvings++;
  }
  let value = 1 - y * (1 - (y / 2) * (1 - (y / 3) * (1 - (y / 4) * (1 - (y / 5) * (1 - y / 6)))));
  for (; halvings > 0; halvings--) value *= value;
  return value;
}

/** ln(x) for 0 < x ≤ 1, absolute error below 1e-12; scales into [0.5, 1) and sums the artanh series. */
export function naturalLog(x: number): number {
  const LN2 = 0.6931471805599453;
  let mantissa = x;
  let doublings = 0;
  while (mantissa < 0.5) {
    mantissa *= 2;
    doublings++;
  }
  const r = (mantissa - 1) / (mantissa + 1);
  const square = r * r;
  let term = r;
  let sum = 0;
  for (let n = 1; n <= 25; n += 2) {
    sum += term / n;
    term *= square;
  }
  return 2 * sum - doublings * LN2;
}

/** One sample of the standard normal distribution (Marsaglia's polar method; the second value is not kept). */
export function normal(random: RandomStream): number {
  for (;;) {
    const u = 2 * random() - 1;
    const v = 2 * random() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * naturalLog(s)) / s);
  }
}

/**
 * One sample of the Poisson distribution, an integer ≥ 0.
 * @param mean expected value ≥ 0; the cost grows linearly with it
 * Source: Knuth, TAOCP 2, 3.4.1; a mean above 16 is split, because a sum of Poisson samples is one of the summed mean.
 */
export function poisson(random: RandomStream, mean: number): number {
  let count = 0;
  for (let rest = mean; rest > 0; rest -= 16) {
    const limit = expNegative(rest < 16 ? rest : 16);
    let product = random();
    while (product > limit) {
      count++;
      product *= random();
    }
  }
  return count;
}

/** A direction uniform on the unit sphere, as [z, y, x] (rejection from the cube, no trigonometry). */
export function unitVector(random: RandomStream): [z: number, y: number, x: number] {
  for (;;) {
    const z = 2 * random() - 1;
    const y = 2 * random() - 1;
    const x = 2 * random() - 1;
    const s = z * z + y * y + x * x;
    if (s > 1e-4 && s <= 1) {
      const length = Math.sqrt(s);
      return [z / length, y / length, x / length];
    }
  }
}
