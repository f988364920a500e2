import { describe, expect, test } from "vitest";
import { chooseEngine } from "../../../src/engines/choose";
import type { Engine, EngineKind } from "../../../src/engines/engine";
import { cpuEngine } from "../../../src/engines/cpu";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";

const OPTIONS = { threads: 1, fastMath: false };

/** The real CPU engine under another name, optionally slowed down; notes what is disposed of. */
function kind(id: string, disposed: string[] = [], delayMs = 0): EngineKind {
  return {
    ...cpuEngine,
    id,
    label: id.toUpperCase(),
    open: async (options): Promise<Engine> => {
      const engine = await cpuEngine.open(options);
      return {
        ...engine,
        id,
        name: id.toUpperCase(),
        load: async (network, job) => {
          const session = await engine.load(network, job);
          return {
            run: async (input) => {
              await new Promise((resolve) => setTimeout(resolve, delayMs));
              return session.run(input);
            },
            dispose: () => session.dispose(),
          };
        },
        dispose: async () => {
          disposed.push(id);
          await engine.dispose();
        },
      };
    },
  };
}

const missing = (id: string): EngineKind => ({
  ...kind(id),
  open: () => Promise.reject(new TilewrightError("engine.unavailable", `no ${id} device`)),
});

describe("choosing an engine", () => {
  test("the engine asked for is taken, without a word and without asking others", async () => {
    const disposed: string[] = [];
    const choice = await chooseEngine(
      [kind("webgpu", disposed), kind("cpu", disposed)],
      "cpu",
      OPTIONS,
      quietJob(),
    );
    expect([choice.engine.id, choice.notes, disposed]).toEqual(["cpu", [], []]);
  });

  test("an engine that cannot run here is replaced aloud", async () => {
    const lines: string[] = [];
    const job = { ...quietJob(), log: (line: string) => void lines.push(line) };
    const choice = await chooseEngine([missing("webgpu"), kind("cpu")], "webgpu", OPTIONS, job);
    expect(choice.engine.id).toBe("cpu");
    expect(choice.notes).toEqual(["not used: WEBGPU: no webgpu device; using CPU"]);
    expect(lines).toEqual(choice.notes);
  });

  test("an engine that exists but is not installed is replaced aloud", async () => {
    const choice = await chooseEngine([kind("cpu")], "cuda", OPTIONS, quietJob());
    expect(choice.notes).toEqual(["not used: cuda, which is not installed; using CPU"]);
  });

  test("auto takes the faster of two that work, disposes of the other and says so", async () => {
    const disposed: string[] = [];
    const slow = await chooseEngine(
      [kind("webgpu", disposed, 80), kind("cpu", disposed)],
      "auto",
      OPTIONS,
      quietJob(),
    );
    expect(slow.engine.id).toBe("cpu");
    expect(slow.notes).toEqual([
      expect.stringMatching(/^not used: WEBGPU is [\d.]+ times slower than CPU here$/),
    ]);
    expect(disposed).toEqual(["webgpu"]);
    const fast = await chooseEngine(
      [kind("cpu", disposed, 80), kind("webgpu", disposed)],
      "auto",
      OPTIONS,
      quietJob(),
    );
    expect(fast.engine.id).toBe("webgpu");
  });

  test("an unknown name is an error that lists the known ones", async () => {
    await expect(chooseEngine([kind("cpu")], "abacus", OPTIONS, quietJob())).rejects.toMatchObject({
      code: "engine.unknown",
      message: 'there is no engine "abacus"',
      hint: "choose one of: auto, cpu",
    });
  });

  test("when none can run, every reason is given", async () => {
    await expect(
      chooseEngine([missing("webgpu"), missing("cpu")], "auto", OPTIONS, quietJob()),
    ).rejects.toMatchObject({
      code: "engine.none",
      message: "no engine can run here: WEBGPU: no webgpu device; CPU: no cpu device",
    });
  });

  test("an aborted job chooses nothing", async () => {
    const job = quietJob(AbortSignal.abort());
    await expect(chooseEngine([kind("cpu")], "auto", OPTIONS, job)).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
