/**
 * `npm run package`: packs the extension for one platform.
 *
 *   node tools/package.mjs [--target linux-x64] [--out FILE]
 *
 * The package is put together in a temporary folder from an allow list (.vscodeignore): what esbuild made, the media,
 * and of onnxruntime-node only the files of the target platform. Run `npm run build` first.
 * @module
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createVSIX } from "@vscode/vsce";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const BUILT = ["dist/extension.cjs", "dist/reader.cjs", "dist/worker.cjs", "dist/codecs", "dist/webview"];
const TEXTS = ["README.md", "LICENSE", "CHANGELOG.md"];
/** What only development and the command line need of package.json. */
const UNPACKED_FIELDS = [
  "scripts",
  "devDependencies",
  "dependencies",
  "allowScripts",
  "exports",
  "bin",
  "private",
];

/** Pictures and links into the repository lead nowhere from an installed extension: words stay, links go. */
function dropRepositoryLinks(file) {
  const text = readFileSync(file, "utf8")
    .replace(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n/gm, "")
    .replace(/\[([^\]]*)\]\((?!https:)[^)]*\)/g, "$1");
  writeFileSync(file, text);
}

/**
 * Packs the extension.
 * @param {string} target such as "linux-x64", as in `vsce package --target`
 * @param {string} out path of the package
 * @throws {Error} when something that belongs into it is missing
 */
async function pack(target, out) {
  const staging = mkdtempSync(join(tmpdir(), "tilewright-package-"));
  try {
    for (const file of BUILT) copy(file, staging);
    for (const file of TEXTS) copy(file, staging);
    dropRepositoryLinks(join(staging, "README.md"));
    for (const file of ["media/icon.png", "media/sample", ".vscodeignore"]) copy(file, staging);
    if (existsSync(join(ROOT, "media/walkthrough"))) copy("media/walkthrough", staging);
    copyRuntime(target, join(staging, "dist", "node_modules"));
    writeManifest(staging);
    mkdirSync(dirname(out), { recursive: true });
    await createVSIX({
      cwd: staging,
      packagePath: out,
      target,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** @param {string} path @param {string} staging */
function copy(path, staging) {
  const from = join(ROOT, path);
  if (!existsSync(from)) throw new Error(`${path} is missing; run "npm run build" first`);
  cpSync(from, join(staging, path), { recursive: true });
}

/**
 * The runtime lies in dist/node_modules, where dist/worker.cjs finds it and vsce leaves it alone.
 * @param {string} target @param {string} folder
 */
function copyRuntime(target, folder) {
  const [platform, arch] = target.split("-");
  const binaries = `bin/napi-v6/${platform}/${arch}`;
  const packages = {
    "onnxruntime-node": [
      "package.json",
      "dist",
      ...(existsSync(packageFile("onnxruntime-node", binaries)) ? [binaries] : []),
    ],
    "onnxruntime-common": ["package.json", "dist/cjs"],
  };
  if (!packages["onnxruntime-node"].includes(binaries)) {
    throw new Error(`onnxruntime-node has no binaries for ${target}; it has ${runtimeTargets().join(", ")}`);
  }
  for (const [name, parts] of Object.entries(packages)) {
    for (const part of parts) {
      cpSync(packageFile(name, part), join(folder, name, part), { recursive: true, filter: isNeeded });
    }
  }
}

/** @param {string} path */
function isNeeded(path) {
  return !/\.(map|d\.ts)$/.test(path);
}

/** @param {string} name @param {string} part */
function packageFile(name, part) {
  return join(ROOT, "node_modules", name, part);
}

function runtimeTargets() {
  const folder = packageFile("onnxruntime-node", "bin/napi-v6");
  return readdirSync(folder).flatMap((platform) =>
    readdirSync(join(folder, platform)).map((arch) => `${platform}-${arch}`),
  );
}

/** @param {string} staging */
function writeManifest(staging) {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  for (const field of UNPACKED_FIELDS) delete manifest[field];
  writeFileSync(join(staging, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

const { values } = parseArgs({ options: { target: { type: "string" }, out: { type: "string" } } });
const target = values.target ?? `${process.platform}-${process.arch}`;
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const out = resolve(values.out ?? join(ROOT, `tilewright-${version}-${target}.vsix`));
try {
  await pack(target, out);
  console.log(
    `${relative(process.cwd(), out)}: ${(statSync(out).size / 2 ** 20).toFixed(1)} MiB for ${target}`,
  );
} catch (error) {
  console.error(`package: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
