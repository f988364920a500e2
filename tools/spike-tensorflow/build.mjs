/**
 * Builds the N-API binding of @tensorflow/tfjs-node-gpu against the TensorFlow C API inside a TensorFlow Python wheel
 * (Linux x64; needs make, g++ and python3). Nothing is taken from the package's own download address.
 *
 *     node tools/spike-tensorflow/build.mjs --tensorflow SITE_PACKAGES/tensorflow --work FOLDER
 *
 * `--tensorflow` is the folder of an installed (or unzipped) wheel, 2.15 or newer: it holds libtensorflow_cc.so.2,
 * libtensorflow_framework.so.2 and include/. Then run check.mjs with the same `--work`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const PACKAGE = "@tensorflow/tfjs-node-gpu";
const VERSION = "4.22.0";

function link(target, path) {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/** The names the binding asks the linker for, on top of the names the wheel gives its libraries. */
function linkLibraries(tensorflow, deps) {
  const lib = join(deps, "lib");
  mkdirSync(lib, { recursive: true });
  link(join(tensorflow, "include"), join(deps, "include"));
  for (const name of ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]) {
    if (!existsSync(join(tensorflow, name)))
      throw new Error(`${tensorflow} has no ${name}: not a wheel of 2.15 or newer`);
    link(join(tensorflow, name), join(lib, name));
  }
  link("libtensorflow_cc.so.2", join(lib, "libtensorflow.so"));
  link("libtensorflow_framework.so.2", join(lib, "libtensorflow_framework.so"));
  // The CUDA wheel looks for cuDNN and its like in $ORIGIN/../nvidia, and $ORIGIN is deps/lib here.
  const nvidia = join(tensorflow, "..", "nvidia");
  if (existsSync(nvidia)) link(nvidia, join(deps, "nvidia"));
}

const { values } = parseArgs({ options: { tensorflow: { type: "string" }, work: { type: "string" } } });
if (!values.tensorflow || !values.work) throw new Error("usage: --tensorflow FOLDER --work FOLDER");
const work = resolve(values.work);
const root = join(work, "node_modules", PACKAGE);
mkdirSync(work, { recursive: true });
if (!existsSync(root)) {
  writeFileSync(join(work, "package.json"), '{ "private": true }\n');
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", `${PACKAGE}@${VERSION}`], {
    cwd: work,
    stdio: "inherit",
  });
}
linkLibraries(resolve(values.tensorflow), join(root, "deps"));
const built = ["--no-install", "node-pre-gyp", "install", "--build-from-source"];
execFileSync("npx", built, { cwd: root, stdio: "inherit" });
console.log(`built ${join(root, "lib", "napi-v8", "tfjs_binding.node")}`);
