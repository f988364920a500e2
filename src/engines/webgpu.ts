/**
 * The GPU engine: ONNX Runtime's WebGPU provider (Vulkan, Direct3D 12 or Metal underneath).
 * @module
 */
import type { EngineKind } from "./engine";
import { onnxRuntimeKind } from "./onnxruntime";

/** ONNX Runtime on a GPU through WebGPU. */
export const webgpuEngine: EngineKind = onnxRuntimeKind({
  id: "webgpu",
  label: "GPU (WebGPU)",
  device: () => "GPU (WebGPU)",
  sessionOptions: () => ({
    // Channels first as our networks have them: the other layout means a transposition around every operator.
    executionProviders: ["webgpu"],
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
  }),
});
