import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Scenarios start a VS Code each, so they run one after the other. */
export default defineConfig({
  test: {
    root: dirname(fileURLToPath(import.meta.url)),
    include: ["*.test.mjs"],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    // A real window takes the focus when it likes: one more try tells a fault from that.
    retry: 1,
    pool: "forks",
  },
});
