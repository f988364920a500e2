import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../../fuzz/random";
import { describeCase, makeCase, runCase } from "../../fuzz/cases";
import { Fault, checkError, examine } from "../../fuzz/examine";
import { MUTATION_NAMES } from "../../fuzz/mutations";
import { makeSeeds } from "../../fuzz/seeds";
import { supervise } from "../../fuzz/supervise";
import type { Report } from "../../fuzz/supervise";
import { TilewrightError } from "../../../src/errors";
import { CountingSource } from "../../support/tiff";

const SEED = 20_260;
const COUNT = 1500;
const seeds = await makeSeeds();

test("1500 damaged files end in a stack or an error for users, and no pixel is invented", async () => {
  const endings = new Set<string>();
  const used = new Set<string>();
  for (let index = 0; index < COUNT; index++) {
    const made = makeCase(seeds, SEED, index);
    for (const step of made.specimen.steps) used.add(step.slice(0, step.indexOf(":")));
    const { ending } = await runCase(made).catch((cause: unknown) => {
      throw new Error(`npm run fuzz -- --seed ${SEED} --replay ${index}: ${describeCase(made)}`, { cause });
    });
    endings.add(ending);
  }
  expect([...used].sort()).toEqual([...MUTATION_NAMES].sort());
  expect([...endings]).toEqual(expect.arrayContaining(["whole", "whole, with warnings", "partial"]));
  expect([...endings].filter((ending) => ending.startsWith("refused")).length).toBeGreaterThan(5);
});

test("a case can be made again from its number alone", () => {
  for (const index of [0, 7, 1000]) {
    const [a, b] = [makeCase(seeds, 5, index), makeCase(seeds, 5, index)];
    expect(a.specimen.bytes.equals(b.specimen.bytes)).toBe(true);
    expect(describeCase(a)).toBe(describeCase(b));
  }
  expect(describeCase(makeCase(seeds, 5, 1))).not.toBe(describeCase(makeCase(seeds, 6, 1)));
});

/** Gives zeros for bytes that are not there, as careless readers do. */
class ZeroFilledSource extends CountingSource {
  constructor(
    data: Uint8Array,
    readonly pretended: number,
  ) {
    super(data);
  }

  override get size(): number {
    return this.pretended;
  }

  override readNow(target: Uint8Array, position: number): void {
    target.fill(0);
    target.set(this.data.subarray(position, position + target.length));
  }
}

test("a reader that fills what is missing up with zeros is found out", async () => {
  for (const name of ["imagej-contiguous", "shaped-contiguous"]) {
    const seed = seeds.find((one) => one.name === name)!;
    const bytes = seed.bytes.subarray(0, seed.bytes.length - 100);
    const specimen = { seed, bytes, steps: ["cut: by 100 bytes"], harm: "removes" } as const;
    const careless = new ZeroFilledSource(bytes, seed.bytes.length);
    await expect(examine(specimen, careless, new Random(1))).rejects.toThrow(/plane 7 has other pixels/);
    await expect(examine(specimen, new CountingSource(bytes), new Random(1))).resolves.toMatchObject({
      ending: "partial",
    });
  }
});

test("rows of zeros are found out where nothing else is known about the pixels", async () => {
  for (const name of ["f64-1", "rgb-1", "single-strips"]) {
    const seed = seeds.find((one) => one.name === name)!;
    const { bytes, planes } = seed;
    const row = planes[0].bytes.length / 18;
    // Strips of 5 rows stand one after the other; numbers of 8 bytes are stored the other way round there.
    const at = name === "f64-1" ? 8 : bytes.indexOf(planes[0].bytes.subarray(0, row));
    const holed = Buffer.from(bytes);
    holed.fill(0, at, at + row);
    const specimen = { seed, bytes, steps: ["value of an entry: none"], harm: "alters" } as const;
    await expect(examine(specimen, new CountingSource(holed), new Random(1)), name).rejects.toThrow(
      /row 0 .* is zero/,
    );
    await expect(examine(specimen, new CountingSource(bytes), new Random(1)), name).resolves.toBeDefined();
  }
});

test("errors that are none for users are found out", () => {
  const bad = [
    new TypeError("x is undefined"),
    new TilewrightError("stack.decode", "a.tif: undefined strips", "again"),
    new TilewrightError("stack.decode", "a.tif: one\ntwo", "again"),
    new TilewrightError("stack.decode", "a.tif: damaged"),
    new TilewrightError("stack.decode", "damaged", "again"),
    new TilewrightError("internal", "a.tif: damaged", "again"),
  ];
  for (const error of bad) expect(() => checkError(error, "a.tif"), error.message).toThrow(Fault);
  expect(checkError(new TilewrightError("stack.decode", "a.tif: damaged", "again"), "a.tif").code).toBe(
    "stack.decode",
  );
});

test("a process that hangs, grows or dies costs one case each, and the rest is still run", async () => {
  const reports: Report[] = [];
  const failures = await supervise(
    {
      script: join(import.meta.dirname, "../../fixtures/fallibleWorker.mjs"),
      seed: 1,
      first: 0,
      end: 10,
      folder: tmpdir(),
      secondsPerFile: 1,
      memory: 256 * 2 ** 20,
    },
    (report) => reports.push(report),
  );
  expect(failures).toEqual([
    { index: 2, why: "no end after 1 s" },
    { index: 4, why: expect.stringMatching(/^it took \d+ MiB$/) as string },
    { index: 6, why: "the process ended with exit code 7" },
  ]);
  expect(reports.flatMap((report) => (report.kind === "done" ? [report.index] : []))).toEqual([
    0, 1, 3, 5, 7, 9,
  ]);
  expect(reports.filter((report) => report.kind === "fault").map((report) => report.index)).toEqual([8]);
});
