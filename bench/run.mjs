/**
 * `npm run bench`: builds and runs the benchmarks, writes docs/benchmarks.md.
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
  entryPoints: ["bench/prediction.ts", "bench/loop.ts"],
  outdir: "dist-test/bench",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["onnxruntime-node"],
  logLevel: "warning",
});
const { status } = spawnSync(
  process.execPath,
  [join(ROOT, "dist-test/bench/prediction.cjs"), ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
