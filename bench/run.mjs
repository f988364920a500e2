/**
 * `npm run bench`, `npm run bench:reading`, `npm run bench:viewer` and `npm run bench:diagnose`: build and run the benchmarks, write their part of docs/benchmarks.md.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundleScripts } from "../tools/bundle.mjs";
import { ROOT, prepare } from "../tools/prepare.mjs";

await prepare();
await bundleScripts(
  [
    "bench/prediction.ts",
    "bench/loop.ts",
    "bench/reading.ts",
    "bench/viewer.ts",
    "bench/hostProbe.ts",
    "bench/diagnose.ts",
  ],
  "bench",
);
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
