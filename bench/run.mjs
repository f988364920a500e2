/**
 * `npm run bench`, `npm run bench:reading`, `npm run bench:viewer` and `npm run bench:diagnose`: build and run the benchmarks, write their part of docs/benchmarks.md.
 * @module
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "../tools/prepare.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

await prepare();
const { build } = await import("esbuild");
await build({
  absWorkingDir: ROOT,
  entryPoints: [
    "bench/prediction.ts",
    "bench/loop.ts",
    "bench/reading.ts",
    "bench/viewer.ts",
    "bench/hostProbe.ts",
    "bench/diagnose.ts",
  ],
  outdir: "dist-test/bench",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["onnxruntime-node"],
  logLevel: "warning",
});
const [what, ...options] = process.argv.slice(2);
const { status } = spawnSync(
  process.execPath,
  ["--expose-gc", join(ROOT, "dist-test/bench", `${what}.cjs`), ...options],
  {
    cwd: ROOT,
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
