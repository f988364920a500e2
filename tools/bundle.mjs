/**
 * How TypeScript becomes CommonJS here: of the extension (esbuild.config.mjs), and of scripts that are run from the
 * repository.
 * @module
 */
import { basename, join } from "node:path";
import { ROOT } from "./prepare.mjs";

/** `import.meta` in files that become CommonJS. */
export const AS_COMMONJS = {
  banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
  define: {
    "import.meta.url": "importMetaUrl",
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
};

/**
 * Bundles scripts into a folder of dist-test/.
 *
 * @param {readonly string[]} entryPoints paths below the root
 * @param {string} folder below dist-test/
 * @returns {Promise<string[]>} the bundles, absolute paths, in the order of the entries
 */
export async function bundleScripts(entryPoints, folder) {
  const { build } = await import("esbuild");
  const outdir = join(ROOT, "dist-test", folder);
  await build({
    ...AS_COMMONJS,
    absWorkingDir: ROOT,
    entryPoints: [...entryPoints],
    outdir,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["onnxruntime-node"],
    logLevel: "warning",
  });
  return entryPoints.map((entry) => join(outdir, basename(entry).replace(/\.ts$/, ".cjs")));
}
