import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const BUILT = ["cli.cjs", "worker.cjs"].map((name) => join(ROOT, "dist", name));

/** Builds dist/ before the tests of the command line, unless it is newer than every source file. */
export function setup(): void {
  const newest = Math.max(newestIn(join(ROOT, "src")), statSync(join(ROOT, "package.json")).mtimeMs);
  if (BUILT.every((file) => existsSync(file) && statSync(file).mtimeMs > newest)) return;
  const { status, stderr } = spawnSync(process.execPath, ["esbuild.config.mjs"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`dist/ could not be built: ${stderr}`);
}

function newestIn(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
}
