/**
 * Finds a Chromium or Chrome for headless tests, or installs Debian's when that is possible without asking.
 * @module
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const MAC_APPS = ["Google Chrome", "Chromium"];

/**
 * Looks for a browser: the environment variable TILEWRIGHT_CHROMIUM, then the PATH, then macOS applications.
 * @returns {string | null} path of the binary, null when there is none
 * @throws {Error} when TILEWRIGHT_CHROMIUM is set but names no program
 */
export function findChromium() {
  const named = process.env.TILEWRIGHT_CHROMIUM;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`TILEWRIGHT_CHROMIUM is "${named}", which is not a program that can be started.`);
  }
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name + suffix)));
  const apps = MAC_APPS.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  return [...onPath, ...(process.platform === "darwin" ? apps : [])].find(isProgram) ?? null;
}

/**
 * Installs Debian's Chromium with apt. Only done as root on a Debian system.
 * @returns {string} path of the binary
 * @throws {Error} a sentence that says what to install, when it cannot be done from here
 */
export function installChromium() {
  const way = "install Chromium or Chrome, or set TILEWRIGHT_CHROMIUM to the program";
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new Error(`The tests in VS Code need a Chromium or Chrome on the PATH and found none: ${way}.`);
  }
  process.stderr.write("Installing Chromium with apt (about 115 MB, once)…\n");
  apt(["update"], way);
  apt(["install", "-y", "--no-install-recommends", "chromium"], way);
  const found = findChromium();
  const works = found && spawnSync(found, ["--version"], { stdio: "ignore" }).status === 0;
  if (!works)
    throw new Error(`The package "chromium" of this system brought no browser that starts: ${way}.`);
  return found;
}

/**
 * @param {string[]} args
 * @param {string} way
 */
function apt(args, way) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const lock = ["-o", "DPkg::Lock::Timeout=300", "-q"];
  const result = spawnSync("apt-get", [...lock, ...args], {
    env,
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
  });
  if (result.status === 0) return;
  const why = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
  throw new Error(`Installing Chromium failed in 'apt-get ${args.join(" ")}' (${why}): ${way}.`);
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
