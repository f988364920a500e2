/**
 * `npm run case:z-halo`: builds, rebuilds the forum's case (tools/case-z-halo/) and writes the pictures and figures of
 * docs/case-z-halo.md. Takes a few minutes on two cores.
 * @module
 */
import { spawnSync } from "node:child_process";
import { bundleScripts } from "./bundle.mjs";
import { ROOT, prepare } from "./prepare.mjs";

await prepare();
const [script] = await bundleScripts(["tools/case-z-halo/make.ts"], "case-z-halo");
const { status } = spawnSync(process.execPath, [script, ROOT, ...process.argv.slice(2)], {
  cwd: ROOT,
  stdio: "inherit",
});
process.exitCode = status ?? 1;
