/**
 * `npm run case:z-halo`: builds, rebuilds the forum's case (tools/case-z-halo/) and writes the pictures and figures of
 * docs/case-z-halo.md. Takes a few minutes on two cores.
 * @module
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare } from "./prepare.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

await prepare();
const { build } = await import("esbuild");
await build({
  absWorkingDir: ROOT,
  entryPoints: ["tools/case-z-halo/make.ts"],
  outfile: "dist-test/case-z-halo.cjs",
  bundle: true,
  platform: "node",
  format: "cjs",
  external: ["onnxruntime-node"],
  define: { "import.meta.url": "undefined" },
  logLevel: "error",
});
const { status } = spawnSync(
  process.execPath,
  [join(ROOT, "dist-test/case-z-halo.cjs"), ROOT, ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: "inherit",
  },
);
process.exitCode = status ?? 1;
