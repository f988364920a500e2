/**
 * The process in which files are opened: `worker SEED FIRST END FOLDER`. It may hang, run out of memory or crash: each
 * case gets a line on stdout when it has ended, written at once, so whoever watches knows which one did it.
 * @module
 */
import { writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openFileSource } from "../../src/stack/bytes";
import { describeCase, makeCase, runCase } from "./cases";
import { hashesOf } from "./examine";
import { makeSeeds } from "./seeds";
import type { Report } from "./supervise";

/** Every so many cases also go the way of `info --hash`, through a file. */
const FILE_EVERY = 20;

async function main(): Promise<void> {
  const [seed, first, end] = process.argv.slice(2, 5).map(Number);
  const folder = process.argv[5];
  const seeds = await makeSeeds();
  report({ kind: "ready", seeds: seeds.length, bytes: process.resourceUsage().maxRSS * 1024 });
  for (let index = first; index < end; index++) {
    const made = makeCase(seeds, seed, index);
    const started = performance.now();
    const names = made.specimen.steps.map((step) => step.slice(0, step.indexOf(":")));
    try {
      const { ending } = await runCase(made);
      if (index % FILE_EVERY === 0) await throughFile(made.specimen.bytes, join(folder, `${index}.tif`));
      const bytes = process.resourceUsage().maxRSS * 1024;
      report({ kind: "done", index, ending, names, seconds: (performance.now() - started) / 1000, bytes });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      report({ kind: "fault", index, why, what: describeCase(made) });
    }
  }
}

/** Leaves the file and what its checksums are for a run of the command line. */
async function throughFile(bytes: Buffer, path: string): Promise<void> {
  writeFileSync(path, bytes);
  writeFileSync(`${path}.expected`, await hashesOf(await openFileSource(path)));
}

function report(what: Report): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

void main();
