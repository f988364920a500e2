import { describe, expect, test } from "vitest";
import { cpuEngine } from "../../../src/engines/cpu";
import type { Engine } from "../../../src/engines/engine";
import { KNOWN_ANSWERS, checkKnownAnswer } from "../../../src/engines/knownAnswer";
import { engineError } from "../../../src/engines/onnxruntime";
import { webgpuEngine } from "../../../src/engines/webgpu";
import { quietJob } from "../../../src/job";
import { makeVolume } from "../../../src/volume/volume";
import { runOnce } from "../../support/interpreter";
import { relativeDifference } from "../../support/npy";

const OPTIONS = { threads: 1, fastMath: false };

/** An engine that answers like the CPU, with one number changed by `error`. */
async function spoiledEngine(error: number): Promise<Engine> {
  const engine = await cpuEngine.open(OPTIONS);
  return {
    ...engine,
    load: async (network, job) => {
      const session = await engine.load(network, job);
      return {
        run: async (input) => {
          const output = await session.run(input);
          output.data[output.data.length - 1] += error;
          return output;
        },
        dispose: () => session.dispose(),
      };
    },
  };
}

describe("the known answer", () => {
  test.each(KNOWN_ANSWERS.map((answer, i) => [i, answer] as const))(
    "question %i: the float64 interpreter agrees",
    (_, answer) => {
      const [channels, ...spatial] = answer.input.shape;
      const found = runOnce(answer.network, {
        channels,
        spatial,
        data: Float64Array.from(answer.input.data),
      });
      expect([...found.data]).toEqual([...answer.expected]);
    },
  );

  test("an engine that is wrong in the last number of an answer is refused, naming engine and numbers", async () => {
    await expect(checkKnownAnswer(await spoiledEngine(0.01))).rejects.toMatchObject({
      code: "engine.wrongAnswer",
      message: expect.stringMatching(
        /ONNX Runtime, CPU on CPU .* gave -?[\d.]+ instead of -?[\d.]+$/,
      ) as string,
    });
  });

  test("NaN is a wrong answer", async () => {
    await expect(checkKnownAnswer(await spoiledEngine(NaN))).rejects.toMatchObject({
      code: "engine.wrongAnswer",
    });
  });

  test("rounding is no wrong answer", async () => {
    await expect(checkKnownAnswer(await spoiledEngine(1e-6))).resolves.toBeUndefined();
  });
});

describe("the CPU engine", () => {
  test("is available and names its device and threads", async () => {
    expect(await cpuEngine.status()).toMatchObject({
      available: true,
      device: expect.stringMatching(/^CPU \(.*\d threads?\)$/) as string,
    });
    expect((await cpuEngine.open({ threads: 3, fastMath: false })).device).toContain("3 threads");
  });

  test("one session serves every tile shape and leaves its input alone", async () => {
    const { network } = KNOWN_ANSWERS[0];
    const engine = await cpuEngine.open(OPTIONS);
    const session = await engine.load(network, quietJob());
    for (const [y, x] of [
      [8, 12],
      [2, 2],
      [30, 64],
    ]) {
      const data = Float32Array.from({ length: y * x }, (_, i) => Math.sin(i));
      const copy = data.slice();
      const output = await session.run(makeVolume(data, [1, y, x], "CYX"));
      const expected = runOnce(network, { channels: 1, spatial: [y, x], data: Float64Array.from(data) });
      expect(output.shape).toEqual([1, y, x]);
      expect(relativeDifference(output.data, expected.data)).toBeLessThan(1e-6);
      expect(data).toEqual(copy);
    }
    await engine.dispose();
  });

  test("a result stays what it is when the session runs again and after it is gone", async () => {
    const { network, input } = KNOWN_ANSWERS[1];
    const engine = await cpuEngine.open(OPTIONS);
    const session = await engine.load(network, quietJob());
    const first = await session.run(input);
    const copy = first.data.slice();
    await session.run(makeVolume(new Float32Array(input.data.length).fill(9), input.shape, input.axes));
    await engine.dispose();
    expect(first.data).toEqual(copy);
  });

  test("a tile of the wrong kind is refused with what was expected and found", async () => {
    const engine = await cpuEngine.open(OPTIONS);
    const session = await engine.load(KNOWN_ANSWERS[0].network, quietJob());
    await expect(session.run(makeVolume(new Float32Array(8), [2, 2, 2], "CYX"))).rejects.toMatchObject({
      code: "engine.wrongInput",
      message: "the network wants axes CYX with 1 channels, found CYX of shape 2×2×2",
    });
    await engine.dispose();
  });

  test("sizes that do not fit the network are an error, not a crash", async () => {
    const engine = await cpuEngine.open(OPTIONS);
    const session = await engine.load(KNOWN_ANSWERS[0].network, quietJob());
    await expect(session.run(makeVolume(new Float32Array(35), [1, 5, 7], "CYX"))).rejects.toMatchObject({
      code: "engine.failed",
    });
    await engine.dispose();
  });

  test("a tile far larger than memory is out of memory, and the session survives it", async () => {
    const { network, input, expected } = KNOWN_ANSWERS[0];
    const wide = {
      ...network,
      nodes: network.nodes.map((node) =>
        node.name === "up" ? { ...node, factors: [1 << 12, 1 << 12] } : node,
      ),
      outputs: [{ name: "e", channels: 2 }],
    } as typeof network;
    const engine = await cpuEngine.open(OPTIONS);
    const session = await engine.load({ ...wide, nodes: wide.nodes.slice(0, 5) }, quietJob());
    const big = makeVolume(new Float32Array(256 ** 2), [1, 256, 256], "CYX");
    await expect(session.run(big)).rejects.toMatchObject({ code: "engine.outOfMemory" });
    const other = await engine.load(network, quietJob());
    expect(relativeDifference((await other.run(input)).data, expected)).toBeLessThan(1e-6);
    await engine.dispose();
  });

  test("an aborted job loads nothing", async () => {
    const engine = await cpuEngine.open(OPTIONS);
    await expect(engine.load(KNOWN_ANSWERS[0].network, quietJob(AbortSignal.abort()))).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("the WebGPU engine", () => {
  test("says whether it can run here; without a graphics adapter it says why", async () => {
    const status = await webgpuEngine.status();
    if (status.available) {
      expect((await webgpuEngine.open(OPTIONS)).id).toBe("webgpu");
      return;
    }
    expect(status.reason).toMatch(/no graphics adapter|could not be loaded|wrong numbers|cannot be used/);
    await expect(webgpuEngine.open(OPTIONS)).rejects.toMatchObject({ code: "engine.unavailable" });
  });
});

describe("errors of the runtime", () => {
  test.each([
    "std::bad_alloc",
    "Non-zero status code returned while running Conv node. bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 1073741824",
    "VK_ERROR_OUT_OF_DEVICE_MEMORY",
    "A valid external Instance reference no longer exists: Device lost",
    "CUDA out of memory",
    "Array buffer allocation failed",
  ])("%s is out of memory", (message) => {
    expect(engineError("CPU", new Error(message))).toMatchObject({
      code: "engine.outOfMemory",
      hint: "use smaller tiles",
    });
  });

  test("anything else has failed; only the first line is shown", () => {
    expect(engineError("CPU", new Error("Invalid rank for input: x.\n at line 7")).toFailure()).toEqual({
      code: "engine.failed",
      message: "CPU: Invalid rank for input: x",
      hint: "try another engine",
    });
  });
});
