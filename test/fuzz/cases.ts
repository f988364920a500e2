/**
 * Cases by number: the same seed and number always make the same file and ask it the same questions.
 * @module
 */
import { CountingSource } from "../support/tiff";
import { examine } from "./examine";
import type { Outcome } from "./examine";
import { mutate } from "./mutations";
import type { Specimen } from "./mutations";
import { Random } from "./random";
import type { Seed } from "./seeds";

/** One damaged file and what decides which parts of it are looked at. */
export interface Case {
  readonly specimen: Specimen;
  readonly random: Random;
}

/** Makes case `index` of a run. */
export function makeCase(seeds: readonly Seed[], seed: number, index: number): Case {
  const random = Random.ofCase(seed, index);
  return { specimen: mutate(random.pick(seeds), random), random };
}

/**
 * Runs a case in memory.
 *
 * @throws {Fault} when something does not hold
 */
export function runCase({ specimen, random }: Case): Promise<Outcome> {
  return examine(specimen, new CountingSource(specimen.bytes), random);
}

/** A case in a sentence. */
export function describeCase({ specimen }: Case): string {
  return `${specimen.seed.name}, ${specimen.steps.join("; ")}`;
}
