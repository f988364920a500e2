import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    testTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: "library", include: ["test/unit/**/*.test.ts", "test/golden/**/*.test.ts"] },
      },
      {
        extends: true,
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          globalSetup: "test/support/builtCommandLine.ts",
          testTimeout: 120_000,
        },
      },
    ],
  },
});
