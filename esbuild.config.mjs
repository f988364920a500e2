/**
 * Builds dist/: the extension, its reader and prediction workers, the command line, the library, the webview.
 * `node esbuild.config.mjs [--watch]` prints the size of every file it writes.
 * @module
 */
import { chmod, copyFile, mkdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";
import { AS_COMMONJS } from "./tools/bundle.mjs";

const ROOT = dirname(fileURLToPath(import.meta.url));
const NATIVE = [
  "onnxruntime-node",
  "onnxruntime-common",
  "onnxruntime-web",
  "@tensorflow/tfjs-node-gpu",
  "@tensorflow/tfjs-node",
];

/** `require`, `__filename` and `__dirname` for CommonJS packages in files that become ES modules. */
const AS_MODULE = {
  banner: {
    js: [
      'import { createRequire as createRequireHere } from "node:module";',
      'import { fileURLToPath as pathOfUrl } from "node:url";',
      'import { dirname as folderOf } from "node:path";',
      "const require = createRequireHere(import.meta.url);",
      "const __filename = pathOfUrl(import.meta.url);",
      "const __dirname = folderOf(__filename);",
    ].join("\n"),
  },
};

const NODE = {
  bundle: true,
  platform: "node",
  target: "node20",
  sourcemap: true,
  legalComments: "none",
  metafile: true,
};
const COMMONJS = { ...NODE, ...AS_COMMONJS, format: "cjs", external: NATIVE };
const PROGRAM = { ...COMMONJS, banner: { js: `#!/usr/bin/env node\n${AS_COMMONJS.banner.js}` } };

/** Scripts of webviews. */
const PAGE = {
  bundle: true,
  platform: "browser",
  format: "iife",
  target: "es2022",
  minify: true,
  sourcemap: true,
  legalComments: "none",
  metafile: true,
};

/** @type {Record<string, import("esbuild").BuildOptions & {entry: string}>} file in dist/ → how it is made */
const OUTPUTS = {
  "extension.cjs": {
    entry: "extension/extension.ts",
    ...COMMONJS,
    external: [...NATIVE, "vscode"],
    minify: true,
    keepNames: true,
  },
  "reader.cjs": { entry: "extension/reader/main.ts", ...COMMONJS },
  "worker.cjs": { entry: "src/predict/worker.ts", ...COMMONJS },
  "cli.cjs": { entry: "src/cli/main.ts", ...PROGRAM },
  "sample.cjs": { entry: "src/cli/sample.ts", ...PROGRAM },
  "index.mjs": { entry: "src/index.ts", ...NODE, ...AS_MODULE, format: "esm", external: NATIVE },
  "webview/viewer.js": { entry: "webview/viewer.ts", ...PAGE },
  "webview/viewer.css": { entry: "webview/viewer.css", bundle: true, minify: true, metafile: true },
  "webview/diagnosis.js": { entry: "webview/diagnosis.ts", ...PAGE },
  "webview/diagnosis.css": { entry: "webview/diagnosis.css", bundle: true, minify: true, metafile: true },
};

/** Decoders in WebAssembly: src/stack/tiff/decoders/wasmFile.ts reads them when a file needs them. */
const WASM = [
  "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm",
  "@cornerstonejs/codec-openjpeg/decodewasm",
  "@jsquash/webp/codec/dec/webp_dec.wasm",
];

/** What must not be inside a file, because it would be loaded with it. */
const FORBIDDEN = {
  "extension.cjs": /onnxruntime|geotiff|zarrita|numcodecs|protobufjs|jsfive/,
  "webview/viewer.js": /^node:|node_modules\/(geotiff|zarrita|onnxruntime)/,
  "webview/diagnosis.js": /^node:|node_modules\/(geotiff|zarrita|onnxruntime)/,
};

const watching = process.argv.includes("--watch");

await mkdir(join(ROOT, "dist/codecs"), { recursive: true });
for (const file of WASM) {
  const path = createRequire(import.meta.url).resolve(file);
  await copyFile(path, join(ROOT, "dist/codecs", basename(path)));
}

for (const [name, { entry, ...options }] of Object.entries(OUTPUTS)) {
  const settings = {
    ...options,
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: join("dist", name),
    logLevel: "warning",
  };
  if (watching) {
    const running = await context({ ...settings, logLevel: "info" });
    await running.watch();
    continue;
  }
  try {
    const { metafile } = await build(settings);
    checkInputs(name, Object.keys(metafile.inputs));
    await describe(name);
  } catch {
    console.error(`dist/${name} was not built`); // esbuild has said why
    process.exitCode = 1;
  }
}

/** @param {string} name @param {string[]} inputs */
function checkInputs(name, inputs) {
  const found =
    FORBIDDEN[name] === undefined ? undefined : inputs.find((input) => FORBIDDEN[name].test(input));
  if (found === undefined) return;
  console.error(`dist/${name} must not contain ${found}`);
  process.exitCode = 1;
}

/** @param {string} name */
async function describe(name) {
  const file = join(ROOT, "dist", name);
  if (OUTPUTS[name].banner?.js.startsWith("#!") === true) await chmod(file, 0o755);
  const { size } = await stat(file);
  console.log(`${relative(ROOT, file).padEnd(24)} ${(size / 1024).toFixed(1).padStart(9)} KiB`);
}
