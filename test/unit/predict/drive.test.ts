import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Job } from "../../../src/job";
import { KeptWorker, openPredictionWorker, predictInWorker } from "../../../src/predict/drive";

const STAND_IN = join(import.meta.dirname, "../../fixtures/standInWorker.mjs");

function watched(signal = new AbortController().signal) {
  const lines: string[] = [];
  const reports: string[] = [];
  const job: Job = {
    signal,
    report: ({ what, done, total }) => reports.push(`${what} ${done}/${total}`),
    log: (line) => lines.push(line),
  };
  return { job, lines, reports };
}
const request = (options: Record<string, unknown>) => ({ input: "in", model: "model", out: "out", options });
const drive = (options: Record<string, unknown>, job = watched().job, script = STAND_IN) =>
  predictInWorker(script, request(options), job) as Promise<{
    retiled: number;
    env: string[];
    peakRssBytes: number;
  }> &
    ReturnType<typeof predictInWorker>;

describe("the prediction worker as it is driven", () => {
  test("passes its result, its log and its progress on; the memory of both processes is added", async () => {
    const { job, lines, reports } = watched();
    const result = await drive({}, job);
    expect(lines).toEqual(["hello"]);
    expect(reports).toEqual(["predicting 1/2"]);
    expect(result.peakRssBytes).toBeGreaterThan(1000);
  });

  test("is started without variables that would change what it loads", async () => {
    process.env.LD_PRELOAD = "";
    process.env.NODE_OPTIONS = "";
    try {
      const { env } = await drive({});
      expect(env).toContain("PATH");
      expect(env.filter((name) => ["LD_PRELOAD", "LD_LIBRARY_PATH", "NODE_OPTIONS"].includes(name))).toEqual(
        [],
      );
    } finally {
      delete process.env.LD_PRELOAD;
      delete process.env.NODE_OPTIONS;
    }
  });

  test.each([
    ["terminate called after throwing an instance of 'std::bad_alloc'", "SIGABRT"],
    ["FATAL ERROR: Reached heap limit Allocation failed", "SIGABRT"],
    ["mmap: Cannot allocate memory", "exit"],
  ])("that died saying %o is started again with smaller tiles", async (says, dies) => {
    const { job, lines } = watched();
    const result = await drive({ dies, says, until: 2 }, job);
    expect(result.retiled).toBe(2);
    expect(lines.filter((line) => line.includes("trying again with smaller tiles"))).toHaveLength(2);
  });

  test("is started again at most eight times", async () => {
    const { job, lines } = watched();
    await expect(drive({ dies: "exit", says: "bad_alloc" }, job)).rejects.toMatchObject({
      code: "worker.outOfMemory",
      hint: expect.stringContaining("--memory"),
    });
    expect(lines).toHaveLength(8);
  });

  test.each([
    ["SIGKILL", "", /was ended by SIGKILL$/],
    ["SIGKILL", "a note about the graphics driver\n", /was ended by SIGKILL$/],
    ["SIGSEGV", "", /was ended by SIGSEGV$/],
    ["SIGSEGV", "the last words\n    at operator() (driver.cpp:368)\n", /by SIGSEGV: the last words$/],
    ["exit", "first\nthe last words\n", /ended with code 3: the last words$/],
  ])("that died of %s without saying why is not started again", async (dies, says, message) => {
    const { job, lines } = watched();
    await expect(drive({ dies, says }, job)).rejects.toMatchObject({
      code: "worker.died",
      message: expect.stringMatching(message),
      hint: expect.stringContaining("--resume"),
    });
    expect(lines).toEqual([]);
  });

  test("hands a failure on as it is", async () => {
    const error = { code: "model.notAModel", message: "no model", hint: "choose one" };
    await expect(drive({ error })).rejects.toMatchObject(error);
  });

  test("whose script is missing is one sentence, not a hang", async () => {
    await expect(drive({}, watched().job, join(import.meta.dirname, "missing.cjs"))).rejects.toMatchObject({
      code: "worker.died",
    });
  });

  test("that is busy when it is cancelled is given five seconds and then killed", async () => {
    const controller = new AbortController();
    let cancelled = Infinity;
    const job: Job = {
      ...watched(controller.signal).job,
      log: () => {
        setTimeout(() => {
          cancelled = performance.now();
          controller.abort();
        }, 100);
      },
    };
    const running = drive({ busy: 60_000 }, job);
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - cancelled).toBeGreaterThan(4500);
    expect(performance.now() - cancelled).toBeLessThan(20_000);
  });

  test("that is idle ends at once, and can be disposed twice", async () => {
    const worker = openPredictionWorker(STAND_IN);
    await worker.channel.request("predict", request({}));
    const started = performance.now();
    await worker.dispose();
    await worker.dispose();
    expect(performance.now() - started).toBeLessThan(4000);
    expect(() => process.kill(worker.pid ?? 0, 0)).toThrow(/ESRCH/);
  });
});

describe("a prediction worker that is kept", () => {
  let worker: KeptWorker;
  beforeEach(() => {
    worker = new KeptWorker(STAND_IN);
  });
  afterEach(() => worker.dispose());
  const pidOf = async (options: Record<string, unknown> = {}): Promise<number> =>
    ((await worker.predict(request(options), watched().job)) as unknown as { pid: number }).pid;
  const failure = (code: string) => ({ error: { code, message: "it failed" } });

  test("answers one request after the other, also after a file that failed", async () => {
    const first = await pidOf();
    expect(await pidOf()).toBe(first);
    await expect(pidOf(failure("stack.truncated"))).rejects.toMatchObject({ code: "stack.truncated" });
    expect(await pidOf()).toBe(first);
  });

  test.each([
    ["it died", { dies: "SIGKILL" }, "worker.died"],
    ["its engine failed", failure("engine.failed"), "engine.failed"],
    ["something broke that nobody foresaw", failure("internal"), "internal"],
  ])("is replaced when %s", async (_, options, code) => {
    const first = await pidOf();
    await expect(pidOf(options)).rejects.toMatchObject({ code });
    expect(await pidOf()).not.toBe(first);
    expect(() => process.kill(first, 0)).toThrow(/ESRCH/);
  });

  test("that ran out of memory is replaced by one that goes on with smaller tiles", async () => {
    const first = await pidOf();
    const { job, lines } = watched();
    const result = await worker.predict(request({ dies: "exit", says: "bad_alloc", until: 2 }), job);
    expect(result.retiled).toBe(2);
    expect((result as unknown as { pid: number }).pid).not.toBe(first);
    expect(lines.filter((line) => line.includes("smaller tiles"))).toHaveLength(2);
    expect(((await worker.predict(request({}), job)) as { retiled: number }).retiled).toBe(0);
  });

  test("tells each job only what is said while it runs, and starts nothing for one that is aborted", async () => {
    const [first, second] = [watched(), watched()];
    await worker.predict(request({}), first.job);
    await worker.predict(request({}), second.job);
    expect(first.lines).toEqual(["hello"]);
    expect(second.reports).toEqual(["predicting 1/2"]);
    await worker.dispose();
    await expect(worker.predict(request({}), watched(AbortSignal.abort()).job)).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
