/**
 * The CPU engine: ONNX Runtime's CPU provider.
 * @module
 */
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import type { EngineKind } from "./engine";
import { onnxRuntimeKind } from "./onnxruntime";

/**
 * Threads for one tile when the user asks for none in particular: physical cores this process may use.
 * A second thread on the same core makes matrix products slower, not faster.
 */
export function defaultThreads(): number {
  return Math.max(1, Math.min(physicalCores(), availableParallelism(), cgroupCpus()));
}

/** Physical cores of the machine; on systems that do not tell, logical ones. */
function physicalCores(): number {
  const logical = cpus().length;
  if (process.platform !== "linux") return logical;
  try {
    const cores = new Set<string>();
    for (const block of readFileSync("/proc/cpuinfo", "utf8").split("\n\n")) {
      const socket = /^physical id\s*:\s*(\d+)/m.exec(block)?.[1];
      const core = /^core id\s*:\s*(\d+)/m.exec(block)?.[1];
      if (socket !== undefined && core !== undefined) cores.add(`${socket}:${core}`);
    }
    return cores.size > 0 ? cores.size : logical;
  } catch {
    return logical;
  }
}

/** CPUs a container limit leaves, rounded up; Infinity without a limit. */
function cgroupCpus(): number {
  try {
    const [quota, period] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8").split(" ").map(Number);
    return quota > 0 && period > 0 ? Math.ceil(quota / period) : Infinity;
  } catch {
    return Infinity;
  }
}

/** ONNX Runtime on the CPU. */
export const cpuEngine: EngineKind = onnxRuntimeKind({
  id: "cpu",
  label: "CPU",
  device(threads: number): string {
    const count = threads > 0 ? threads : defaultThreads();
    return `CPU (${cpus()[0]?.model.trim() ?? process.arch}, ${count} ${count === 1 ? "thread" : "threads"})`;
  },
  sessionOptions: ({ threads }) => ({
    executionProviders: ["cpu"],
    intraOpNumThreads: threads > 0 ? threads : defaultThreads(),
    graphOptimizationLevel: "all",
    // Measured (docs/decisions/0002-onnxruntime.md): the arena is 1.2 to 2 times faster than the system's
    // allocator; the memory pattern takes a second copy of everything from the second tile on.
    enableCpuMemArena: true,
    enableMemPattern: false,
    // What goes wrong is thrown; the log would repeat it on stderr.
    logSeverityLevel: 4,
  }),
});
