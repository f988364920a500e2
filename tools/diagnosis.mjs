/**
 * `node tools/diagnosis.mjs`: draws the pictures of docs/diagnose.md from cases of the diagnosis benchmark.
 * @module
 */
import { spawnSync } from "node:child_process";
import { bundleScripts } from "./bundle.mjs";
import { ROOT, prepare } from "./prepare.mjs";

await prepare();
const [script] = await bundleScripts(["tools/diagnosis/pictures.ts"], "tools");
process.exitCode = spawnSync(process.execPath, [script], { cwd: ROOT, stdio: "inherit" }).status ?? 1;
