/**
 * `node tools/diagnosis.mjs`: draws the pictures of docs/diagnose.md from cases of the diagnosis benchmark.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const OUT = join(ROOT, "dist-test", "tools", "pictures.cjs");

await build({
  absWorkingDir: ROOT,
  entryPoints: ["tools/diagnosis/pictures.ts"],
  outfile: OUT,
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["onnxruntime-node"],
  logLevel: "error",
});
process.exitCode = spawnSync(process.execPath, [OUT], { cwd: ROOT, stdio: "inherit" }).status ?? 1;
