/**
 * `npm run fuzz`: builds the command line and the fuzzer, and runs it.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepare, ROOT } from "../../tools/prepare.mjs";

await prepare();
const { build } = await import("esbuild");
await build({
  absWorkingDir: ROOT,
  entryPoints: ["test/fuzz/main.ts", "test/fuzz/worker.ts"],
  // As deep below the root as the sources, which find the reference material beside the checkout.
  outdir: "dist-test/fuzz",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  logLevel: "warning",
});
const { status } = spawnSync(
  process.execPath,
  [join(ROOT, "dist-test", "fuzz", "main.mjs"), ...process.argv.slice(2)],
  { cwd: ROOT, stdio: "inherit" },
);
process.exitCode = status ?? 1;
