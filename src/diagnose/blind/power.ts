/**
 * Whether a seam would have been seen: one is put in, and looked for.
 * @module
 */
import { ExcessTally } from "./excess";
import type { Lines } from "./excess";
import { RARE } from "./seams";

/** Lines are enough to tell; more only make it easier. */
const MOST_LINES = 256;
const MOST_PIXELS = 2 ** 18;

/**
 * Puts a step into the middle of the lines and says whether it alone would count as a seam.
 *
 * @param lines  not changed
 * @param tally  what they will be added to; gives length and lattice
 * @param height of the step, units of the stack
 */
export function wouldSee(lines: Lines, { length, lattice }: ExcessTally, height: number): boolean {
  const most = Math.max(1, Math.min(lines.count, MOST_LINES, Math.floor(MOST_PIXELS / length)));
  const first = Math.floor((lines.count - most) / 2);
  const values = lines.values.slice(first * length, (first + most) * length);
  const p = Math.floor(length / 2 / lattice) * lattice;
  for (let start = 0; start < values.length; start += length) {
    for (let i = start + p; i < start + length; i++) values[i] += height;
  }
  const tally = new ExcessTally(length, lattice);
  tally.add({ ...lines, values, count: most });
  const { chance, tried } = tally.excess();
  return chance[p] * tried < RARE;
}
