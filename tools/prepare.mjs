/**
 * Brings a checkout into the state that `npm start` and `npm test` need: npm packages as in package-lock.json and
 * a `dist/` made from the current sources. Plain Node without dependencies, because it runs before there are any;
 * when everything is there it compares a few dates and is done.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { npm } from "./npm.mjs";

/** Root of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const OLDEST_NODE = 20;
const SOURCES = [
  "src",
  "extension",
  "webview",
  "types",
  "esbuild.config.mjs",
  "tools/bundle.mjs",
  "package.json",
  "package-lock.json",
  "tsconfig.json",
];
const BUILT = ["dist/extension.cjs", "dist/cli.cjs", "dist/worker.cjs"];
const BUILD_STAMP = join(ROOT, "node_modules", ".cache", "tilewright", "built");

/**
 * Installs and builds what is missing or out of date.
 * @throws {Error} one sentence when Node is too old, or npm's or the compiler's complaint
 */
export function prepare() {
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    throw new Error(`Tilewright needs Node ${OLDEST_NODE} or newer; this is ${process.versions.node}.`);
  }
  if (!packagesMatch()) {
    process.stderr.write("Installing npm packages…\n");
    const command = existsSync(join(ROOT, "package-lock.json")) ? "ci" : "install";
    npm([command, "--no-audit", "--no-fund", "--loglevel=error"], { cwd: ROOT });
  }
  const wanted = fingerprint();
  if (BUILT.every((file) => existsSync(join(ROOT, file))) && readText(BUILD_STAMP) === wanted) return;
  process.stderr.write("Building…\n");
  npm(["run", "--silent", "build"], { cwd: ROOT });
  mkdirSync(dirname(BUILD_STAMP), { recursive: true });
  writeFileSync(BUILD_STAMP, wanted);
}

/** Whether node_modules holds the versions of package-lock.json; npm notes what it installed when it has finished. */
function packagesMatch() {
  const wanted = readPackages(join(ROOT, "package-lock.json"));
  const present = readPackages(join(ROOT, "node_modules", ".package-lock.json"));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === "") return true;
    const installed = present[path];
    return installed ? installed.version === version : optional === true;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, {version?: string, optional?: boolean}> | null}
 */
function readPackages(file) {
  const text = readText(file);
  return text === null ? null : JSON.parse(text).packages;
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** Changes with every file that is added, removed or written. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const name of SOURCES.filter((source) => existsSync(join(ROOT, source)))) addFiles(hash, name);
  return hash.digest("hex");
}

/**
 * @param {import("node:crypto").Hash} hash
 * @param {string} name
 */
function addFiles(hash, name) {
  const path = join(ROOT, name);
  const status = statSync(path);
  if (status.isDirectory()) {
    for (const child of readdirSync(path).sort()) addFiles(hash, `${name}/${child}`);
  } else {
    hash.update(`${name} ${status.size} ${status.mtimeMs}\n`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    prepare();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
