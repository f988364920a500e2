import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cpuEngine } from "../../../src/engines/cpu";
import type { EngineKind } from "../../../src/engines/engine";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { careFormat } from "../../../src/models/care";
import { createRegistries } from "../../../src/plugins/registries";
import type { Registries } from "../../../src/plugins/registries";
import { predict } from "../../../src/predict/predict";
import { tiffReader } from "../../../src/stack/tiff/read";
import {
  TINY_2D,
  noisyVolume,
  predictHere,
  readStack,
  relativeDifference,
  temporaryFolder,
  writeStack,
} from "../../support/prediction";

/** An engine with little memory, registered as a plugin would register its own. */
function smallEngine(mostVoxels: number, tried: string[]): EngineKind {
  return {
    id: "small",
    label: "an engine with little memory",
    status: () => Promise.resolve({ available: true, device: "test" }),
    open: async (options) => {
      const engine = await cpuEngine.open(options);
      return {
        ...engine,
        id: "small",
        name: "small",
        load: async (network, job) => {
          const session = await engine.load(network, job);
          return {
            dispose: () => session.dispose(),
            run: (input) => {
              const spatial = input.shape.slice(1);
              tried.push(spatial.join("×"));
              if (spatial.reduce((size, length) => size * length, 1) > mostVoxels) {
                return Promise.reject(new TilewrightError("engine.outOfMemory", "the tile does not fit"));
              }
              return session.run(input);
            },
          };
        },
      };
    },
  };
}

function registriesWith(kind: EngineKind): Registries {
  const registries = createRegistries();
  registries.readers.register(tiffReader);
  registries.modelFormats.register(careFormat);
  registries.engines.register(kind);
  return registries;
}

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);
let input = "";
beforeAll(async () => {
  input = await writeStack(at("in.tif"), noisyVolume("YX", [200, 300]));
  await predictHere(input, TINY_2D, at("wanted.tif"), { threads: 1, untiled: true });
});

const run = (kind: EngineKind, out: string, options: Record<string, unknown> = {}, retiled = 0) =>
  predict(
    { input, model: TINY_2D, out, options: { engine: "small", threads: 1, tiles: "1,1", ...options } },
    registriesWith(kind),
    { retiled },
    quietJob(),
  );

describe("when memory runs out", () => {
  test("the axis with the largest tile gets twice as many tiles, until it fits; the result is the same", async () => {
    const tried: string[] = [];
    const out = at("retiled.tif");
    const result = await run(smallEngine(14_000, tried), out);
    // 200×300; X is the longest: 2 tiles of 158; then Y: 2 of 108; then X again: 4 of 88.
    expect([...new Set(tried)]).toEqual(["200×300", "200×158", "108×158", "108×88"]);
    expect(result.retiled).toBe(3);
    expect(result.tiles).toBe(8);
    expect(
      relativeDifference((await readStack(at("wanted.tif"))).data, (await readStack(out)).data),
    ).toBeLessThan(1e-6);
    const record = JSON.parse(readFileSync(result.record, "utf8")) as { plan: { tilesPerAxis: number[] } };
    expect(record.plan.tilesPerAxis).toEqual([2, 4]);
    expect(existsSync(`${out}.partial`)).toBe(false);
  });

  test("a process that follows one that died of it starts with as many tiles as were due", async () => {
    const tried: string[] = [];
    const result = await run(smallEngine(Infinity, tried), at("after-death.tif"), {}, 2);
    expect([...new Set(tried)]).toEqual(["108×158"]);
    expect(result.retiled).toBe(2);
  });

  test("it gives up when tiles cannot be smaller, with a way out", async () => {
    await expect(run(smallEngine(10, []), at("never.tif"))).rejects.toMatchObject({
      code: "engine.outOfMemory",
    });
    expect(existsSync(at("never.tif"))).toBe(false);
  });

  test("untiled prediction is not tiled behind the user's back", async () => {
    await expect(run(smallEngine(14_000, []), at("untiled.tif"), { untiled: true })).rejects.toMatchObject({
      code: "engine.outOfMemory",
    });
    expect(existsSync(at("untiled.tif"))).toBe(false);
  });

  test("a run whose tiles were made smaller is resumed with those tiles", async () => {
    const out = at("resumed.tif");
    const controller = new AbortController();
    const kind = smallEngine(14_000, []);
    const request = { input, model: TINY_2D, out, options: { engine: "small", threads: 1, tiles: "1,1" } };
    const job = {
      ...quietJob(controller.signal),
      report: ({ what, done, total }: { what: string; done: number; total: number }) => {
        if (what === "predicting" && total === 8 && done === 3) controller.abort();
      },
    };
    await expect(predict(request, registriesWith(kind), { retiled: 0 }, job)).rejects.toMatchObject({
      name: "AbortError",
    });
    const tried: string[] = [];
    await run(smallEngine(14_000, tried), out, { resume: true });
    expect(tried).toHaveLength(5);
    expect(
      relativeDifference((await readStack(at("wanted.tif"))).data, (await readStack(out)).data),
    ).toBeLessThan(1e-6);
  });
});
